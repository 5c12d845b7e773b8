package authz

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/acl"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// TestDecisions runs the files of testdata. Each asks one question of every caller of a fixed world:
//
//	decide action=s3:PutObject bucket-acl=(B:WRITE)
//	----
//	Y rtA adA rtB adB
//	n usA roA usB roB anon
//
// The world: accounts A, B and C; in each a root user (rt), an administrator (ad, allowed everything),
// a user without policies (us) and a session of a role without policies (ro); and an anonymous caller.
// The bucket belongs to A. Arguments add to it:
//
//	action        the action; resource is the bucket or the object by the kind of action
//	object        the owner of the existing object (A, B, C or anon); none if left out
//	enforced      ownership is BucketOwnerEnforced
//	bucket-acl    grants, such as B:WRITE or AllUsers:READ; the owner's FULL_CONTROL stays
//	object-acl    likewise, on the object
//	allow, deny   principals that the bucket policy allows or denies the action: a caller (usA), the
//	              account (A), its canonical user (canonical-A), a role (role-roA), or *
//	identity      callers with an identity policy that allows the action
//	identity-deny, boundary-deny, session-deny, scp-deny, rcp-deny   where the action is denied
//	boundary, session   callers with a boundary or session policy that allows something else
//	boundary-allow, session-allow   likewise, that allows the action
//	scp-silent, rcp-silent   accounts with a level of the organization that allows nothing
//	block         settings of the public access block
//	requester-pays   the bucket is a Requester Pays bucket
//	pays          callers that declare that they pay
//	new-owner     for an implied s3:PutObjectAcl: the account that will own the object
//	who           only these callers are asked; without it all of A and B, and anon
//	why           print the deciding layer as well
//
// A file may instead, or as well, use the explicit form; see setting. There is a folder for each chapter
// of the evaluation logic.
func TestDecisions(t *testing.T) {
	t.Run("chapters", func(t *testing.T) {
		chapters, err := os.ReadDir("testdata")
		if err != nil {
			t.Fatal(err)
		}
		for _, chapter := range chapters {
			if chapter.Name() != "fuzz" {
				t.Run(chapter.Name(), func(t *testing.T) {
					t.Parallel()
					datadriven.Walk(t, filepath.Join("testdata", chapter.Name()), testFile)
				})
			}
		}
	})
	t.Logf("%d decisions", asked.Load())
}

// asked counts the decisions that the files of testdata ask for.
var asked atomic.Int64

func testFile(t *testing.T, path string) {
	s := newSetting()
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd == "decide" && !d.HasArg("as") {
			return newWorld(t, d).table()
		}
		return s.run(t, d)
	})
}

const (
	bucketARN = "arn:aws:s3:::bucket"
	objectARN = "arn:aws:s3:::bucket/key"
)

var everyone = []string{"rtA", "adA", "usA", "roA", "rtB", "adB", "usB", "roB", "anon"}

// world is one question: the fixed world with what a test adds to it.
type world struct {
	t    *testing.T
	args map[string][]string
}

func newWorld(t *testing.T, d *datadriven.TestData) *world {
	w := &world{t: t, args: map[string][]string{}}
	known := strings.Fields("action object enforced bucket-acl object-acl allow deny identity identity-deny " +
		"boundary-deny session-deny scp-deny rcp-deny boundary session boundary-allow session-allow scp-silent rcp-silent block requester-pays pays new-owner who why")
	for _, a := range d.CmdArgs {
		if !slices.Contains(known, a.Key) {
			d.Fatalf(t, "unknown argument %s", a.Key)
		}
		w.args[a.Key] = append([]string{}, a.Vals...)
	}
	return w
}

func (w *world) has(arg, value string) bool { return slices.Contains(w.args[arg], value) }

// table asks every caller and draws the answers.
func (w *world) table() string {
	callers := everyone
	if who, ok := w.args["who"]; ok {
		callers = who
	}
	_, why := w.args["why"]
	var yes, no, reasons []string
	for _, caller := range callers {
		in := w.input(caller)
		d := Decide(in)
		checkAlgebra(w.t, caller, in, d)
		asked.Add(1)
		if d.Allowed() {
			yes = append(yes, caller)
		} else {
			no = append(no, caller)
		}
		if why {
			reasons = append(reasons, fmt.Sprintf("%s: %s by %s", caller, d.Effect, d.By.Layer))
		}
	}
	lines := []string{"Y " + strings.Join(yes, " "), "n " + strings.Join(no, " ")}
	return strings.Join(append(lines, reasons...), "\n") + "\n"
}

// checkAlgebra holds what must be true of every decision, whatever the test expects.
func checkAlgebra(t *testing.T, caller string, in *Input, d Decision) {
	for _, f := range d.Findings() {
		if f.Effect == ExplicitDeny && d.Effect == Allow {
			t.Errorf("%s is allowed although %s denies", caller, f.Layer)
		}
	}
	denied := *in
	denied.RCPs = []Layer{{denyEverything}}
	if got := Decide(&denied); got.Effect != ExplicitDeny {
		t.Errorf("%s: adding a deny of everything gives %s", caller, got.Effect)
	}
	faulty := *in
	faulty.Resource = &Source{Name: "unreadable"}
	repairs := caller == "rtA" && strings.HasSuffix(in.Request.Action, "BucketPolicy")
	if got := Decide(&faulty); got.Allowed() && !repairs {
		t.Errorf("%s is allowed although the resource policy cannot be read", caller)
	}
}

var denyEverything = func() Source {
	layer, err := parseSource(policy.Identity, "", `{"Effect":"Deny","Action":"*","Resource":"*"}`)
	if err != nil {
		panic(err)
	}
	return layer[0]
}()

func (w *world) input(caller string) *Input {
	action := w.args["action"][0]
	resource := objectARN
	if info, ok := policy.S3Action(action); ok && info.Resource == policy.OnBucket {
		resource = bucketARN
	}
	p := principal(caller)
	in := &Input{
		Request: policy.Request{Action: action, Resource: resource, Principal: &p, Context: &policy.Context{}},
		Owner:   account("A"),
		S3: &S3{
			OwnerCanonicalID: canonical("A"),
			Enforced:         w.args["enforced"] != nil,
			RequesterPays:    w.args["requester-pays"] != nil,
			AcceptsCharge:    w.has("pays", caller),
			BucketACL:        w.acl("A", "bucket-acl"),
			Block: PublicAccessBlock{
				IgnorePublicAcls:      w.has("block", "IgnorePublicAcls"),
				RestrictPublicBuckets: w.has("block", "RestrictPublicBuckets"),
			},
		},
	}
	in.Request.HasBoundary = w.has("boundary", caller) || w.has("boundary-allow", caller) || w.has("boundary-deny", caller)
	if owner := w.args["object"]; owner != nil {
		in.S3.Object = &Object{Owner: canonical(owner[0]), ACL: w.acl(owner[0], "object-acl")}
	}
	if owner := w.args["new-owner"]; owner != nil {
		in.S3.NewOwner = canonical(owner[0])
	}
	w.callerSide(in, caller, action)
	w.ownerSide(in, action, resource)
	return in
}

// callerSide fills in the policies of the caller and of its account.
func (w *world) callerSide(in *Input, caller, action string) {
	if !in.Request.Principal.IsIAM() {
		if caller == "anon" {
			return
		}
		in.SCPs = w.levels("scp", caller[2:], action)
		return
	}
	in.SCPs = w.levels("scp", caller[2:], action)
	everything := w.document(policy.Identity, w.statement("Allow", "*", "*", ""))
	theAction := w.document(policy.Identity, w.statement("Allow", action, "*", ""))
	other := w.document(policy.Identity, w.statement("Allow", "iam:GetUser", "*", ""))
	deny := w.document(policy.Identity, w.statement("Deny", action, "*", ""))
	if strings.HasPrefix(caller, "ad") {
		in.Identity = append(in.Identity, everything)
	}
	if w.has("identity", caller) {
		in.Identity = append(in.Identity, theAction)
	}
	if w.has("identity-deny", caller) {
		in.Identity = append(in.Identity, deny)
	}
	in.Boundary = w.limit("boundary", caller, other, theAction, everything, deny)
	in.Session = w.limit("session", caller, other, theAction, everything, deny)
}

func (w *world) limit(name, caller string, other, theAction, everything, deny Source) *Layer {
	switch {
	case w.has(name, caller):
		return &Layer{other}
	case w.has(name+"-allow", caller):
		return &Layer{theAction}
	case w.has(name+"-deny", caller):
		return &Layer{everything, deny}
	default:
		return nil
	}
}

// levels returns the organization's layers for an account: nil if no test names it.
func (w *world) levels(kind, acct, action string) []Layer {
	everything := w.document(policy.Identity, w.statement("Allow", "*", "*", ""))
	switch {
	case w.has(kind+"-silent", acct):
		return []Layer{{everything}, {}}
	case w.has(kind+"-deny", acct):
		return []Layer{{everything}, {everything, w.document(policy.Identity, w.statement("Deny", action, "*", ""))}}
	default:
		return nil
	}
}

// ownerSide fills in the policies of the bucket and of its owner's account.
func (w *world) ownerSide(in *Input, action, resource string) {
	in.RCPs = w.levels("rcp", "A", action)
	var statements []string
	for effect, arg := range map[string]string{"Allow": "allow", "Deny": "deny"} {
		for _, name := range w.args[arg] {
			statements = append(statements, w.statement(effect, action, resource, named(name)))
		}
	}
	if statements != nil {
		s := w.document(policy.Bucket, statements...)
		in.Resource = &s
	}
}

func (w *world) statement(effect, action, resource, principal string) string {
	s := fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":%q`, effect, action, resource)
	if principal != "" {
		s += `,"Principal":` + principal
	}
	return s + "}"
}

func (w *world) document(t policy.Type, statements ...string) Source {
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	var document *policy.Document
	var err error
	if t == policy.Bucket {
		document, err = policy.ParseBucket([]byte(text), "bucket", policy.Stored())
	} else {
		document, err = policy.Parse(t, []byte(text))
	}
	if err != nil {
		w.t.Fatalf("parse %s: %v", text, err)
	}
	return Source{Name: "test", Document: document}
}

func (w *world) acl(owner, arg string) acl.ACL { return grantList(owner, w.args[arg]) }

// grantList returns the ACL of FULL_CONTROL for the owner and of these grants, such as B:WRITE.
func grantList(owner string, grants []string) acl.ACL {
	a := acl.ACL{Owner: canonical(owner), Grants: []acl.Grant{{Grantee: acl.Grantee{ID: canonical(owner)}, Permission: acl.FullControl}}}
	for _, grant := range grants {
		who, permission, _ := strings.Cut(grant, ":")
		g := acl.Grant{Permission: acl.Permission(permission)}
		switch who {
		case "AllUsers":
			g.Grantee.Group = acl.AllUsers
		case "AuthenticatedUsers":
			g.Grantee.Group = acl.AuthenticatedUsers
		case "LogDelivery":
			g.Grantee.Group = acl.LogDelivery
		default:
			g.Grantee.ID = canonical(who)
		}
		a.Grants = append(a.Grants, g)
	}
	return a
}

// named returns the Principal element for a name of the arguments allow and deny. Users and roles
// stand by their unique IDs, as in a stored policy.
func named(name string) string {
	aws := func(s string) string { return fmt.Sprintf(`{"AWS":%q}`, s) }
	switch {
	case name == "*":
		return `"*"`
	case len(name) == 1:
		return aws("arn:aws:iam::" + string(account(name)) + ":root")
	case strings.HasPrefix(name, "canonical-"):
		return fmt.Sprintf(`{"CanonicalUser":%q}`, canonical(name[len("canonical-"):]))
	case strings.HasPrefix(name, "role-"):
		return aws(string(principal(name[len("role-"):]).EntityID))
	default:
		p := principal(name)
		if p.Kind == policy.RoleSession {
			return aws(p.ARN)
		}
		return aws(string(p.EntityID))
	}
}

func account(name string) ids.AccountID {
	return ids.AccountID(strings.Repeat(string('1'+name[0]-'A'), 12))
}

func canonical(name string) ids.CanonicalUserID {
	if name == "anon" {
		return AnonymousCanonicalID
	}
	return ids.CanonicalUserID(strings.Repeat(strings.ToLower(name), 64))
}

// entity returns the caller whose policies a caller has: a session's role, a federated user's user.
func entity(caller string) string {
	role, _, _ := strings.Cut(caller, "/")
	if user, ok := strings.CutPrefix(role, "fu"); ok {
		return "us" + user
	}
	return role
}

// principal returns a caller: the root user rtA, the user usA (or of another name that ends in A), the
// session roA of the role roA, its other session roA/two, the federated user fuA of usA, a service by
// its name, or anon.
func principal(caller string) policy.Principal {
	switch {
	case caller == "anon":
		return policy.Principal{Kind: policy.Anonymous}
	case strings.HasSuffix(caller, ".amazonaws.com"):
		return policy.Principal{Kind: policy.Service, ARN: caller}
	}
	name, session, _ := strings.Cut(caller, "/")
	acct := name[len(name)-1:]
	p := policy.Principal{Account: account(acct), CanonicalID: canonical(acct), Name: caller}
	iam, sts := "arn:aws:iam::"+string(p.Account)+":", "arn:aws:sts::"+string(p.Account)+":"
	user := entity(name)
	switch name[:2] {
	case "rt":
		p.Kind, p.ARN, p.EntityARN, p.Name = policy.Root, iam+"root", iam+"root", ""
	case "ro":
		p.Kind, p.Name = policy.RoleSession, cmp.Or(session, "session")
		p.ARN = sts + "assumed-role/" + name + "/" + p.Name
		p.EntityARN, p.EntityID = iam+"role/"+name, uniqueID("AROA", name)
	case "fu":
		p.Kind, p.ARN = policy.FederatedUser, sts+"federated-user/"+name
		p.EntityARN, p.EntityID = iam+"user/"+user, uniqueID("AIDA", user)
	default:
		p.Kind, p.ARN = policy.User, iam+"user/"+name
		p.EntityARN, p.EntityID = p.ARN, uniqueID("AIDA", name)
	}
	return p
}

func uniqueID(prefix, name string) ids.UniqueID {
	return ids.UniqueID(prefix + strings.ToUpper(name) + "EXAMPLE00000")
}
