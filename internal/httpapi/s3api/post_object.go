package s3api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/postpolicy"
	"crossgrant/internal/wire/restxml"
)

type postObjectInput struct {
	putObjectInput
	policy *postpolicy.Policy // nil: none
}

// postObject is the upload of a file by a browser form. It is judged as PutObject is, with the form's fields
// for headers, after the policy that the form carries.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
func (s *Service) postObject() httpapi.Operation {
	return httpapi.Row[postObjectInput]{
		Name:   "PostObject",
		Decode: decodePostObject,
		Load: func(ctx context.Context, c *httpapi.Call, in *postObjectInput) error {
			return s.loadPutObject(ctx, c, &in.putObjectInput)
		},
		Checks: func(c *httpapi.Call, in *postObjectInput) []access.Check { return in.checks(c) },
		Run:    s.runPostObject,
	}.Operation()
}

func decodePostObject(c *httpapi.Call) (*postObjectInput, error) {
	if c.Upload == nil {
		return nil, preconditionFailed("Bucket POST must be of the enclosure-type multipart/form-data")
	}
	policy, err := judgeForm(c)
	if err != nil {
		return nil, err
	}
	in := &postObjectInput{policy: policy}
	in.event = "ObjectCreated:Post"
	if in.writeInput, err = decodeWrite(c, true); err != nil {
		return nil, err
	}
	in.digest, err = decodeDigest(c.HTTP)
	return in, err
}

// judgeForm compares a form with the policy in it. An anonymous form needs none; one that has a policy all the
// same has to keep to it.
func judgeForm(c *httpapi.Call) (*postpolicy.Policy, error) {
	encoded, sent := c.Upload.Get("policy")
	if !sent {
		return nil, nil
	}
	policy, err := postpolicy.Parse(encoded)
	if err != nil {
		return nil, err
	}
	fields := make([]postpolicy.Field, 0, len(c.Upload.Fields)+1)
	for _, f := range c.Upload.Fields {
		fields = append(fields, postpolicy.Field(f))
	}
	// Whatever bucket a field names, the one that the form is sent to has to be allowed.
	fields = append(fields, postpolicy.Field{Name: "bucket", Value: c.Bucket})
	return policy, policy.Judge(fields, c.Time)
}

// sizedBody is a file whose size is compared with the policy of its form.
type sizedBody struct {
	r      io.Reader
	policy *postpolicy.Policy
	size   int64
}

func (b *sizedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.size += int64(n)
	if err == nil || err == io.EOF {
		if refusal := b.policy.CheckSize(b.size, err == io.EOF); refusal != nil {
			return 0, refusal
		}
	}
	return n, err
}

func (s *Service) runPostObject(ctx context.Context, c *httpapi.Call, in *postObjectInput) (*httpapi.Response, error) {
	if in.policy != nil {
		c.Body = &sizedBody{r: c.Body, policy: in.policy}
	}
	r, err := s.runPutObject(ctx, c, &in.putObjectInput)
	if err != nil {
		return nil, err
	}
	answerPost(c, r)
	return r, nil
}

// answerPost makes the answer to a form of that to PutObject: a redirect, or an answer of the status that the
// form asks for.
func answerPost(c *httpapi.Call, r *httpapi.Response) {
	tag, at := r.Header.Get("ETag"), postLocation(c)
	r.Header.Set("Location", at)
	if target := postRedirect(c, tag); target != "" {
		r.Status = http.StatusSeeOther
		r.Header.Set("Location", target)
		return
	}
	switch status, _ := c.Upload.Get("success_action_status"); status {
	case "200":
		r.Status = http.StatusOK
	case "201":
		d := restxml.NewIn("", "PostResponse")
		d.Text("Location", at)
		d.Text("Bucket", c.Bucket)
		d.Text("Key", c.Key)
		d.Text("ETag", tag)
		r.Status, r.Body = http.StatusCreated, d.Bytes()
		r.Header.Set("Content-Type", restxml.ContentType)
	default:
		r.Status = http.StatusNoContent
	}
}

// postLocation returns the URL of the object that a form makes. The whole key is one element of its path, as in
// S3's answer in https://github.com/ceph/ceph/pull/20330
func postLocation(c *httpapi.Call) string {
	return strings.TrimSuffix(location(c), "/") + "/" + strings.ReplaceAll(url.QueryEscape(c.Key), "+", "%20")
}

// postRedirect returns where a form sends the browser, with what was made in the query; empty if nowhere, also
// where it names no URL.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html; the query as in
// https://github.com/layervault/layervault_ruby_client/issues/8
func postRedirect(c *httpapi.Call, tag string) string {
	target, sent := c.Upload.Get("success_action_redirect")
	if !sent {
		target, _ = c.Upload.Get("redirect")
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	base, fragment, marked := strings.Cut(target, "#")
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	made := base + separator + "bucket=" + url.QueryEscape(c.Bucket) + "&key=" + url.QueryEscape(c.Key) + "&etag=" + url.QueryEscape(tag)
	if marked {
		made += "#" + fragment
	}
	return made
}
