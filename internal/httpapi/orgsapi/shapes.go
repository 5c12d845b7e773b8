package orgsapi

import (
	"crossgrant/internal/orgs"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/wire/json11"
)

// The shapes of answers. Fields have the names of the API's model.

type policyTypeShape struct{ Type, Status string }

type organizationShape struct {
	Id, Arn, FeatureSet, MasterAccountArn, MasterAccountId, MasterAccountEmail string
	// AvailablePolicyTypes says nothing of value; AWS keeps it for old clients.
	AvailablePolicyTypes []policyTypeShape
}

type rootShape struct {
	Id, Arn, Name string
	PolicyTypes   []policyTypeShape
}

type unitShape struct{ Id, Arn, Name, Path string }

type accountShape struct {
	Id, Arn, Email, Name, Status, State string
	Paths                               []string
	JoinedMethod                        string
	JoinedTimestamp                     json11.Time
}

type serviceShape struct {
	ServicePrincipal string
	DateEnabled      json11.Time
}

type delegateShape struct {
	Id, Arn, Email, Name, Status, State, JoinedMethod string
	JoinedTimestamp, DelegationEnabledDate            json11.Time
}

type delegatedServiceShape struct {
	ServicePrincipal      string
	DelegationEnabledDate json11.Time
}

type nodeShape struct{ Id, Type string }

type statusShape struct {
	Id, AccountName, State string
	RequestedTimestamp     json11.Time
	CompletedTimestamp     json11.Time `json:",omitzero"`
	AccountId              string      `json:",omitempty"`
	FailureReason          string      `json:",omitempty"`
}

type partyShape struct{ Id, Type string }

type handshakeResourceShape struct {
	Value     string                   `json:",omitempty"`
	Type      string                   `json:",omitempty"`
	Resources []handshakeResourceShape `json:",omitempty"`
}

type handshakeShape struct {
	Id, Arn                                 string
	Parties                                 []partyShape
	State                                   string
	RequestedTimestamp, ExpirationTimestamp json11.Time
	Action                                  string
	Resources                               []handshakeResourceShape
}

type summaryShape struct {
	Id, Arn, Name, Description, Type string
	AwsManaged                       bool
}

type policyShape struct {
	PolicySummary summaryShape
	Content       string
}

type resourcePolicyShape struct {
	ResourcePolicySummary struct{ Id, Arn string }
	Content               string
}

type targetShape struct{ TargetId, Arn, Name, Type string }

type tagShape struct{ Key, Value string }

func organizationOf(o orgs.Organization) organizationShape {
	return organizationShape{
		Id: string(o.ID), Arn: o.ARN, FeatureSet: o.FeatureSet, MasterAccountArn: o.ManagementARN,
		MasterAccountId: string(o.Management), MasterAccountEmail: o.ManagementEmail,
		AvailablePolicyTypes: availableOf(o),
	}
}

func availableOf(o orgs.Organization) []policyTypeShape {
	if o.FeatureSet != orgs.AllFeatures {
		return []policyTypeShape{}
	}
	return []policyTypeShape{{managed.SCP, "ENABLED"}}
}

func rootOf(r orgs.Root) rootShape {
	shape := rootShape{Id: r.ID, Arn: r.ARN, Name: r.Name, PolicyTypes: []policyTypeShape{}}
	for _, t := range r.PolicyTypes {
		shape.PolicyTypes = append(shape.PolicyTypes, policyTypeShape{t, "ENABLED"})
	}
	return shape
}

func unitOf(u orgs.Unit) unitShape {
	return unitShape{Id: u.ID, Arn: u.ARN, Name: u.Name, Path: u.Path}
}

// accountOf gives a closed account the state of AWS's accounts after they were closed. Its status, which AWS
// keeps for old clients, does not tell that from an account which AWS suspended.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
func accountOf(a orgs.Account) accountShape {
	status, state := "ACTIVE", "ACTIVE"
	if a.Closed {
		status, state = "SUSPENDED", "CLOSED"
	}
	return accountShape{
		Id: string(a.ID), Arn: a.ARN, Email: a.Email, Name: a.Name, Status: status, State: state,
		Paths: []string{a.Path}, JoinedMethod: a.JoinedMethod, JoinedTimestamp: json11.Time(a.Joined),
	}
}

func serviceOf(s orgs.TrustedService) serviceShape {
	return serviceShape{s.Principal, json11.Time(s.Enabled)}
}

func delegateOf(d orgs.Delegate) delegateShape {
	a := accountOf(d.Account)
	return delegateShape{a.Id, a.Arn, a.Email, a.Name, a.Status, a.State, a.JoinedMethod, a.JoinedTimestamp, json11.Time(d.Since)}
}

func delegatedServiceOf(s orgs.TrustedService) delegatedServiceShape {
	return delegatedServiceShape{s.Principal, json11.Time(s.Enabled)}
}

func nodeOf(c orgs.Child) nodeShape { return nodeShape{Id: c.ID, Type: c.Kind} }

func statusOf(s orgs.AccountStatus) statusShape {
	return statusShape{
		Id: s.ID, AccountName: s.Name, State: s.State, RequestedTimestamp: json11.Time(s.Requested),
		CompletedTimestamp: json11.Time(s.Completed), AccountId: string(s.Account), FailureReason: s.Failure,
	}
}

// handshakeOf has the parts that AWS's examples have.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/APIReference/API_InviteAccountToOrganization.html#API_InviteAccountToOrganization_Examples
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAllFeatures.html#API_EnableAllFeatures_Examples
func handshakeOf(h orgs.Handshake) handshakeShape {
	organization := handshakeResourceShape{Value: string(h.Organization), Type: orgs.OrganizationParty}
	if h.Action == orgs.EnableAction {
		return handshakeShape{
			Id: h.ID, Arn: h.ARN, State: h.State, Action: h.Action,
			RequestedTimestamp: json11.Time(h.Requested), ExpirationTimestamp: json11.Time(h.Expires),
			Parties: []partyShape{{h.Target, h.TargetType}}, Resources: []handshakeResourceShape{organization},
		}
	}
	organization.Resources = []handshakeResourceShape{
		{Value: h.ManagementEmail, Type: "MASTER_EMAIL"},
		{Value: h.ManagementName, Type: "MASTER_NAME"},
		{Value: h.FeatureSet, Type: "ORGANIZATION_FEATURE_SET"},
	}
	shape := handshakeShape{
		Id: h.ID, Arn: h.ARN, State: h.State, Action: h.Action,
		RequestedTimestamp: json11.Time(h.Requested), ExpirationTimestamp: json11.Time(h.Expires),
		Parties:   []partyShape{{string(h.Organization), orgs.OrganizationParty}, {h.Target, h.TargetType}},
		Resources: []handshakeResourceShape{organization, {Value: h.Target, Type: h.TargetType}},
	}
	if h.Parent != "" {
		shape.Resources = append(shape.Resources, handshakeResourceShape{Value: h.Parent, Type: "PARENT_HANDSHAKE"})
	}
	if h.Notes != "" {
		shape.Resources = append(shape.Resources, handshakeResourceShape{Value: h.Notes, Type: "NOTES"})
	}
	return shape
}

func summaryOf(p orgs.Policy) summaryShape {
	return summaryShape{Id: p.ID, Arn: p.ARN, Name: p.Name, Description: p.Description, Type: p.Type, AwsManaged: p.AWSManaged}
}

func policyOf(p orgs.Policy) policyShape { return policyShape{summaryOf(p), p.Content} }

func resourcePolicyOf(p orgs.ResourcePolicy) resourcePolicyShape {
	shape := resourcePolicyShape{Content: p.Content}
	shape.ResourcePolicySummary.Id, shape.ResourcePolicySummary.Arn = p.ID, p.ARN
	return shape
}

func targetOf(t orgs.PolicyTarget) targetShape {
	return targetShape{TargetId: t.ID, Arn: t.ARN, Name: t.Name, Type: t.Kind}
}

func tagOf(t orgs.Tag) tagShape { return tagShape{t.Key, t.Value} }

// listed returns a page of a list under the name that the API gives it.
func listed[T, S any](name string, list orgs.List[T], shape func(T) S, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	items := []S{}
	for _, item := range list.Items {
		items = append(items, shape(item))
	}
	out := map[string]any{name: items}
	if list.Token != "" {
		out["NextToken"] = list.Token
	}
	return out, nil
}

// one returns a single thing under the name that the API gives it.
func one[T, S any](name string, item T, shape func(T) S, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return map[string]any{name: shape(item)}, nil
}
