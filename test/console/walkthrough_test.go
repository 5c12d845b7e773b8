package console_test

import "testing"

// TestWalkthrough tells the three parts of the walkthrough in the console, by clicks and typing alone. The 13 answers that
// must come out are numbered as there.
func TestWalkthrough(t *testing.T) {
	w := newWorld(t)
	b := newBrowser(t)
	adminOfA, userOfA, adminOfB, userOfB := b.tab(w), b.tab(w), b.tab(w), b.tab(w)
	for profile, p := range map[string]*tab{adminA: adminOfA, plainA: userOfA, adminB: adminOfB, userB: userOfB} {
		p.signIn(w, profile)
		p.allow(403) // what is denied is told by the page, and by the browser
	}
	adminOfB.answer(0, adminOfB.upload("before.txt", "before", ""), denied)
	userOfB.answer(0, userOfB.upload("before.txt", "before", ""), denied)
	grantByACL(t, adminOfA, userOfA, adminOfB, userOfB)
	grantByPolicy(t, adminOfA, adminOfB, userOfB)
	grantByRole(t, adminOfA, adminOfB, userOfB)
}

// grantByACL is part 1.
func grantByACL(t *testing.T, adminOfA, userOfA, adminOfB, userOfB *tab) {
	t.Helper()
	adminOfA.openGrants()
	adminOfA.set("Everyone (public)", "", "WRITE", true)
	adminOfA.click("do:save")
	userOfA.answer(1, userOfA.upload("one.txt", "an upload", ""), allowed)
	userOfB.answer(2, userOfB.upload("two.txt", "an upload", ""), denied)
	adminOfB.answer(3, adminOfB.upload("three.txt", "an upload", ""), allowed)

	adminOfA.openGrants()
	adminOfA.set("Everyone (public)", "", "WRITE", false)
	adminOfA.fill("Canonical user ID", canonicalB)
	adminOfA.pick("new-grant", "WRITE")
	adminOfA.click("do:save")
	userOfB.answer(4, userOfB.upload("four.txt", "an upload", ""), denied)
	adminOfB.answer(5, adminOfB.upload("five.txt", "content of B", ""), allowed)
	userOfA.answer(6, userOfA.read("five.txt", "content of B"), denied)
	adminOfA.answer(7, adminOfA.read("five.txt", "content of B"), denied)
	adminOfA.answer(8, adminOfA.remove("five.txt"), allowed)

	// B's administrator hands on what B got.
	adminOfB.click("Policies")
	adminOfB.click("Create policy")
	adminOfB.fill("Policy name", "MyS3PutObjAndAclPolicy")
	adminOfB.fill("Policy document", adminOfB.resource("iam-policy-s3-put-obj-and-acl.json"))
	adminOfB.click("do:create")
	adminOfB.expect("arn:aws:iam::" + accountB + ":policy/MyS3PutObjAndAclPolicy")
	attach(adminOfB)
	userOfB.answer(0, userOfB.upload("image-from-b-user.txt", "content of B's user", ""), allowed)
	adminOfA.answer(0, adminOfA.read("image-from-b-user.txt", "content of B's user"), denied)
	userOfB.answer(0, userOfB.upload("image-from-b-user.txt", "content for A", "bucket-owner-full-control"), allowed)
	adminOfA.answer(0, adminOfA.read("image-from-b-user.txt", "content for A"), allowed)
}

// attach attaches the policy of the walkthrough to the group of B's user.
func attach(adminOfB *tab) {
	adminOfB.t.Helper()
	adminOfB.click("Groups")
	adminOfB.click("testusergroup")
	adminOfB.click("Permissions")
	adminOfB.click("Attach policies")
	adminOfB.set("", "policy", "arn:aws:iam::"+accountB+":policy/MyS3PutObjAndAclPolicy", true)
	adminOfB.click("do:attach")
	adminOfB.expect("Attached to the group testusergroup.")
}

// grantByPolicy is part 2.
func grantByPolicy(t *testing.T, adminOfA, adminOfB, userOfB *tab) {
	t.Helper()
	adminOfA.openGrants()
	adminOfA.set(canonicalB, "", "WRITE", false)
	adminOfA.click("do:save")
	adminOfB.click("Groups")
	adminOfB.click("testusergroup")
	adminOfB.click("Permissions")
	adminOfB.set("", "policy", "arn:aws:iam::"+accountB+":policy/MyS3PutObjAndAclPolicy", true)
	adminOfB.click("do:detach")
	adminOfB.expect("Detached from the group testusergroup.")

	adminOfA.savePolicy(`{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + accountB + `:user/testuser"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::` + bucket + `/*"}]
}`)
	userOfB.answer(9, userOfB.upload("nine.txt", "an upload", ""), denied)
	adminOfB.answer(10, adminOfB.upload("ten.txt", "an upload", ""), denied)
	adminOfB.giveInline("testuser", "Everything", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`)
	userOfB.answer(11, userOfB.upload("eleven.txt", "an upload", ""), allowed)
	userOfB.answer(11, userOfB.read("from-a.txt", "written by A"), denied)
	userOfB.answer(11, userOfB.remove("from-a.txt"), denied)
	userOfB.openBucket()
	userOfB.expect("You may not list this bucket")
	adminOfB.takeInline("testuser", "Everything")

	adminOfA.savePolicy(adminOfA.resource("bucket-policy-write-another-account-user.json"))
	attach(adminOfB)
	userOfB.answer(12, userOfB.upload("twelve.txt", "an upload", ""), denied)
	userOfB.answer(12, userOfB.upload("twelve.txt", "an upload for A", "bucket-owner-full-control"), allowed)
	adminOfA.answer(12, adminOfA.read("twelve.txt", "an upload for A"), allowed)
}

// grantByRole is part 3.
func grantByRole(t *testing.T, adminOfA, adminOfB, userOfB *tab) {
	t.Helper()
	adminOfA.click("Roles")
	adminOfA.click("Create role")
	adminOfA.fill("Account ID", accountB)
	adminOfA.fill("Role name", "MyUploadRole")
	adminOfA.click("do:create")
	adminOfA.expect("arn:aws:iam::" + accountA + ":role/MyUploadRole")
	adminOfA.click("Create inline policy")
	adminOfA.fill("Policy name", "PutAndGet")
	adminOfA.fill("Policy document", adminOfA.resource("role-policy-s3-put-get.json"))
	adminOfA.click("do:put")
	adminOfA.expect("PutAndGet")
	adminOfB.giveInline("testuser", "AssumeUploadRole", adminOfB.resource("iam-policy-assume-role.json"))

	userOfB.menu("Switch role")
	userOfB.fill("Account ID", accountA)
	userOfB.fill("Role name", "MyUploadRole")
	userOfB.click("do:switch")
	userOfB.expect("You act as the role MyUploadRole of account " + accountA + " now.")
	userOfB.answer(13, userOfB.upload("thirteen.txt", "uploaded by the role", ""), allowed)
	userOfB.answer(13, userOfB.read("thirteen.txt", "uploaded by the role"), allowed)
	userOfB.answer(13, userOfB.remove("thirteen.txt"), denied)
	adminOfA.answer(13, adminOfA.read("thirteen.txt", "uploaded by the role"), allowed)
	adminOfA.click("css:.tabs a[href*='/object/permissions']")
	adminOfA.expect("Owner", canonicalA)
	adminOfA.refuse(canonicalB)
}
