package orgsapi_test

import (
	"strings"
	"testing"

	"crossgrant/internal/httpapi/keytest"
	"crossgrant/internal/httpapi/orgsapi"
	"crossgrant/internal/httpapi/queryapi/querytest"
)

// keysTable holds the operations of Organizations against its reference.
var keysTable = keytest.Table{
	Service: "organizations", Operations: orgsapi.New(nil).Operations(),
	Forms: policiesOfAWS("AttachPolicy", "DetachPolicy", "DescribePolicy", "UpdatePolicy", "DeletePolicy", "ListTargetsForPolicy", "ListTagsForResource"),
	Start: func(t *testing.T) keytest.Ask { return newKeysWorld(t).ask },
	Cases: operationKeys,
}

// policiesOfAWS is the form of AWS's own policies, which is a type of resource in the reference without an
// action that has it.
func policiesOfAWS(actions ...string) map[string][]string {
	forms := map[string][]string{}
	for _, action := range actions {
		forms[action] = []string{"arn:aws:organizations::aws:policy/${PolicyType}/p-${PolicyId}"}
	}
	return forms
}

// keysWorld is an organization in which everything has a tag, or, if it is bare, nothing. In requests $ROOT
// and the like stand for the IDs.
type keysWorld struct {
	*world
	outside querytest.Key // of an account that was invited
	ids     *strings.Replacer
}

const invitedAccount = "333333333333"

func newKeysWorld(t *testing.T) *keysWorld {
	t.Helper()
	w := &keysWorld{world: newWorld(t)}
	w.outside = w.Account(invitedAccount)
	var ids []string
	for _, kind := range []string{"FULL", "BARE"} {
		unit := w.OrgsCall(w.admin, "CreateOrganizationalUnit", `{"ParentId":"`+w.rootID+`","Name":"`+kind+`"}`).OK().Get("OrganizationalUnit.Id")
		scp := w.policy("SERVICE_CONTROL_POLICY", kind, denyUsers)
		if kind == "FULL" {
			for _, id := range []string{unit, scp, w.rootID, member} {
				w.OrgsCall(w.admin, "TagResource", `{"ResourceId":"`+id+`","Tags":[`+classTag+`]}`).OK()
			}
		}
		ids = append(ids, "$"+kind+"UNIT", unit, "$"+kind+"SCP", scp)
	}
	handshake := w.OrgsCall(w.admin, "InviteAccountToOrganization", `{"Target":{"Id":"`+invitedAccount+`","Type":"ACCOUNT"}}`).OK().Get("Handshake.Id")
	w.ids = strings.NewReplacer(append(ids, "$ROOT", w.rootID, "$MEMBER", member, "$MANAGEMENT", management, "$HANDSHAKE", handshake)...)
	return w
}

// ask sends a body, as an administrator of the management account or, behind a name and a blank, as the root
// user of another account. What is asked for does not have to be done.
func (w *keysWorld) ask(t *testing.T, operation, request string) []keytest.Question {
	t.Helper()
	key := w.admin
	if body, ok := strings.CutPrefix(request, "invited "); ok {
		key, request = w.outside, body
	} else if body, ok := strings.CutPrefix(request, "member "); ok {
		key, request = w.memberRoot, body
	}
	w.Asking.Taken()
	answer := w.OrgsCall(key, operation, w.ids.Replace(request))
	asked := w.Asking.Taken()
	if len(asked) == 0 {
		t.Errorf("%s: asked nothing: %s", request, answer.Body)
	}
	return asked
}

// TestKeysOfOperations holds action, resource and condition keys of every operation against AWS's service
// reference.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
func TestKeysOfOperations(t *testing.T) {
	t.Parallel()
	keysTable.Full(t)
}

// TestKeysOfBareRequests holds that a key which a request does not fill is absent.
func TestKeysOfBareRequests(t *testing.T) {
	t.Parallel()
	keysTable.Bare(t)
}
