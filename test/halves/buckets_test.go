package halves_test

import (
	"fmt"
	"strings"
)

// addBuckets makes the buckets with an object each, and what allows and denies.
func (w *world) addBuckets() {
	a, b, c := w.members[accountA], w.members[accountB], w.members[accountC]
	for _, purpose := range []string{"policy", "acl", "private", "public", "payer", "guarded"} {
		w.addBucket(a, purpose)
	}
	for _, other := range []*account{b, c} {
		w.addBucket(other, "own")
		w.bucketPolicy(other, "own", w.allow(other, "own", fmt.Sprintf(`{"AWS":["%s","%s"]}`, a.id, b.id), ""))
	}
	w.bucketPolicy(a, "policy",
		w.allow(a, "policy", fmt.Sprintf(`{"AWS":["%s","%s"]}`, b.worker.arn, b.role), ""),
		w.allow(a, "policy", fmt.Sprintf(`{"AWS":"%s"}`, c.id), `{"StringEquals":{"aws:UserAgent":"`+w.marks.new(accountA, "value")+`","aws:PrincipalTag/team":"`+w.marks.new(accountA, "value")+`"}}`),
		w.about(a, "policy", "Deny", `"*"`, `"s3:PutObject"`, `{"StringNotEquals":{"s3:x-amz-acl":["bucket-owner-full-control","`+w.marks.new(accountA, "value")+`"]}}`),
		w.about(a, "policy", "Deny", `"*"`, `"s3:GetObjectAcl"`, `{"ArnNotLike":{"aws:PrincipalArn":["`+b.worker.arn+`","arn:aws:iam::*:role/`+w.marks.new(accountA, "value")+`"]}}`),
		w.about(a, "policy", "Deny", `{"AWS":"`+b.id+`"}`, `"s3:GetObjectTagging"`, `{"StringNotEquals":{"s3:ExistingObjectTag/team":"`+w.marks.new(accountA, "value")+`"}}`),
	)
	w.bucketPolicy(a, "public", w.allow(a, "public", `"*"`, `{"StringLike":{"aws:Referer":"*`+w.marks.new(accountA, "value")+`*"}}`), w.allow(a, "public", `"*"`, ""))
	w.put(a.root, "/"+a.buckets["public"]+"?publicAccessBlock", `<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`)
	w.bucketPolicy(a, "payer", w.allow(a, "payer", fmt.Sprintf(`{"AWS":["%s","%s"]}`, b.id, c.id), ""),
		w.allow(a, "payer", `"*"`, `{"StringEquals":{"aws:SourceVpc":"`+w.marks.new(accountA, "value")+`"}}`))
	w.put(a.root, "/"+a.buckets["payer"]+"?requestPayment", `<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>`)
	w.bucketPolicy(a, "guarded", w.allow(a, "guarded", fmt.Sprintf(`{"AWS":["%s","%s"]}`, b.id, c.id), ""))
	grants := fmt.Sprintf(`id="%s", id="%s"`, b.canonical, c.canonical)
	w.put(a.root, "/"+a.buckets["acl"]+"?acl", "", "x-amz-grant-write", grants, "x-amz-grant-read", `id="`+b.canonical+`", uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"`)
	// An object of B in A's bucket: its ACL decides, and is B's.
	a.keys["foreign"] = w.marks.new(accountB, "key")
	a.buckets["foreign"] = a.buckets["acl"]
	w.put(b.root, "/"+a.buckets["acl"]+"/"+a.keys["foreign"], "content", "x-amz-grant-read", `id="`+c.canonical+`"`, "x-amz-grant-read-acp", `id="`+c.canonical+`"`)
}

// addBucket makes a bucket with an object that has tags.
func (w *world) addBucket(a *account, purpose string) {
	bucket, key := w.marks.new(a.name, "bucket"), w.marks.new(a.name, "key")
	a.buckets[purpose], a.keys[purpose] = bucket, key
	w.owners[bucket] = a.name
	w.put(a.root, "/"+bucket, "", "x-amz-object-ownership", "ObjectWriter")
	w.put(a.root, "/"+bucket+"/"+key, "content", "x-amz-tagging", "team="+w.marks.new(a.name, "tagvalue")+"&"+w.marks.new(a.name, "tagkey")+"=1")
	w.put(a.root, "/"+bucket+"?tagging", "<Tagging><TagSet><Tag><Key>team</Key><Value>"+w.marks.new(a.name, "tagvalue")+"</Value></Tag></TagSet></Tagging>")
}

func (w *world) bucketPolicy(a *account, purpose string, statements ...string) {
	w.put(a.root, "/"+a.buckets[purpose]+"?policy", document(statements...))
}

// allow is a statement that allows to read, list and write in a bucket.
func (w *world) allow(a *account, purpose, principal, condition string) string {
	return w.about(a, purpose, "Allow", principal, `["s3:GetObject","s3:GetObjectAcl","s3:GetObjectTagging","s3:ListBucket","s3:PutObject"]`, condition)
}

// about is a statement about a bucket and its objects.
func (w *world) about(a *account, purpose, effect, principal, actions, condition string) string {
	bucket := "arn:aws:s3:::" + a.buckets[purpose]
	resources := `["` + bucket + `","` + bucket + `/*"]`
	if !strings.Contains(actions, "ListBucket") {
		resources = `"` + bucket + `/*"`
	}
	return w.statement(a.name, effect, principal, actions, resources, condition)
}

// addOrganization makes the organization: A and B join it, B in a unit. Of B's requests service control policies deny
// some, of those for A's buckets a resource control policy.
func (w *world) addOrganization() {
	m := w.members[accountM]
	call := func(operation string, input map[string]any) *answer {
		return w.must(m.root, json11("organizations", operation, input))
	}
	learn := func(class string, a *answer, element string) string {
		return w.marks.learn(accountM, class, a.element(element))
	}
	made := call("CreateOrganization", map[string]any{"FeatureSet": "ALL"})
	organization := strings.Split(made.element("Arn"), "/")
	w.marks.learn(accountM, "organization", organization[len(organization)-1])
	root := call("ListRoots", map[string]any{}).element("Id")
	w.marks.learn(accountM, "unit", root)
	unit := learn("unit", call("CreateOrganizationalUnit", map[string]any{"ParentId": root, "Name": w.marks.new(accountM, "unitname")}), "Id")
	for _, name := range []string{accountA, accountB} {
		invited := call("InviteAccountToOrganization", map[string]any{"Target": map[string]string{"Id": w.members[name].id, "Type": "ACCOUNT"}})
		handshake := regexpFind(`h-[0-9a-z]{8,32}`, invited.body)
		w.must(w.members[name].root, json11("organizations", "AcceptHandshake", map[string]any{"HandshakeId": handshake}))
	}
	call("MoveAccount", map[string]any{"AccountId": w.members[accountB].id, "SourceParentId": root, "DestinationParentId": unit})
	for _, kind := range []string{"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"} {
		if a, err := w.do(m.root, json11("organizations", "EnablePolicyType", map[string]any{"RootId": root, "PolicyType": kind})); err != nil || !a.ok() && !strings.Contains(a.body, "PolicyTypeAlreadyEnabled") {
			w.t.Fatalf("enable %s: %v %v", kind, a, err)
		}
	}
	call("EnableAWSServiceAccess", map[string]any{"ServicePrincipal": "access-analyzer.amazonaws.com"})
	attach := func(kind, class, target string, statements ...string) {
		policy := learn(class, call("CreatePolicy", map[string]any{
			"Name": w.marks.new(accountM, "policyname"), "Description": w.marks.new(accountM, "description"), "Type": kind, "Content": document(statements...),
		}), "Id")
		call("AttachPolicy", map[string]any{"PolicyId": policy, "TargetId": target})
	}
	value := func() string { return w.marks.new(accountM, "value") }
	attach("SERVICE_CONTROL_POLICY", "scp", w.members[accountB].id,
		w.statement(accountM, "Deny", "", `"s3:PutObject"`, `"arn:aws:s3:::`+w.members[accountA].buckets["guarded"]+`/*"`, `{"StringNotEquals":{"aws:UserAgent":"`+value()+`"}}`),
		w.statement(accountM, "Deny", "", `"sts:AssumeRole"`, `"`+w.members[accountC].role+`"`, ""))
	attach("SERVICE_CONTROL_POLICY", "scp", unit, `{"Sid":"`+w.marks.new(accountM, "sid")+`","Effect":"Allow","NotAction":["s3:GetObjectTagging","s3:DeleteObject"],"Resource":"*"}`)
	call("DetachPolicy", map[string]any{"PolicyId": "p-FullAWSAccess", "TargetId": unit})
	attach("RESOURCE_CONTROL_POLICY", "rcp", w.members[accountA].id,
		w.statement(accountM, "Deny", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::`+w.members[accountA].buckets["guarded"]+`/*"`, `{"StringNotEquals":{"aws:UserAgent":"`+value()+`"}}`))
}
