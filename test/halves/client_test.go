package halves_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"crossgrant/internal/sigv4"
)

// principal is somebody who sends requests.
type principal struct {
	account            string // name of the account; empty: anonymous
	kind               string
	arn                string
	id, secret, token  string
	chosen, chosenText string // account that chose the name of the session, and all that it passed for it
}

func (p *principal) String() string { return p.account + " " + p.kind }

// sent is a request as it was sent.
type sent struct {
	service, method, target string
	header                  http.Header
	body                    string
}

// text is everything that the request says.
func (s *sent) text() string {
	var out strings.Builder
	fmt.Fprintln(&out, s.method, s.target)
	for name, values := range s.header {
		fmt.Fprintln(&out, name, values)
	}
	return out.String() + s.body
}

// answer is what came of a request.
type answer struct {
	sent   *sent
	status int
	id     string // of the request
	header http.Header
	body   string
}

func (a *answer) ok() bool { return a.status < 300 }

// text is everything that the answer says.
func (a *answer) text() string {
	var out strings.Builder
	for name, values := range a.header {
		fmt.Fprintln(&out, name, values)
	}
	return out.String() + a.body
}

// element returns the text of the first element, or member, of a name; empty if there is none.
func (a *answer) element(name string) string {
	for _, pattern := range []string{`<` + name + `>([^<]*)</`, `"` + name + `":\s*"([^"]*)"`} {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(a.body); found != nil {
			return found[1]
		}
	}
	return ""
}

// transport keeps a connection for every goroutine that asks.
var transport = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64}}

// do sends a request as somebody.
func (w *world) do(as *principal, s *sent) (*answer, error) {
	request, err := http.NewRequest(s.method, "http://"+w.server.Address+s.target, strings.NewReader(s.body))
	if err != nil {
		return nil, err
	}
	request.Header = s.header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	sign(request, as, s)
	response, err := transport.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	a := &answer{sent: s, status: response.StatusCode, header: response.Header, body: string(body)}
	if a.id = response.Header.Get("x-amz-request-id"); a.id == "" {
		a.id = response.Header.Get("x-amzn-requestid")
	}
	w.note(as, a)
	return a, err
}

func sign(r *http.Request, as *principal, s *sent) {
	if as.id == "" {
		return
	}
	dialect := sigv4.Query
	if s.service == "s3" {
		dialect = sigv4.S3
	}
	sum := sha256.Sum256([]byte(s.body))
	signer := sigv4.Signer{
		Dialect: dialect, AccessKeyID: as.id, Secret: sigv4.NewSecret(as.secret), SessionToken: as.token, Region: "us-east-1", Service: s.service,
	}
	signer.Sign(&sigv4.Request{
		Method: r.Method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.URL.Host, Header: r.Header, ContentLength: int64(len(s.body)),
	}, hex.EncodeToString(sum[:]), time.Now())
}

// s3 is a request of S3; headers are NAME, VALUE, and so on.
func s3(method, target, body string, headers ...string) *sent {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &sent{"s3", method, target, h, body}
}

// query is a request of IAM or STS; parameters are NAME, VALUE, and so on.
func query(service, action string, parameters ...string) *sent {
	form := url.Values{"Action": {action}, "Version": {map[string]string{"iam": "2010-05-08", "sts": "2011-06-15"}[service]}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return &sent{service, http.MethodPost, "/", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, form.Encode()}
}

// json11 is a request of Organizations, CloudTrail or crossgrant.
func json11(service, operation string, input any) *sent {
	prefix := map[string]string{"organizations": "AWSOrganizationsV20161128.", "crossgrant": "Crossgrant_20261126.",
		"cloudtrail": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."}[service]
	h := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {prefix + operation}}
	return &sent{service, http.MethodPost, "/", h, encoded(input)}
}

// analyzer is a request of Access Analyzer.
func analyzer(method, target string, input any) *sent {
	s := &sent{service: "access-analyzer", method: method, target: target, header: http.Header{}}
	if input != nil {
		s.header.Set("Content-Type", "application/json")
		s.body = encoded(input)
	}
	return s
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // the test has what is no JSON
	}
	return string(text)
}
