package orgsapi

import (
	"net/http"
	"slices"

	"crossgrant/internal/apierr"
	"crossgrant/internal/orgs"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/wire/json11"
)

// Rules of members, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/organizations
const (
	rootPattern    = `r-[0-9a-z]{4,32}`
	unitPattern    = `ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}`
	accountPattern = `[0-9]{12}`
	policyPattern  = `p-[0-9a-zA-Z_]{8,128}`
	delegationID   = `rp-[0-9a-zA-Z_]{4,128}`
	tagPattern     = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
)

var (
	rootRules      = []json11.Rule{json11.Pattern(rootPattern)}
	unitRules      = []json11.Rule{json11.Pattern(unitPattern)}
	accountRules   = []json11.Rule{json11.Pattern(accountPattern)}
	parentRules    = []json11.Rule{json11.Pattern(rootPattern + "|" + unitPattern)}
	childRules     = []json11.Rule{json11.Pattern(accountPattern + "|" + unitPattern)}
	targetRules    = []json11.Rule{json11.Pattern(rootPattern + "|" + unitPattern + "|" + accountPattern)}
	policyRules    = []json11.Rule{json11.Pattern(policyPattern)}
	handshakeRules = []json11.Rule{json11.Pattern(`h-[0-9a-z]{8,32}`)}
	requestRules   = []json11.Rule{json11.Pattern(`car-[a-z0-9]{8,32}`)}
	transferRules  = []json11.Rule{json11.Pattern(`rt-[0-9a-z]{8,32}`)}
	resourceRules  = []json11.Rule{json11.Pattern(rootPattern + "|" + unitPattern + "|" + accountPattern + "|" + policyPattern + "|" + delegationID)}

	serviceRules     = []json11.Rule{json11.Length(1, 128), json11.Pattern(`[\w+=,.@-]*`)}
	nameRules        = []json11.Rule{json11.Length(1, 128)}
	descriptionRules = []json11.Rule{json11.Length(0, 512)}
	delegationRules  = []json11.Rule{json11.Length(1, 40000)}
	contentRules     = []json11.Rule{json11.Length(1, 0)}
	notesRules       = []json11.Rule{json11.Length(0, 1024)}
	partyRules       = []json11.Rule{json11.Length(1, 64)}
	emailRules       = []json11.Rule{json11.Length(6, 64), json11.Pattern(`[^\s@]+@[^\s@]+\.[^\s@]+`)}
	accountNameRules = []json11.Rule{json11.Length(1, 50), json11.Pattern(`[\x20-\x7E]+`)}
	roleRules        = []json11.Rule{json11.Pattern(`[0-9A-Za-z_+=,.@-]{1,64}`)}
	tagKeyRules      = []json11.Rule{json11.Length(1, 128), json11.Pattern(tagPattern)}
	tagValueRules    = []json11.Rule{json11.Length(0, 256), json11.Pattern(tagPattern)}
	tokenRules       = []json11.Rule{json11.Length(0, 100000)}
	childKindRules   = []json11.Rule{json11.Enum(orgs.AccountKind, orgs.UnitKind)}
	stateRules       = []json11.Rule{json11.Enum(orgs.InProgress, orgs.Succeeded, orgs.Failed)}
	partyKindRules   = []json11.Rule{json11.Enum(orgs.AccountParty, orgs.EmailParty, orgs.OrganizationParty)}
	billingRules     = []json11.Rule{json11.Enum("ALLOW", "DENY")}
	transferKinds    = []json11.Rule{json11.Enum("BILLING")}
	transferNames    = []json11.Rule{json11.Length(1, 128), json11.Pattern(`[ -~]+`)}
	featureRules     = []json11.Rule{json11.Enum(orgs.AllFeatures, orgs.ConsolidatedBilling)}
	actionRules      = []json11.Rule{json11.Enum(orgs.InviteAction, orgs.EnableAction, orgs.ApproveAction, "ADD_ORGANIZATIONS_SERVICE_LINKED_ROLE", "TRANSFER_RESPONSIBILITY")}
	declarativeRules = []json11.Rule{json11.Enum(slices.DeleteFunc(managed.Types(), func(t string) bool { return t == managed.SCP || t == managed.RCP })...)}
	policyTypeRules  = []json11.Rule{json11.Enum(managed.Types()...)}
)

func notImplemented(what string) error {
	return apierr.New(http.StatusNotImplemented, "NotImplemented", "%s is not implemented.", what)
}

// page reads the members of a list.
func page(r *json11.Reader, in *input) {
	in.page = orgs.Page{Max: r.Int("MaxResults", 0, 1, orgs.MaxPage), Token: r.String("NextToken", tokenRules...)}
}

// readTags reads the tags of something.
func readTags(r *json11.Reader, in *input) {
	for _, item := range r.Objects("Tags") {
		in.tags = append(in.tags, orgs.Tag{Key: item.Required("Key", tagKeyRules...), Value: item.Required("Value", tagValueRules...)})
	}
}

// require is Required for members of input that may be absent elsewhere.
func require(r *json11.Reader, name string, rules ...json11.Rule) *string {
	value := r.Required(name, rules...)
	return &value
}

// The decoders of operations that have one member, and of their lists.

func readID(name string, rules []json11.Rule) func(*json11.Reader, *input) error {
	return func(r *json11.Reader, in *input) error {
		in.id = r.Required(name, rules...)
		return nil
	}
}

func readPage(r *json11.Reader, in *input) error {
	page(r, in)
	return nil
}

func readParentPage(r *json11.Reader, in *input) error {
	in.parent = r.Required("ParentId", parentRules...)
	page(r, in)
	return nil
}
