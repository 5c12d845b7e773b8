package crash_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// query sends a request to IAM, with parameters by name and value.
func (c *httpClient) query(action string, parameters ...string) (*answer, error) {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return c.send(request{"iam", "POST", "/", nil, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, []byte(form.Encode())}, 200)
}

func (c *httpClient) json(service, target, text string) (*answer, error) {
	header := map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
	return c.send(request{service, "POST", "/", nil, header, []byte(text)}, 200)
}

func (c *httpClient) organization(action, text string) (*answer, error) {
	return c.json("organizations", "AWSOrganizationsV20161128."+action, text)
}

func (c *httpClient) trail(action, text string) (*answer, error) {
	return c.json("cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."+action, text)
}

// decode reads an answer in JSON.
func decode(a *answer, into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("%w: %s", err, a.body)
	}
	return nil
}

// element returns the text of the first element of a name.
func element(text []byte, name string) string {
	if found := regexp.MustCompile("<" + name + ">([^<]*)</" + name + ">").FindSubmatch(text); found != nil {
		return string(found[1])
	}
	return ""
}

func md5Of(text []byte) string {
	sum := md5.Sum(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// reader is a client who may read nothing, and tries.
type reader struct {
	api    *httpClient
	recent []noted // since the server was started
	noted  []noted // those that have to be told of
	tries  int
}

// run is refused until an error, which it returns.
func (r *reader) run() error {
	for {
		r.tries++
		event, management := "GetObject", false
		send := func() (*answer, error) { return r.api.s3("GET", trailBucket, "secret", "", nil, nil, 403) }
		if r.tries%2 == 0 {
			event, management = "ListUsers", true
			form := []byte("Action=ListUsers&Version=2010-05-08")
			send = func() (*answer, error) {
				return r.api.send(request{"iam", "POST", "/", nil, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, form}, 403)
			}
		}
		a, err := send()
		if err != nil {
			return err
		}
		if !bytes.Contains(a.body, []byte("AccessDenied")) {
			return fmt.Errorf("%s is answered with %s", event, a.body)
		}
		r.recent = append(r.recent, noted{a.header.Get("X-Amz-Request-Id"), event, management, time.Now()})
		time.Sleep(2 * time.Millisecond) // so that they are not all that the server does
	}
}

// settle keeps of what was refused before a kill that which has to be told of.
func (r *reader) settle(killed time.Time) {
	for _, n := range r.recent {
		if n.at.Before(killed.Add(-soon)) {
			r.noted = append(r.noted, n)
		}
	}
	r.recent = nil
}
