package halves_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"crossgrant/test/servertest"
)

// Accounts: A owns most of what is asked for, B works with it and is in one organization with it, C is a stranger, and
// M manages the organization.
const (
	accountA = "A"
	accountB = "B"
	accountC = "C"
	accountM = "M"
)

// account is an account with what is in it.
type account struct {
	name, id, canonical        string
	root, admin, worker, plain *principal
	bounded, session           *principal
	role, policy               string // ARNs
	users                      []*principal
	buckets                    map[string]string // names by what they are for
	keys                       map[string]string // of the object in each
	archive                    string            // bucket of the log files of its trail
}

func (a *account) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s::%s:%s", service, a.id, resource)
}

// made is a request of the test, with what is to be known of it to judge who may be told what.
type made struct {
	caller *principal
	owner  string // account that owns what it is about; empty if that is not told
	source string // of a copy, account that owns what is copied
	text   string // all that was sent
	target string // what of that is about owner's
	answer *answer
	scan   bool // whether the answer is looked at
}

// copySource is the header that names what is copied.
const copySource = "x-amz-copy-source"

// world is the accounts, and everything that was sent.
type world struct {
	t       *testing.T
	server  *servertest.Server
	marks   *marks
	members map[string]*account

	mu       sync.Mutex // protects what follows
	requests map[string]*made
	words    map[string]map[mark]bool // what an account itself said, outside of what it asks
	owners   map[string]string        // accounts by bucket and account ID
	asking   bool                     // what is sent is a question
}

// note keeps a request.
func (w *world) note(as *principal, a *answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &made{caller: as, owner: w.ownerOf(as, a.sent), text: a.sent.text(), target: a.sent.text(), answer: a}
	if from := a.sent.header.Get(copySource); from != "" {
		r.source, r.target = w.ownerOf(as, s3("", from, "")), a.sent.target
	}
	w.requests[a.id] = r
	if w.asking {
		return
	}
	for _, m := range w.marks.in(a.sent.text()) {
		if w.words[as.account] == nil {
			w.words[as.account] = map[mark]bool{}
		}
		w.words[as.account][m] = true
	}
}

// ownerOf returns the account that owns what a request is about: that of the bucket, or of the role.
func (w *world) ownerOf(as *principal, s *sent) string {
	if s.service == "s3" {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(s.target, "/"), "/")
		bucket, _, _ = strings.Cut(bucket, "?")
		return w.owners[bucket]
	}
	// Root and federated users assume no roles, whatever these say.
	if _, rest, ok := strings.Cut(s.body, "RoleArn=arn%3Aaws%3Aiam%3A%3A"); ok && s.service == "sts" && as.kind != "root" && as.kind != "federated user" {
		return w.owners[rest[:12]]
	}
	return as.account
}

// must sends a request that has to succeed.
func (w *world) must(as *principal, s *sent) *answer {
	w.t.Helper()
	a, err := w.do(as, s)
	if err != nil {
		w.t.Fatal(err)
	}
	if !a.ok() {
		w.t.Fatalf("%s: %s %s %s: %d %s", as, s.service, s.method, s.target+" "+s.header.Get("X-Amz-Target")+" "+s.body, a.status, a.body)
	}
	return a
}

// newWorld makes everything.
func newWorld(t *testing.T, server *servertest.Server) *world {
	w := &world{
		t: t, server: server, marks: &marks{learned: map[string]mark{}}, members: map[string]*account{},
		requests: map[string]*made{}, words: map[string]map[mark]bool{}, owners: map[string]string{},
	}
	for _, name := range []string{accountA, accountB, accountC, accountM} {
		w.addUsers(w.addAccount(name))
	}
	w.addRoles()
	w.addBuckets()
	w.addOrganization()
	for _, name := range []string{accountA, accountB, accountC, accountM} {
		w.addTrail(w.members[name])
	}
	return w
}

func (w *world) addAccount(name string) *account {
	made, err := w.server.CreateAccount(w.t.Context(), w.marks.new(name, "accountname"))
	if err != nil {
		w.t.Fatal(err)
	}
	a := &account{name: name, id: made.ID, canonical: made.CanonicalID, buckets: map[string]string{}, keys: map[string]string{}}
	a.root = &principal{account: name, kind: "root", arn: a.arn("iam", "root"), id: made.AccessKeyID, secret: made.SecretAccessKey}
	w.marks.learn(name, "account", a.id)
	w.marks.learn(name, "canonical", a.canonical)
	w.marks.learn(name, "accesskey", made.AccessKeyID)
	w.members[name], w.owners[a.id] = a, name
	a.users = append(a.users, a.root)
	return a
}

// addUsers makes an administrator, a user who may do nothing, one with policies of every kind, and one with a boundary.
func (w *world) addUsers(a *account) {
	a.admin, a.worker = w.addUser(a, "admin"), w.addUser(a, "worker")
	a.plain, a.bounded = w.addUser(a, "plain"), w.addUser(a, "bounded")
	w.must(a.root, query("iam", "AttachUserPolicy", "UserName", name(a.admin), "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"))
	a.policy = w.must(a.root, query("iam", "CreatePolicy", "PolicyName", w.marks.new(a.name, "policyname"), "Path", "/"+w.marks.new(a.name, "path")+"/",
		"Description", w.marks.new(a.name, "description"), "PolicyDocument", w.identityPolicy(a))).element("Arn")
	group := w.marks.new(a.name, "group")
	w.must(a.root, query("iam", "CreateGroup", "GroupName", group))
	w.must(a.root, query("iam", "PutGroupPolicy", "GroupName", group, "PolicyName", w.marks.new(a.name, "policyname"), "PolicyDocument", w.identityPolicy(a)))
	w.must(a.root, query("iam", "AddUserToGroup", "GroupName", group, "UserName", name(a.worker)))
	w.must(a.root, query("iam", "PutUserPolicy", "UserName", name(a.worker), "PolicyName", w.marks.new(a.name, "policyname"), "PolicyDocument", w.identityPolicy(a)))
	w.must(a.root, query("iam", "AttachUserPolicy", "UserName", name(a.worker), "PolicyArn", a.policy))
	w.must(a.root, query("iam", "PutUserPolicy", "UserName", name(a.bounded), "PolicyName", w.marks.new(a.name, "policyname"), "PolicyDocument", w.identityPolicy(a)))
	boundary := w.must(a.root, query("iam", "CreatePolicy", "PolicyName", w.marks.new(a.name, "policyname"), "PolicyDocument", document(
		w.statement(a.name, "Allow", "", `["s3:GetObject*","s3:ListBucket"]`, `"*"`, ""),
		w.statement(a.name, "Deny", "", `"s3:GetObject"`, `"*"`, `{"StringEquals":{"aws:UserAgent":"`+w.marks.new(a.name, "value")+`"}}`),
	))).element("Arn")
	w.must(a.root, query("iam", "PutUserPermissionsBoundary", "UserName", name(a.bounded), "PermissionsBoundary", boundary))
}

func (w *world) addUser(a *account, kind string) *principal {
	user := w.marks.new(a.name, "user")
	made := w.must(a.root, query("iam", "CreateUser", "UserName", user, "Path", "/"+w.marks.new(a.name, "path")+"/",
		"Tags.member.1.Key", w.marks.new(a.name, "tagkey"), "Tags.member.1.Value", w.marks.new(a.name, "tagvalue"),
		"Tags.member.2.Key", "team", "Tags.member.2.Value", w.marks.new(a.name, "tagvalue")))
	w.marks.learn(a.name, "uniqueid", made.element("UserId"))
	key := w.must(a.root, query("iam", "CreateAccessKey", "UserName", user))
	p := &principal{account: a.name, kind: kind, arn: made.element("Arn"), id: key.element("AccessKeyId"), secret: key.element("SecretAccessKey")}
	w.marks.learn(a.name, "accesskey", p.id)
	a.users = append(a.users, p)
	return p
}

// name is a user's or role's.
func name(p *principal) string { return p.arn[strings.LastIndexByte(p.arn, '/')+1:] }

// statement returns a statement with a Sid of an account; principal and condition may be empty.
func (w *world) statement(account, effect, principal, actions, resources, condition string) string {
	s := fmt.Sprintf(`{"Sid":"%s","Effect":"%s","Action":%s`, w.marks.new(account, "sid"), effect, actions)
	for _, part := range [][2]string{{"Principal", principal}, {"Resource", resources}, {"Condition", condition}} {
		if part[1] != "" {
			s += fmt.Sprintf(`,"%s":%s`, part[0], part[1])
		}
	}
	return s + "}"
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// identityPolicy allows most of S3 and STS, and denies some of it under conditions with marks. It has conditions on what
// only the owner of a resource knows.
func (w *world) identityPolicy(a *account) string {
	value := func(class string) string { return w.marks.new(a.name, class) }
	return document(
		w.statement(a.name, "Allow", "", `["s3:GetObject*","s3:PutObject","s3:PutObjectAcl","s3:ListBucket","s3:GetBucket*","sts:AssumeRole","sts:TagSession","sts:GetFederationToken"]`, `"*"`, ""),
		w.statement(a.name, "Allow", "", `"s3:DeleteObject"`, `"*"`, `{"StringEquals":{"aws:UserAgent":"`+value("value")+`"}}`),
		w.statement(a.name, "Allow", "", `"s3:PutObjectTagging"`, `"*"`, `{"StringEquals":{"aws:ResourceAccount":"`+value("value")+`","s3:ExistingObjectTag/team":"`+value("value")+`"}}`),
		w.statement(a.name, "Deny", "", `"s3:GetObjectAcl"`, `"*"`, `{"StringNotEquals":{"aws:PrincipalTag/team":"`+value("value")+`"},"StringNotLike":{"aws:ResourceOrgID":"`+value("value")+`"}}`),
		w.statement(a.name, "Deny", "", `"s3:GetBucketPolicy"`, `"arn:aws:s3:::*`+value("value")+`"`, ""),
	)
}

// addRoles makes a role in A, B and C, and sessions of them.
func (w *world) addRoles() {
	a, b, c := w.members[accountA], w.members[accountB], w.members[accountC]
	w.addRole(a, b, c)
	w.addRole(b, a)
	w.addRole(c, a)
	for _, m := range []*account{a, b, c} {
		m.session = w.assume(m.admin, m)
		m.users = append(m.users, m.session, w.federate(m))
	}
	a.users = append(a.users, w.assume(b.worker, a))
	b.users = append(b.users, w.assume(a.worker, b))
	c.users = append(c.users, w.assume(a.admin, c))
}

// addRole makes a role that its own account and others may assume.
func (w *world) addRole(a *account, others ...*account) {
	trusted := `"` + a.id + `"`
	for _, o := range others {
		trusted += `,"` + o.id + `"`
	}
	role := w.marks.new(a.name, "role")
	made := w.must(a.root, query("iam", "CreateRole", "RoleName", role, "Description", w.marks.new(a.name, "description"), "Path", "/"+w.marks.new(a.name, "path")+"/",
		"Tags.member.1.Key", "team", "Tags.member.1.Value", w.marks.new(a.name, "tagvalue"),
		"AssumeRolePolicyDocument", document(
			w.statement(a.name, "Allow", `{"AWS":[`+trusted+`]}`, `["sts:AssumeRole","sts:TagSession"]`, "", ""),
			w.statement(a.name, "Deny", `{"AWS":"*"}`, `"sts:AssumeRole"`, "", `{"StringEquals":{"sts:ExternalId":"`+w.marks.new(a.name, "value")+`"}}`),
			w.statement(a.name, "Deny", `{"AWS":"*"}`, `"sts:AssumeRole"`, "", `{"StringEquals":{"sts:RoleSessionName":"refused"}}`),
		)))
	a.role = made.element("Arn")
	w.marks.learn(a.name, "uniqueid", made.element("RoleId"))
	w.must(a.root, query("iam", "PutRolePolicy", "RoleName", role, "PolicyName", w.marks.new(a.name, "policyname"), "PolicyDocument", w.identityPolicy(a)))
	w.must(a.root, query("iam", "PutRolePolicy", "RoleName", role, "PolicyName", w.marks.new(a.name, "policyname"), "PolicyDocument", document(
		w.statement(a.name, "Allow", "", `["crossgrant:*","access-analyzer:*","iam:*","sts:DecodeAuthorizationMessage"]`, `"*"`, ""),
	)))
	w.must(a.root, query("iam", "AttachRolePolicy", "RoleName", role, "PolicyArn", a.policy))
}

// assume makes a session of an account's role, with a session policy and tags.
func (w *world) assume(by *principal, a *account) *principal {
	s := query("sts", "AssumeRole", "RoleArn", a.role, "RoleSessionName", w.marks.new(by.account, "session"), "Policy", document(
		w.statement(by.account, "Allow", "", `["s3:*","crossgrant:*","access-analyzer:*","iam:*","sts:*"]`, `"*"`, ""),
		w.statement(by.account, "Deny", "", `"s3:GetObjectAcl"`, `"*"`, `{"StringNotEquals":{"aws:UserAgent":"`+w.marks.new(by.account, "value")+`"}}`),
	), "Tags.member.1.Key", "passed", "Tags.member.1.Value", w.marks.new(by.account, "tagvalue"))
	p := w.temporary(a, "session by "+by.account, w.must(by, s))
	p.chosen, p.chosenText = by.account, s.text()
	return p
}

// federate makes a federated user of an account.
func (w *world) federate(a *account) *principal {
	return w.temporary(a, "federated user", w.must(a.worker, query("sts", "GetFederationToken", "Name", w.marks.new(a.name, "session"), "Policy", document(
		w.statement(a.name, "Allow", "", `"s3:*"`, `"*"`, ""),
	))))
}

func (w *world) temporary(a *account, kind string, made *answer) *principal {
	p := &principal{
		account: a.name, kind: kind, arn: made.element("Arn"), id: made.element("AccessKeyId"), secret: made.element("SecretAccessKey"), token: made.element("SessionToken"),
	}
	w.marks.learn(a.name, "accesskey", p.id)
	return p
}

// put is a request that changes S3.
func (w *world) put(as *principal, target, body string, headers ...string) {
	w.t.Helper()
	w.must(as, s3(http.MethodPut, target, body, headers...))
}
