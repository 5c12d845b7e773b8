package s3api

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
)

func TestParseTagging(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                             "",
		"a=b":                          "a=b;",
		"b=2&a":                        "a=;b=2;",
		"a+b=c%20d":                    "a b=c d;",
		"%C3%A9=%2B-%3D._%3A%2F%40":    "é=+-=._:/@;",
		strings.Repeat("k", 128) + "=": strings.Repeat("k", 128) + "=;",
		"k=" + strings.Repeat("%F0%90%90%80", 128): "k=" + strings.Repeat("\U00010400", 128) + ";",
	} {
		tags, err := parseTagging(value)
		got := ""
		for _, tag := range tags {
			got += tag.Key + "=" + tag.Value + ";"
		}
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", value, got, err, want)
		}
	}
	for value, code := range map[string]string{
		"=":                             "InvalidArgument",
		"&":                             "InvalidArgument",
		"a=1&":                          "InvalidArgument",
		"a&a":                           "InvalidArgument",
		"a=b=c":                         "InvalidArgument",
		"a=%":                           "InvalidArgument",
		"%ff":                           "InvalidArgument",
		"a=\xff":                        "InvalidArgument",
		"a;b":                           "InvalidTag",
		"a=%0A":                         "InvalidTag",
		"aws:":                          "InvalidTag",
		"Aws:a":                         "InvalidTag",
		strings.Repeat("k", 129):        "InvalidTag",
		"k=" + strings.Repeat("v", 257): "InvalidTag",
		"k=" + strings.Repeat("%F0%90%90%80", 129): "InvalidTag",
		"a&b&c&d&e&f&g&h&i&j&k":                    "InvalidTag",
	} {
		if _, err := parseTagging(value); !apierr.Is(err, code) {
			t.Errorf("%s: got %v, want %s", value, err, code)
		}
	}
}

// FuzzParseTagging holds that tags which are read can be written as a header that reads the same, and that
// they are within the limits.
func FuzzParseTagging(f *testing.F) {
	for _, seed := range []string{"a=b&c", "=", "a=%zz", "a+b=%2B", "aws:a=1", "TagSet=[{Key=a}]", "é=ü"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		tags, err := parseTagging(value)
		if err != nil {
			return
		}
		var pairs []string
		for i, tag := range tags {
			if tag.Key == "" || i > 0 && tag.Key <= tags[i-1].Key || len(tags) > 10 {
				t.Fatalf("%q: got %v", value, tags)
			}
			pairs = append(pairs, url.QueryEscape(tag.Key)+"="+url.QueryEscape(tag.Value))
		}
		again, err := parseTagging(strings.Join(pairs, "&"))
		if err != nil || !reflect.DeepEqual(strip(again), strip(tags)) {
			t.Errorf("%q: got %v, then %v, %v", value, tags, again, err)
		}
	})
}

// strip returns tags as pairs.
func strip(tags []*records.Tag) [][2]string {
	var pairs [][2]string
	for _, tag := range tags {
		pairs = append(pairs, [2]string{tag.Key, tag.Value})
	}
	return pairs
}

// FuzzDecodeTagging holds that tags which are read are rendered so that they read the same.
func FuzzDecodeTagging(f *testing.F) {
	for _, seed := range []string{
		"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>", "<Tagging><TagSet/></Tagging>", "<Tagging/>",
		"<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		tags, err := bucketTags.decode(body)
		if err != nil {
			return
		}
		again, err := bucketTags.decode(renderTags(tags).Bytes())
		if err != nil || !reflect.DeepEqual(strip(again), strip(tags)) {
			t.Errorf("%q: got %v, then %v, %v", body, tags, again, err)
		}
	})
}

func TestDecodeRequestPayment(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>":   "Requester",
		"<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>": "BucketOwner",
		"<RequestPaymentConfiguration><Payer>requester</Payer></RequestPaymentConfiguration>":   "",
		"<RequestPaymentConfiguration><Payer> Requester</Payer></RequestPaymentConfiguration>":  "",
		"<RequestPaymentConfiguration></RequestPaymentConfiguration>":                           "",
	} {
		got, err := decodeRequestPayment([]byte(body))
		if want == "" && !apierr.Is(err, "MalformedXML") || want != "" && (err != nil || got.Payer != want) {
			t.Errorf("%s: got %v, %v, want %q", body, got, err, want)
		}
	}
}

func FuzzDecodeRequestPayment(f *testing.F) {
	f.Add([]byte("<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := decodeRequestPayment(body)
		if err == nil && in.Payer != payerRequester && in.Payer != payerBucketOwner {
			t.Errorf("%q: %q pays", body, in.Payer)
		}
	})
}
