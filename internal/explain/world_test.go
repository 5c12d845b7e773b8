package explain

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// The accounts of these tests. The bucket is A's.
const (
	accountA = "111122223333"
	accountB = "380701114427"
)

var canonicals = map[string]ids.CanonicalUserID{
	accountA: ids.CanonicalUserID(strings.Repeat("a1", 32)), accountB: ids.CanonicalUserID(strings.Repeat("b2", 32)),
}

// setting is what bears on a question, put by the commands of a file of testdata:
//
//	identity-policy, boundary, session-policy, scp, rcp, bucket-policy   name=NAME; the input is statements, or nothing
//	bucket-acl, object                                                  to=B permission=WRITE; owner=B
//	settings                                                            RequesterPays, RestrictPublicBuckets, BucketOwnerEnforced
//	reset
//	explain as=KIND account=A action=… on=… view=(caller, owner)        the input is condition keys
//
// Statements of the form TRUE stand for a document that allows everything.
type setting struct {
	identity          authz.Layer
	boundary, session *authz.Layer
	scps, rcps        []authz.Layer
	resource          *authz.Source
	s3                authz.S3
}

func newSetting() *setting {
	return &setting{s3: authz.S3{OwnerCanonicalID: canonicals[accountA], BucketACL: acl.Private(canonicals[accountA])}}
}

// principalOfTest returns a caller, such as a user of account B, whose names are told by its kind.
func principalOfTest(kind, account string) policy.Principal {
	p := policy.Principal{Account: ids.AccountID(account), CanonicalID: canonicals[account]}
	iam := "arn:aws:iam::" + account + ":"
	switch kind {
	case "root":
		p.Kind, p.ARN, p.EntityARN = policy.Root, iam+"root", iam+"root"
	case "role":
		p.Kind, p.Name, p.EntityARN, p.EntityID = policy.RoleSession, "session", iam+"role/reader", "AROAREADEREXAMPLE000"
		p.ARN = "arn:aws:sts::" + account + ":assumed-role/reader/session"
	case "anonymous":
		return policy.Principal{}
	default:
		p.Kind, p.Name, p.ARN, p.EntityID = policy.User, "testuser", iam+"user/testuser", "AIDATESTUSEREXAMPLE0"
		p.EntityARN = p.ARN
	}
	return p
}

// source parses statements, or a whole document.
func source(t testing.TB, typ policy.Type, name, text string) authz.Source {
	t.Helper()
	options := []policy.Option{policy.Stored()}
	switch text = strings.TrimSpace(text); {
	case text == "TRUE" && typ == policy.RCP:
		text, options = `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`, append(options, policy.Managed())
	case text == "TRUE":
		text = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	case text == "unreadable":
		return authz.Source{Name: name}
	}
	d, err := policy.Parse(typ, []byte(`{"Version":"2012-10-17","Statement":[`+text+`]}`), options...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return authz.Source{Name: name, Document: d}
}

// TestText runs the files of testdata, which show the text of explanations.
func TestText(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := newSetting()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "explain" {
				return s.explain(t, d)
			}
			s.put(t, d)
			return "ok\n"
		})
	})
}

func (s *setting) put(t *testing.T, d *datadriven.TestData) {
	var name string
	d.MaybeScanArgs(t, "name", &name)
	switch d.Cmd {
	case "reset":
		*s = *newSetting()
	case "identity-policy":
		s.identity = append(s.identity, source(t, policy.Identity, name, d.Input))
	case "boundary":
		s.boundary = &authz.Layer{source(t, policy.Identity, name, d.Input)}
	case "session-policy":
		s.session = &authz.Layer{source(t, policy.Session, name, d.Input)}
	case "scp":
		s.scps = append(s.scps, authz.Layer{source(t, policy.SCP, name, d.Input)})
	case "rcp":
		s.rcps = append(s.rcps, authz.Layer{source(t, policy.RCP, name, d.Input)})
	case "bucket-policy":
		p := source(t, policy.Bucket, "bucket policy of bucket", d.Input)
		s.resource = &p
	case "bucket-acl":
		var permission string
		d.ScanArgs(t, "permission", &permission)
		s.s3.BucketACL.Grants = append(s.s3.BucketACL.Grants, acl.Grant{Grantee: acl.Grantee{ID: canonicals[accountB]}, Permission: acl.Permission(permission)})
	case "object":
		s.s3.Object = &authz.Object{Owner: canonicals[accountB], ACL: acl.Private(canonicals[accountB])}
	case "settings":
		s.s3.RequesterPays = d.HasArg("RequesterPays")
		s.s3.Block.RestrictPublicBuckets = d.HasArg("RestrictPublicBuckets")
		s.s3.Enforced = d.HasArg("BucketOwnerEnforced")
	default:
		t.Fatalf("unknown command %s", d.Cmd)
	}
}

func (s *setting) explain(t *testing.T, d *datadriven.TestData) string {
	var kind, account, action, on string
	d.ScanArgs(t, "as", &kind)
	d.ScanArgs(t, "action", &action)
	d.ScanArgs(t, "on", &on)
	d.MaybeScanArgs(t, "account", &account)
	account = map[string]string{"A": accountA, "B": accountB, "": ""}[account]
	var context policy.Context
	for line := range strings.Lines(d.Input) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		context.Set(key, value)
	}
	p := principalOfTest(kind, account)
	if p.EntityARN != "" {
		context.Set("aws:PrincipalArn", p.EntityARN)
	}
	in := s.input(&p, action, on, &context)
	e := Of(authz.Explain(in), Facts{Supposed: d.HasArg("supposed"), Shown: func(stored string) string {
		return strings.ReplaceAll(stored, "AIDATESTUSEREXAMPLE0", "arn:aws:iam::"+accountB+":user/testuser")
	}})
	v := View{Operator: !d.HasArg("view")}
	for _, a := range d.CmdArgs {
		if a.Key == "view" {
			for _, side := range a.Vals {
				v.Caller, v.Owner = v.Caller || side == "caller", v.Owner || side == "owner"
			}
		}
	}
	var out strings.Builder
	if err := e.For(v).Text(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for name, id := range map[string]string{"A": accountA, "B": accountB} {
		text = strings.ReplaceAll(text, string(canonicals[id]), "canonical-"+name)
	}
	// An empty line would end the answer of a file.
	return strings.ReplaceAll(text, "\n\n", "\n.\n")
}

func (s *setting) input(p *policy.Principal, action, on string, context *policy.Context) *authz.Input {
	facts := s.s3
	in := &authz.Input{
		Request:  policy.Request{Action: action, Resource: on, Principal: p, Context: context, HasBoundary: s.boundary != nil},
		Identity: s.identity, Boundary: s.boundary, Session: s.session, SCPs: s.scps, RCPs: s.rcps,
		Owner: accountA, Resource: s.resource, S3: &facts,
	}
	if !p.IsIAM() {
		in.Identity, in.Boundary, in.Session = nil, nil, nil
	}
	if p.Account == "" {
		in.SCPs = nil
	}
	return in
}
