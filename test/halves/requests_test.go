package halves_test

import (
	"net/http"
	"strings"
	"sync"
)

// each calls fn for every item, a few at the same time.
func each[T any](items []T, fn func(T)) {
	work := make(chan T, len(items))
	for _, item := range items {
		work <- item
	}
	close(work)
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for item := range work {
				fn(item)
			}
		})
	}
	running.Wait()
}

// anonymous does not sign.
var anonymous = &principal{kind: "anonymous"}

// principals are all who ask.
func (w *world) principals() []*principal {
	out := []*principal{}
	for _, name := range []string{accountA, accountB, accountC, accountM} {
		out = append(out, w.members[name].users...)
	}
	return out
}

// makeRequests has everybody ask for everything, as users of S3 and STS do, and looks at every answer.
func (w *world) makeRequests() {
	type asked struct {
		as *principal
		s  *sent
	}
	var all []asked
	n := 0
	for _, as := range append(w.principals(), anonymous) {
		for _, a := range []*account{w.members[accountA], w.members[accountB], w.members[accountC]} {
			for purpose := range a.buckets {
				if as.account == accountM && purpose != "policy" {
					continue
				}
				for _, s := range w.bucketRequests(as, a.buckets[purpose], a.keys[purpose]) {
					if n++; as.kind == "worker" || strings.HasPrefix(as.kind, "session") && n%2 == 0 || n%every == 0 {
						all = append(all, asked{as, s})
					}
				}
			}
			if as != anonymous {
				session := w.marks.new(as.account, "session")
				all = append(all, asked{as, query("sts", "AssumeRole", "RoleArn", a.role, "RoleSessionName", session)},
					asked{as, query("sts", "AssumeRole", "RoleArn", a.role, "RoleSessionName", "refused")})
			}
		}
		if as.kind == "worker" || as.kind == "root" {
			all = append(all, asked{as, w.copy(as, w.members[accountA], w.members[accountC])}, asked{as, w.copy(as, w.members[accountC], w.members[accountB])})
		}
	}
	each(all, func(r asked) {
		a, err := w.do(r.as, r.s)
		if err != nil {
			w.t.Error(err)
			return
		}
		w.mu.Lock()
		w.requests[a.id].scan = true
		w.mu.Unlock()
	})
	w.t.Logf("%d requests were made", len(all))
}

// bucketRequests are what somebody asks of a bucket.
func (w *world) bucketRequests(as *principal, bucket, key string) []*sent {
	letter := as.account
	if letter == "" {
		letter = accountM // whoever does not sign is nobody's: none of the others may see these marks in other answers
	}
	object, own := "/"+bucket+"/"+key, "/"+bucket+"/"+w.marks.new(letter, "key")
	agent := []string{"User-Agent", w.marks.new(letter, "useragent")}
	with := func(more ...string) []string { return append(more, agent...) }
	requests := []*sent{
		s3(http.MethodGet, object, "", agent...),
		s3(http.MethodGet, object+"?acl", "", agent...),
		s3(http.MethodGet, object+"?tagging", "", agent...),
		s3(http.MethodPut, own, "content", with("x-amz-acl", "bucket-owner-full-control")...),
		s3(http.MethodPut, own, "content", with("x-amz-meta-"+w.marks.new(letter, "meta"), "1")...),
		s3(http.MethodDelete, own+"gone", "", agent...),
		s3(http.MethodGet, "/"+bucket+"?list-type=2", "", agent...),
		s3(http.MethodGet, "/"+bucket+"?policy", "", agent...),
		s3(http.MethodGet, "/"+bucket+"?acl", "", agent...),
		s3(http.MethodHead, object, "", with("x-amz-expected-bucket-owner", w.members[accountB].id)...),
	}
	if strings.HasSuffix(as.kind, "worker") {
		requests = append(requests, s3(http.MethodGet, object, "", with("x-amz-request-payer", "requester")...))
	}
	return requests
}

// copy is a request to copy the object of a bucket into another one.
func (w *world) copy(as *principal, from, to *account) *sent {
	source := "own"
	if from.name == accountA {
		source = "policy"
	}
	return s3(http.MethodPut, "/"+to.buckets["own"]+"/"+w.marks.new(as.account, "key"), "", copySource, "/"+from.buckets[source]+"/"+from.keys[source])
}
