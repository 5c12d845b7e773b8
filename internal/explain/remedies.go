package explain

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// Who can make an edit.
const (
	ByRequest      = "request"
	ByAccount      = "account"
	ByOrganization = "organization"
)

func (t *teller) remedies() {
	if t.x.Effect == authz.Allow || t.WithoutRemedies {
		return
	}
	var found []authz.Remedy
	if t.x.Input == nil {
		found = authz.SettingRemedies(&t.x.Decision)
	} else {
		found = authz.Remedies(t.x.Input)
	}
	for i := range found {
		t.out.Remedies = append(t.out.Remedies, t.remedy(&found[i]))
	}
	if len(found) == 0 {
		t.out.Notes = append(t.out.Notes, t.beyond())
	}
}

// beyond says why no change of a policy allows the request.
func (t *teller) beyond() Note {
	switch {
	case t.out.ObjectOwner != "":
		return Note{Object, "No permission of an object's ACL is for " + t.out.Action + ", and the object belongs to another account than its bucket: its owner has to copy it, or the owner of the bucket to take its objects over with the Object Ownership setting BucketOwnerEnforced."}
	case t.x.Input != nil && t.x.Input.Resource == nil && t.out.DecidedBy == Resource:
		return Note{Resource, "The resource has no policy of its own that could let other accounts in: only through a role of the account that owns it can this be done."}
	default:
		return Note{t.out.DecidedBy, "No change of a policy allows this."}
	}
}

func (t *teller) remedy(r *authz.Remedy) Remedy {
	out := Remedy{Also: openings(r.Also())}
	in := t.x.Input
	for i := range r.Edits {
		e := &r.Edits[i]
		out.Edits = append(out.Edits, t.edit(e, original(in, e)))
		if in != nil && slices.ContainsFunc(r.Edits[i:], replaces) {
			in, _ = e.Apply(in) // Remedies has applied it
		}
	}
	return out
}

// replaces reports whether an edit replaces a statement.
func replaces(e authz.Edit) bool { return e.Kind == authz.ExceptFromDeny }

// original returns the statement that an edit replaces; nil if it replaces none.
func original(in *authz.Input, e *authz.Edit) *policy.Statement {
	if in == nil || !replaces(*e) {
		return nil
	}
	if d := e.Document(in); d != nil && e.Statement < len(d.Statements) {
		return &d.Statements[e.Statement]
	}
	return nil
}

func (t *teller) edit(e *authz.Edit, from *policy.Statement) Edit {
	out := Edit{
		Half: t.half(e.Layer), Kind: e.Kind.String(), Layer: e.Layer.String(), Level: t.level(e.Layer, e.Level),
		Policy: e.Policy, On: e.On, Setting: e.Setting.String(), Also: openings(e.Also),
	}
	switch e.Side {
	case authz.RequestSide:
		out.By = ByRequest
	case authz.CallerSide:
		out.By, out.Account = ByAccount, t.out.Principal.Account
	case authz.CallerOrganization:
		out.By, out.Account = ByOrganization, t.out.Principal.Account
	case authz.OwnerOrganization:
		out.By, out.Account = ByOrganization, t.out.Owner
	default:
		out.By = ByAccount
		if out.Half != Object {
			out.Account = t.out.Owner
		}
	}
	if e.Kind == authz.ExceptFromDeny {
		out.Replaces = e.Statement + 1
	}
	for _, s := range e.Statements {
		out.Statements = append(out.Statements, t.text(s, from))
	}
	if e.Grant != nil {
		out.Grant = &Grant{string(e.Grant.Grantee.ID), string(e.Grant.Grantee.Group), string(e.Grant.Permission)}
	}
	for _, k := range e.Keys {
		out.Keys = append(out.Keys, Key{k.Name, k.Values})
	}
	out.Text = t.words(e, &out)
	return out
}

func openings(o authz.Opening) []string {
	var out []string
	for _, s := range []struct {
		bit  authz.Opening
		name string
	}{{authz.OtherPrincipals, "other principals"}, {authz.OtherActions, "other actions"}, {authz.OtherResources, "other resources"}} {
		if o&s.bit != 0 {
			out = append(out, s.name)
		}
	}
	return out
}

// words tells an edit in a sentence without a subject. It names policies, but not what is in them.
func (t *teller) words(e *authz.Edit, out *Edit) string {
	switch e.Kind {
	case authz.AddStatement:
		return t.adding(e, out)
	case authz.ExceptFromDeny:
		if len(e.Statements) == 0 {
			return fmt.Sprintf("remove statement %d of %s", out.Replaces, policyWords(out))
		}
		return fmt.Sprintf("except this request from statement %d of %s", out.Replaces, policyWords(out)) + strings.TrimSuffix(ownCopy(out), ",")
	case authz.AddGrant:
		return "add to the " + out.Layer + " the grant of " + grantWords(out.Grant)
	case authz.TurnOff:
		return "turn off " + strings.Replace(out.Setting, authz.RequestPayer.String(), "Requester Pays", 1)
	case authz.SetKeys:
		return "send the request " + keyWords(out.Keys) + asksMore(out.Keys)
	case authz.AcceptCharge:
		return "send the request with x-amz-request-payer: requester"
	case authz.RepairDocument:
		return "put " + policyWords(out) + " anew"
	default:
		return otherwise(e.Setting)
	}
}

// adding tells of an added statement.
func (t *teller) adding(e *authz.Edit, out *Edit) string {
	switch {
	case e.Layer == authz.RCP:
		return "attach RCPFullAWSAccess to the " + levelWords(out.Level) + " again"
	case e.Layer == authz.SCP:
		return "attach to the " + levelWords(out.Level) + " a service control policy with the statement"
	case e.Layer == authz.IdentityPolicy:
		return "give " + principalWords(&t.out.Principal) + " a policy with the statement"
	case e.Layer == authz.SessionPolicy:
		return "begin the session with a session policy that has the statement as well"
	case out.Policy == "" && strings.HasPrefix(t.out.Resource, "arn:aws:s3:::"):
		return "make a bucket policy with the statement"
	case out.Policy == "":
		return "make a " + out.Layer + " with the statement"
	default:
		return "add to " + policyWords(out) + ownCopy(out) + " the statement"
	}
}

// ownCopy tells what to do with a policy that nobody can change.
func ownCopy(out *Edit) string {
	if strings.HasPrefix(out.Policy, "arn:aws:iam::aws:") || strings.HasPrefix(out.Policy, "arn:aws:organizations::aws:") {
		return ", which is AWS's, in a copy of your own that takes its place,"
	}
	return ""
}

func policyWords(out *Edit) string {
	if out.Policy == "" || strings.HasPrefix(out.Policy, "bucket policy of ") || strings.HasPrefix(out.Policy, "key policy of ") {
		return strings.TrimSpace("the " + or(out.Policy, out.Layer))
	}
	return "the " + out.Layer + " " + out.Policy
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func levelWords(level string) string {
	switch level {
	case "root":
		return "root of the organization"
	case "account":
		return "account"
	default:
		return "organizational " + level + " below the root"
	}
}

func grantWords(g *Grant) string {
	if g.Group != "" {
		return g.Permission + " to the group " + g.Group
	}
	return g.Permission + " to the canonical user " + g.ID
}

// keyWords tells how a request is to be sent. Condition keys such as s3:x-amz-acl are named for the headers that they are
// about.
func keyWords(keys []Key) string {
	var words []string
	for _, k := range keys {
		lower := strings.ToLower(k.Name)
		header, isHeader := strings.CutPrefix(lower, "s3:x-amz-")
		switch {
		case isHeader && len(k.Values) == 0:
			words = append(words, "without the header x-amz-"+header)
		case isHeader:
			words = append(words, "with the header x-amz-"+header+": "+strings.Join(k.Values, ","))
		case len(k.Values) == 0:
			words = append(words, "without "+k.Name)
		case lower == "aws:securetransport" && k.Values[0] == "true":
			words = append(words, "over TLS")
		case lower == "aws:multifactorauthpresent":
			words = append(words, "with temporary credentials that were had with MFA")
		case lower == "aws:multifactorauthage" && len(keys) > 1:
		default:
			words = append(words, "with "+k.Name+"="+strings.Join(k.Values, ","))
		}
	}
	return strings.Join(words, ", ")
}

// asksMore tells what else a request has to be allowed that is sent with an ACL or with tags.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func asksMore(keys []Key) string {
	for _, k := range keys {
		lower := strings.ToLower(k.Name)
		switch {
		case len(k.Values) == 0:
		case lower == "s3:x-amz-acl", strings.HasPrefix(lower, "s3:x-amz-grant-"):
			return " (which asks for s3:PutObjectAcl as well)"
		case strings.HasPrefix(lower, "s3:requestobjecttag"):
			return " (which asks for s3:PutObjectTagging as well)"
		}
	}
	return ""
}

// otherwise tells what to do where a setting refuses by itself.
func otherwise(s authz.Setting) string {
	switch s {
	case authz.ExpectedOwner, authz.SourceExpectedOwner:
		return "send " + s.String() + " with the ID of the account that owns the bucket, or leave it out"
	case authz.AnotherAccount:
		return "ask as a principal of the account that owns this, such as through a role of it"
	case authz.BlockPublicAcls:
		return "send no ACL that lets everyone or all accounts in"
	case authz.BlockPublicPolicy:
		return "put a policy that is not public"
	default:
		return "send the request without what " + s.String() + " refuses"
	}
}

// Remedied returns the explanation with the remedies and notes of another one, which was made of the same question
// when they were asked for.
func (e Explanation) Remedied(later Explanation) Explanation {
	e.Remedies, e.Notes = later.Remedies, later.Notes
	e.Verdict = verdict(&e)
	return e
}
