package home

import (
	"io"
	"net/http"
	"testing"
	"time"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestHome holds that the page is there for those who may see everything, or nothing. S3 does not answer here.
func TestHome(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	w.Now = time.Now().UTC()
	root := w.Account("111122223333")
	visit := func(key querytest.Key, name string) *consoletest.Visitor {
		return consoletest.Console{API: w.Handler(), Section: Section()}.Visit(t, consoletest.As(key, "arn:aws:iam::111122223333:user/"+name))
	}
	v := visit(w.User("111122223333", "ann", "AdministratorAccess"), "ann")
	v.Has("/", "Hello, ann", "This account is in none", "The root user has no MFA device", "No user has an MFA device")
	w.OrgsCall(root, "CreateOrganization", `{}`).OK()
	v.Has("/", "This is the management account of")
	visit(w.User("111122223333", "bob"), "bob").Has("/", "You may not see this.", "Why?")
	visit(root, "root").Has("/", "You are the root user", "Create a user")
}

// TestDenials holds the list of what was denied, whatever names are in it.
func TestDenials(t *testing.T) {
	t.Parallel()
	answer := `{"Requests":[]}`
	api := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if asked, err := io.ReadAll(r.Body); err != nil || string(asked) != `{"Outcome":"denied","Limit":5}` || r.Header.Get("X-Amz-Target") != "Crossgrant_20261126.ListRequests" {
			t.Errorf("asked %s %s %v", r.Header.Get("X-Amz-Target"), asked, err)
		}
		rw.Header().Set("X-Amzn-Requestid", "OWN")
		if answer == "" {
			rw.WriteHeader(http.StatusBadRequest)
			answer = `{"__type":"AccessDeniedException","Message":"no"}`
		}
		io.WriteString(rw, answer)
	})
	v := consoletest.Console{API: api, Section: Section()}.Visit(t, consoletest.As(querytest.Key{ID: "AKIDEXAMPLE", Secret: "SECRET"}, "arn:aws:iam::111122223333:user/ann"))
	v.Part("/denials", "Nothing was denied")
	answer = `{"Requests":[{"RequestId":"R1","Time":"2026-11-27T01:02:03.5Z","Service":"s3","Operation":"GetObject","Bucket":"b","Key":"<k>","Caller":{}}],"More":true}`
	v.Part("/denials", "anonymous", "b/<k>", "/why/requests/R1", "2026-11-27 01:02:03 UTC")
	answer = ""
	v.Part("/denials", "You may not see this.", "/why/requests/OWN")
}

// TestWho holds how callers are called.
func TestWho(t *testing.T) {
	t.Parallel()
	var d denial
	if got := d.Who(); got != "anonymous" {
		t.Errorf("nobody is %s", got)
	}
	d.Caller.ARN = "arn:aws:iam::111122223333:user/ann"
	if got := d.Who(); got != d.Caller.ARN {
		t.Errorf("ann is %s", got)
	}
}
