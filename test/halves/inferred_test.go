package halves_test

import (
	"net/http"
	"strings"
)

// inferNothing asks twice about what differs only in what is another account's, and wants the same answer.
func (w *world) inferNothing(seen *findings) {
	a, b, c := w.members[accountA], w.members[accountB], w.members[accountC]
	object := func(purpose string) string { return "arn:aws:s3:::" + a.buckets[purpose] + "/" + a.keys[purpose] }
	for _, q := range []struct {
		what       string
		as         *principal
		who, other string
		action     string
		on, onto   string
	}{
		{"whether another account's bucket policy allows", b.admin, b.worker.arn, b.worker.arn, "s3:GetObject", object("policy"), object("private")},
		{"whether another account's bucket ACL allows", b.admin, b.worker.arn, b.worker.arn, "s3:ListBucket", "arn:aws:s3:::" + a.buckets["acl"], "arn:aws:s3:::" + a.buckets["private"]},
		{"whether another account has an object", b.admin, b.worker.arn, b.worker.arn, "s3:GetObject", object("private"), object("private") + "x"},
		{"whether another account has a role", b.admin, b.worker.arn, b.worker.arn, "sts:AssumeRole", a.role, a.arn("iam", "role/nobody")},
		{"whether another account's role trusts", c.admin, c.worker.arn, c.worker.arn, "sts:AssumeRole", a.role, b.role},
		{"whether another account has a user", a.admin, b.plain.arn, b.arn("iam", "user/nobody"), "s3:GetObject", "arn:aws:s3:::" + b.buckets["own"] + "/x", "arn:aws:s3:::" + b.buckets["own"] + "/x"},
	} {
		first := w.supposed(q.as, q.who, q.action, q.on, nil)
		second := w.supposed(q.as, q.other, q.action, q.onto, nil)
		mask := strings.NewReplacer(q.onto, "RESOURCE", q.on, "RESOURCE", q.who, "WHO", q.other, "WHO", a.id, "ID", b.id, "ID")
		if mask.Replace(first.body) != mask.Replace(second.body) {
			seen.fail(q.as.account+" learns "+q.what, first.body+"\n"+second.body)
		}
	}
	w.guess(seen)
}

// guess has B and A write conditions on what only the other knows, and ask what comes of them.
func (w *world) guess(seen *findings) {
	a, b, c := w.members[accountA], w.members[accountB], w.members[accountC]
	bucket := "arn:aws:s3:::" + a.buckets["private"]
	w.put(a.root, "/"+a.buckets["private"]+"/guessed", "content", "x-amz-tagging", "team=right")
	w.must(b.root, query("iam", "TagUser", "UserName", name(b.plain), "Tags.member.1.Key", "guessed", "Tags.member.1.Value", "right"))
	tag := func(by *principal, key, value string) string {
		return w.statement(by.account, "Allow", "", `["s3:GetObject"]`, `"*"`, `{"StringEquals":{"`+key+`":"`+value+`"}}`)
	}
	for _, g := range []struct{ what, key, right string }{
		{"the tags of another account's objects", "s3:ExistingObjectTag/team", "right"}, {"whose a bucket is", "aws:ResourceAccount", a.id},
	} {
		by := c // a stranger: members of one organization may know whose a bucket is
		put := func(value string) string {
			w.must(by.root, query("iam", "PutUserPolicy", "UserName", name(by.plain), "PolicyName", "guess", "PolicyDocument", document(tag(by.root, g.key, value))))
			return w.supposed(by.admin, by.plain.arn, "s3:GetObject", bucket+"/guessed", nil).body
		}
		w.same(seen, "learns "+g.what, by, g.right, put)
		given := w.supposed(by.admin, by.plain.arn, "s3:GetObject", bucket+"/guessed", []map[string]any{{"Key": g.key, "Values": []string{"000000000000"}}})
		if !strings.Contains(given.body, `"Effect":"allowed"`) {
			seen.fail(by.name+" is not told of a condition on what it says itself", given.body)
		}
	}
	w.same(seen, "learns the tags of another account's users", a, "right", func(value string) string {
		w.put(a.root, "/"+a.buckets["private"]+"?policy", document(w.statement(accountA, "Allow", `{"AWS":"`+b.plain.arn+`"}`, `"s3:GetObject"`, `"`+bucket+`/*"`,
			`{"StringEquals":{"aws:PrincipalTag/guessed":"`+value+`"}}`)))
		return w.supposed(a.admin, b.plain.arn, "s3:GetObject", bucket+"/guessed", nil).body
	})
}

// same asks with the right value and with a wrong one; the wrong one is that of the last policy.
func (w *world) same(seen *findings, what string, by *account, right string, ask func(value string) string) {
	mask := func(body string) string {
		return strings.ReplaceAll(markPattern.ReplaceAllString(body, "MARK"), right, "000000000000")
	}
	first, second := mask(ask(right)), mask(ask("000000000000"))
	if first != second {
		seen.fail(by.name+" "+what, first+"\n"+second)
	}
}

// supposed asks what would come of a request.
func (w *world) supposed(as *principal, who, action, resource string, context []map[string]any) *answer {
	w.t.Helper()
	input := map[string]any{"Principal": who, "Action": action, "Resource": resource}
	if context != nil {
		input["Context"] = context
	}
	a, err := w.do(as, json11("crossgrant", "ExplainAccess", input))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// takeOver has A lose a bucket, and C make one of its name: A learns of its own only.
func (w *world) takeOver(seen *findings) {
	a, c := w.members[accountA], w.members[accountC]
	bucket := w.marks.new(accountA, "bucket")
	w.put(a.root, "/"+bucket, "")
	w.owners[bucket] = accountA
	denied, err := w.do(c.worker, s3(http.MethodGet, "/"+bucket+"?list-type=2", ""))
	if err != nil || denied.ok() {
		w.t.Fatal(denied, err)
	}
	about := w.requests[denied.id]
	w.must(a.root, s3(http.MethodDelete, "/"+bucket, ""))
	w.put(c.root, "/"+bucket, "")
	w.put(c.root, "/"+bucket+"?policy", document(w.statement(accountC, "Deny", `"*"`, `["s3:ListBucket","s3:GetBucketAcl"]`, `"arn:aws:s3:::`+bucket+`"`,
		`{"StringNotEquals":{"aws:UserAgent":"`+w.marks.new(accountC, "value")+`"}}`)))
	for _, as := range []*principal{a.admin, c.admin} {
		w.ask(seen, explanation, as, json11("crossgrant", "ExplainRequest", map[string]any{"RequestId": denied.id}), about)
	}
}
