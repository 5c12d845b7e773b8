package orgsapi_test

import (
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestTransfers holds the answers about what there is not here.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListInboundResponsibilityTransfers.html
func TestTransfers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nobody := w.User(management, "nobody")
	invitation := `{"Type":"BILLING","SourceName":"n","StartTimestamp":1767323045,"Target":{"Id":"333333333333","Type":"ACCOUNT"}}`
	for _, c := range []struct{ operation, body, code string }{
		{"CreateGovCloudAccount", `{"Email":"new@example.com","AccountName":"new"}`, "ConstraintViolationException"},
		{"CreateGovCloudAccount", `{"Email":"new@example.com"}`, "InvalidInputException"},
		{"InviteOrganizationToTransferResponsibility", invitation, "ConstraintViolationException"},
		{"InviteOrganizationToTransferResponsibility", `{"Type":"BILLING","SourceName":"n","Target":{"Id":"333333333333","Type":"ACCOUNT"}}`, "InvalidInputException"},
		{"InviteOrganizationToTransferResponsibility", `{"Type":"BILLING","SourceName":"n","StartTimestamp":"soon","Target":{"Id":"333333333333","Type":"ACCOUNT"}}`, "SerializationException"},
		{"DescribeResponsibilityTransfer", `{"Id":"rt-12345678"}`, "ResponsibilityTransferNotFoundException"},
		{"DescribeResponsibilityTransfer", `{"Id":"h-12345678"}`, "InvalidInputException"},
		{"UpdateResponsibilityTransfer", `{"Id":"rt-12345678","Name":"n"}`, "ResponsibilityTransferNotFoundException"},
		{"TerminateResponsibilityTransfer", `{"Id":"rt-12345678","EndTimestamp":1767323045.5}`, "ResponsibilityTransferNotFoundException"},
		{"ListInboundResponsibilityTransfers", `{"Type":"BILLING","Id":"rt-12345678"}`, "ResponsibilityTransferNotFoundException"},
		{"ListInboundResponsibilityTransfers", `{"Type":"OTHER"}`, "InvalidInputException"},
		{"ListOutboundResponsibilityTransfers", `{"Type":"BILLING","Id":"rt-12345678"}`, "SerializationException"},
	} {
		w.OrgsCall(w.admin, c.operation, c.body).Refused(400, c.code, "")
		if c.code != "InvalidInputException" && c.code != "SerializationException" {
			for _, key := range []querytest.Key{nobody, w.memberRoot} {
				w.OrgsCall(key, c.operation, c.body).Refused(400, "AccessDeniedException", "")
			}
		}
	}
	for _, operation := range []string{"ListInboundResponsibilityTransfers", "ListOutboundResponsibilityTransfers"} {
		if got := w.OrgsCall(w.admin, operation, `{"Type":"BILLING","MaxResults":5}`).OK().Body; got != `{"ResponsibilityTransfers":[]}` {
			t.Errorf("%s: %s", operation, got)
		}
	}
}
