package orgsapi

import (
	"context"
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/wire/json11"
)

// accounts returns the rows for the accounts of an organization.
func (a *api) accounts() []row {
	return []row{
		{
			name: "ListAccounts", decode: readPage,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Accounts(ctx, account, "", in.page)
				return listed("Accounts", list, accountOf, err)
			},
		},
		{
			name: "ListAccountsForParent", about: aboutParent, decode: readParentPage,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Accounts(ctx, account, in.parent, in.page)
				return listed("Accounts", list, accountOf, err)
			},
		},
		{
			name: "DescribeAccount", about: aboutID, decode: readID("AccountId", accountRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				found, err := a.orgs.Account(ctx, account, ids.AccountID(in.id))
				return one("Account", found, accountOf, err)
			},
		},
		{
			name:  "MoveAccount",
			about: func(in *input) []orgs.Ref { return existing(in.id, in.source, in.parent) },
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("AccountId", accountRules...)
				in.source, in.parent = r.Required("SourceParentId", parentRules...), r.Required("DestinationParentId", parentRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.MoveAccount(ctx, account, ids.AccountID(in.id), in.source, in.parent)
			},
		},
		{
			name: "RemoveAccountFromOrganization", about: aboutID, decode: readID("AccountId", accountRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.RemoveAccount(ctx, account, ids.AccountID(in.id))
			},
		},
		{
			name: "CloseAccount", about: aboutID, decode: readID("AccountId", accountRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.CloseAccount(ctx, account, ids.AccountID(in.id))
			},
		},
		{
			name: "LeaveOrganization",
			run: func(ctx context.Context, account ids.AccountID, _ *input) (any, error) {
				return nil, a.orgs.Leave(ctx, account)
			},
		},
	}
}

// creation returns the rows for making accounts.
func (a *api) creation() []row {
	return []row{
		{
			name:   "CreateAccount",
			makes:  func(*input) orgs.Ref { return orgs.NewMember() },
			decode: decodeCreateAccount,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				s, err := a.orgs.CreateAccount(ctx, account, orgs.NewAccount{Name: text(in.name), Email: in.email, Role: in.role, Tags: in.tags})
				return one("CreateAccountStatus", s, statusOf, err)
			},
		},
		{
			name: "DescribeCreateAccountStatus", decode: readID("CreateAccountRequestId", requestRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				s, err := a.orgs.AccountStatus(ctx, account, in.id)
				return one("CreateAccountStatus", s, statusOf, err)
			},
		},
		{
			name: "ListCreateAccountStatus",
			decode: func(r *json11.Reader, in *input) error {
				in.states = r.Strings("States", stateRules...)
				return readPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.AccountStatuses(ctx, account, in.states, in.page)
				return listed("CreateAccountStatuses", list, statusOf, err)
			},
		},
	}
}

// decodeCreateAccount reads the members of CreateAccount. Nothing here sends bills, so that who may see
// them has nothing to bear on: the default is taken, and another answer is not. A name with a blank at
// either end, which AWS lets through, could not be told from another one.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
func decodeCreateAccount(r *json11.Reader, in *input) error {
	in.email, in.name = r.Required("Email", emailRules...), require(r, "AccountName", accountNameRules...)
	in.role = r.String("RoleName", roleRules...)
	billing := r.String("IamUserAccessToBilling", billingRules...)
	readTags(r, in)
	if billing == "DENY" {
		return notImplemented("The value DENY of IamUserAccessToBilling")
	}
	if name := text(in.name); strings.TrimSpace(name) != name {
		return invalid(json11.BadPattern)
	}
	return nil
}

// handshakes returns the rows for invitations and other handshakes.
func (a *api) handshakes() []row {
	list := func(r *json11.Reader, in *input) error {
		filter := r.Object("Filter")
		in.handshakes = orgs.HandshakeFilter{
			Action: filter.String("ActionType", actionRules...), Parent: filter.String("ParentHandshakeId", handshakeRules...),
		}
		page(r, in)
		if in.handshakes.Action != "" && in.handshakes.Parent != "" {
			return orgs.Invalid("MAX_LIMIT_EXCEEDED_FILTER", "You can specify only one filter parameter for the operation.")
		}
		return nil
	}
	rows := []row{
		{
			name: "InviteAccountToOrganization", decode: decodeInvite,
			about: func(in *input) []orgs.Ref { return []orgs.Ref{invited(in)} }, makes: invited,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				h, err := a.orgs.Invite(ctx, account, orgs.Invitation{Target: in.target, TargetType: in.kind, Notes: in.notes, Tags: in.tags})
				return one("Handshake", h, handshakeOf, err)
			},
		},
		{
			name: "ListHandshakesForAccount", decode: list, own: always,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.HandshakesForAccount(ctx, account, in.handshakes, in.page)
				return listed("Handshakes", list, handshakeOf, err)
			},
		},
		{
			name: "ListHandshakesForOrganization", decode: list,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.HandshakesForOrganization(ctx, account, in.handshakes, in.page)
				return listed("Handshakes", list, handshakeOf, err)
			},
		},
	}
	for name, call := range map[string]func(context.Context, ids.AccountID, string) (orgs.Handshake, error){
		"AcceptHandshake": a.orgs.Accept, "DeclineHandshake": a.orgs.Decline, "CancelHandshake": a.orgs.Cancel, "DescribeHandshake": a.orgs.Handshake,
	} {
		rows = append(rows, row{
			name: name, about: aboutID, decode: readID("HandshakeId", handshakeRules), own: ofParty,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				h, err := call(ctx, account, in.id)
				return one("Handshake", h, handshakeOf, err)
			},
		})
	}
	return rows
}

// ofParty reports whether a handshake is one that the caller is a party of.
func ofParty(_ ids.AccountID, in *input) bool { return in.targets[0].ARN != "*" }

// decodeInvite reads the members of InviteAccountToOrganization.
func decodeInvite(r *json11.Reader, in *input) error {
	target := r.RequiredObject("Target")
	in.target, in.kind = target.Required("Id", partyRules...), target.Required("Type", partyKindRules...)
	in.notes = r.String("Notes", notesRules...)
	readTags(r, in)
	account := json11.Pattern(accountPattern)
	if in.kind == orgs.OrganizationParty || in.kind == orgs.AccountParty && account(in.target) != 0 {
		return orgs.Invalid("INVALID_PARTY_TYPE_TARGET", "You specified the wrong type of entity (account, organization, or email) as a party.")
	}
	return nil
}

// invited refers to the account that an invitation names.
func invited(in *input) orgs.Ref {
	if in.kind == orgs.AccountParty {
		return orgs.Existing(in.target)
	}
	return orgs.NewMember()
}
