package s3api_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/sigv4"
)

// reference is the part of AWS's service reference that says which condition keys an action has.
type reference struct {
	Actions map[string]struct {
		ConditionKeys []string `json:"conditionKeys"`
	} `json:"actions"`
	ConditionKeys map[string]string `json:"conditionKeys"`
}

func readReference(t *testing.T) reference {
	t.Helper()
	text, err := os.ReadFile("../../policy/gen/s3.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// named returns a key of the reference as it is for the tag "class", which objects and requests here have.
func named(key string) string {
	return strings.NewReplacer("<key>", "class", "${TagKey}", "class").Replace(key)
}

// notHere are the keys that nothing here has, each with the reason.
var notHere = map[string]string{
	"s3:AccessGrantsInstanceArn":                         "there are no access grants",
	"s3:AccessPointNetworkOrigin":                        "there are no access points",
	"s3:AccessPointTag/class":                            "there are no access points",
	"s3:DataAccessPointAccount":                          "there are no access points",
	"s3:DataAccessPointArn":                              "there are no access points",
	"s3:BucketTag/class":                                 "attribute-based access control is not built, and is off on AWS unless turned on",
	"aws:ResourceTag/class":                              "the same",
	"aws:RequestTag/class":                               "CreateBucket refuses tags",
	"aws:TagKeys":                                        "the same",
	"s3:x-amz-bucket-namespace":                          "the header is refused",
	"s3:x-amz-object-annotation-directive":               "the header is refused",
	"s3:object-lock-event-hold":                          "object lock is not built, its headers are refused",
	"s3:object-lock-event-hold-duration-days":            "the same",
	"s3:object-lock-legal-hold":                          "the same",
	"s3:object-lock-mode":                                "the same",
	"s3:object-lock-remaining-retention-days":            "the same",
	"s3:object-lock-retain-until-date":                   "the same",
	"s3:x-amz-server-side-encryption":                    "encryption is not built, its headers are refused",
	"s3:x-amz-server-side-encryption-aws-kms-key-id":     "the same",
	"s3:x-amz-server-side-encryption-customer-algorithm": "the same",
	"s3:signatureAge":                                    "only presigned requests have it: TestKeysOfSignatures",
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
	for _, request := range []string{
		"ann PUT /walnut", "ann PUT /hazel", "ann PUT /walnut/plain\n\nx", "ann PUT /walnut/tagged\nx-amz-tagging: class=open\n\nx", "ann PUT /walnut/tagged2\nx-amz-tagging: class=open\n\nx",
		"ann POST /walnut/large?uploads\nx-amz-acl: private\nx-amz-tagging: class=open", "ann POST /walnut/large?uploads\nx-amz-tagging: class=open\n" + granted,
		"ann POST /walnut/large?uploads",
	} {
		if got := w.do(t, &datadriven.TestData{Input: filled(request)}); !strings.HasPrefix(got, "200") {
			t.Fatalf("%s: %s", request, got)
		}
	}
	return w
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

// present returns the keys of the reference that a question has.
func (r *reference) present(q question) map[string]bool {
	found := map[string]bool{}
	for key := range r.ConditionKeys {
		if _, _, ok := q.keys.Lookup(named(key)); ok {
			found[strings.ToLower(named(key))] = true
		}
	}
	return found
}

// listed returns the keys that the reference has for an action.
func (r *reference) listed(action string) map[string]bool {
	listed := map[string]bool{}
	for _, key := range r.Actions[strings.TrimPrefix(action, "s3:")].ConditionKeys {
		listed[strings.ToLower(named(key))] = true
	}
	return listed
}

// TestKeysOfOperations holds the condition keys of every operation against AWS's service reference: a
// question has no key that its action does not have there, and between them the requests that carry
// everything have all of those that it has, but for those listed with a reason.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func TestKeysOfOperations(t *testing.T) {
	t.Parallel()
	r := readReference(t)
	covered := map[string]bool{"PreflightRequest": true} // asks nothing
	for _, c := range operationKeys {
		covered[c.operation] = true
		t.Run(c.operation, func(t *testing.T) {
			t.Parallel()
			w := keysWorld(t)
			union := map[string]map[string]bool{}
			for _, request := range c.full {
				for _, q := range w.ask(t, c.operation, request) {
					found := r.present(q)
					if union[q.action] == nil {
						union[q.action] = map[string]bool{}
					}
					maps.Copy(union[q.action], found)
					for key := range found {
						if !r.listed(q.action)[key] {
							t.Errorf("%s: %s has %s, which AWS does not fill for it", request, q.action, key)
						}
					}
				}
			}
			for action, found := range union {
				for key := range r.listed(action) {
					if !found[key] && !excepted(c.absent, action, key) {
						t.Errorf("%s has no %s", action, key)
					}
				}
			}
		})
	}
	for _, name := range s3api.New(nil, s3api.Deps{}).Operations() {
		if !covered[name] {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// excepted reports whether a key may be absent: everywhere, in an operation, or for one of its actions.
func excepted(absent map[string]string, action, key string) bool {
	has := func(m map[string]string, want string) bool {
		for name := range m {
			if strings.EqualFold(name, want) {
				return true
			}
		}
		return false
	}
	return has(notHere, key) || has(absent, key) || has(absent, strings.TrimPrefix(action, "s3:")+" "+key)
}

// TestKeysOfBareRequests holds that a key which a request does not fill is absent, and not empty or a
// default: that is what the operators Null and IfExists tell apart.
func TestKeysOfBareRequests(t *testing.T) {
	t.Parallel()
	r := readReference(t)
	for _, c := range operationKeys {
		if c.bare == "" {
			continue // it has nothing that could be left out
		}
		t.Run(c.operation, func(t *testing.T) {
			t.Parallel()
			for _, q := range keysWorld(t).ask(t, c.operation, c.bare) {
				for key := range r.present(q) {
					is := func(name string) bool { return strings.EqualFold(name, key) }
					if !slices.ContainsFunc(always, is) && !slices.ContainsFunc(c.needed, is) {
						t.Errorf("%s: %s has %s", c.bare, q.action, key)
					}
				}
			}
		})
	}
}

// ask sends a request and returns what was asked about it.
func (w *world) ask(t *testing.T, operation, request string) []question {
	t.Helper()
	w.asked = nil
	answer := w.do(t, &datadriven.TestData{Input: filled(request)})
	if w.last.Operation != operation || len(w.asked) == 0 {
		t.Errorf("%s: %s asked %d questions: %s", request, w.last.Operation, len(w.asked), answer)
	}
	return w.asked
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
		w.asked = nil
		w.handler.ServeHTTP(httptest.NewRecorder(), c.request)
		if len(w.asked) != 1 {
			t.Fatalf("%s: asked %v", name, w.asked)
		}
		var got []string
		for _, key := range []string{"authType", "signatureversion", "signatureAge", "x-amz-content-sha256", "TlsVersion"} {
			values, _, ok := w.asked[0].keys.Lookup("s3:" + key)
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
