package restxml

import (
	"net/url"
	"testing"
	"time"

	"crossgrant/internal/apierr"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	d := New("Root")
	d.Text("A", `<&>"'`+"\t\n\r\x01\ufffe\xff")
	d.TextIf("B", "")
	d.Open("C")
	d.Int("D", -1)
	d.Bool("E", true)
	d.Close()
	d.Time("F", time.Date(2026, 1, 2, 3, 4, 5, 999_999_999, time.FixedZone("", 3600)))
	d.Open("G")
	d.Value("&")
	got := string(d.Bytes())
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Root xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><A>&lt;&amp;&gt;&quot;'` + "\t\n" + `&#xd;&#x1;&#xfffe;` + "\ufffd" +
		`</A><C><D>-1</D><E>true</E></C><F>2026-01-02T02:04:05.000Z</F><G>&amp;</G></Root>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Error documents have no namespace, and details stand between message and request ID.
func TestError(t *testing.T) {
	t.Parallel()
	e := apierr.New(404, "NoSuchBucket", "The specified bucket does not exist").With("BucketName", "a<b").With("X-Y", "z")
	got := string(Error(e, "REQUEST", "HOST"))
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message>` +
		`<BucketName>a&lt;b</BucketName><X-Y>z</X-Y><RequestId>REQUEST</RequestId><HostId>HOST</HostId></Error>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The rows are what S3 answered in https://github.com/brekkylab/backlot/issues/178.
func TestURLEncode(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"a b.txt":         "a%20b.txt",
		"a+b.txt":         "a%2Bb.txt",
		"100%.csv":        "100%25.csv",
		"한글/x.txt":        "%ED%95%9C%EA%B8%80/x.txt",
		"run books/x.txt": "run%20books/x.txt",
		"-_.*~":           "-_.*%7E",
		"\x00\x01\n":      "%00%01%0A",
	} {
		if got := URLEncode(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

func FuzzURLEncode(f *testing.F) {
	f.Add("a b+c/\x00é%")
	f.Fuzz(func(t *testing.T, key string) {
		for _, decode := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
			if got, err := decode(URLEncode(key)); err != nil || got != key {
				t.Errorf("%q came back as %q, %v", key, got, err)
			}
		}
	})
}
