package explain

import (
	"strings"

	"crossgrant/internal/authz"
)

// verdict tells a decision in a sentence, of what the explanation shows.
func verdict(e *Explanation) string {
	if e.Effect == Allowed {
		return "Allowed: " + strings.Join(allowing(e), ", and ") + "."
	}
	text := "Denied: " + strings.Join(denying(e), "; ")
	if hint := hint(e); hint != "" {
		text += ": " + hint
	}
	return text + "."
}

// across reports whether caller and resource are of different accounts, or it is not shown.
func across(e *Explanation) bool { return e.Owner != e.Principal.Account || e.Owner == "" }

// allowing tells what allows: what decided, and across accounts the caller's account as well.
func allowing(e *Explanation) []string {
	var out []string
	for i := range e.Layers {
		if l := &e.Layers[i]; l.Decided {
			out = append(out, said(e, l))
		}
	}
	if len(out) == 0 {
		out = append(out, "every account that has to allows it")
	}
	if l := allows(e, Identity); l != nil && !l.Decided && across(e) && e.DecidedBy != Identity {
		out = append(out, said(e, l))
	}
	return out
}

// denying tells what denies, and of a half that allows nothing what the other one says.
func denying(e *Explanation) []string {
	by := decided(e)
	switch {
	case by == nil && e.DecidedBy == Identity:
		return []string{"the caller's own account does not allow this"}
	case by == nil && e.DecidedBy == Object:
		return append([]string{"the account that owns the object does not allow this"}, identityToo(e)...)
	case by == nil:
		return append([]string{"the account that owns the resource does not allow this"}, identityToo(e)...)
	case by.Effect == ExplicitDeny, e.Principal.Account == "", by.Layer == authz.RequesterPays.String():
		return []string{said(e, by)}
	case by.Half != Identity:
		return append([]string{said(e, by)}, identityToo(e)...)
	}
	var out []string
	if l := allows(e, Resource); l != nil && across(e) {
		out = append(out, said(e, l))
	}
	return append(out, said(e, by))
}

// identityToo tells what the caller's account says of a request that the other half does not allow.
func identityToo(e *Explanation) []string {
	if l := allows(e, Identity); l != nil {
		return []string{said(e, l)}
	}
	for i := range e.Layers {
		l := &e.Layers[i]
		if l.Half == Identity && l.Effect != Allowed {
			return []string{said(e, l)}
		}
	}
	return nil
}

func decided(e *Explanation) *Layer {
	for i := range e.Layers {
		if e.Layers[i].Decided {
			return &e.Layers[i]
		}
	}
	return nil
}

// allows returns the layer by which a half allows: that of the caller's policies, and any of the resource's;
// nil if it does not.
func allows(e *Explanation, h Half) *Layer {
	var allow *Layer
	for i := range e.Layers {
		l := &e.Layers[i]
		if l.Half != h {
			continue
		}
		organization := l.Layer == authz.SCP.String() || l.Layer == authz.RCP.String()
		switch {
		case l.Effect == ExplicitDeny, l.Effect == ImplicitDeny && (h == Identity || organization):
			return nil
		case l.Effect == Allowed && !organization && allow == nil:
			allow = l
		}
	}
	return allow
}

// said tells what a layer says.
func said(e *Explanation, l *Layer) string {
	switch l.Effect {
	case Allowed:
		return saidAllow(e, l)
	case ExplicitDeny:
		return saidDeny(e, l)
	default:
		return saidNothing(e, l)
	}
}

func saidAllow(e *Explanation, l *Layer) string {
	switch l.Layer {
	case authz.RootUser.String():
		return "the root user of account " + e.Principal.Account + " may do everything that belongs to it"
	case authz.RequestItself.String():
		return l.Setting
	case authz.IdentityPolicy.String():
		return account(e.Principal.Account) + " allows it to " + principalWords(&e.Principal) + inPolicy(l)
	case authz.BucketACL.String(), authz.ObjectACL.String():
		return "the " + l.Layer + " grants " + l.Grant
	default:
		return owners(e, l) + " allows this" + inStatement(l)
	}
}

func saidDeny(e *Explanation, l *Layer) string {
	switch {
	case l.Unreadable:
		return whose(e, l) + " cannot be read, which denies everything"
	case l.Setting == authz.RestrictPublicBuckets.String():
		return "RestrictPublicBuckets takes away what the public bucket policy allows to other accounts"
	case l.Setting != "":
		return settingWords(l)
	default:
		return whose(e, l) + " denies this" + inStatement(l) + because(l)
	}
}

// because tells the conditions of a statement that denies, and how they came out.
func because(l *Layer) string {
	if l.Statement == nil || len(l.Statement.Conditions) == 0 {
		return ""
	}
	var words []string
	for i := range l.Statement.Conditions {
		words = append(words, Compared(&l.Statement.Conditions[i]))
	}
	return ", because " + strings.Join(words, " and ")
}

func saidNothing(e *Explanation, l *Layer) string {
	who := principalWords(&e.Principal)
	switch l.Layer {
	case authz.IdentityPolicy.String():
		if across(e) {
			return account(e.Principal.Account) + " has not delegated " + e.Action + " to " + who
		}
		return "no policy of " + account(e.Principal.Account) + " allows " + e.Action + " to " + who
	case authz.PermissionsBoundary.String():
		return "the permissions boundary of " + who + " does not allow " + e.Action
	case authz.SessionPolicy.String():
		return "the session policy of " + who + " does not allow " + e.Action
	case authz.SCP.String():
		return "no service control policy" + atLevel(l) + " allows " + e.Action + " to " + account(e.Principal.Account)
	case authz.RCP.String():
		return "no resource control policy" + atLevel(l) + " allows " + e.Action + " on resources of " + account(e.Owner)
	case authz.RequesterPays.String():
		return "the bucket is a Requester Pays bucket, and the request does not accept the charge"
	case authz.ObjectACL.String():
		return "the object belongs to another account than its bucket, and its ACL does not allow this to " + ofAccount(e, who)
	case authz.TrustPolicy.String():
		return owners(e, l) + " does not trust " + ofAccount(e, who)
	default:
		return nothing(e, l) + " allows " + e.Action + " to " + ofAccount(e, who)
	}
}

// nothing names what of the resource's could allow, and does not.
func nothing(e *Explanation, l *Layer) string {
	if !strings.HasPrefix(e.Resource, "arn:aws:s3:::") {
		return "no " + l.Layer + " of " + account(e.Owner)
	}
	for i := range e.Layers {
		if e.Layers[i].Layer == authz.BucketACL.String() || e.Layers[i].Layer == authz.ObjectACL.String() {
			return "neither bucket policy nor ACL of " + account(e.Owner)
		}
	}
	return "no bucket policy of " + account(e.Owner)
}

// settingWords tells what a setting that decides by itself says.
func settingWords(l *Layer) string {
	switch l.Setting {
	case authz.ExpectedOwner.String(), authz.SourceExpectedOwner.String():
		return "the bucket belongs to another account than " + l.Setting + " names"
	case authz.AnotherAccount.String():
		return "nobody acts on this for another account, whatever policies say"
	default:
		return "the setting " + l.Setting + " refuses what was sent"
	}
}

// whose names a layer with whose it is.
func whose(e *Explanation, l *Layer) string {
	switch l.Layer {
	case authz.SCP.String(), authz.RCP.String():
		return strings.TrimSpace("the " + l.Layer + " " + l.Policy)
	case authz.ResourcePolicy.String(), authz.TrustPolicy.String():
		return owners(e, l)
	default:
		return strings.TrimSpace("the " + l.Layer + " " + l.Policy)
	}
}

// owners names the resource's policy with its owner.
func owners(e *Explanation, l *Layer) string {
	name := l.Layer
	switch {
	case strings.HasPrefix(e.Resource, "arn:aws:s3:::"):
		name = "bucket policy"
	case l.Layer == authz.TrustPolicy.String():
		return "the trust policy of " + e.Resource
	}
	return account(e.Owner) + "'s " + name
}

func account(id string) string {
	if id == "" {
		return "the owner"
	}
	return "account " + id
}

// principalWords names a caller.
func principalWords(p *Principal) string {
	switch p.Kind {
	case "Root":
		return "the root user"
	case "User":
		return "user " + p.Name
	case "AssumedRole":
		return "role " + p.Name
	case "FederatedUser":
		return "federated user " + p.Name
	case "Service":
		return "service " + p.ARN
	case "WebIdentity":
		return "who is vouched for by " + p.ARN
	default:
		return "anonymous callers"
	}
}

// ofAccount adds the caller's account to its name, where that is another one.
func ofAccount(e *Explanation, who string) string {
	if e.Principal.Account != "" && across(e) {
		return who + " of account " + e.Principal.Account
	}
	return who
}

func atLevel(l *Layer) string {
	if l.Level == "" {
		return ""
	}
	return " of the " + levelWords(l.Level)
}

func inPolicy(l *Layer) string {
	if l.Policy == "" {
		return ""
	}
	return " (" + l.Policy + ")"
}

func inStatement(l *Layer) string {
	if l.Statement == nil {
		return ""
	}
	return " (" + statementName(l.Statement) + ")"
}

// hint tells the nearest remedy in short.
func hint(e *Explanation) string {
	if len(e.Remedies) == 0 || len(e.Remedies[0].Edits) > 2 {
		return ""
	}
	var words []string
	for i := range e.Remedies[0].Edits {
		edit := &e.Remedies[0].Edits[i]
		text := edit.Text
		if len(edit.Statements) == 1 && strings.HasSuffix(text, " statement") {
			text += " " + string(edit.Statements[0])
		}
		words = append(words, text)
	}
	return strings.Join(words, ", and ")
}
