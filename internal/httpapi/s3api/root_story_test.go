package s3api_test

import (
	"context"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/orgs"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/sts"
)

// runRoot runs the commands about root users and organizations, and reports whether d is one of them:
//
//	organization account=… member=…        with a member account, whose root user it manages
//	scp account=… member=…                 the input is a service control policy on the member
//	rootsession account=… name=… task=…    a session of AssumeRoot, called by the name
func (w *world) runRoot(t *testing.T, d *datadriven.TestData, account, name string) (done bool, err error) {
	t.Helper()
	var member, task string
	d.MaybeScanArgs(t, "member", &member)
	d.MaybeScanArgs(t, "task", &task)
	ctx := t.Context()
	switch d.Cmd {
	case "organization":
		if member == "" { // that of runOrganization
			return false, nil
		}
		if _, err := w.orgs.CreateOrganization(ctx, w.ids[account], orgs.AllFeatures); err != nil {
			return true, err
		}
		h, err := w.orgs.Invite(ctx, w.ids[account], orgs.Invitation{Target: string(w.ids[member]), TargetType: orgs.AccountParty})
		if err == nil {
			_, err = w.orgs.Accept(ctx, w.ids[member], h.ID)
		}
		if err == nil {
			err = w.orgs.EnableServiceAccess(ctx, w.ids[account], "iam.amazonaws.com")
		}
		if err == nil {
			_, err = w.orgs.EnableRootFeature(ctx, w.ids[account], orgs.RootSessions)
		}
		return true, err
	case "scp":
		p, err := w.orgs.CreatePolicy(ctx, w.ids[account], orgs.NewPolicy{Name: "p", Type: "SERVICE_CONTROL_POLICY", Content: d.Input})
		if err == nil {
			err = w.orgs.AttachPolicy(ctx, w.ids[account], p.ID, string(w.ids[member]))
		}
		return true, err
	case "rootsession":
		return true, w.rootSession(ctx, account, name, task)
	}
	return false, nil
}

// rootSession makes a session of the root user that a task policy limits.
func (w *world) rootSession(ctx context.Context, account, name, task string) error {
	made, err := w.sessions.Issue(ctx, sts.Request{
		Session:  sts.Session{Kind: sts.AssumedRoot, Account: w.ids[account], IssuedTo: "arn:aws:iam::999999999999:user/ops"},
		Duration: 15 * time.Minute, PolicyARNs: []string{"arn:aws:iam::aws:policy/root-task/" + task},
	})
	if err != nil {
		return err
	}
	w.signers[name] = &sigv4.Signer{
		Dialect: sigv4.S3, AccessKeyID: string(made.Session.AccessKeyID), Secret: sigv4.NewSecret(made.Session.Secret),
		SessionToken: made.SessionToken, Region: w.region, Service: "s3",
	}
	return nil
}
