package crash_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// noted is a request whose answer has arrived.
type noted struct {
	id, event  string // the request ID, and what CloudTrail calls the event
	management bool
	at         time.Time // when the answer had arrived
}

// changer is a client that makes changes of every kind, and notes those that are acknowledged. What it changes was
// acknowledged itself, and what it makes has a name of its own each time: whatever becomes of a request that is not
// answered, no later one changes nothing on account of it.
type changer struct {
	id       int
	rng      *rand.Rand
	api      *httpClient
	kinds    []change
	root     string // of the organization
	trailARN string // of the trail that is changed
	names    int
	attempts int // requests that were begun
	noted    []noted

	objects, buckets, users, keys, roles, policies, groups, units []string
	uploads                                                       []*openUpload
	accounts                                                      int
}

// openUpload is a multipart upload that has one part or none.
type openUpload struct{ key, id, etag string }

// change is one request, or none if there is nothing to change.
type change func(c *changer) error

// changes are all kinds, each of which is as likely as the others; what is there twice is more likely.
var changes = []change{
	(*changer).putObject, (*changer).putObject, (*changer).putLarge, (*changer).copyObject, (*changer).deleteObject, (*changer).deleteObjects,
	(*changer).tagObject, (*changer).createUpload, (*changer).uploadPart, (*changer).completeUpload, (*changer).abortUpload,
	(*changer).createBucket, (*changer).setBucket, (*changer).setBucket, (*changer).deleteBucket,
	(*changer).createUser, (*changer).userPolicy, (*changer).createKey, (*changer).deleteKey, (*changer).deleteUser,
	(*changer).createRole, (*changer).setRole, (*changer).deleteRole, (*changer).createPolicy, (*changer).deletePolicy,
	(*changer).createGroup, (*changer).deleteGroup,
	(*changer).createUnit, (*changer).deleteUnit, (*changer).createAccount, (*changer).changeTrail, (*changer).changeTrail,
}

// ofGuest are those of a client of another account, which may write and delete objects: the owner of the bucket is told.
var ofGuest = []change{(*changer).putObject, (*changer).putLarge, (*changer).deleteObject, (*changer).createUpload, (*changer).uploadPart, (*changer).completeUpload}

// run makes changes until an error, which it returns.
func (c *changer) run() error {
	for {
		if err := c.kinds[c.rng.IntN(len(c.kinds))](c); err != nil {
			return err
		}
	}
}

// fresh returns a name that was not used before.
func (c *changer) fresh(kind string) string {
	c.names++
	return fmt.Sprintf("%s-%d-%d", kind, c.id, c.names)
}

// take takes one of what is there out of a list; empty if there are fewer than least. While it is changed it is not there:
// if the answer does not arrive, nobody knows what it is.
func (c *changer) take(list *[]string, least int) string {
	if len(*list) < least {
		return ""
	}
	i := c.rng.IntN(len(*list))
	name := (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return name
}

// note notes an acknowledged change.
func (c *changer) note(a *answer, err error, event string, management bool) error {
	c.attempts++
	if err != nil {
		return err
	}
	id := a.header.Get("X-Amz-Request-Id")
	if id == "" {
		return fmt.Errorf("the answer to %s has no request ID", event)
	}
	c.noted = append(c.noted, noted{id, event, management, time.Now()})
	return nil
}

// data and managed make a request of a data or management event.
func (c *changer) data(a *answer, err error, event string) error { return c.note(a, err, event, false) }
func (c *changer) managed(a *answer, err error, event string) error {
	return c.note(a, err, event, true)
}

// split returns the bucket and the key of an object.
func split(object string) (bucket, key string) {
	bucket, key, _ = strings.Cut(object, "/")
	return bucket, key
}

func (c *changer) bucket() string {
	if c.rng.IntN(2) == 0 {
		return trailBucket
	}
	return trailVersions
}

func (c *changer) put(size int) error {
	bucket, key := c.bucket(), c.fresh("key")
	a, err := c.api.s3("PUT", bucket, key, "", nil, content{c.rng.Uint64(), size}.bytes(), 200)
	if err = c.data(a, err, "PutObject"); err == nil {
		c.objects = append(c.objects, bucket+"/"+key)
	}
	return err
}

func (c *changer) putObject() error { return c.put(c.rng.IntN(2000)) }
func (c *changer) putLarge() error  { return c.put(64<<10 + c.rng.IntN(1<<20)) }

func (c *changer) copyObject() error {
	from := c.take(&c.objects, 1)
	if from == "" {
		return nil
	}
	c.objects = append(c.objects, from) // it is not changed
	bucket, key := c.bucket(), c.fresh("copy")
	a, err := c.api.s3("PUT", bucket, key, "", map[string]string{"X-Amz-Copy-Source": "/" + from}, nil, 200)
	if err == nil && strings.Contains(string(a.body), "<Error>") {
		return fmt.Errorf("copy: %s", a.body)
	}
	if err = c.data(a, err, "CopyObject"); err == nil {
		c.objects = append(c.objects, bucket+"/"+key)
	}
	return err
}

func (c *changer) deleteObject() error {
	object := c.take(&c.objects, 10)
	if object == "" {
		return nil
	}
	bucket, key := split(object)
	a, err := c.api.s3("DELETE", bucket, key, "", nil, nil, 204)
	return c.data(a, err, "DeleteObject")
}

func (c *changer) deleteObjects() error {
	bucket := c.bucket()
	var body strings.Builder
	n := 0
	c.objects = slices.DeleteFunc(c.objects, func(object string) bool {
		of, key := split(object)
		if of != bucket || n == 20 {
			return false
		}
		n++
		fmt.Fprintf(&body, "<Object><Key>%s</Key></Object>", key)
		return true
	})
	if n == 0 {
		return nil
	}
	text := []byte("<Delete>" + body.String() + "</Delete>")
	a, err := c.api.s3("POST", bucket, "", "delete", map[string]string{"Content-Md5": md5Of(text)}, text, 200)
	if err == nil && (strings.Count(string(a.body), "<Deleted>") != n) {
		return fmt.Errorf("delete %d objects: %s", n, a.body)
	}
	return c.data(a, err, "DeleteObjects")
}

func (c *changer) tagObject() error {
	object := c.take(&c.objects, 1)
	if object == "" {
		return nil
	}
	bucket, key := split(object)
	text := `<Tagging><TagSet><Tag><Key>t</Key><Value>` + c.fresh("tag") + `</Value></Tag></TagSet></Tagging>`
	a, err := c.api.s3("PUT", bucket, key, "tagging", nil, []byte(text), 200)
	if err = c.data(a, err, "PutObjectTagging"); err == nil {
		c.objects = append(c.objects, object)
	}
	return err
}

func (c *changer) createUpload() error {
	if len(c.uploads) > 5 {
		return nil
	}
	key := c.fresh("upload")
	a, err := c.api.s3("POST", trailBucket, key, "uploads", nil, nil, 200)
	if err = c.data(a, err, "CreateMultipartUpload"); err == nil {
		c.uploads = append(c.uploads, &openUpload{key: key, id: element(a.body, "UploadId")})
	}
	return err
}

// upload takes an upload that has a part, or none, out of the list.
func (c *changer) upload(part bool) *openUpload {
	for i, u := range c.uploads {
		if (u.etag != "") == part {
			c.uploads = slices.Delete(c.uploads, i, i+1)
			return u
		}
	}
	return nil
}

func (c *changer) uploadPart() error {
	u := c.upload(false)
	if u == nil {
		return nil
	}
	a, err := c.api.s3("PUT", trailBucket, u.key, "partNumber=1&uploadId="+u.id, nil, content{c.rng.Uint64(), c.rng.IntN(100_000)}.bytes(), 200)
	if err = c.data(a, err, "UploadPart"); err == nil {
		u.etag = a.header.Get("ETag")
		c.uploads = append(c.uploads, u)
	}
	return err
}

func (c *changer) completeUpload() error {
	u := c.upload(true)
	if u == nil {
		return nil
	}
	text := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + u.etag + "</ETag></Part></CompleteMultipartUpload>"
	a, err := c.api.s3("POST", trailBucket, u.key, "uploadId="+u.id, nil, []byte(text), 200)
	if err == nil && !strings.Contains(string(a.body), "</CompleteMultipartUploadResult>") {
		return fmt.Errorf("complete upload: %w: %s", errDown, a.body)
	}
	if err = c.data(a, err, "CompleteMultipartUpload"); err == nil {
		c.objects = append(c.objects, trailBucket+"/"+u.key)
	}
	return err
}

func (c *changer) abortUpload() error {
	u := c.upload(c.rng.IntN(2) == 0)
	if u == nil {
		return nil
	}
	a, err := c.api.s3("DELETE", trailBucket, u.key, "uploadId="+u.id, nil, nil, 204)
	return c.data(a, err, "AbortMultipartUpload")
}

func (c *changer) createBucket() error {
	if len(c.buckets) > 5 {
		return nil
	}
	name := c.fresh("bucket")
	a, err := c.api.s3("PUT", name, "", "", nil, nil, 200)
	if err = c.managed(a, err, "CreateBucket"); err == nil {
		c.buckets = append(c.buckets, name)
	}
	return err
}

func (c *changer) deleteBucket() error {
	name := c.take(&c.buckets, 2)
	if name == "" {
		return nil
	}
	a, err := c.api.s3("DELETE", name, "", "", nil, nil, 204)
	return c.managed(a, err, "DeleteBucket")
}

// settings are requests that set something of a bucket to something new; %s is a new name.
var settings = []struct {
	query, text, event string
	status             int
}{
	{"tagging", `<Tagging><TagSet><Tag><Key>t</Key><Value>%s</Value></Tag></TagSet></Tagging>`, "PutBucketTagging", 204},
	{"cors", `<CORSConfiguration><CORSRule><ID>%s</ID><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>`, "PutBucketCors", 200},
	{"lifecycle", `<LifecycleConfiguration><Rule><ID>%s</ID><Status>Enabled</Status><Filter><Prefix>x</Prefix></Filter><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>`,
		"PutBucketLifecycle", 200},
	{"website", `<WebsiteConfiguration><IndexDocument><Suffix>%s</Suffix></IndexDocument></WebsiteConfiguration>`, "PutBucketWebsite", 200},
	{"policy", `{"Version":"2012-10-17","Id":"%s","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}}`, "PutBucketPolicy", 204},
}

func (c *changer) setBucket() error {
	name := c.take(&c.buckets, 1)
	if name == "" {
		return nil
	}
	s := settings[c.rng.IntN(len(settings))]
	text := strings.ReplaceAll(fmt.Sprintf(s.text, c.fresh("value")), "BUCKET", name)
	a, err := c.api.s3("PUT", name, "", s.query, map[string]string{"Content-Md5": md5Of([]byte(text))}, []byte(text), s.status)
	if err = c.managed(a, err, s.event); err == nil {
		c.buckets = append(c.buckets, name)
	}
	return err
}
