package crossgrantapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/decisions"
	"crossgrant/internal/explain"
	"crossgrant/internal/reach"
	"crossgrant/internal/reach/gather"
)

var rewrite = flag.Bool("rewrite", false, "write model.json anew")

// shape is a shape of a model, as botocore reads it.
type shape struct {
	Type          string             `json:"type"`
	Members       map[string]*member `json:"members,omitempty"`
	Required      []string           `json:"required,omitempty"`
	Member        *member            `json:"member,omitempty"`
	Key           *member            `json:"key,omitempty"`
	Value         *member            `json:"value,omitempty"`
	Enum          []string           `json:"enum,omitempty"`
	Min           int                `json:"min,omitempty"`
	Max           int                `json:"max,omitempty"`
	Pattern       string             `json:"pattern,omitempty"`
	Document      bool               `json:"document,omitempty"`
	Exception     bool               `json:"exception,omitempty"`
	Documentation string             `json:"documentation,omitempty"`
}

type member struct {
	Shape         string `json:"shape"`
	Documentation string `json:"documentation,omitempty"`
}

type operation struct {
	Name          string         `json:"name"`
	HTTP          map[string]any `json:"http"`
	Input         member         `json:"input"`
	Output        member         `json:"output"`
	Errors        []member       `json:"errors"`
	Documentation string         `json:"documentation"`
}

// inputs are the shapes of what is sent. Each is what decodeQuery and its like read.
var inputs = map[string]*shape{
	"ExplainRequestInput": {Type: "structure", Required: []string{"RequestId"}, Members: map[string]*member{
		"RequestId": {"Text", "The ID in the header x-amz-request-id of the answer, and in the body of every error."},
	}},
	"ListRequestsInput": {Type: "structure", Members: map[string]*member{
		"Principal": {"Text", "The ARN of the caller, or of the role whose sessions called."},
		"AccountId": {"AccountId", "The account of the caller, or of the owner of what was asked for."},
		"Bucket":    {"Text", "The name of a bucket."},
		"Action":    {"Text", "An action of IAM that was needed, or a pattern such as s3:Get*."},
		"Outcome":   {"Outcome", "Whether all that was needed was allowed."},
		"From":      {"Time", "The earliest time at which the request came."},
		"To":        {"Time", "The latest time at which the request came."},
		"Limit":     {"Limit", "How many requests are listed, the latest first; 100 if it is not sent."},
	}},
	"ExplainAccessInput": {Type: "structure", Required: []string{"Principal", "Action"}, Members: map[string]*member{
		"Principal": {"Text", "Who would ask: the ARN of a user, a role, a session of a role or a root user, an account ID, a service principal, or anonymous."},
		"Action":    {"Text", "An action of IAM, such as s3:GetObject."},
		"Resource":  {"Text", "The ARN of what the request would be about; left out for an action without a resource type."},
		"Context":   {"ContextEntries", "Condition keys that the request would have."},
	}},
	"ContextEntries": {Type: "list", Member: &member{Shape: "ContextEntry"}},
	"ContextEntry": {Type: "structure", Required: []string{"Key", "Values"}, Members: map[string]*member{
		"Key": {"Text", "The name of the condition key, such as aws:SourceIp."}, "Values": {"Texts", "Its values: one, or those of a multivalued key."},
	}},
	"ListAccessInput": {Type: "structure", Members: map[string]*member{
		"Bucket":    {"Text", "The name of a bucket of the account: who can reach it."},
		"Prefix":    {"Text", "Narrows that to the keys that begin with it."},
		"Key":       {"Text", "Narrows that to an object."},
		"Principal": {"Text", "The ARN of a principal of the account: what it can reach. Without it and Bucket: who can reach what, of all that the account has."},
		"Action":    {"Text", "An action of IAM, or a pattern such as s3:Get*; left out: all of S3, and sts:AssumeRole."},
	}},
	"PreviewAccessInput": {Type: "structure", Required: []string{"Bucket"}, Members: map[string]*member{
		"Bucket":                         {"Text", "The name of a bucket of the account."},
		"Policy":                         {"PolicyText", "The bucket policy as it would be; an empty one: no policy any more."},
		"AccessControlPolicy":            {"AccessControlPolicy", "The ACL of the bucket as it would be, as PutBucketAcl takes it."},
		"PublicAccessBlockConfiguration": {"PublicAccessBlockConfiguration", "The public access block of the bucket as it would be. A setting that is left out is off."},
		"ObjectOwnership":                {"ObjectOwnership", "Object Ownership as it would be."},
		"Action":                         {"Text", "An action of IAM, or a pattern such as s3:Get*; left out: all of S3."},
	}},
	"AccessControlPolicy": {Type: "structure", Required: []string{"Owner"}, Members: map[string]*member{
		"Owner": {Shape: "BucketOwner"}, "Grants": {Shape: "BucketGrants"},
	}},
	"BucketOwner":  {Type: "structure", Required: []string{"ID"}, Members: map[string]*member{"ID": {Shape: "GrantText"}, "DisplayName": {Shape: "GrantText"}}},
	"BucketGrants": {Type: "list", Member: &member{Shape: "BucketGrant"}},
	"BucketGrant": {Type: "structure", Required: []string{"Grantee", "Permission"}, Members: map[string]*member{
		"Grantee": {Shape: "Grantee"}, "Permission": {Shape: "GrantText"},
	}},
	"Grantee": {Type: "structure", Required: []string{"Type"}, Members: map[string]*member{
		"Type": {Shape: "GrantText"}, "ID": {Shape: "GrantText"}, "URI": {Shape: "GrantText"}, "EmailAddress": {Shape: "GrantText"}, "DisplayName": {Shape: "GrantText"},
	}},
	"PublicAccessBlockConfiguration": {Type: "structure", Members: map[string]*member{
		"BlockPublicAcls": {Shape: "Boolean"}, "IgnorePublicAcls": {Shape: "Boolean"}, "BlockPublicPolicy": {Shape: "Boolean"}, "RestrictPublicBuckets": {Shape: "Boolean"},
	}},
	"ObjectOwnership": {Type: "string", Enum: ownerships},
	"PolicyText":      {Type: "string", Max: maxPolicy},
	"GrantText":       {Type: "string", Max: maxText},

	"Texts":     {Type: "list", Member: &member{Shape: "String"}},
	"Text":      {Type: "string", Min: 1, Max: 2048},
	"AccountId": {Type: "string", Pattern: "[0-9]{12}"},
	"Outcome":   {Type: "string", Enum: []string{decisions.Allowed, decisions.Denied}},
	"Limit":     {Type: "integer", Min: 1, Max: decisions.MaxFound},
	"Time":      {Type: "timestamp"},
}

var documentation = map[string]string{
	"ExplainRequest": "Tells why a request that was made was allowed or denied: what each policy, ACL and setting said, and what would allow it. Of a request across accounts each account is told its own half.",
	"ListRequests":   "Lists requests of the account, and those for what it owns, the latest first. Denials are always on record, of allowed requests a sample if there are many.",
	"ExplainAccess":  "Tells whether and why a request would be allowed that nobody has made.",
	"ListAccess":     "Lists who can reach a bucket of the account, what a principal of it can reach, or who can reach what of all that the account has: each path with the policies by which it exists and the conditions that remain. Of other accounts it has what the account's own policies and ACLs say; where both have to allow, the path is one-sided.",
	"PreviewAccess":  "Tells who would gain and who would lose access to a bucket of the account if its policy, ACL, public access block or Object Ownership were changed. Nothing is changed.",
}

// shapes collects the shapes of Go types.
type shapes map[string]*shape

// of returns the name of the shape of a type, and adds it.
func (s shapes) of(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return s.plain("DateTime", "string", "A time as RFC 3339 writes it.")
	case t == reflect.TypeFor[json.RawMessage]():
		s["Document"] = &shape{Type: "structure", Document: true}
		return "Document"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return s.plain("String", "string", "")
	case reflect.Bool:
		return s.plain("Boolean", "boolean", "")
	case reflect.Int:
		return s.plain("Integer", "integer", "")
	case reflect.Slice:
		element := s.of(t.Elem())
		s[element+"List"] = &shape{Type: "list", Member: &member{Shape: element}}
		return element + "List"
	}
	if t.Kind() == reflect.Map {
		value := s.of(t.Elem())
		s[value+"Map"] = &shape{Type: "map", Key: &member{Shape: s.of(t.Key())}, Value: &member{Shape: value}}
		return value + "Map"
	}
	name := t.Name()
	if strings.HasSuffix(t.PkgPath(), "/reach") {
		name = "Access" + name // packages explain and decisions have types of these names, too
	}
	if s[name] == nil {
		s[name] = &shape{Type: "structure", Members: map[string]*member{}}
		s.members(t, s[name].Members)
	}
	return name
}

func (s shapes) plain(name, kind, text string) string {
	s[name] = &shape{Type: kind, Documentation: text}
	return name
}

func (s shapes) members(t reflect.Type, into map[string]*member) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			s.members(f.Type, into)
			continue
		}
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		into[name] = &member{Shape: s.of(f.Type)}
	}
}

// model returns the model of the API.
func model() any {
	all := shapes{}
	for name, s := range inputs {
		all[name] = s
	}
	outputs := map[string]string{
		"ExplainRequest": all.of(reflect.TypeFor[decisions.Request]()),
		"ListRequests":   all.of(reflect.TypeFor[decisions.Page]()),
		"ExplainAccess":  all.of(reflect.TypeFor[explain.Report]()),
		"ListAccess":     all.of(reflect.TypeFor[reach.Result]()),
		"PreviewAccess":  all.of(reflect.TypeFor[gather.Preview]()),
	}
	errors := []member{}
	for _, name := range []string{"NoSuchRequest", "NoSuchEntity", "NoSuchBucket", "MalformedPolicy", "MalformedACLError", "InvalidArgument", "ValidationError", "ValidationException", "AccessDeniedException"} {
		all[name] = &shape{Type: "structure", Exception: true, Members: map[string]*member{"Message": {Shape: "String"}}}
		errors = append(errors, member{Shape: name})
	}
	operations := map[string]operation{}
	for name, output := range outputs {
		operations[name] = operation{
			Name: name, HTTP: map[string]any{"method": "POST", "requestUri": "/"}, Input: member{Shape: name + "Input"}, Output: member{Shape: output},
			Errors: errors, Documentation: documentation[name],
		}
	}
	return map[string]any{
		"version": "2.0",
		"metadata": map[string]string{
			"apiVersion": "2026-11-26", "endpointPrefix": "crossgrant", "jsonVersion": "1.1", "protocol": "json", "serviceFullName": "crossgrant",
			"serviceId": "crossgrant", "signatureVersion": "v4", "signingName": "crossgrant", "targetPrefix": strings.TrimSuffix(targetPrefix, "."), "uid": "crossgrant-2026-11-26",
		},
		"documentation": "Why requests were allowed or denied, and who can reach what.",
		"operations":    operations,
		"shapes":        all,
	}
}

// TestModel holds that the model has what the operations answer, and every operation.
func TestModel(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(model(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *rewrite {
		if err := os.WriteFile("model.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Model, want) {
		t.Error("model.json is not what the types say: run go test -run TestModel -rewrite, and look at the difference")
	}
	var got struct{ Operations map[string]any }
	if err := json.Unmarshal(Model, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range New(nil, nil).Operations() {
		if got.Operations[name] == nil {
			t.Errorf("the model lacks %s", name)
		}
	}
	if len(got.Operations) != len(New(nil, nil).Operations()) || !slices.IsSorted(New(nil, nil).Operations()) {
		t.Error("the model has other operations")
	}
}
