package halves_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// reached is what the test reads of an answer to ListAccess or PreviewAccess.
type reached struct {
	Paths, Gains, Loses []struct {
		Principal, Target, Text string
		Parts                   []struct{ Layer, Policy string }
	}
}

// listAccess asks who can reach what: everybody, about everything.
func (w *world) listAccess(seen *findings) {
	questions := []map[string]any{{}, {"Action": "s3:GetObject"}}
	for _, a := range w.members {
		for purpose, bucket := range a.buckets {
			questions = append(questions, map[string]any{"Bucket": bucket}, map[string]any{"Bucket": bucket, "Key": a.keys[purpose], "Action": "s3:*Object"})
		}
		for _, p := range a.users {
			questions = append(questions, map[string]any{"Principal": p.arn})
		}
		if a.role != "" {
			questions = append(questions, map[string]any{"Principal": a.role})
		}
		questions = append(questions, map[string]any{"Principal": a.arn("iam", "user/nobody")}, map[string]any{"Principal": a.id})
	}
	type asked struct {
		as    *principal
		input map[string]any
	}
	var all []asked
	for n, as := range w.administrators() {
		for i, q := range questions {
			if as.kind == "admin" || i%every == n%every {
				all = append(all, asked{as, q})
			}
		}
	}
	each(all, func(q asked) {
		a := w.ask(seen, reaching, q.as, json11("crossgrant", "ListAccess", q.input), nil)
		w.checkReached(seen, q.as, fmt.Sprint(q.input), a)
	})
	w.t.Logf("%d questions of who can reach what were asked", len(all))
}

// checkReached looks whether an answer has what is the account's own, and is refused where the question is about what is
// not.
func (w *world) checkReached(seen *findings, as *principal, input string, a *answer) {
	account := w.members[as.account]
	own := !strings.Contains(input, "Bucket") && !strings.Contains(input, "Principal") || strings.Contains(input, account.id)
	for _, bucket := range account.buckets {
		own = own || strings.Contains(input, bucket)
	}
	if a.ok() && !own {
		seen.fail("who can reach what of another account is told", as.String()+" "+input+" "+a.body)
	}
	var r reached
	if err := json.Unmarshal([]byte(a.body), &r); err != nil {
		seen.fail("an answer cannot be read", err.Error()+" "+a.body)
	}
	for _, p := range append(append(r.Paths, r.Gains...), r.Loses...) {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(p.Target, "arn:aws:s3:::"), "/")
		if !strings.Contains(p.Principal, account.id) && w.owners[bucket] != as.account && !strings.Contains(p.Target, account.id) {
			seen.fail("a path of others is told", as.String()+" "+p.Text)
		}
	}
}

// previewAccess asks what changes of buckets would do: as everybody, of every bucket.
func (w *world) previewAccess(seen *findings) {
	type asked struct {
		as    *principal
		input map[string]any
	}
	var all []asked
	for _, as := range w.administrators() {
		for _, a := range w.members {
			for purpose, bucket := range a.buckets {
				edits := []map[string]any{{"Policy": ""}, {"ObjectOwnership": "BucketOwnerEnforced"}, {"PublicAccessBlockConfiguration": map[string]any{"RestrictPublicBuckets": true}}}
				if a.name == as.account && as.kind == "admin" {
					edits = append(edits, map[string]any{"Policy": document(w.allow(a, purpose, `"*"`, ""))})
				}
				for _, e := range edits {
					e["Bucket"] = bucket
					if a.name == as.account || len(all)%every == 0 || e["Policy"] == "" {
						all = append(all, asked{as, e})
					}
				}
			}
		}
	}
	each(all, func(q asked) {
		a := w.ask(seen, previewing, q.as, json11("crossgrant", "PreviewAccess", q.input), nil)
		w.checkReached(seen, q.as, fmt.Sprint(q.input), a)
	})
	w.t.Logf("%d changes were tried", len(all))
}
