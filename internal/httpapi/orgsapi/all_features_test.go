package orgsapi_test

import (
	"regexp"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestEnableAllFeatures holds the answers of the three steps.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAllFeatures.html#API_EnableAllFeatures_Examples
func TestEnableAllFeatures(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, invited := w.Account(management), w.Account(member)
	o := w.OrgsCall(root, "CreateOrganization", `{"FeatureSet":"CONSOLIDATED_BILLING"}`).OK()
	if o.Get("Organization.FeatureSet") != "CONSOLIDATED_BILLING" || o.Get("Organization.AvailablePolicyTypes") != "[]" {
		t.Errorf("created %s", o.Body)
	}
	invitation := w.OrgsCall(root, "InviteAccountToOrganization", `{"Target":{"Id":"222222222222","Type":"ACCOUNT"}}`).OK()
	if got := invitation.Get("Handshake.Resources.0.Resources.2.Value"); got != "CONSOLIDATED_BILLING" {
		t.Errorf("invited to %s", got)
	}
	w.OrgsCall(invited, "AcceptHandshake", `{"HandshakeId":"`+invitation.Get("Handshake.Id")+`"}`).OK()
	anonymous := func(body string) string {
		return regexp.MustCompile(`\b(o|h)-[a-z0-9]+`).ReplaceAllString(body, "$1-id")
	}
	enabling := w.OrgsCall(root, "EnableAllFeatures", ``).OK()
	want := `{"Handshake":{"Id":"h-id","Arn":"arn:aws:organizations::111111111111:handshake/o-id/enable_all_features/h-id","Parties":[{"Id":"o-id","Type":"ORGANIZATION"}],"State":"REQUESTED",` +
		`"RequestedTimestamp":1767323045,"ExpirationTimestamp":1775099045,"Action":"ENABLE_ALL_FEATURES","Resources":[{"Value":"o-id","Type":"ORGANIZATION"}]}}`
	if got := anonymous(enabling.Body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	list := w.OrgsCall(invited, "ListHandshakesForAccount", `{"Filter":{"ActionType":"APPROVE_ALL_FEATURES"}}`).OK()
	want = `{"Handshakes":[{"Id":"h-id","Arn":"arn:aws:organizations::111111111111:handshake/o-id/approve_all_features/h-id","Parties":[{"Id":"o-id","Type":"ORGANIZATION"},{"Id":"222222222222","Type":"ACCOUNT"}],"State":"OPEN",` +
		`"RequestedTimestamp":1767323045,"ExpirationTimestamp":1775099045,"Action":"APPROVE_ALL_FEATURES","Resources":[{"Value":"o-id","Type":"ORGANIZATION","Resources":[{"Value":"111111111111@example.com","Type":"MASTER_EMAIL"},` +
		`{"Value":"account 111111111111","Type":"MASTER_NAME"},{"Value":"CONSOLIDATED_BILLING","Type":"ORGANIZATION_FEATURE_SET"}]},{"Value":"222222222222","Type":"ACCOUNT"},{"Value":"h-id","Type":"PARENT_HANDSHAKE"}]}]}`
	if got := anonymous(list.Body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	parent := enabling.Get("Handshake.Id")
	children := w.OrgsCall(root, "ListHandshakesForOrganization", `{"Filter":{"ParentHandshakeId":"`+parent+`"}}`).OK()
	if children.Get("Handshakes.0.Id") != list.Get("Handshakes.0.Id") || children.Get("Handshakes.1") != "" {
		t.Errorf("children %s", children.Body)
	}
	w.OrgsCall(root, "ListHandshakesForOrganization", `{"Filter":{"ParentHandshakeId":"`+parent+`","ActionType":"INVITE"}}`).Refused(400, "InvalidInputException", "")
	w.OrgsCall(root, "AcceptHandshake", `{"HandshakeId":"`+parent+`"}`).Refused(400, "InvalidHandshakeTransitionException", "")
	w.OrgsCall(invited, "AcceptHandshake", `{"HandshakeId":"`+list.Get("Handshakes.0.Id")+`"}`).OK()
	if got := w.OrgsCall(root, "AcceptHandshake", `{"HandshakeId":"`+parent+`"}`).OK().Get("Handshake.State"); got != "ACCEPTED" {
		t.Errorf("enabled: %s", got)
	}
	if got := w.OrgsCall(invited, "DescribeOrganization", ``).OK().Get("Organization.FeatureSet"); got != "ALL" {
		t.Errorf("features %s", got)
	}
}
