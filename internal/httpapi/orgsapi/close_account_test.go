package orgsapi_test

import "testing"

// TestCloseAccount: whoever is in a closed account is refused with the next request, and the organization
// still lists the account.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
func TestCloseAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.User(member, "ann", admin)
	w.IAMCall(ann, "ListUsers").OK()
	w.OrgsCall(w.memberRoot, "CloseAccount", `{"AccountId":"222222222222"}`).Refused(400, "AccessDeniedException", "")
	w.OrgsCall(w.admin, "CloseAccount", `{"AccountId":"111111111111"}`).Refused(400, "ConstraintViolationException", "")
	if closed := w.OrgsCall(w.admin, "CloseAccount", `{"AccountId":"222222222222"}`).OK(); closed.Body != "" {
		t.Errorf("answer %s", closed.Body)
	}
	w.IAMCall(ann, "ListUsers").Refused(403, "InvalidClientTokenId", "")
	w.OrgsCall(w.memberRoot, "DescribeOrganization", `{}`).Refused(400, "UnrecognizedClientException", "")
	for operation, body := range map[string]string{"ListAccounts": `{}`, "ListAccountsForParent": `{"ParentId":"` + w.rootID + `"}`} {
		list := w.OrgsCall(w.admin, operation, body).OK()
		if list.Get("Accounts.1.Id") != member || list.Get("Accounts.1.Status") != "SUSPENDED" || list.Get("Accounts.1.State") != "CLOSED" {
			t.Errorf("%s: %s", operation, list.Body)
		}
	}
	w.OrgsCall(w.admin, "CloseAccount", `{"AccountId":"222222222222"}`).Refused(400, "AccountAlreadyClosedException", "You attempted to close an account that is already closed.")
	w.OrgsCall(w.admin, "TagResource", `{"ResourceId":"222222222222","Tags":[`+classTag+`]}`).OK()
}
