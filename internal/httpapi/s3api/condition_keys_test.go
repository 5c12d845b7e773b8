package s3api_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/httpapi/keytest"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/sigv4"
)

// notHere are the keys that nothing here has, each with the reason.
var notHere = map[string]string{
	"s3:AccessGrantsInstanceArn":              "there are no access grants",
	"s3:AccessPointNetworkOrigin":             "there are no access points",
	"s3:AccessPointTag/class":                 "there are no access points",
	"s3:DataAccessPointAccount":               "there are no access points",
	"s3:DataAccessPointArn":                   "there are no access points",
	"s3:x-amz-bucket-namespace":               "the header is refused",
	"s3:x-amz-object-annotation-directive":    "the header is refused",
	"s3:object-lock-event-hold":               "the header is refused",
	"s3:object-lock-event-hold-duration-days": "the same",
	"s3:signatureAge":                         "only presigned requests and forms have it: TestKeysOfSignatures, forms.txt",
}

// always are the keys that every signed request over TLS has.
var always = []string{"s3:ResourceAccount", "s3:authType", "s3:signatureversion", "s3:TlsVersion", "s3:x-amz-content-sha256"}

// keysWorld is a world with what the requests of operationKeys are about.
func keysWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, &datadriven.TestData{})
	w.tls = &tls.ConnectionState{Version: tls.VersionTLS13}
	w.run(t, &datadriven.TestData{Cmd: "account", CmdArgs: []datadriven.CmdArg{
		{Key: "name", Vals: []string{"ann"}}, {Key: "id", Vals: []string{"111111111111"}}, {Key: "canonical", Vals: []string{annCanonical}},
	}})
	w.succeed(t,
		"ann PUT /walnut", "ann PUT /hazel", "ann PUT /locked\nx-amz-bucket-object-lock-enabled: true", "ann PUT /locked/plain\n\nx", "ann PUT /walnut/plain\n\nx", "ann PUT /walnut/tagged\nx-amz-tagging: class=open\n\nx", "ann PUT /walnut/tagged2\nx-amz-tagging: class=open\n\nx",
		"ann PUT /walnut/cold\nx-amz-storage-class: GLACIER\n\nx",
		"ann POST /locked/large?uploads\nx-amz-acl: private\nx-amz-tagging: class=open\nx-amz-storage-class: STANDARD\nx-amz-server-side-encryption: AES256"+locked, "ann POST /walnut/large?uploads\nx-amz-tagging: class=open\n"+granted,
		"ann POST /walnut/large?uploads",
		"ann PUT /walnut?tagging\n\n"+tagSet, "ann PUT /hazel?tagging\n\n"+tagSet, "ann PUT /locked?tagging\n\n"+tagSet,
	)
	return w
}

// abacWorld is keysWorld with attribute-based access control enabled for all buckets.
func abacWorld(t *testing.T) *world {
	t.Helper()
	w := keysWorld(t)
	w.succeed(t, "ann PUT /walnut?abac\n\n"+abacOn, "ann PUT /hazel?abac\n\n"+abacOn, "ann PUT /locked?abac\n\n"+abacOn)
	return w
}

// succeed sends requests.
func (w *world) succeed(t *testing.T, requests ...string) {
	t.Helper()
	for _, request := range requests {
		if got := w.do(t, &datadriven.TestData{Input: filled(request)}); !strings.HasPrefix(got, "20") {
			t.Fatalf("%s: %s", request, got)
		}
	}
}

const annCanonical = "1111111111111111111111111111111111111111111111111111111111111111"

func filled(request string) string {
	if !strings.Contains(request, "%[") {
		return request
	}
	text := fmt.Sprintf(request, annCanonical, deleteSum)
	text, _, _ = strings.Cut(text, "%!(EXTRA")
	return text
}

// keysTable holds the operations of S3 and S3 Control against the reference of S3.
var keysTable = keytest.Table{
	Service: "s3", Operations: s3api.New(nil, s3api.Deps{}).Operations(),
	Unasked: map[string]string{"PreflightRequest": "nobody is asking yet"},
	// What ListBuckets is about has no type in the reference; S3's messages name this.
	Forms:   map[string][]string{"ListAllMyBuckets": {"arn:aws:s3:::*"}},
	Missing: notHere, Always: always, Cases: slices.Concat(operationKeys, configurationCases()),
	Start: func(t *testing.T) keytest.Ask { return abacWorld(t).ask },
}

// TestKeysOfOperations holds the condition keys of every operation against AWS's service reference: a
// question has no key that its action does not have there, and between them the requests that carry
// everything have all of those that it has, but for those listed with a reason.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func TestKeysOfOperations(t *testing.T) {
	t.Parallel()
	keysTable.Full(t)
}

// TestKeysOfBareRequests holds that a key which a request does not fill is absent; and those of the tags of a
// bucket without attribute-based access control are.
func TestKeysOfBareRequests(t *testing.T) {
	t.Parallel()
	bare := keysTable
	bare.Start = func(t *testing.T) keytest.Ask { return keysWorld(t).ask }
	bare.Bare(t)
}

// ask sends a request and returns what was asked about it.
func (w *world) ask(t *testing.T, operation, request string) []keytest.Question {
	t.Helper()
	w.asking.Taken()
	answer := w.send(t, filled(request))
	asked := w.asking.Taken()
	if w.last.Operation != operation || len(asked) == 0 {
		t.Errorf("%s: %s asked %d questions: %s", request, w.last.Operation, len(asked), answer)
	}
	return asked
}

// send sends a request, or a form whose first line is "post caller path".
func (w *world) send(t *testing.T, request string) string {
	t.Helper()
	head, fields, _ := strings.Cut(request, "\n")
	words := strings.Fields(head)
	if words[0] != "post" {
		return w.do(t, &datadriven.TestData{Input: request})
	}
	return w.post(t, &datadriven.TestData{Input: fields, CmdArgs: []datadriven.CmdArg{
		{Key: "as", Vals: words[1:2]}, {Key: "to", Vals: words[2:3]},
	}})
}

// TestKeysOfSignatures holds the keys that tell how a request was signed and sent.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
func TestKeysOfSignatures(t *testing.T) {
	t.Parallel()
	w := keysWorld(t)
	w.tls = nil
	signed := func(sign func(*sigv4.Request)) *http.Request {
		r := httptest.NewRequest("GET", "/walnut/plain", nil)
		n := &sigv4.Request{Method: r.Method, RawPath: r.URL.Path, Host: r.Host, Header: r.Header}
		sign(n)
		r.URL.RawQuery = n.RawQuery
		return r
	}
	ann := w.signers["ann"]
	for name, c := range map[string]struct {
		request *http.Request
		want    string // authType, signatureversion, signatureAge, x-amz-content-sha256, TlsVersion
	}{
		"header":    {signed(func(r *sigv4.Request) { ann.Sign(r, "UNSIGNED-PAYLOAD", w.now()) }), "REST-HEADER|AWS4-HMAC-SHA256|absent|UNSIGNED-PAYLOAD|absent"},
		"presigned": {signed(func(r *sigv4.Request) { ann.Presign(r, "UNSIGNED-PAYLOAD", w.now().Add(-2*time.Second), time.Hour) }), "REST-QUERY-STRING|AWS4-HMAC-SHA256|2000|UNSIGNED-PAYLOAD|absent"},
		"anonymous": {signed(func(*sigv4.Request) {}), "absent|absent|absent|absent|absent"},
	} {
		w.asking.Taken()
		w.handler.ServeHTTP(httptest.NewRecorder(), c.request)
		asked := w.asking.Taken()
		if len(asked) != 1 {
			t.Fatalf("%s: asked %v", name, asked)
		}
		var got []string
		for _, key := range []string{"authType", "signatureversion", "signatureAge", "x-amz-content-sha256", "TlsVersion"} {
			values, _, ok := asked[0].Keys.Lookup("s3:" + key)
			if !ok {
				values = []string{"absent"}
			}
			got = append(got, values...)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}
