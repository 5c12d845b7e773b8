package organization

import (
	"regexp"
	"testing"
	"time"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
)

const (
	management ids.AccountID = "111122223333"
	other      ids.AccountID = "380701114427"
)

// world has an account that is to manage an organization, and another one, with an administrator in each.
type world struct {
	*querytest.World
	admin, otherAdmin *consoletest.Visitor
	key               querytest.Key
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: querytest.New(t)}
	w.Now = time.Now().UTC()
	for _, id := range []ids.AccountID{management, other} {
		w.Account(id)
		key := w.User(id, "admin", "AdministratorAccess")
		v := consoletest.Console{API: w.Handler(), Section: Section()}.Visit(t, consoletest.As(key, "arn:aws:iam::"+string(id)+":user/admin"))
		if id == management {
			w.admin, w.key = v, key
		} else {
			w.otherAdmin = v
		}
	}
	return w
}

func find(t *testing.T, pattern, in string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindString(in)
	if found == "" {
		t.Fatalf("no %s in %s", pattern, in)
	}
	return found
}

// TestStory makes an organization, its units, accounts and policies by forms alone, and takes it apart again.
func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, guest := w.admin, w.otherAdmin
	v.Has("/organization", "This account is in no organization", "Consolidated billing")
	v.Has("/organization/policies", "This account is in no organization")
	v.Answers(404, "/organization/accounts")
	v.Dry("aws organizations create-organization --feature-set ALL", "/organization", "create", "features", "ALL")
	v.Does("/organization", "create", "features", "ALL")
	root := find(t, `r-[0-9a-z]+`, v.Has("/organization", "Root", "SCP: FullAWSAccess", "management account"))
	rootPage := "/organization/roots/" + root

	// Units.
	v.Does(rootPage, "create", "name", "<Workloads>")
	unit := find(t, `ou-[0-9a-z]+-[0-9a-z]+`, v.Has(rootPage, "<Workloads>"))
	unitPage := "/organization/units/" + unit
	v.Refused("", unitPage, "create", "name", "")
	v.Does(unitPage, "rename", "new-name", "Workloads")
	v.Has(unitPage, "Workloads", "Nothing yet")
	v.Does(unitPage, "tag", "key", "team", "value", "blue")
	v.Has(unitPage, "team", "blue")
	v.Does(unitPage, "untag", "key", "team")
	v.Dry("aws organizations delete-organizational-unit --organizational-unit-id "+unit, unitPage, "delete")
	v.Refused("type "+unit+" to confirm", unitPage, "delete", "confirm", "x")

	// Types of policy.
	v.Does(rootPage, "enable", "type", "RESOURCE_CONTROL_POLICY")
	v.Has(rootPage, "RCPFullAWSAccess")
	v.Refused("to confirm", rootPage, "disable", "type", "RESOURCE_CONTROL_POLICY", "confirm", "")

	// An account.
	v.Has("/organization/accounts/create", accessRole)
	v.Refused("Type a name", "/organization/accounts/create", "create", "name", "", "email", "dev@example.com")
	v.Dry("aws organizations create-account --account-name Dev --email dev@example.com --role-name Admin", "/organization/accounts/create", "create", "name", "Dev", "email", "dev@example.com", "role", "Admin")
	to := v.Does("/organization/accounts/create", "create", "name", "Dev", "email", "dev@example.com", "role", accessRole)
	account := find(t, `[0-9]{12}`, v.Has(to, "SUCCEEDED", "Switch to its "+accessRole))
	v.Part(to, "SUCCEEDED")
	accountPage := "/organization/accounts/" + account
	v.Has("/organization/accounts", "Dev", "dev@example.com", account)
	v.Does(accountPage, "move", "to", unit)
	v.Refused("Choose or type", accountPage, "move", "to", "")
	v.Has(unitPage, "Dev")
	v.Part("/organization/tree?parent="+unit+"&management="+string(management), "Dev", "SCP: FullAWSAccess")
	v.Has(accountPage, "roleName="+accessRole, "Workloads", "allows")

	// A policy, and whom it binds.
	const document = `{"Version":"2012-10-17","Statement":[{"Sid":"Stay","Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`
	create := "/organization/policies/create?type=SERVICE_CONTROL_POLICY"
	v.Has(create, "Keep accounts in", "No root user", "Protect the trail")
	v.Has("/organization/policies/create?type=RESOURCE_CONTROL_POLICY", "Organization only", find(t, `o-[0-9a-z]+`, v.Has("/organization")))
	v.Has("/organization/policies/create?type=S3_POLICY", "Block all public access")
	v.Refused("Give the policy a name", create, "create", "name", "", "policy", document)
	v.Refused("MalformedPolicyDocumentException", create, "create", "name", "n", "policy", "{")
	policyPage := v.Does(create, "create", "name", `Stay "in"`, "description", "", "policy", document)
	policy := find(t, `p-[0-9a-z]+`, policyPage)
	v.Has(policyPage, "organizations:LeaveOrganization", "it binds nobody", "Stay")
	attachPage := "/organization/attach?policy=" + policy + "&target=" + root
	v.Has(attachPage, "of 1 account", "Dev", "The management account is below, too, and is not bound", "What it denies is denied at once")
	v.Has("/organization/attach?policy="+policy+"&target="+account, "of 1 account")
	v.Dry("aws organizations attach-policy --policy-id "+policy+" --target-id "+root, attachPage, "attach")
	if got := v.Does(attachPage, "attach"); got != rootPage {
		t.Errorf("attached: to %s", got)
	}
	v.Has(accountPage, "denies", "organizations:LeaveOrganization", "(Stay)")
	v.Has(policyPage, "It is attached")
	v.Has(attachPage, "Detach")
	v.Refused("to confirm", attachPage, "detach", "confirm", "")
	v.Has("/organization/attach?policy=p-FullAWSAccess&target="+root, "It is what allows everything here")
	v.Does(policyPage, "update", "name", "Stay", "description", "d", "policy", document)
	v.Does(policyPage, "tag", "key", "k", "value", "v")
	v.Does(attachPage, "detach", "confirm", policy)
	v.Does(policyPage, "delete", "confirm", policy)
	v.Has("/organization/policies?type=S3_POLICY", "No S3 policies yet", "S3 policies are disabled")
	v.Has("/organization/policies", "FullAWSAccess")

	// Another account joins, and may see what members may.
	v.Has("/organization/invitations", "No invitations")
	v.Dry(`aws organizations invite-account-to-organization --target '{"Id":"380701114427","Type":"ACCOUNT"}' --notes 'come in'`, "/organization/invitations", "invite", "target", "380701114427", "notes", "come in")
	v.Dry(`aws organizations invite-account-to-organization --target '{"Id":"a@example.com","Type":"EMAIL"}'`, "/organization/invitations", "invite", "target", "a@example.com")
	v.Refused("Type the ID", "/organization/invitations", "invite", "target", "")
	v.Does("/organization/invitations", "invite", "target", string(other), "notes", "come <in>")
	handshake := find(t, `h-[0-9a-z]+`, v.Has("/organization/invitations", string(other), "Cancel"))
	guest.Has("/organization", "You are invited", "come <in>")
	guest.Dry("aws organizations decline-handshake --handshake-id "+handshake, "/organization", "decline", "handshake", handshake)
	v.Dry("aws organizations cancel-handshake --handshake-id "+handshake, "/organization/invitations", "cancel", "handshake", handshake)
	guest.Does("/organization", "accept", "handshake", handshake)
	guest.Has("/organization", "This account is a member", "Leave the organization")
	guest.Has("/organization/policies", "AccessDeniedException")

	// Services and their administrators.
	v.Does("/organization/services", "enable", "service", "cloudtrail.amazonaws.com")
	v.Has("/organization/services", "cloudtrail.amazonaws.com")
	v.Does("/organization/accounts/"+string(other), "register", "service", "cloudtrail.amazonaws.com")
	v.Has("/organization/accounts/"+string(other), "since")
	guest.Has("/organization", "Root")
	v.Does("/organization/accounts/"+string(other), "deregister", "service", "cloudtrail.amazonaws.com")
	v.Refused("to confirm", "/organization/services", "disable", "service", "cloudtrail.amazonaws.com")
	v.Does("/organization/services", "disable", "service", "cloudtrail.amazonaws.com", "confirm", "cloudtrail.amazonaws.com")

	// And apart.
	v.Has("/organization/settings", "Delegation policy", "Delete organization")
	guest.Refused("to confirm", "/organization", "leave")
	guest.Does("/organization", "leave", "confirm", string(other))
	guest.Has("/organization", "This account is in no organization")
	v.Dry("aws organizations close-account --account-id "+account, accountPage, "close")
	v.Dry("aws organizations remove-account-from-organization --account-id "+account, accountPage, "remove")
	v.Refused("to confirm", accountPage, "close", "confirm", "Dev")
	v.Does(accountPage, "close", "confirm", account)
}

// TestDelegation holds the forms of the resource policy of an organization, and of one for bills only.
func TestDelegation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.admin
	v.Does("/organization", "create", "features", "CONSOLIDATED_BILLING")
	v.Has("/organization/policies", "The organization has no policies")
	v.Has("/organization/settings", "Enable all features")
	v.Does("/organization/settings", "features")
	v.Does("/organization/settings", "delete", "confirm", find(t, `o-[0-9a-z]+`, v.Has("/organization")))
	v.Does("/organization", "create", "features", "ALL")
	v.Has("/organization", "Root")
	v.Refused("to confirm", "/organization/settings", "delete-policy")
	v.Refused("to confirm", "/organization/settings", "delete")
}

// TestStarts holds that the documents to begin with are ones that the API takes.
func TestStarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.admin.Does("/organization", "create", "features", "ALL")
	id := find(t, `o-[0-9a-z]+`, w.admin.Has("/organization"))
	for _, k := range kinds {
		for _, s := range starts(k.Type, id, "us-east-1") {
			w.admin.Does("/organization/policies/create?type="+k.Type, "create", "name", k.Short+" "+s.Name, "policy", s.Document)
		}
	}
}
