package event

import (
	"reflect"
	"testing"

	"crossgrant/internal/audit"
)

// TestResources holds what LookupEvents tells as the resources of an event, by the types of
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Resource.html.
func TestResources(t *testing.T) {
	t.Parallel()
	call := func(service, operation, parameters, elements string, change ...func(*audit.Record)) *audit.Record {
		r := foreign(change...)
		r.Service, r.Operation, r.Bucket, r.Key = service, operation, "", ""
		r.Parameters, r.Elements = []byte(parameters), []byte(elements)
		return r
	}
	const role = `{"roleArn":"arn:aws:iam::222222222222:role/deploy","roleSessionName":"ann"}`
	const session = `{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE"},"assumedRoleUser":{"assumedRoleId":"AROADEPLOY:ann","arn":"arn:aws:sts::222222222222:assumed-role/deploy/ann"}}`
	assumed := []Resource{
		{"AWS::IAM::Role", "arn:aws:iam::222222222222:role/deploy"},
		{"AWS::STS::AssumedRole", "arn:aws:sts::222222222222:assumed-role/deploy/ann"}, {"AWS::STS::AssumedRole", "AROADEPLOY:ann"},
		{"AWS::IAM::AccessKey", "ASIAIOSFODNN7EXAMPLE"},
	}
	for name, c := range map[string]struct {
		r    *audit.Record
		want []Resource
	}{
		"bucket": {foreign(func(r *audit.Record) { r.Operation, r.Key = "PutBucketAcl", "" }), []Resource{{"AWS::S3::Bucket", "walnut"}}},
		"object": {foreign(), []Resource{{"AWS::S3::Object", "arn:aws:s3:::walnut/a/b.txt"}, {"AWS::S3::Bucket", "walnut"}}},
		"none":   {call("s3", "ListBuckets", "", ""), nil},
		"create a user": {call("iam", "CreateUser", `{"userName":"bob"}`, `{"user":{"path":"/","userName":"bob","userId":"AIDABOB","arn":"arn:aws:iam::111111111111:user/bob"}}`),
			[]Resource{{"AWS::IAM::User", "bob"}, {"AWS::IAM::User", "arn:aws:iam::111111111111:user/bob"}, {"AWS::IAM::User", "AIDABOB"}}},
		"attach":            {call("iam", "AttachRolePolicy", `{"roleName":"deploy","policyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}`, ""), []Resource{{"AWS::IAM::Policy", "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"AWS::IAM::Role", "deploy"}}},
		"failed":            {call("iam", "DeleteUser", `{"userName":"bob"}`, `{"user":{"userId":"x"}}`, func(r *audit.Record) { r.ErrorCode = "DeleteConflict" }), []Resource{{"AWS::IAM::User", "bob"}}},
		"denied":            {call("iam", "DeleteUser", `{"userName":"bob"}`, "", denied("")), nil},
		"a read":            {call("iam", "GetUser", `{"userName":"bob"}`, `{"user":{"userId":"AIDABOB"}}`), []Resource{{"AWS::IAM::User", "bob"}}},
		"session":           {call("sts", "AssumeRole", role, session), assumed},
		"trail":             {call("cloudtrail", "CreateTrail", `{"name":"audit","s3BucketName":"logs"}`, `{"trailARN":"arn:aws:cloudtrail:us-east-1:111111111111:trail/audit","name":"audit"}`), []Resource{{"AWS::CloudTrail::Trail", "audit"}, {"AWS::S3::Bucket", "logs"}, {"AWS::CloudTrail::Trail", "arn:aws:cloudtrail:us-east-1:111111111111:trail/audit"}}},
		"unreadable":        {call("iam", "DeleteUser", `{"userName":`, ""), nil},
		"not authenticated": {foreign(func(r *audit.Record) { r.Operation = "" }), nil},
	} {
		if got := Resources(c.r, mine); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got := Resources(call("sts", "AssumeRole", role, session), theirs); !reflect.DeepEqual(got, assumed[:3]) {
		t.Errorf("the role's owner is told %v", got)
	}
}

// TestFacts holds what data events are selected by, and that what has no line is logged all the same.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
func TestFacts(t *testing.T) {
	t.Parallel()
	data := func(name string, readOnly bool, arn string) Facts {
		return Facts{Data, name, "s3.amazonaws.com", readOnly, "AWS::S3::Object", "arn:aws:s3:::walnut/" + arn}
	}
	s3 := func(operation, key, query string) *audit.Record {
		r := get()
		r.Operation, r.Key, r.Query = operation, key, query
		return r
	}
	call := func(service, operation string) *audit.Record {
		r := s3(operation, "", "")
		r.Service = service
		return r
	}
	for name, c := range map[string]struct {
		r    *audit.Record
		want Facts
	}{
		"object":            {get(), data("GetObject", true, "a/b.txt")},
		"list":              {s3("ListObjectsV2", "", "list-type=2&prefix=logs%2F2026+a"), data("ListObjects", true, "logs/2026 a")},
		"list of all":       {s3("ListObjectVersions", "", "versions"), data("ListObjectVersions", true, "")},
		"bucket":            {s3("HeadBucket", "", ""), data("HeadBucket", true, "")},
		"many":              {s3("DeleteObjects", "", "delete"), data("DeleteObjects", false, "")},
		"website":           {func() *audit.Record { r := get(); r.Service = "s3-website"; return r }(), data("GetObject", true, "a/b.txt")},
		"setting":           {s3("PutBucketLifecycleConfiguration", "", "lifecycle"), Facts{Category: Management, Name: "PutBucketLifecycle", Source: "s3.amazonaws.com"}},
		"account":           {call("s3-control", "DeletePublicAccessBlock"), Facts{Category: Management, Name: "DeleteAccountPublicAccessBlock", Source: "s3.amazonaws.com"}},
		"IAM":               {call("iam", "ListUsers"), Facts{Category: Management, Name: "ListUsers", Source: "iam.amazonaws.com", ReadOnly: true}},
		"analyzer":          {call("access-analyzer", "CreateAnalyzer"), Facts{Category: Management, Name: "CreateAnalyzer", Source: "access-analyzer.amazonaws.com"}},
		"crossgrant":        {call("crossgrant", "ExplainRequest"), Facts{Category: Management, Name: "ExplainRequest", Source: "crossgrant.amazonaws.com", ReadOnly: true}},
		"no line":           {call("new", "MakeThing"), Facts{Category: Management, Name: "MakeThing", Source: "new.amazonaws.com"}},
		"not authenticated": {call("s3", ""), Facts{}},
	} {
		if got := FactsOf(c.r); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestAllocations holds that the usual data event is written without allocating anything, and judged with no more than
// its ARN. It runs alone, as allocations are counted for the whole process.
func TestAllocations(t *testing.T) {
	for name, r := range usual() {
		buffer := make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() { buffer = Append(buffer[:0], r, mine, "us-east-1") }); n != 0 {
			t.Errorf("%s takes %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { FactsOf(r) }); n > 1 {
			t.Errorf("the facts of %s take %v allocations", name, n)
		}
	}
	r := get()
	r.Operation, r.Query = "PutBucketAcl", "acl"
	if n := testing.AllocsPerRun(100, func() { FactsOf(r) }); n != 0 {
		t.Errorf("the facts of a management event take %v allocations", n)
	}
}
