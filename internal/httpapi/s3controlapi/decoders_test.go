package s3controlapi

import (
	"net/http"
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

func TestDecodePublicAccessBlock(t *testing.T) {
	t.Parallel()
	const whole = `<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><BlockPublicAcls>TRUE</BlockPublicAcls>` +
		`<IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>1</RestrictPublicBuckets></PublicAccessBlockConfiguration>`
	got, err := decodePublicAccessBlock([]byte(whole))
	want := &records.PublicAccessBlock{BlockPublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
	if err != nil || !proto.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for body, code := range map[string]string{
		"":                                  "MalformedXML",
		"<PublicAccessBlockConfiguration/>": "InvalidRequest",
		"<PublicAccessBlock><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlock>":                                                             "MalformedXML",
		"<PublicAccessBlockConfiguration><BlockPublicAcls>yes</BlockPublicAcls></PublicAccessBlockConfiguration>":                                    "MalformedXML",
		"<PublicAccessBlockConfiguration><Other>true</Other></PublicAccessBlockConfiguration>":                                                       "MalformedXML",
		`<PublicAccessBlockConfiguration xmlns="` + restxml.Namespace + `"><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>`: "MalformedXML",
	} {
		if _, err := decodePublicAccessBlock([]byte(body)); !apierr.Is(err, code) {
			t.Errorf("%s: got %v, want %s", body, err, code)
		}
	}
}

func FuzzDecodePublicAccessBlock(f *testing.F) {
	f.Add([]byte(`<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		block, err := decodePublicAccessBlock(body)
		if (block == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", body, block, err)
		}
	})
}

func TestDecodeAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sent []string
		want string
	}{
		{[]string{"111111111111"}, "111111111111"},
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"11111111111"}, ""},
		{[]string{"111111111111", "222222222222"}, ""},
	} {
		r := &http.Request{Header: http.Header{"X-Amz-Account-Id": c.sent}}
		if got, err := decodeAccount(r); string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: got %q, %v, want %q", c.sent, got, err, c.want)
		}
	}
}

func TestBucketOf(t *testing.T) {
	t.Parallel()
	for resource, want := range map[string]string{
		"arn:aws:s3:::walnut":      "walnut",
		"arn:aws:s3:::wal.nut-1":   "wal.nut-1",
		"":                         "InvalidRequest",
		"walnut":                   "InvalidRequest",
		"arn:aws:s3:::":            "InvalidRequest",
		"arn:aws:iam:::walnut":     "InvalidRequest",
		"arn:aws-cn:s3:::walnut":   "InvalidRequest",
		"arn:aws:s3:::walnut/key":  "NoSuchResource",
		"arn:aws:s3:r:1:walnut":    "InvalidRequest",
		"arn:aws:s3:::walnut:more": "walnut:more",
		"arn:aws:s3:us-east-1:111111111111:access-grants/default": "NoSuchResource",
		"arn:aws:s3:us-east-2:111111111111:access-grants/default": "InvalidRequest",
	} {
		name, err := bucketOf(resource, "111111111111", "us-east-1")
		if name != want && !apierr.Is(err, want) {
			t.Errorf("%s: got %q, %v, want %q", resource, name, err, want)
		}
	}
}

func FuzzDecodeTags(f *testing.F) {
	f.Add([]byte(`<TagResourceRequest><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></TagResourceRequest>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		tags, err := decodeTags(body)
		if err != nil {
			return
		}
		for i, tag := range tags {
			if tag.Key == "" || i > 0 && tag.Key <= tags[i-1].Key || len(tags) > 50 {
				t.Fatalf("%q: got %v", body, tags)
			}
		}
	})
}

func FuzzBucketOf(f *testing.F) {
	f.Add("arn:aws:s3:::walnut")
	f.Add("arn:aws:s3:us-east-1:111111111111:accesspoint/a")
	f.Fuzz(func(t *testing.T, resource string) {
		name, err := bucketOf(resource, "111111111111", "us-east-1")
		if (name == "") == (err == nil) || err == nil && resource != "arn:aws:s3:::"+name {
			t.Errorf("%q: got %q, %v", resource, name, err)
		}
	})
}
