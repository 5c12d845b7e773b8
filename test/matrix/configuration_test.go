package matrix_test

// account names the accounts of a world.
type account int

const (
	nobody   account = iota
	owner            // owns the buckets and the roles to assume; member of the organization
	sibling          // another member of the organization
	outsider         // in no organization
	manager          // the organization's management account
)

func (a account) String() string {
	return [...]string{"no account", "owner", "sibling", "outsider", "manager"}[a]
}

// kind is what a caller is.
type kind int

const (
	root         kind = iota
	admin             // user with AdministratorAccess
	plain             // user without policies
	worker            // user with a policy for the actions
	role              // session of a role with a policy for the actions
	narrowedRole      // the same with a session policy
	bare              // session of a role without policies
	narrowedBare      // the same with a session policy
	anonymous
)

func (k kind) String() string {
	return [...]string{
		"root", "administrator", "user without policies", "user with policy", "role session", "role session with session policy",
		"session of bare role", "session of bare role with session policy", "anonymous",
	}[k]
}

// caller is who asks.
type caller struct {
	account account // nobody for an anonymous caller
	kind    kind
}

func (c *caller) isMember() bool { return c.account == owner || c.account == sibling }

// isPrincipal reports whether the caller is an IAM principal, so neither root nor anonymous.
func (c *caller) isPrincipal() bool { return c.kind != root && c.kind != anonymous }

func (c *caller) isNarrowed() bool { return c.kind == narrowedRole || c.kind == narrowedBare }

func (c *caller) isRole() bool { return c.kind == role || c.kind == narrowedRole }

func (c *caller) isBare() bool { return c.kind == bare || c.kind == narrowedBare }

// principals says whom a statement of a bucket policy or trust policy names. Statements of forms other
// than everyone name each account's, except where it is said.
type principals int

const (
	noStatement principals = iota
	everyone               // "*"
	rootARN                // arn:aws:iam::ID:root
	accountID              // the 12 digits
	canonicalUser
	users    // the user without policies and the user with one; a Deny: the latter
	roles    // both roles; a Deny: the one with a policy
	sessions // the sessions with a session policy
)

// names returns what an Allow for these principals is worth to a caller.
func (p principals) names(who *caller) strength {
	switch {
	case p == everyone:
		return direct
	case who.kind == anonymous:
		return nothing
	case p == rootARN, p == accountID, p == canonicalUser:
		return delegate
	case p == users && (who.kind == plain || who.kind == worker):
		return direct
	case p == roles && (who.isRole() || who.isBare()):
		return limited
	case p == sessions && who.isNarrowed():
		return direct
	default:
		return nothing
	}
}

// denies reports whether a Deny for these principals meets a caller. A Deny for an account does not
// name the account sibling, so that it can be seen to spare others.
func (p principals) denies(who *caller) bool {
	switch p {
	case everyone:
		return true
	case rootARN:
		return who.account == owner || who.account == outsider
	case users:
		return who.kind == worker
	case roles:
		return who.isRole()
	case sessions:
		return who.isNarrowed()
	default:
		return false
	}
}

// grantee says whom an ACL grants.
type grantee int

const (
	noGrantee          grantee = iota
	accounts                   // the canonical user IDs of all accounts
	allUsers                   // the group AllUsers
	authenticatedUsers         // the group AuthenticatedUsers
)

// includes returns what the grant is worth to a caller.
func (g grantee) includes(who *caller) strength {
	switch {
	case g == allUsers, g == authenticatedUsers && who.kind != anonymous:
		return direct
	case g == accounts && who.kind != anonymous:
		return delegate
	default:
		return nothing
	}
}

// grant is what lets callers in.
type grant struct {
	name      string
	policy    principals // of the bucket policy, and of the trust policy of the role to assume
	bucketACL grantee    // READ and WRITE
	objectACL grantee    // READ and WRITE_ACP
}

// limit is a policy that limits.
type limit int

const (
	noPolicy limit = iota
	silentPolicy
	denyPolicy
)

// setting is a setting of the bucket that takes grants away.
type setting int

const (
	noSetting setting = iota
	enforced          // Object Ownership BucketOwnerEnforced
	ignorePublicACLs
	restrictPublicBuckets
)

// deny is what keeps callers out. The policies are those of every principal of every account, the
// service control policy that of the members, the resource control policy that of the account owner.
type deny struct {
	name     string
	policy   principals // a Deny in bucket policy and trust policy
	identity limit
	boundary limit
	session  limit
	scp      limit
	rcp      limit
	setting  setting
}

// configuration is a bucket with an object, and a role, under one grant and one deny.
type configuration struct {
	grant       *grant
	deny        deny
	objectOwner account
	actions     []action
}

var (
	none = grant{name: "none"}

	bucketByID   = grant{name: "bucket ACL: canonical user IDs", bucketACL: accounts}
	bucketByAll  = grant{name: "bucket ACL: AllUsers", bucketACL: allUsers}
	bucketByAuth = grant{name: "bucket ACL: AuthenticatedUsers", bucketACL: authenticatedUsers}
	objectByID   = grant{name: "object ACL: canonical user IDs", objectACL: accounts}
	objectByAll  = grant{name: "object ACL: AllUsers", objectACL: allUsers}
	objectByAuth = grant{name: "object ACL: AuthenticatedUsers", objectACL: authenticatedUsers}

	policyEveryone  = grant{name: "policy: *", policy: everyone}
	policyRootARN   = grant{name: "policy: root ARNs", policy: rootARN}
	policyAccountID = grant{name: "policy: account IDs", policy: accountID}
	policyCanonical = grant{name: "policy: canonical users", policy: canonicalUser}
	policyUsers     = grant{name: "policy: user ARNs", policy: users}
	policyRoles     = grant{name: "policy: role ARNs", policy: roles}
	policySessions  = grant{name: "policy: session ARNs", policy: sessions}

	everyGrant = []*grant{
		&none, &bucketByID, &bucketByAll, &bucketByAuth, &objectByID, &objectByAll, &objectByAuth, &policyEveryone, &policyRootARN,
		&policyAccountID, &policyCanonical, &policyUsers, &policyRoles, &policySessions,
	}
	// eachKind has one grant of each strength and origin, for denies that do not depend on its form.
	eachKind = []*grant{&none, &bucketByAll, &objectByAll, &policyEveryone, &policyRootARN, &policyUsers, &policyRoles, &policySessions}
	// rolePolicies are the grants that bear on sessions.
	rolePolicies = []*grant{&none, &objectByAll, &policyEveryone, &policyRootARN, &policyRoles, &policySessions}
)

// combination is a deny with the grants that it is tried against.
type combination struct {
	deny    deny
	grants  []*grant
	foreign bool // also with objects of the account outsider
}

// combinations are the rows of the matrix. A deny is tried against the grants that it could take away.
var combinations = []combination{
	{deny{name: "none"}, everyGrant, true},
	{deny{name: "bucket policy denies *", policy: everyone}, []*grant{&none, &objectByAll, &policyUsers}, true},
	{deny{name: "bucket policy denies root ARNs", policy: rootARN}, []*grant{&none, &objectByAll, &policyEveryone}, false},
	{deny{name: "bucket policy denies a user", policy: users}, []*grant{&none, &policyEveryone, &policyUsers}, false},
	{deny{name: "bucket policy denies a role", policy: roles}, []*grant{&none, &policyEveryone, &policyRoles}, false},
	{deny{name: "bucket policy denies sessions", policy: sessions}, []*grant{&none, &policyEveryone, &policySessions}, false},
	{deny{name: "identity policy denies", identity: denyPolicy}, []*grant{&none, &objectByAll, &policyEveryone, &policyUsers}, false},
	{deny{name: "boundary is silent", boundary: silentPolicy}, eachKind, false},
	{deny{name: "boundary denies", boundary: denyPolicy}, []*grant{&none, &policyEveryone, &policyUsers}, false},
	{deny{name: "session policy is silent", session: silentPolicy}, rolePolicies, false},
	{deny{name: "session policy denies", session: denyPolicy}, rolePolicies, false},
	{deny{name: "service control policy denies", scp: denyPolicy}, []*grant{&none, &objectByAll, &policyEveryone, &policyRootARN}, false},
	{deny{name: "service control policy is silent", scp: silentPolicy}, []*grant{&none, &objectByAll, &policyEveryone, &policyUsers}, false},
	{deny{name: "resource control policy denies", rcp: denyPolicy}, []*grant{&none, &objectByAll, &policyEveryone}, false},
	{deny{name: "BucketOwnerEnforced", setting: enforced}, []*grant{&none, &objectByID, &objectByAll, &policyEveryone, &policyRootARN}, true},
	{deny{name: "IgnorePublicAcls", setting: ignorePublicACLs}, []*grant{&bucketByID, &bucketByAll, &bucketByAuth, &objectByID, &objectByAll, &objectByAuth, &policyEveryone}, false},
	{deny{name: "RestrictPublicBuckets", setting: restrictPublicBuckets}, []*grant{&objectByAll, &policyEveryone, &policyRootARN}, false},
}

// configurations returns the configurations of one row: a configuration of an object of another account
// is asked about objects alone.
func (m *combination) configurations() []*configuration {
	var out []*configuration
	for _, g := range m.grants {
		out = append(out, &configuration{grant: g, deny: m.deny, objectOwner: owner, actions: actionsFor(g, &m.deny)})
		if m.foreign {
			out = append(out, &configuration{grant: g, deny: m.deny, objectOwner: outsider, actions: objectActions})
		}
	}
	return out
}

// objectActions are those that an existing object's owner bears on.
var objectActions = []action{getObject, putObjectACL, overwriteObject, deleteObject}

// actionsFor leaves out what an ACL does not bear on. A role has neither ACLs nor settings of buckets,
// and a trust policy cannot name canonical users.
func actionsFor(g *grant, d *deny) []action {
	actions := []action{putObject, overwriteObject, getObject, deleteObject, listBucket, putObjectACL, getBucketPolicy}
	switch {
	case g.bucketACL != noGrantee:
		return []action{putObject, overwriteObject, deleteObject, listBucket, getObject}
	case g.objectACL != noGrantee:
		return []action{getObject, putObjectACL, deleteObject}
	case g.policy == canonicalUser, d.setting != noSetting:
		return actions
	default:
		return append(actions, assumeRole)
	}
}

// callersFor returns the callers to ask as; a session policy concerns none but the sessions with one.
func callersFor(c *configuration, of []account) []*caller {
	var out []*caller
	for _, a := range of {
		for k := root; k < anonymous; k++ {
			who := &caller{account: a, kind: k}
			if c.deny.session == noPolicy || who.isNarrowed() {
				out = append(out, who)
			}
		}
	}
	if c.deny.session == noPolicy {
		out = append(out, &caller{kind: anonymous})
	}
	return out
}
