package page

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"crossgrant/internal/console/session"
)

// renewAhead is how long before its end a role session is renewed.
const renewAhead = time.Minute

// SwitchRole assumes a role as whoever signed in, also from within another role, as AWS's console does: it does not
// chain roles. The session's name is that of the user.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
func (v *Visit) SwitchRole(ctx context.Context, link session.Link) error {
	base := &v.Session.Base
	own := v.As(base)
	out, err := own.STS().AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn:         aws.String("arn:aws:iam::" + link.Account + ":role/" + link.Role),
		RoleSessionName: aws.String(sessionName(base.Name)),
	})
	if v.AWS != nil {
		for _, command := range own.Commands() {
			v.AWS.Show(command)
		}
	}
	if err != nil {
		return err
	}
	if v.dry {
		return nil
	}
	role := &session.Role{Link: link, Identity: session.Identity{
		AccountID: link.Account, ARN: aws.ToString(out.AssumedRoleUser.Arn), Name: sessionName(base.Name), MFA: base.MFA,
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(out.Credentials.SessionToken), Expires: aws.ToTime(out.Credentials.Expiration),
	}}
	return v.Change(func(in *session.Session) { in.Role = role })
}

// sessionName makes the name of a role session of a user's, which may be shorter than a session's has to be.
func sessionName(name string) string {
	if len(name) < 2 {
		return "user-" + name
	}
	return name[:min(len(name), 64)]
}

// renewed returns the identity whose credentials sign the requests of a session. A role whose credentials are about to
// end is assumed again, as long as who signed in may.
func (s *Site) renewed(ctx context.Context, v *Visit) *session.Identity {
	role := v.Session.Role
	if role == nil || !role.Expired(s.now().Add(renewAhead)) {
		return v.Session.Current()
	}
	link := role.Link
	if err := v.SwitchRole(ctx, link); err != nil {
		v.Change(func(in *session.Session) { in.Role = nil })
		v.notes = append(v.notes, session.Note{Text: "The session of the role " + link.Role + " has ended, and it could not be assumed again: you are yourself again."})
	}
	return v.Session.Current()
}
