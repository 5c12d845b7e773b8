package reach

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// text tells the path in one line.
func (p *Path) text() string {
	out := ActionsText(p.Actions) + " in " + p.Where()
	if !strings.HasPrefix(p.Target, bucketHead) {
		out = "assume role " + p.Target + " (" + strings.Join(p.Actions, ", ") + ")"
	}
	out += ", by " + p.By()
	if s := p.When(); s != "" {
		out += ", " + s
	}
	if s := p.Except(); s != "" {
		out += ", " + s
	}
	if !p.Proven {
		out += " (possible, not proven)"
	}
	return out
}

// Where tells in words what the path is about.
func (p *Path) Where() string {
	var places []string
	for i := range p.Resources {
		r := &p.Resources[i]
		s := strings.Join(shortened(r.Patterns), " and ")
		if len(r.Not) > 0 {
			s += " but not " + listOf(shortened(r.Not), "or")
		}
		places = append(places, s)
	}
	out := listOf(places, "or")
	switch {
	case p.Keys == NewKeys:
		out += " (keys that no object has)"
	case p.Keys == ExistingKeys:
		out += " (objects of the bucket's owner)"
	case len(p.Objects) > 0:
		out += fmt.Sprintf(" (objects with an owner or ACL of their own: owner %s)", p.Objects[0].Owner)
	}
	return out
}

// shortened returns ARNs of S3 without what all have in common.
func shortened(patterns []string) []string {
	out := make([]string, len(patterns))
	for i, s := range patterns {
		out[i] = strings.TrimPrefix(s, bucketHead)
	}
	return out
}

// By tells in words what lets the path through.
func (p *Path) By() string {
	var parts []string
	for i := range p.Parts {
		parts = append(parts, p.Parts[i].String())
	}
	for i := range p.Limits {
		var any []string
		for j := range p.Limits[i].Any {
			a := &p.Limits[i].Any[j]
			any = append(any, a.Part.String()+narrowed(a.Resources, a.Conditions, p.Resources))
		}
		parts = append(parts, "within "+listOf(any, "or"))
	}
	return strings.Join(parts, " and ")
}

// narrowed tells to which of resources, unless they are whole, and under which conditions a statement is limited.
func narrowed(resources []Resource, conditions []Condition, whole []Resource) string {
	var out string
	if !sameResources(resources, whole) {
		out = " in " + (&Path{Resources: resources}).Where()
	}
	if s := conditionsText(conditions); s != "" {
		out += " " + s
	}
	return out
}

func sameResources(a, b []Resource) bool {
	return slices.EqualFunc(a, b, func(x, y Resource) bool { return slices.Equal(x.Patterns, y.Patterns) && slices.Equal(x.Not, y.Not) })
}

// String names the part.
func (p Part) String() string {
	switch {
	case p.Grant != "":
		return p.Layer + " (" + p.Grant + ")"
	case p.Policy == "":
		if p.Setting != "" {
			return p.Setting
		}
		return "being the " + p.Layer
	}
	name := p.Policy
	if !strings.HasPrefix(name, "bucket policy") && !strings.HasPrefix(name, "whatever") {
		name = p.Layer + " " + name
	}
	switch {
	case p.Statement == nil || strings.HasPrefix(p.Policy, "whatever"):
		return name
	case p.Sid != "":
		return fmt.Sprintf("%s, statement %d (%s)", name, *p.Statement, p.Sid)
	default:
		return fmt.Sprintf("%s, statement %d", name, *p.Statement)
	}
}

// When tells in words under which conditions the path is open; empty if always.
func (p *Path) When() string {
	var out []string
	if s := conditionsText(p.Conditions); s != "" {
		out = append(out, "only "+s)
	}
	if p.RequesterPays {
		out = append(out, "only if the requester accepts the charge")
	}
	if len(p.Needs) > 0 {
		out = append(out, "which needs "+listOf(p.Needs, "and")+" as well")
	}
	return strings.Join(out, ", ")
}

func conditionsText(conditions []Condition) string {
	var out []string
	for i := range conditions {
		if !slices.Contains(out, conditions[i].Text) {
			out = append(out, conditions[i].Text)
		}
	}
	return strings.Join(out, " and ")
}

// Except tells in words what the exceptions take away; empty if there are none.
func (p *Path) Except() string {
	var out []string
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		s := "except"
		if !sameResources(e.Resources, p.Resources) {
			s += " in " + (&Path{Resources: e.Resources}).Where()
		}
		if c := conditionsText(e.Conditions); c != "" {
			s += " " + c
		}
		out = append(out, s+", by "+e.Part.String())
	}
	return strings.Join(out, ", ")
}

// listOf joins words, of which it tells no more than some.
func listOf(words []string, last string) string {
	const most = 6
	if len(words) > most {
		more := len(words) - most + 1
		words = append(slices.Clone(words[:most-1]), fmt.Sprintf("%d more", more))
		last = "and"
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// kindsOfAction are groups of actions and what they are in words.
var kindsOfAction = []struct {
	words string
	takes func(name string) bool // without the service
}{
	{"assume the role", anyPrefix("AssumeRole")},
	{"list the bucket", anyPrefix("ListBucket")},
	{"read objects", oneWord("GetObject", "GetObjectVersion", "GetObjectAttributes", "GetObjectVersionAttributes", "GetObjectTorrent", "GetObjectVersionTorrent", "GetObjectVersionForReplication")},
	{"write objects", oneWord("PutObject", "ReplicateObject", "RestoreObject", "UpdateObjectEncryption")},
	{"delete objects", oneWord("DeleteObject", "DeleteObjectVersion", "ReplicateDelete")},
	{"manage uploads", oneWord("AbortMultipartUpload", "ListMultipartUploadParts")},
	{"read ACLs", func(n string) bool { return strings.HasPrefix(n, "Get") && strings.HasSuffix(n, "Acl") }},
	{"change ACLs", func(n string) bool {
		return strings.HasSuffix(n, "Acl") && !strings.HasPrefix(n, "Get") || n == "ObjectOwnerOverrideToBucketOwner"
	}},
	{"read tags", func(n string) bool { return strings.HasPrefix(n, "Get") && strings.Contains(n, "Tagging") }},
	{"change tags", func(n string) bool { return strings.Contains(n, "Tagging") || strings.Contains(n, "Tags") }},
	{"read retention", func(n string) bool {
		return strings.HasPrefix(n, "GetObject") && (strings.Contains(n, "Retention") || strings.Contains(n, "LegalHold"))
	}},
	{"change retention", func(n string) bool { return strings.Contains(n, "Retention") || strings.Contains(n, "LegalHold") }},
	{"change the bucket policy", oneWord("PutBucketPolicy", "DeleteBucketPolicy")},
	{"delete the bucket", oneWord("DeleteBucket")},
	{"read settings", anyPrefix("Get", "List")},
	{"change settings", func(string) bool { return true }},
}

func anyPrefix(prefixes ...string) func(string) bool {
	return func(n string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(n, p) })
	}
}

func oneWord(words ...string) func(string) bool {
	return func(n string) bool { return slices.Contains(words, n) }
}

// ActionsText tells actions in words: what kinds of actions they are, and, if they are few, which.
func ActionsText(names []string) string {
	var kinds []string
	for i := range kindsOfAction {
		if slices.ContainsFunc(names, func(n string) bool { return kindOf(n) == i }) {
			kinds = append(kinds, kindsOfAction[i].words)
		}
	}
	const few = 4
	if len(names) <= few {
		return listOf(kinds, "and") + " (" + strings.Join(names, ", ") + ")"
	}
	if s3 := bucketActions.or(objectActions); len(names) == len(s3.places()) || len(names) == len(objectActions.places()) || len(names) == len(bucketActions.places()) {
		return fmt.Sprintf("everything (all %d actions)", len(names))
	}
	return fmt.Sprintf("%s (%d actions)", strings.Join(kinds, ", "), len(names))
}

// kindOf returns the place of an action in kindsOfAction.
func kindOf(action string) int {
	_, name, _ := strings.Cut(action, ":")
	return slices.IndexFunc(kindsOfAction, func(k struct {
		words string
		takes func(string) bool
	}) bool {
		return k.takes(name)
	})
}

// conditionText tells in words when a condition holds.
func conditionText(c *policy.Condition) string {
	o := operatorOf(c.Operator)
	values := listOf(c.Values, "or")
	key := strings.ToLower(c.Key)
	if o.base == "Bool" && len(c.Values) == 1 && !o.ifExists && o.set == "" {
		if s, ok := boolText[key+"="+strings.ToLower(c.Values[0])]; ok {
			return s
		}
	}
	if o.base == "Null" {
		if len(c.Values) == 1 && strings.EqualFold(c.Values[0], "true") {
			return "without " + c.Key
		}
		return "with " + c.Key
	}
	with := keyText(c.Key)
	var out string
	switch {
	case o.base == "IpAddress" && key == "aws:sourceip":
		out = "from " + values
	case o.base == "NotIpAddress" && key == "aws:sourceip":
		out = "not from " + values
	case o.text() && !o.negated() && o.set == "":
		out = with + " " + values
	default:
		out = "if " + setText[o.set] + c.Key + " " + relationText(o) + " " + values
	}
	if o.ifExists {
		out += " (or no such key)"
	}
	return out
}

var boolText = map[string]string{
	"aws:securetransport=true": "over TLS", "aws:securetransport=false": "without TLS",
	"aws:multifactorauthpresent=true": "with MFA", "aws:multifactorauthpresent=false": "without MFA in the session",
}

var setText = map[string]string{"ForAnyValue": "some value of ", "ForAllValues": "every value of "}

// keyTexts are what precedes the value of a key.
var keyTexts = map[string]string{
	"s3:prefix": "listing the prefix", "aws:principalorgid": "from organization", "aws:principalaccount": "from account",
	"aws:principalarn": "as", "sts:externalid": "with external ID", "aws:sourcevpce": "through VPC endpoint", "aws:sourcevpc": "from VPC",
	"aws:sourceaccount": "for account", "aws:sourcearn": "for", "s3:versionid": "of version", "aws:username": "as user",
}

func keyText(key string) string {
	lower := strings.ToLower(key)
	if s, ok := keyTexts[lower]; ok {
		return s
	}
	for _, prefix := range []struct{ key, words string }{
		{"s3:existingobjecttag/", "for objects tagged "}, {"s3:requestobjecttag/", "with tag "}, {"aws:principaltag/", "with principal tag "},
		{"s3:x-amz-", "with x-amz-"},
	} {
		if strings.HasPrefix(lower, prefix.key) {
			if prefix.key == "s3:x-amz-" {
				return prefix.words + key[len(prefix.key):]
			}
			return prefix.words + key[len(prefix.key):] + "="
		}
	}
	return "with " + key
}

func relationText(o operator) string {
	for _, r := range []struct{ suffix, words string }{
		{"NotEqualsIgnoreCase", "is not"}, {"EqualsIgnoreCase", "is"}, {"NotEquals", "is not"}, {"LessThanEquals", "is at most"}, {"GreaterThanEquals", "is at least"},
		{"LessThan", "is less than"}, {"GreaterThan", "is more than"}, {"NotLike", "is not like"}, {"Like", "is like"}, {"Equals", "is"},
		{"NotIpAddress", "is not in"}, {"IpAddress", "is in"},
	} {
		if strings.HasSuffix(o.base, r.suffix) {
			return r.words
		}
	}
	return "is"
}
