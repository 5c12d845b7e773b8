// Package buckettest is an S3 for tests of the pages of buckets, which keeps the settings of one bucket, and its owner as a
// visitor of the console.
package buckettest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/console/page"
	"crossgrant/internal/httpapi/queryapi/querytest"
)

// The bucket, its owner, and another account.
const (
	Name      = "logs"
	Account   = "111122223333"
	Canonical = "5df5b6014ae606808dcb64208aa09e4f19931b3123456e152c4dfa52d38bf8fd"
	Other     = "e280db54f21834544a8162b8fc5d23851972d31e1ae3560240156fa14d66b952"
)

// API answers for one bucket as S3 does: what was put as a setting is what is got.
type API struct {
	t *testing.T
	// Denied has everything denied.
	Denied bool
	// Crossgrant answers operations of the API crossgrant, by name, with JSON.
	Crossgrant map[string]string

	mu       sync.Mutex
	settings map[string]string // by subresource
	minimum  string            // x-amz-transition-default-minimum-object-size
}

// absent are the codes for settings that are not there.
var absent = map[string]string{
	"policy": "NoSuchBucketPolicy", "policyStatus": "NoSuchBucketPolicy", "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration", "ownershipControls": "OwnershipControlsNotFoundError",
	"cors": "NoSuchCORSConfiguration", "tagging": "NoSuchTagSet", "website": "NoSuchWebsiteConfiguration", "lifecycle": "NoSuchLifecycleConfiguration",
	"object-lock": "ObjectLockConfigurationNotFoundError", "encryption": "ServerSideEncryptionConfigurationNotFoundError",
}

// Set sets a setting.
func (a *API) Set(subresource, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settings[subresource] = body
}

// Get returns a setting as it was put.
func (a *API) Get(subresource string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.settings[subresource]
}

// ServeHTTP answers as S3, and the API crossgrant, do.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["x-amz-request-id"] = []string{"REQUEST"}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, operation, _ := strings.Cut(target, ".")
		if answer := a.Crossgrant[operation]; answer != "" && !a.Denied {
			io.WriteString(w, answer)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"AccessDeniedException","message":"denied"}`)
		return
	}
	fail := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>The message of %s</Message></Error>", code, code)
	}
	switch {
	case a.Denied:
		fail(http.StatusForbidden, "AccessDenied")
		return
	case strings.HasPrefix(r.URL.Path, "/v20180820/"):
		fail(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration")
		return
	case r.URL.Path == "/":
		fmt.Fprintf(w, `<ListAllMyBucketsResult><Owner><ID>%s</ID></Owner><Buckets><Bucket><Name>%s</Name><CreationDate>2026-11-27T00:00:00Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>`, Canonical, Name)
		return
	case strings.Trim(r.URL.Path, "/") != Name:
		fail(http.StatusNotFound, "NoSuchBucket")
		return
	}
	subresource := ""
	for name := range r.URL.Query() {
		if name != "x-id" && name != "delete" {
			subresource = name
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch body, there := a.settings[subresource]; {
	case r.Method == http.MethodPut:
		text, err := io.ReadAll(r.Body)
		if err != nil {
			a.t.Error(err)
		}
		if len(text) == 0 {
			text = []byte(r.Header.Get("X-Amz-Acl"))
		}
		a.settings[subresource], a.minimum = string(text), r.Header.Get("X-Amz-Transition-Default-Minimum-Object-Size")
	case r.Method == http.MethodDelete:
		delete(a.settings, subresource)
		w.WriteHeader(http.StatusNoContent)
	case there:
		if subresource == "lifecycle" {
			w.Header().Set("x-amz-transition-default-minimum-object-size", "varies_by_storage_class")
		}
		io.WriteString(w, body)
	case absent[subresource] != "":
		fail(http.StatusNotFound, absent[subresource])
	default:
		io.WriteString(w, "<Nothing/>")
	}
}

// Minimum is the smallest size of transitions that was put last.
func (a *API) Minimum() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.minimum
}

// Visitor is the owner of the bucket, signed in.
type Visitor struct {
	*consoletest.Visitor
	API *API
}

// New returns a visitor of a console with one section, over an API of a bucket without settings.
func New(t *testing.T, section page.Section) *Visitor {
	t.Helper()
	api := &API{t: t, settings: map[string]string{
		"acl": fmt.Sprintf(`<AccessControlPolicy><Owner><ID>%s</ID><DisplayName>store</DisplayName></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>%s</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`, Canonical, Canonical),
	}, Crossgrant: map[string]string{}}
	who := consoletest.As(querytest.Key{ID: "AKIDEXAMPLE", Secret: "secret"}, "arn:aws:iam::"+Account+":user/ann")
	return &Visitor{consoletest.Console{API: api, Section: section}.Visit(t, who), api}
}
