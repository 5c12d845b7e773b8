package console_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestSwitchRole holds that a link of AWS's form leads to a role of another account and back, and that it is remembered.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
func TestSwitchRole(t *testing.T) {
	w := newWorld(t)
	for name, trusted := range map[string]string{"Auditor": accountB, "Closed": accountA} {
		done[*iam.CreateRoleOutput](t)(w.iam(adminA).CreateRole(t.Context(), &iam.CreateRoleInput{
			RoleName:                 &name,
			AssumeRolePolicyDocument: aws.String(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + trusted + `"}, "Action": "sts:AssumeRole"}}`),
		}))
	}
	p := newBrowser(t).tab(w)
	p.signIn(w, adminB)

	p.open("/switchrole?account=" + accountA + "&roleName=Closed")
	p.allow(403)
	p.click("do:switch")
	p.expect("AccessDenied", "calling AssumeRole", "sts:AssumeRole")
	p.allow()

	p.open("/switchrole?roleName=Auditor&account=" + accountA + "&displayName=Logs%20of%20A&color=B7CA9D")
	p.click("This does, as AWS CLI command")
	p.expect("aws sts assume-role")
	p.click("do:switch")
	p.expectAt("/")
	p.expect("You act as the role Auditor of account "+accountA+" now.", "Logs of A")
	green, err := ask[bool](p, `return !!document.querySelector("details.who summary.role.green")`)
	must(t, err)
	if !green {
		t.Error("the role has not the colour of the link")
	}
	p.press("", "css:details.who > summary")
	p.expect("awschild1admin", "Auditor", accountA)
	p.click("Back to awschild1admin")
	p.refuse("Logs of A")
	p.expect(accountB)

	p.menu("Switch role")
	p.expect("Roles you used", "Auditor @ "+accountA)
	p.clickIn("Auditor @ "+accountA, "Switch to Auditor")
	p.expect("Logs of A")
	p.menu("Switch role")
	p.clickIn("Auditor @ "+accountA, "Forget Auditor")
	p.refuse("Auditor @ " + accountA)

	p.menu("Sign out")
	p.expectAt("/signin")
}

// TestOrganizationAccountAccessRole holds that an administrator makes an organization and an account in it, by clicks, and
// works in that account by the role that was made with it: the end of part 3 of the walkthrough.
func TestOrganizationAccountAccessRole(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminA)
	p.click("Accounts")
	p.click("do:create")
	p.click("Accounts")
	p.click("Create account")
	p.fill("Account name", "archive")
	p.fill("E-mail address", "archive@example.com")
	p.click("do:create")
	p.expect("SUCCEEDED")
	p.click("Switch to its OrganizationAccountAccessRole")
	p.click("do:switch")
	p.expect("You act as the role OrganizationAccountAccessRole of account ")
	p.refuse(accountA)

	p.click("Buckets")
	p.click("Create bucket")
	p.fill("name", "archive-of-everything")
	p.click("do:create")
	p.click("Buckets")
	p.expect("archive-of-everything")
	p.press("", "css:details.who > summary")
	p.click("Back to awssecadmin")
	p.click("Buckets")
	p.expect(bucket)
	p.refuse("archive-of-everything")
}
