package objects

import (
	"strings"
	"testing"
)

// TestBucketNames follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
func TestBucketNames(t *testing.T) {
	for _, name := range []string{
		"abc", "docexamplebucket1", "log-delivery-march-2020", "my-hosted-content", "docexamplewebsite.com",
		"www.docexamplewebsite.com", "my.example.s3.bucket", "123", "1.2.3", "1.2.3.4.5", "1234.1.1.1", "a.-b", "x-n--a",
		"a--x-s3a", strings.Repeat("a", 63),
	} {
		if !validBucketName(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{
		"", "ab", strings.Repeat("a", 64), "doc_example_bucket", "DocExampleBucket", "doc-example-bucket-",
		"-doc", ".doc", "doc.", "a..b", "192.168.5.4", "999.1.1.1", "010.1.1.1", "a b", "a/b", "grüße", "a\x00b",
		"xn--a", "sthree-a", "sthree-configurator-a", "amzn-s3-demo-a",
		"a-s3alias", "a--ol-s3", "a.mrap", "a--x-s3", "a--table-s3",
	} {
		if validBucketName(name) {
			t.Errorf("%q is allowed", name)
		}
		wantDetail(t, wantCode(t, checkBucketName(name), "InvalidBucketName"), "BucketName", name)
	}
}

func TestKeys(t *testing.T) {
	long := strings.Repeat("ä", 512)
	for _, key := range []string{"a", "../../etc/passwd", "/", "//", ".", "a\x00b", "\x01\x1f\n", "\uffff", "日本", long} {
		f := newFixture(t)
		f.put(key, "x")
		if got := f.content(key); got != "x" {
			t.Errorf("content of %q is %q", key, got)
		}
	}
	f := newFixture(t)
	for _, test := range []struct {
		key, code string
		detail    []string
	}{
		{"", "InvalidArgument", []string{"ArgumentName", "key", "ArgumentValue", ""}},
		{long + "a", "KeyTooLongError", []string{"Size", "1025", "MaxSizeAllowed", "1024"}},
		{"a\xff", "InvalidURI", nil},
	} {
		_, err := f.Put(ctx(t), f.object(test.key), strings.NewReader("x"))
		wantDetail(t, wantCode(t, err, test.code), test.detail...)
		_, err = f.Get(ctx(t), f.bucket, test.key, "")
		wantCode(t, err, test.code)
	}
}
