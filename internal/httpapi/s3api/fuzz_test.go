package s3api

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"

	"crossgrant/internal/wire/formdata"
)

// clientsFault fails unless err is one that tells the client what is wrong with its request.
func clientsFault(t *testing.T, what string, err error) {
	t.Helper()
	if e := apierr.From(err); e.Status < 400 || e.Status >= 500 && e.Status != http.StatusNotImplemented {
		t.Errorf("%s: %v", what, err)
	}
}

// decoding returns a decoder of documents, whatever it decodes them to.
func decoding[T any](decode func([]byte) (T, error)) func([]byte) (any, error) {
	return func(body []byte) (any, error) { return decode(body) }
}

// documentDecoders are the decoders of documents that have no target of their own.
var documentDecoders = []func([]byte) (any, error){
	decoding(decodeAccelerate),
	decoding(decodeBucketEncryption),
	decoding(decodeBucketTagging),
	decoding(decodeAbac),
	decoding(decodeLegalHold),
	decoding(decodeLockConfiguration),
	decoding(decodeOwnership),
	decoding(decodePublicAccessBlock),
	decoding(decodeRetention),
	decoding(decodeVersioning),
	decoding(func(body []byte) (*createBucketInput, error) { return decodeCreateBucket(call(string(body), "", "")) }),
}

func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		"<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>",
		"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
		"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
		"<LegalHold><Status>ON</Status></LegalHold>",
		"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
		"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
		"<PublicAccessBlockConfiguration><BlockPublicAcls>TRUE</BlockPublicAcls></PublicAccessBlockConfiguration>",
		"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-01T00:00:00.000Z</RetainUntilDate></Retention>",
		"<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>",
		"<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>",
		"", "<a/>", "<!DOCTYPE a>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for i, decode := range documentDecoders {
			first, err := decode(body)
			if err != nil {
				clientsFault(t, string(body), err)
				continue
			}
			if again, err := decode(body); err != nil || !reflect.DeepEqual(first, again) {
				t.Errorf("decoder %d: %q is %v, then %v, %v", i, body, first, again, err)
			}
		}
	})
}

// headerDecoders read the headers of requests, all of them of each.
var headerDecoders = map[string]func(*httpapi.Call) error{
	"write":            func(c *httpapi.Call) error { _, err := decodeWrite(c, true); return err },
	"digest":           func(c *httpapi.Call) error { _, err := decodeDigest(c.HTTP); return err },
	"conditions":       func(c *httpapi.Call) error { decodeConditions(c.HTTP, "", c.Time); return nil },
	"write conditions": func(c *httpapi.Call) error { _, err := decodeWriteConditions(c.HTTP); return err },
	"get":              func(c *httpapi.Call) error { _, err := decodeGetObject(c); return err },
	"copy":             func(c *httpapi.Call) error { _, err := decodeCopyObject(c); return err },
	"upload":           func(c *httpapi.Call) error { _, err := decodeCreateUpload(c); return err },
	"bucket":           func(c *httpapi.Call) error { _, err := decodeCreateBucket(c); return err },
	"attributes":       func(c *httpapi.Call) error { _, err := decodeObjectAttributes(c); return err },
	"bypass":           func(c *httpapi.Call) error { _, err := decodeBypass(c.HTTP); return err },
	"payer":            func(c *httpapi.Call) error { _, err := decodePayer(c.HTTP); return err },
	"restored":         func(c *httpapi.Call) error { _, err := decodeOptional(c); return err },
	"encryption":       func(c *httpapi.Call) error { _, _, err := new(encryptionInput).decode(c.HTTP, nil); return err },
	"customer":         func(c *httpapi.Call) error { _, err := decodeCustomer(c.HTTP, "", false); return err },
	"known":            func(c *httpapi.Call) error { return checkHeaders(c.HTTP) },
}

func FuzzHeaders(f *testing.F) {
	names := append(slices.Sorted(maps.Keys(known)), "content-md5", "range", "if-match", "if-none-match",
		"if-modified-since", "if-unmodified-since", "x-amz-meta-a", "content-type", "content-encoding", "expires")
	for i := range names {
		f.Add(uint8(i), "a", uint8(i+1), "AAAAAA==")
	}
	for i, value := range []string{"bytes=0-1", "2030-01-01T00:00:00Z", "Fri, 01 Jan 2027 00:00:00 GMT", "a=b&c=d", `id="x"`, "AES256", "/a/b?versionId=null", "\xff\x00"} {
		f.Add(uint8(slices.Index(names, "x-amz-tagging")), value, uint8(i), value)
	}
	f.Fuzz(func(t *testing.T, one uint8, value string, two uint8, other string) {
		c := call("", "", "")
		c.Time = time.Unix(1_800_000_000, 0)
		c.Caller = new(access.Caller)
		c.HTTP.Header.Add(names[int(one)%len(names)], value)
		c.HTTP.Header.Add(names[int(two)%len(names)], other)
		for name, decode := range headerDecoders {
			if err := decode(c); err != nil {
				clientsFault(t, name, err)
			}
		}
	})
}

// FuzzHoist wants parameters of a query to become headers only where they could have been sent as such.
func FuzzHoist(f *testing.F) {
	for _, seed := range []string{
		"x-amz-acl=private", "X-Amz-Meta-A=%0D%0Ab:%20c", "x-amz-meta-a%0d=b", "X-Amz-Signature=a&x-amz-date=b",
		"tagging&x-amz-tagging=a%3Db", "x-amz-acl=a&x-amz-acl=b", "x-amz-=;", "list-type=3", "acl&tagging", "id&analytics",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c := &httpapi.Call{HTTP: httptest.NewRequest("GET", "/walnut/k", nil), Bucket: "walnut", Key: "k"}
		c.HTTP.URL.RawQuery = raw
		query, err := readQuery(c.HTTP.URL)
		if err != nil {
			clientsFault(t, raw, err)
			return
		}
		if err := hoist(c.HTTP, query); err != nil {
			clientsFault(t, raw, err)
			return
		}
		for name, values := range c.HTTP.Header {
			if http.CanonicalHeaderKey(name) != name || strings.ContainsAny(name, " :\r\n\x00") || strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Errorf("%q becomes %q: %q", raw, name, values)
			}
		}
		if _, err := targetOf(c, query); err != nil {
			clientsFault(t, raw, err)
		}
	})
}

// FuzzLocate wants a bucket and a key of whatever a path and a host can be.
func FuzzLocate(f *testing.F) {
	for _, seed := range [][2]string{
		{"/walnut/k", "localhost"}, {"/", "walnut.localhost:9000"}, {"//", "localhost"}, {"/walnut/../k", ""}, {"*", "[::1]:9000"}, {"", "...localhost"},
	} {
		f.Add(seed[0], seed[1])
	}
	s := &Service{Deps: Deps{Domains: []string{"localhost", "s3.example.com"}}}
	f.Fuzz(func(t *testing.T, path, host string) {
		r := &http.Request{URL: &url.URL{Path: path}, Host: host}
		bucket, key, err := s.locate(r)
		switch {
		case err != nil:
			clientsFault(t, path, err)
		case bucket != "" && !plausibleBucket(bucket), bucket == "" && key != "", len(key) > maxKey:
			t.Errorf("%q at %q: bucket %q, key %q", path, host, bucket, key)
		}
	})
}

// FuzzFields wants the fields of a browser form to become headers only where they could have been sent as such.
func FuzzFields(f *testing.F) {
	for _, seed := range [][2]string{
		{"Content-Type", "a/b"}, {"x-amz-meta-a", "b\r\nc: d"}, {"acl", "private"}, {"tagging", "<Tagging><TagSet/></Tagging>"},
		{"x-amz-meta-\r\na", "b"}, {"Expires", "\x00"}, {"x-amz-signature", "a"}, {"x-amz-storage-class", "\xff"}, {"key", "../a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		c := &httpapi.Call{HTTP: httptest.NewRequest("POST", "/walnut", nil), Bucket: "walnut"}
		c.Upload = &formdata.Form{Fields: []formdata.Field{{Name: name, Value: value}, {Name: "key", Value: "k"}}}
		if err := readFields(c); err != nil {
			clientsFault(t, name, err)
			return
		}
		for name, values := range c.HTTP.Header {
			if strings.ContainsAny(name, " :\r\n\x00") || strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Errorf("header %q: %q", name, values)
			}
		}
	})
}
