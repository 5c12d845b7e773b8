package s3api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"crossgrant/internal/audit"
)

// record shows what the record of the last request has of it for those who make events of records.
func (w *world) record() string {
	var b strings.Builder
	r := w.last
	fmt.Fprintf(&b, "%s %s\n", r.Service, r.Operation)
	if r.ErrorCode != "" {
		fmt.Fprintf(&b, "%s: %s\n", r.ErrorCode, r.ErrorMessage)
	}
	if r.Query != "" {
		fmt.Fprintf(&b, "query: %s\n", r.Query)
	}
	show := func(title string, headers []audit.Header) {
		for _, h := range headers {
			fmt.Fprintf(&b, "%s %s: %s\n", title, h.Name, h.Value)
		}
	}
	show("asked", r.Headers)
	show("answered", r.Answered)
	if r.Document != nil {
		fmt.Fprintf(&b, "document: %s\n", r.Document)
	}
	return w.nameVersions(w.hide(b.String()))
}

// secretHeaders are those of which nothing may be in a record, whatever a request is.
var secretHeaders = []string{
	"Authorization", "X-Amz-Security-Token", "X-Amz-Mfa", "X-Amz-Server-Side-Encryption-Customer-Key", "X-Amz-Server-Side-Encryption-Customer-Key-Md5",
	"X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key-Md5",
}

// checkRecord holds that the record of a request has none of its secrets.
func (w *world) checkRecord(t *testing.T, sent http.Header) {
	t.Helper()
	kept := w.last.AppendTo(nil)
	for _, name := range secretHeaders {
		for _, value := range sent.Values(name) {
			if _, signature, ok := strings.Cut(value, "Signature="); ok && name == "Authorization" {
				value = signature
			}
			if len(value) < 6 {
				continue // it may be anything
			}
			if strings.Contains(string(kept), value) || strings.Contains(string(kept), url.QueryEscape(value)) {
				t.Errorf("the record of %s has the value of %s: %q", w.last.Operation, name, kept)
			}
		}
	}
}
