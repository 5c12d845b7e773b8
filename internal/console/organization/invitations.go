package organization

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
	"crossgrant/internal/ids"
)

// invitation is a handshake.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_invites.html
type invitation struct {
	ID, Action, State  string
	Requested, Expires *time.Time
	// Party is the account or address that is asked, Organization the organization that asks.
	Party, Organization string
	// Master is the e-mail address and name of the management account, and Notes what the invitation says.
	Master, Notes string
}

// Open reports whether it can still be answered.
func (i invitation) Open() bool {
	return i.State == string(types.HandshakeStateOpen) || i.State == string(types.HandshakeStateRequested)
}

func invitationOf(h types.Handshake) invitation {
	out := invitation{ID: aws.ToString(h.Id), Action: string(h.Action), State: string(h.State), Requested: h.RequestedTimestamp, Expires: h.ExpirationTimestamp}
	for _, p := range h.Parties {
		if p.Type == types.HandshakePartyTypeOrganization {
			out.Organization = aws.ToString(p.Id)
		} else {
			out.Party = aws.ToString(p.Id)
		}
	}
	for _, r := range h.Resources {
		switch r.Type {
		case types.HandshakeResourceTypeNotes:
			out.Notes = aws.ToString(r.Value)
		case types.HandshakeResourceTypeOrganization:
			for _, inner := range r.Resources {
				if inner.Type == types.HandshakeResourceTypeMasterEmail || inner.Type == types.HandshakeResourceTypeMasterName {
					if out.Master != "" {
						out.Master += ", "
					}
					out.Master += aws.ToString(inner.Value)
				}
			}
		}
	}
	return out
}

// received returns the invitations to the visitor's account.
func received(ctx context.Context, v *page.Visit) ([]invitation, error) {
	out, err := v.AWS.Organizations().ListHandshakesForAccount(ctx, &organizations.ListHandshakesForAccountInput{})
	if err != nil {
		return nil, err
	}
	var all []invitation
	for _, h := range out.Handshakes {
		if i := invitationOf(h); i.Open() {
			all = append(all, i)
		}
	}
	return all, nil
}

func accept(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: aws.String(v.Form("handshake"))})
	return &page.Done{To: "/organization", Note: "This account is a member of the organization now."}, err
}

func decline(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().DeclineHandshake(ctx, &organizations.DeclineHandshakeInput{HandshakeId: aws.String(v.Form("handshake"))})
	return &page.Done{To: "/organization", Note: "The invitation is declined."}, err
}

// invitationList is the page of those that the organization has sent.
type invitationList struct {
	*standing
	Sent []invitation
	Next string
}

func showInvitations(ctx context.Context, v *page.Visit) (*page.View, error) {
	s, err := stand(ctx, v)
	if err != nil {
		return nil, err
	}
	if s.Organization == nil {
		return nil, page.Missing("This account is in no organization.")
	}
	out, err := v.AWS.Organizations().ListHandshakesForOrganization(ctx, &organizations.ListHandshakesForOrganizationInput{MaxResults: aws.Int32(pageSize), NextToken: page.Optional(v.Query("token"))})
	if err != nil {
		return nil, err
	}
	d := &invitationList{standing: s}
	for _, h := range out.Handshakes {
		d.Sent = append(d.Sent, invitationOf(h))
	}
	if out.NextToken != nil {
		d.Next = page.Query("/organization/invitations", "token", *out.NextToken)
	}
	return &page.View{Title: "Invitations", Crumbs: crumbs(page.Crumb{Text: "Invitations"}), Template: "org-invitations", Data: d}, nil
}

// invite asks an account, by its ID or e-mail address.
func invite(ctx context.Context, v *page.Visit) (*page.Done, error) {
	party := &types.HandshakeParty{Id: aws.String(v.Text("target")), Type: types.HandshakePartyTypeEmail}
	if ids.IsAccountID(v.Text("target")) {
		party.Type = types.HandshakePartyTypeAccount
	}
	if v.Text("target") == "" {
		return nil, page.Invalid("Type the ID of the account, or the e-mail address of its root user.")
	}
	_, err := v.AWS.Organizations().InviteAccountToOrganization(ctx, &organizations.InviteAccountToOrganizationInput{Target: party, Notes: page.Optional(v.Text("notes"))})
	return &page.Done{To: "/organization/invitations", Note: "The account is invited. It joins when it accepts, within 15 days."}, err
}

func cancel(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.Organizations().CancelHandshake(ctx, &organizations.CancelHandshakeInput{HandshakeId: aws.String(v.Form("handshake"))})
	return &page.Done{To: "/organization/invitations", Note: "The invitation is taken back."}, err
}
