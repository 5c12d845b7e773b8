package escalation_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/sigv4"
)

// keys are the credentials of a caller; none for one who does not sign.
type keys struct{ id, secret, token string }

// call is a request to a service, as a file of cases says it.
type call struct {
	service, operation string // for S3: the method
	path, body         string // of S3: path and query, and what is sent
	parameters         map[string]string
}

// answer is what came of a call.
type answer struct {
	status int
	body   string
}

func (a *answer) ok() bool { return a.status < 300 }

var (
	xmlCode    = regexp.MustCompile(`<Code>(\w+)</Code>`)
	xmlMessage = regexp.MustCompile(`(?s)<Message>(.*?)</Message>`)
	jsonCode   = regexp.MustCompile(`"__type":\s*"(?:[^"]*#)?(\w+)"`)
)

// code returns the error code; empty for a success.
func (a *answer) code() string {
	for _, pattern := range []*regexp.Regexp{xmlCode, jsonCode} {
		if found := pattern.FindStringSubmatch(a.body); found != nil && !a.ok() {
			return found[1]
		}
	}
	if !a.ok() {
		return strconv.Itoa(a.status)
	}
	return ""
}

// message returns the error's message; empty if it has none.
func (a *answer) message() string {
	if found := xmlMessage.FindStringSubmatch(a.body); found != nil {
		return found[1]
	}
	var text struct{ Message string }
	if json.Unmarshal([]byte(a.body), &text) != nil {
		return ""
	}
	return text.Message
}

// denied reports whether the call was refused for want of permission.
func (a *answer) denied() bool {
	return a.code() == "AccessDenied" || a.code() == "AccessDeniedException"
}

// element returns the text of the first element, or member, of a name in the answer.
func (a *answer) element(name string) (string, error) {
	for _, pattern := range []string{`<` + name + `>([^<]*)</`, `"` + name + `":\s*"([^"]*)"`} {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(a.body); found != nil {
			return found[1], nil
		}
	}
	return "", fmt.Errorf("there is no %s in %s", name, a.body)
}

// do sends a call with somebody's keys.
func (w *world) do(as keys, c *call) (*answer, error) {
	method, target, header, body := http.MethodPost, "/", http.Header{}, c.body
	switch c.service {
	case "s3":
		method, target = c.operation, c.path
	case "organizations":
		header.Set("Content-Type", "application/x-amz-json-1.1")
		header.Set("X-Amz-Target", "AWSOrganizationsV20161128."+c.operation)
		body = c.json()
	default:
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		body = c.form()
	}
	request, err := http.NewRequest(method, "http://"+w.server.Address+target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header
	sign(request, as, c.service, []byte(body))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return &answer{response.StatusCode, string(text)}, err
}

// sign signs a request, unless there are no keys.
func sign(r *http.Request, as keys, service string, body []byte) {
	if as.id == "" {
		return
	}
	dialect := sigv4.Query
	if service == "s3" {
		dialect = sigv4.S3
	}
	sum := sha256.Sum256(body)
	signer := sigv4.Signer{
		Dialect: dialect, AccessKeyID: as.id, Secret: sigv4.NewSecret(as.secret), SessionToken: as.token, Region: "us-east-1", Service: service,
	}
	signer.Sign(&sigv4.Request{
		Method: r.Method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.URL.Host, Header: r.Header, ContentLength: int64(len(body)),
	}, hex.EncodeToString(sum[:]), time.Now())
}

// versions are those of the query services.
var versions = map[string]string{"iam": "2010-05-08", "sts": "2011-06-15"}

// form returns the parameters in the form of the query protocol.
func (c *call) form() string {
	form := url.Values{"Action": {c.operation}, "Version": {versions[c.service]}}
	for name, value := range c.parameters {
		form.Set(name, value)
	}
	return form.Encode()
}

// json returns the parameters as a JSON object. A value that is an object or an array itself is put as it is.
func (c *call) json() string {
	object := map[string]any{}
	for name, value := range c.parameters {
		object[name] = value
		if name != "Content" && strings.ContainsAny(value[:1], "{[") {
			object[name] = json.RawMessage(value)
		}
	}
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(object); err != nil {
		panic(err) // a file of cases has what is no JSON
	}
	return out.String()
}
