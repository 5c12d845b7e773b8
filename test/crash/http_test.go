package crash_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"crossgrant/internal/sigv4"
)

// httpClient is the api of a server process, signed by the root user of an account.
type httpClient struct {
	host       string
	id, secret string
	http       *http.Client
}

var _ api = (*httpClient)(nil)

// request is one request.
type request struct {
	service, method, path string
	query                 url.Values
	header                map[string]string
	body                  []byte
}

// answer is what came of it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request that is to be answered with one of the statuses.
func (c *httpClient) send(r request, statuses ...int) (*answer, error) {
	target := "http://" + c.host + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	out, err := http.NewRequest(r.method, target, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	for name, value := range r.header {
		out.Header.Set(name, value)
	}
	c.sign(out, r.service, r.body)
	response, err := c.http.Do(out)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %w", r.method, target, errDown, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %w", r.method, target, errDown, err)
	}
	for _, status := range statuses {
		if response.StatusCode == status {
			return &answer{status, response.Header, text}, nil
		}
	}
	return nil, fmt.Errorf("%s %s: status %d: %s", r.method, target, response.StatusCode, text)
}

func (c *httpClient) sign(r *http.Request, service string, body []byte) {
	dialect := sigv4.S3
	if service != "s3" {
		dialect = sigv4.Query
	}
	sum := sha256.Sum256(body)
	signer := sigv4.Signer{Dialect: dialect, AccessKeyID: c.id, Secret: sigv4.NewSecret(c.secret), Region: "us-east-1", Service: service}
	signer.Sign(&sigv4.Request{
		Method: r.Method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.URL.Host, Header: r.Header, ContentLength: int64(len(body)),
	}, hex.EncodeToString(sum[:]), time.Now())
}

// s3 sends a request about an object, or about a bucket if key is empty.
func (c *httpClient) s3(method, bucket, key, query string, header map[string]string, body []byte, statuses ...int) (*answer, error) {
	path := "/" + bucket
	if key != "" {
		path += "/" + key
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	return c.send(request{"s3", method, path, values, header, body}, statuses...)
}

func (c *httpClient) CreateBucket(bucket string, versioned bool) error {
	_, err := c.s3("PUT", bucket, "", "", nil, nil, 200)
	if err == nil && versioned {
		_, err = c.s3("PUT", bucket, "", "versioning", nil, []byte(`<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`), 200)
	}
	return err
}

func (c *httpClient) DeleteBucket(bucket string) error {
	_, err := c.s3("DELETE", bucket, "", "", nil, nil, 204)
	return err
}

func (c *httpClient) HasBucket(bucket string) (bool, error) {
	a, err := c.s3("HEAD", bucket, "", "", nil, nil, 200, 404)
	return err == nil && a.status == 200, err
}

func (c *httpClient) iam(action, user string, statuses ...int) (*answer, error) {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}, "UserName": {user}}
	return c.send(request{"iam", "POST", "/", nil, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, []byte(form.Encode())}, statuses...)
}

func (c *httpClient) CreateUser(user string) error {
	_, err := c.iam("CreateUser", user, 200)
	return err
}

func (c *httpClient) DeleteUser(user string) error {
	_, err := c.iam("DeleteUser", user, 200)
	return err
}

func (c *httpClient) HasUser(user string) (bool, error) {
	a, err := c.iam("GetUser", user, 200, 404)
	return err == nil && a.status == 200, err
}

// version is the ID in the answer to what makes an object.
func version(a *answer, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return a.header.Get("X-Amz-Version-Id"), nil
}

func (c *httpClient) Put(bucket, key string, body []byte, tag string) (string, error) {
	header := map[string]string{}
	if tag != "" {
		header["X-Amz-Tagging"] = "t=" + tag
	}
	return version(c.s3("PUT", bucket, key, "", header, body, 200))
}

func (c *httpClient) Copy(bucket, from, to string) (string, error) {
	a, err := c.s3("PUT", bucket, to, "", map[string]string{"X-Amz-Copy-Source": "/" + bucket + "/" + from}, nil, 200)
	if err == nil && bytes.Contains(a.body, []byte("<Error>")) {
		err = fmt.Errorf("copy: %s", a.body)
	}
	return version(a, err)
}

func (c *httpClient) Delete(bucket, key, id string) (string, error) {
	query := ""
	if id != "" {
		query = "versionId=" + url.QueryEscape(id)
	}
	return version(c.s3("DELETE", bucket, key, query, nil, nil, 204))
}

func (c *httpClient) SetTag(bucket, key, tag string) error {
	body := `<Tagging><TagSet><Tag><Key>t</Key><Value>` + tag + `</Value></Tag></TagSet></Tagging>`
	_, err := c.s3("PUT", bucket, key, "tagging", nil, []byte(body), 200)
	return err
}

var tagPattern = regexp.MustCompile(`<Value>([^<]*)</Value>`)

func (c *httpClient) Read(bucket, key, id string) ([]byte, string, error) {
	query := ""
	if id != "" {
		query = "versionId=" + url.QueryEscape(id)
	}
	got, err := c.s3("GET", bucket, key, query, nil, nil, 200)
	if err != nil {
		return nil, "", err
	}
	tags, err := c.s3("GET", bucket, key, strings.TrimPrefix(query+"&tagging", "&"), nil, nil, 200)
	if err != nil {
		return nil, "", err
	}
	if found := tagPattern.FindSubmatch(tags.body); found != nil {
		return got.body, string(found[1]), nil
	}
	return got.body, "", nil
}

func (c *httpClient) CreateUpload(bucket, key string) (string, error) {
	a, err := c.s3("POST", bucket, key, "uploads", nil, nil, 200)
	if err != nil {
		return "", err
	}
	var created struct{ UploadId string }
	err = xml.Unmarshal(a.body, &created)
	return created.UploadId, err
}

func (c *httpClient) PutPart(bucket, key, id string, number int, body []byte) (string, error) {
	a, err := c.s3("PUT", bucket, key, fmt.Sprintf("partNumber=%d&uploadId=%s", number, url.QueryEscape(id)), nil, body, 200)
	if err != nil {
		return "", err
	}
	return a.header.Get("ETag"), nil
}

func (c *httpClient) Complete(bucket, key, id string, etags []string) (string, error) {
	var body strings.Builder
	body.WriteString("<CompleteMultipartUpload>")
	for i, etag := range etags {
		fmt.Fprintf(&body, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, etag)
	}
	body.WriteString("</CompleteMultipartUpload>")
	a, err := c.s3("POST", bucket, key, "uploadId="+url.QueryEscape(id), nil, []byte(body.String()), 200, 404)
	switch {
	case err != nil:
		return "", err
	case bytes.Contains(a.body, []byte("NoSuchUpload")):
		return "", errNoUpload
	case a.status != 200 || bytes.Contains(a.body, []byte("<Error>")):
		return "", fmt.Errorf("complete upload: %s", a.body)
	case !bytes.Contains(a.body, []byte("</CompleteMultipartUploadResult>")):
		// The status is sent before the upload is completed.
		return "", fmt.Errorf("complete upload: %w: %q", errDown, a.body)
	}
	return version(a, nil)
}

func (c *httpClient) Abort(bucket, key, id string) error {
	_, err := c.s3("DELETE", bucket, key, "uploadId="+url.QueryEscape(id), nil, nil, 204)
	return err
}

// listed is a page of ListObjectVersions, or of ListObjectsV2, in the order of its elements.
type listed struct {
	Entries []listedEntry `xml:",any"`
}

type listedEntry struct {
	XMLName   xml.Name
	Key       string
	VersionId string
	Text      string `xml:",chardata"`
}

func (c *httpClient) Versions(bucket string, versioned bool) (map[string][]object, error) {
	all := map[string][]object{}
	query := url.Values{"list-type": {"2"}, "max-keys": {"100"}}
	if versioned {
		query = url.Values{"versions": {""}, "max-keys": {"100"}}
	}
	for {
		a, err := c.s3("GET", bucket, "", query.Encode(), nil, nil, 200)
		if err != nil {
			return nil, err
		}
		var page listed
		if err := xml.Unmarshal(a.body, &page); err != nil {
			return nil, err
		}
		more := false
		for _, e := range page.Entries {
			switch e.XMLName.Local {
			case "Contents", "Version", "DeleteMarker":
				all[e.Key] = append(all[e.Key], object{version: e.VersionId, marker: e.XMLName.Local == "DeleteMarker"})
			case "NextContinuationToken":
				query.Set("continuation-token", e.Text)
				more = true
			case "NextKeyMarker":
				query.Set("key-marker", e.Text)
				more = true
			case "NextVersionIdMarker":
				query.Set("version-id-marker", e.Text)
			}
		}
		if !more {
			return all, nil
		}
	}
}
