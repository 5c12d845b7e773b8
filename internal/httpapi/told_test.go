package httpapi

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/audit"
)

// untold are the headers of S3's model that no record has: secrets, the transport with its checksums, the content and
// what says how it is shown, and those of operations that are not here and whose bodies are content.
var untold = []string{
	"authorization", "x-amz-mfa", "x-amz-security-token",
	"x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-md5",
	"x-amz-copy-source-server-side-encryption-customer-key", "x-amz-copy-source-server-side-encryption-customer-key-md5",
	"accept-ranges", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length", "content-md5", "content-range", "content-type",
	"date", "etag", "expect", "expires", "last-modified", "location", "range",
	"x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256",
	"x-amz-checksum-md5", "x-amz-checksum-sha512", "x-amz-checksum-xxhash3", "x-amz-checksum-xxhash64", "x-amz-checksum-xxhash128",
	"x-amz-content-sha256", "x-amz-date", "x-amz-id-2", "x-amz-request-id",
	"x-amz-access-point-alias", "x-amz-archive-status", "x-amz-bucket-arn", "x-amz-bucket-location-name", "x-amz-bucket-location-type", "x-amz-bucket-region",
	"x-amz-missing-meta", "x-amz-mp-parts-count", "x-amz-replication-status", "x-amz-request-charged", "x-amz-tagging-count", "x-amz-create-session-mode",
	"x-amz-bucket-namespace", "x-amz-outpost-id", "x-amz-client-token", "x-amz-rename-source", "x-amz-rename-source-if-match", "x-amz-rename-source-if-modified-since", "x-amz-rename-source-if-none-match",
	"x-amz-rename-source-if-unmodified-since", "x-amz-request-route", "x-amz-request-token",
}

// askedOnly are the headers that are told of requests, and not of answers that repeat them.
var askedOnly = []string{"x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-website-redirect-location"}

// modelHeaders returns the headers that the models of S3 and S3 Control have in what operations take, and in what they
// answer, in lower case.
func modelHeaders(t *testing.T) (in, out []string) {
	t.Helper()
	root, err := exec.Command("python3", "-c", "import botocore,os;print(os.path.join(os.path.dirname(botocore.__file__),'data'))").Output()
	if err != nil {
		t.Skip("botocore is not on this machine")
	}
	for _, service := range []string{"s3", "s3control"} {
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), service, "*", "service-2.json.gz"))
		if len(found) == 0 {
			t.Skip("botocore is not on this machine")
		}
		f, err := os.Open(found[0])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		var model struct {
			Operations map[string]struct{ Input, Output struct{ Shape string } }
			Shapes     map[string]struct {
				Members map[string]struct{ Location, LocationName string }
			}
		}
		if err := json.NewDecoder(r).Decode(&model); err != nil {
			t.Fatal(err)
		}
		for name, o := range model.Operations {
			if name == "WriteGetObjectResponse" {
				continue // what a function sends back
			}
			for into, shape := range map[*[]string]string{&in: o.Input.Shape, &out: o.Output.Shape} {
				for _, m := range model.Shapes[shape].Members {
					if m.Location == "header" {
						*into = append(*into, strings.ToLower(m.LocationName))
					}
				}
			}
		}
	}
	return in, out
}

// TestHeadersOfTheModel holds that of each header that S3 has it was decided whether records have it, and that of those
// that records have none is unknown to it.
func TestHeadersOfTheModel(t *testing.T) {
	t.Parallel()
	in, out := modelHeaders(t)
	for names, all := range map[*map[string]string][]string{&askedHeaders: in, &answeredHeaders: out} {
		for _, name := range all {
			_, told := (*names)[http.CanonicalHeaderKey(name)]
			if names == &answeredHeaders && slices.Contains(askedOnly, name) {
				continue
			}
			if told == slices.Contains(untold, name) {
				t.Errorf("%s: it is told is %t, and so is that it is not", name, told)
			}
		}
		for _, name := range *names {
			if !slices.Contains(all, name) {
				t.Errorf("%s is no header of S3's", name)
			}
		}
	}
	for _, name := range untold {
		if askedHeaders[http.CanonicalHeaderKey(name)] != "" || answeredHeaders[http.CanonicalHeaderKey(name)] != "" {
			t.Errorf("%s is told", name)
		}
	}
}

func TestTold(t *testing.T) { // not in parallel: it counts allocations
	h := http.Header{}
	for name, value := range map[string]string{
		"Authorization": "s", "X-Amz-Security-Token": "s", "X-Amz-Mfa": "s", "X-Amz-Meta-Colour": "red", "X-Amz-Unknown": "x", "If-Range": "x",
		"X-Amz-Acl": "private", "If-Match": "a", "X-Amz-Object-Attributes": "ETag",
	} {
		h.Set(name, value)
	}
	h.Add("X-Amz-Object-Attributes", "ObjectSize")
	h["X-Amz-Tagging"] = nil
	want := []audit.Header{{Name: "if-match", Value: "a"}, {Name: "x-amz-acl", Value: "private"}, {Name: "x-amz-object-attributes", Value: "ETag,ObjectSize"}}
	if got := told(h, askedHeaders); !reflect.DeepEqual(got, want) {
		t.Errorf("told are %v, want %v", got, want)
	}
	for _, name := range []string{"If-Match", "X-Amz-Acl", "X-Amz-Object-Attributes"} {
		h.Del(name)
	}
	if n := testing.AllocsPerRun(100, func() { told(h, askedHeaders) }); n != 0 {
		t.Errorf("a request that has none of them costs %v allocations", n)
	}
}

// BenchmarkTold measures what the headers of a request cost.
func BenchmarkTold(b *testing.B) {
	h := http.Header{}
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "User-Agent", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Content-Type", "Content-Length", "Accept-Encoding"} {
		h.Set(name, "x")
	}
	b.Run("none", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			told(h, askedHeaders)
		}
	})
	h.Set("X-Amz-Acl", "private")
	h.Set("X-Amz-Sdk-Checksum-Algorithm", "CRC64NVME")
	b.Run("two", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			told(h, askedHeaders)
		}
	})
}
