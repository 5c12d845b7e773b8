package matrix_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"crossgrant/test/servertest"
)

// Names of what every account has.
const (
	adminName    = "admin"
	plainName    = "plain"
	workerName   = "worker"
	roleName     = "worker-role"
	bareName     = "bare-role"
	workName     = "work"     // a session without session policy
	narrowedName = "narrowed" // a session with one

	administratorAccess = "arn:aws:iam::aws:policy/AdministratorAccess"
)

// member is an account and its callers.
type member struct {
	server      *servertest.Server
	id          string
	canonicalID string
	root        *client
	callers     map[kind]*client
	// narrowed has the sessions of both roles by what their session policy says: allow (noPolicy),
	// nothing, deny.
	narrowed   map[kind]map[limit]*client
	boundaries map[limit]string // ARNs of the managed policies that are used as boundaries
}

// arn returns the ARN of something in the account.
func (m *member) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s::%s:%s", service, m.id, resource)
}

// world is a set of accounts that are asked about.
type world struct {
	name      string
	members   map[account]*member
	anonymous *client
	tree      *organization
	count     int // of configurations that were arranged
}

// accounts returns the accounts of the world.
func (w *world) accounts() []account { return []account{owner, sibling, outsider} }

// newWorld makes the accounts and what they have; owner and sibling join the organization.
func newWorld(ctx context.Context, server *servertest.Server, tree *organization, name string) (*world, error) {
	w := &world{
		name: name, members: map[account]*member{}, anonymous: newClient(server, aws.AnonymousCredentials{}), tree: tree,
	}
	for _, a := range w.accounts() {
		m, err := newAccount(ctx, server, name+" "+a.String())
		if err != nil {
			return nil, err
		}
		if err := m.populate(ctx); err != nil {
			return nil, fmt.Errorf("populate %s: %w", a, err)
		}
		w.members[a] = m
	}
	for _, a := range []account{owner, sibling} {
		if err := tree.join(ctx, w.members[a]); err != nil {
			return nil, fmt.Errorf("join the organization: %w", err)
		}
	}
	return w, nil
}

// client returns the client of a caller under a deny, which says what its session policy is.
func (w *world) client(who *caller, d *deny) *client {
	switch {
	case who.kind == anonymous:
		return w.anonymous
	case who.kind == root:
		return w.members[who.account].root
	case who.isNarrowed():
		return w.members[who.account].narrowed[who.kind][d.session]
	default:
		return w.members[who.account].callers[who.kind]
	}
}

// populate makes users, roles and sessions.
func (m *member) populate(ctx context.Context) error {
	m.callers = map[kind]*client{}
	m.narrowed = map[kind]map[limit]*client{}
	m.boundaries = map[limit]string{}
	return all(
		func() error { return m.addUser(ctx, admin, adminName) },
		func() error { return m.addUser(ctx, plain, plainName) },
		func() error { return m.addUser(ctx, worker, workerName) },
		func() error {
			_, err := m.root.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: ptr(adminName), PolicyArn: ptr(administratorAccess)})
			return err
		},
		func() error {
			_, err := m.root.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: ptr(workerName), PolicyName: ptr("work"), PolicyDocument: document(allowActions)})
			return err
		},
		func() error { return m.addRole(ctx, roleName) },
		func() error { return m.addRole(ctx, bareName) },
		func() error {
			_, err := m.root.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: ptr(roleName), PolicyName: ptr("work"), PolicyDocument: document(allowActions)})
			return err
		},
		func() error { return m.addBoundary(ctx, silentPolicy, "boundary-silent", allowOthers) },
		func() error { return m.addBoundary(ctx, denyPolicy, "boundary-deny", allowAll, denyActions) },
		func() error { return m.addSessions(ctx, role, narrowedRole, roleName) },
		func() error { return m.addSessions(ctx, bare, narrowedBare, bareName) },
	)
}

func (m *member) addUser(ctx context.Context, k kind, name string) (err error) {
	if _, err = m.root.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &name}); err == nil {
		m.callers[k], err = m.addKey(ctx, name)
	}
	return err
}

// addKey makes an access key of a user.
func (m *member) addKey(ctx context.Context, user string) (*client, error) {
	made, err := m.root.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user})
	if err != nil {
		return nil, err
	}
	return keyClient(m.server, *made.AccessKey.AccessKeyId, *made.AccessKey.SecretAccessKey), nil
}

// addRole makes a role that the account's administrator may assume.
func (m *member) addRole(ctx context.Context, name string) error {
	_, err := m.root.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: document(statement{
			Effect: "Allow", Principal: awsPrincipal(m.arn("iam", "root")), Action: "sts:AssumeRole",
		}),
	})
	return err
}

func (m *member) addBoundary(ctx context.Context, l limit, name string, statements ...statement) error {
	_, err := m.root.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: document(statements...)})
	m.boundaries[l] = m.arn("iam", "policy/"+name)
	return err
}

// addSessions makes the sessions of a role: one without session policy and one for each kind of it.
func (m *member) addSessions(ctx context.Context, whole, narrowed kind, name string) (err error) {
	if m.callers[whole], err = m.assume(ctx, name, workName, nil); err != nil {
		return err
	}
	m.narrowed[narrowed] = map[limit]*client{}
	for l, policy := range map[limit]*string{
		noPolicy: document(allowActions), silentPolicy: document(allowOthers), denyPolicy: document(allowAll, denyActions),
	} {
		if m.narrowed[narrowed][l], err = m.assume(ctx, name, narrowedName, policy); err != nil {
			return err
		}
	}
	return nil
}

// assume has the administrator assume a role; policy is the session policy or nil.
func (m *member) assume(ctx context.Context, name, session string, policy *string) (*client, error) {
	out, err := m.callers[admin].sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: ptr(m.arn("iam", "role/"+name)), RoleSessionName: &session, Policy: policy,
	})
	if err != nil {
		return nil, fmt.Errorf("assume %s: %w", name, err)
	}
	return sessionClient(m.server, out.Credentials), nil
}
