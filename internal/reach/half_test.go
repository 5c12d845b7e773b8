package reach

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// marked makes a policy of an organization in which everything has the mark "zzorg" that is not of AWS.
func (d dice) marked(t *testing.T, kind policy.Type) authz.Source {
	t.Helper()
	var statements []plain
	for i := range 1 + d.IntN(3) {
		s := plain{"Sid": fmt.Sprint("zzorgSid", i), "Effect": "Allow", "Action": d.some(2, "s3:* s3:Get* s3:PutObject s3:List* sts:*")}
		s["Resource"] = d.some(3, "* arn:aws:s3:::bucket* arn:aws:s3:::bucket/zzorg* arn:aws:s3:::bucket/*zzorg?e arn:aws:s3:::* arn:aws:iam::*:role/*")
		if kind == policy.RCP || d.one(2) {
			s["Effect"] = "Deny"
		}
		if kind == policy.RCP {
			s["Principal"] = "*"
		}
		if d.one(2) {
			operator := d.pick("StringEquals StringNotEquals StringLike StringNotLikeIfExists")
			s["Condition"] = plain{operator: plain{d.pick("aws:UserAgent aws:Referer aws:PrincipalTag/team"): d.some(2, "zzorgvalue zzorgother")}}
		}
		statements = append(statements, s)
	}
	text, err := json.Marshal(plain{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	document, err := policy.Parse(kind, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return authz.Source{Name: "arn:aws:organizations::1:policy/o-x/" + fmt.Sprint(kind), Document: document}
}

// What an account is told has nothing of what the policies of its organization say, though these decide it.
func TestOrganizationsAreNotTold(t *testing.T) {
	t.Parallel()
	limits, denials := 0, 0
	for seed := range uint64(80) {
		d := newDice(seed)
		w := d.world()
		w.For = idA
		full := authz.Source{Name: "FullAWSAccess", Document: allowAll}
		for _, c := range w.Callers {
			if c.Account == idA {
				c.SCPs = []authz.Layer{{full}, {d.marked(t, policy.SCP)}}
				if d.one(2) {
					c.SCPs[1] = append(c.SCPs[1], full)
				}
			}
		}
		b := w.Buckets[0]
		b.RCPs = []authz.Layer{{full, d.marked(t, policy.RCP)}}
		after := d.changed(b)
		change := Compare(w, b, after, "")
		result := Answer(w, Question{Bucket: "bucket"})
		for _, told := range []any{result, change} {
			text, err := json.Marshal(told)
			if err != nil {
				t.Fatal(err)
			}
			if i := strings.Index(strings.ToLower(string(text)), "zzorg"); i >= 0 {
				t.Fatalf("world %d: …%s…", seed, text[max(0, i-600):min(len(text), i+100)])
			}
		}
		for i := range result.Paths {
			for _, l := range result.Paths[i].Limits {
				if len(l.Any) == 0 {
					limits++
				}
			}
			for _, e := range result.Paths[i].Exceptions {
				if len(e.Resources) == 0 && strings.HasPrefix(e.Policy, "arn:aws:organizations:") {
					denials++
				}
			}
		}
	}
	if limits < 20 || denials < 20 {
		t.Errorf("only %d limits and %d denials are told", limits, denials)
	}
}
