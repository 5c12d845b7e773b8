package console_test

import "testing"

// TestFromDenialToExplanation holds that a denied click leads to why it was denied, and from there to what would change it.
func TestFromDenialToExplanation(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminB)
	p.allow(403)
	p.answer(0, p.upload("why.txt", "an upload", ""), denied)
	p.clickIn("why.txt", "Why?")
	p.expect("Why it was denied", "s3:PutObject", bucket+"/why.txt", "awschild1admin", "What would change it")

	// A page that is denied leads there as well.
	p.open("/buckets/" + bucket)
	p.click("Why?")
	p.expect("Why it was denied", "s3:ListBucket", bucket)

	// Both are among the decisions.
	p.click("Decisions")
	p.expect("s3:PutObject", "s3:ListBucket")
}

// TestPreviewOfPolicy holds that who would gain and who would lose access is told before a policy is saved, and is not
// carried out by it.
func TestPreviewOfPolicy(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t)
	p, other := b.tab(w), b.tab(w)
	p.signIn(w, adminA)
	other.signIn(w, adminB)
	other.allow(403)
	gives := `{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + accountB + `:user/awschild1admin"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::` + bucket + `/*"}]
}`
	p.openBucket()
	p.click("Permissions")
	p.click("css:main a[href$='/permissions/policy']")
	p.fill("Policy", gives)
	p.click("Preview")
	p.expect("Gains", "1 principal", "awschild1admin")
	other.answer(0, other.upload("preview.txt", "an upload", ""), denied)

	// Once it is saved it is as was told, and taking it away is told too.
	p.click("do:save")
	p.expectAt("/buckets/" + bucket + "/permissions")
	other.answer(0, other.upload("preview.txt", "an upload", ""), allowed)
	p.click("css:main a[href$='/permissions/policy']")
	p.fill("Policy", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::`+bucket+`"}]}`)
	p.click("Preview")
	p.expect("Loses", "awschild1admin")
	other.answer(0, other.upload("preview.txt", "an upload", ""), allowed)
}

// TestValidation holds that the editor says what is wrong with a policy, and in which line.
func TestValidation(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminA)
	p.open("/buckets/" + bucket + "/permissions/policy")
	p.fill("Policy", "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n}")
	p.expect("This is not JSON", "line 4")
	p.fill("Policy", `{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObjet",
    "Resource": "arn:aws:s3:::`+bucket+`/*"
  }]
}`)
	p.expect("s3:GetObjet", "line 6")
}
