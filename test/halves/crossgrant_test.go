package halves_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// every is how many of the requests that an account has nothing to do with one of its principals is asked about.
const every = 7

// askCrossgrant asks why, as everybody.
func (w *world) askCrossgrant(seen *findings) {
	w.explainRequests(seen)
	w.listRequests(seen)
	w.explainAccess(seen)
	w.listAccess(seen)
	w.previewAccess(seen)
}

// administrators are those who may ask everything for their account, by different ways.
func (w *world) administrators() []*principal {
	var out []*principal
	for _, name := range []string{accountA, accountB, accountC, accountM} {
		a := w.members[name]
		out = append(out, a.admin, a.root)
		if a.session != nil {
			out = append(out, a.session)
		}
	}
	return out
}

// explained is what the test reads of an explanation.
type explained struct {
	Report *struct {
		Checks []struct {
			Layers, Misses []struct{ Half string }
			Resource       string
		}
	}
}

func (w *world) explainRequests(seen *findings) {
	type asked struct {
		as      *principal
		request *made
	}
	var all []asked
	i := 0
	for _, r := range w.requests {
		if !r.scan {
			continue
		}
		for n, as := range slices.Concat(w.administrators(), []*principal{w.members[accountA].plain, w.members[accountB].worker}) {
			concerned := as.kind == "admin" && (r.owner == as.account || r.source == as.account || r.caller.account == as.account)
			if i++; concerned && i%4 == 0 || i%every == n%every && n%3 == i%3 {
				all = append(all, asked{as, r})
			}
		}
	}
	each(all, func(q asked) {
		a := w.ask(seen, explanation, q.as, json11("crossgrant", "ExplainRequest", map[string]any{"RequestId": q.request.answer.id}), q.request)
		if q.as.kind == "admin" {
			w.checkHalves(seen, q.as, q.request, a)
		}
	})
	w.t.Logf("%d requests were asked about", len(all))
}

// checkHalves looks whether somebody sees the half of its account of a request that was judged, and no other.
func (w *world) checkHalves(seen *findings, as *principal, r *made, a *answer) {
	calls, owns := as.account == r.caller.account, as.account == r.owner || as.account == r.source
	what := fmt.Sprintf("an explanation that is for the caller %t, for the owner %t", calls, owns)
	example := fmt.Sprintf("%s, about the request of %s %.500s: %d %s", as, r.caller, r.text, a.status, a.body)
	var e explained
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.ok() != (calls || owns) && (a.ok() || r.source != as.account) {
		seen.fail(what+", is given or not", example)
	}
	if e.Report == nil {
		return
	}
	for _, c := range e.Report.Checks {
		owns := as.account == w.ownerOf(r.caller, s3("", "/"+strings.TrimPrefix(c.Resource, "arn:aws:s3:::"), "")) || owns && !strings.HasPrefix(c.Resource, "arn:aws:s3:::")
		if !calls && !owns {
			seen.fail(what+", tells of what is asked of somebody else", example)
		}
		for _, l := range slices.Concat(c.Layers, c.Misses) {
			if l.Half == "identity" && !calls || l.Half == "resource" && !owns {
				seen.fail(what+", has the half of the "+l.Half, example)
			}
		}
		if len(c.Layers) == 0 && (owns || r.caller.kind != "root" && !strings.Contains(r.text, "Expected-Bucket-Owner")) { // a root user has no policies, and a setting asks none
			seen.fail(what+", has no layers", example)
		}
	}
}

func (w *world) listRequests(seen *findings) {
	filters := []map[string]any{{}, {"Outcome": "allowed"}, {"Outcome": "denied"}, {"Limit": 5}, {"Action": "s3:*"}, {"Action": "sts:AssumeRole"}, {"Action": "s3:PutObject"}}
	for _, a := range w.members {
		filters = append(filters, map[string]any{"AccountId": a.id})
		for _, bucket := range a.buckets {
			filters = append(filters, map[string]any{"Bucket": bucket})
		}
		if a.role != "" {
			filters = append(filters, map[string]any{"Principal": a.role})
		}
		for _, p := range a.users {
			filters = append(filters, map[string]any{"Principal": p.arn})
		}
	}
	type asked struct {
		as     *principal
		filter map[string]any
	}
	var all []asked
	for n, as := range w.administrators() {
		for i, f := range filters {
			if as.kind == "admin" && (i < 7 || i%3 == n%3) || i%every == n%every {
				all = append(all, asked{as, f})
			}
		}
	}
	each(all, func(q asked) { w.listWith(seen, q.as, q.filter) })
}

// listWith lists requests with a filter, and looks at each of them.
func (w *world) listWith(seen *findings, as *principal, filter map[string]any) {
	limited := maps.Clone(filter)
	if limited["Limit"] == nil {
		limited["Limit"] = 40
	}
	s := json11("crossgrant", "ListRequests", limited)
	a, err := w.do(as, s)
	var page struct {
		Requests []json.RawMessage
		More     bool
	}
	if err == nil {
		err = json.Unmarshal([]byte(a.body), &page)
	}
	if err != nil || !a.ok() {
		w.t.Errorf("ListRequests %v of %s: %v %.1000s", filter, as, err, a.text())
		return
	}
	for _, one := range page.Requests {
		var id struct {
			RequestID string `json:"RequestId"`
		}
		if err := json.Unmarshal(one, &id); err != nil {
			w.t.Error(err)
			return
		}
		w.mu.Lock()
		about := w.requests[id.RequestID]
		w.mu.Unlock()
		if about == nil && !strings.Contains(string(one), "cloudtrail.amazonaws.com") {
			w.t.Errorf("%s is told of the request %s, which was not made", as, id.RequestID)
			return
		}
		if account, filtered := filter["AccountId"].(string); filtered && about != nil && about.caller.account == as.account && about.owner != as.account && account != w.members[as.account].id {
			seen.fail("the filter by account tells "+as.account+" who has what it asked for", w.owners[account]+" has "+about.text)
		}
		seen.look(w, &look{asker: as, api: listing, request: about, sent: s.text(), status: a.status, text: string(one)})
	}
}

// explainAccess asks about requests that nobody made: everybody's, for everything.
func (w *world) explainAccess(seen *findings) {
	whos := []string{"anonymous", "cloudtrail.amazonaws.com"}
	for _, a := range w.members {
		for _, p := range a.users {
			if !strings.Contains(p.arn, ":federated-user/") {
				whos = append(whos, p.arn)
			}
		}
		if a.role != "" {
			whos = append(whos, a.role)
		}
		whos = append(whos, a.arn("iam", "user/nobody"))
	}
	type about struct{ action, resource string }
	var abouts []about
	for _, a := range w.members {
		for purpose, bucket := range a.buckets {
			object := "arn:aws:s3:::" + bucket + "/" + a.keys[purpose]
			for _, action := range []string{"s3:GetObject", "s3:PutObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:DeleteObject"} {
				abouts = append(abouts, about{action, object})
			}
			abouts = append(abouts, about{"s3:ListBucket", "arn:aws:s3:::" + bucket})
		}
		if a.role != "" {
			abouts = append(abouts, about{"sts:AssumeRole", a.role}, about{"iam:GetRole", a.role})
		}
		abouts = append(abouts, about{"iam:GetUser", a.plain.arn}, about{"sts:AssumeRole", a.arn("iam", "role/nobody")})
	}
	type asked struct {
		as    *principal
		input map[string]any
	}
	var all []asked
	i := 0
	for _, as := range w.administrators() {
		for _, who := range whos {
			for _, q := range abouts {
				if i++; i%(2*every) == 0 {
					all = append(all, asked{as, map[string]any{"Principal": who, "Action": q.action, "Resource": q.resource}})
				}
			}
		}
	}
	each(all, func(q asked) { w.ask(seen, supposition, q.as, json11("crossgrant", "ExplainAccess", q.input), nil) })
	w.t.Logf("%d questions of what would be were asked", len(all))
}
