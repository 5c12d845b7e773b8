package cloudtrailapi_test

import (
	"fmt"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
)

// TestAnswers holds the shapes of answers about a trail, from its making to its end.
//
// Source: https://docs.aws.amazon.com/cli/latest/reference/cloudtrail/ and its examples
func TestAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.keys[outside]
	const arn = "arn:aws:cloudtrail:us-east-1:444444444444:trail/Trail1"
	const settings = `"Name":"Trail1","S3BucketName":"amzn-s3-demo-bucket","S3KeyPrefix":"my-prefix","IncludeGlobalServiceEvents":true,"IsMultiRegionTrail":true,` +
		`"TrailARN":"` + arn + `","LogFileValidationEnabled":true,"IsOrganizationTrail":false`
	const described = settings + `,"HomeRegion":"us-east-1","HasCustomEventSelectors":false,"HasInsightSelectors":false`
	for _, c := range [][3]string{
		{"CreateTrail", `{"Name":"Trail1","S3BucketName":"amzn-s3-demo-bucket","IsMultiRegionTrail":true,"EnableLogFileValidation":true,"S3KeyPrefix":"my-prefix","SnsTopicName":"","TagsList":[{"Key":"name","Value":"1"},{"Key":"bare"}]}`, `{` + settings + `}`},
		{"UpdateTrail", `{"Name":"Trail1","IsOrganizationTrail":false}`, `{` + settings + `}`},
		{"GetTrail", `{"Name":"` + arn + `"}`, `{"Trail":{` + described + `}}`},
		{"DescribeTrails", `{"trailNameList":["Trail1","Trail2"],"includeShadowTrails":false}`, `{"trailList":[{` + described + `}]}`},
		{"DescribeTrails", `{}`, `{"trailList":[{` + described + `}]}`},
		{"ListTrails", `{}`, `{"Trails":[{"TrailARN":"` + arn + `","Name":"Trail1","HomeRegion":"us-east-1"}]}`},
		{"GetTrailStatus", `{"Name":"Trail1"}`, `{"IsLogging":false,"LatestDeliveryAttemptTime":"","LatestNotificationAttemptTime":"","LatestNotificationAttemptSucceeded":"","LatestDeliveryAttemptSucceeded":"","TimeLoggingStarted":"","TimeLoggingStopped":""}`},
		{"StartLogging", `{"Name":"Trail1"}`, ``},
		{"GetTrailStatus", `{"Name":"Trail1"}`, `{"IsLogging":true,"StartLoggingTime":1767323045,"LatestDeliveryAttemptTime":"","LatestNotificationAttemptTime":"","LatestNotificationAttemptSucceeded":"","LatestDeliveryAttemptSucceeded":"","TimeLoggingStarted":"2026-01-02T03:04:05Z","TimeLoggingStopped":""}`},
		{"StopLogging", `{"Name":"` + arn + `"}`, ``},
		{"GetEventSelectors", `{"TrailName":"Trail1"}`, `{"TrailARN":"` + arn + `","EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]}]}`},
		{"PutEventSelectors", `{"TrailName":"Trail1","EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::mybucket/prefix"]}]}]}`, `{"TrailARN":"` + arn + `","EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::mybucket/prefix"]}],"ExcludeManagementEventSources":[]}]}`},
		{"PutEventSelectors", `{"TrailName":"Trail1","EventSelectors":[],"AdvancedEventSelectors":[{"Name":"x","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}`, `{"TrailARN":"` + arn + `","AdvancedEventSelectors":[{"Name":"x","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}`},
		{"ListTags", `{"ResourceIdList":["` + arn + `"]}`, `{"ResourceTagList":[{"ResourceId":"` + arn + `","TagsList":[{"Key":"bare"},{"Key":"name","Value":"1"}]}]}`},
		{"RemoveTags", `{"ResourceId":"` + arn + `","TagsList":[{"Key":"name"},{"Key":"bare","Value":"other"}]}`, ``},
		{"ListTags", `{"ResourceIdList":["` + arn + `"]}`, `{"ResourceTagList":[{"ResourceId":"` + arn + `","TagsList":[]}]}`},
		{"AddTags", `{"ResourceId":"` + arn + `","TagsList":[{"Key":"k","Value":"v"}]}`, ``},
		{"DeleteTrail", `{"Name":"Trail1"}`, ``},
		{"DescribeTrails", `{}`, `{"trailList":[]}`},
		{"ListTrails", `{}`, `{"Trails":[]}`},
		{"LookupEvents", `{}`, `{"Events":[]}`},
		{"LookupEvents", `{"EventCategory":"insight","LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"x"}]}`, `{"Events":[]}`},
		{"ListPublicKeys", `{}`, `{"PublicKeyList":[]}`},
	} {
		if got := w.ok(key, c[0], c[1]); got.Body != c[2] {
			t.Errorf("%s %s\ngot  %s\nwant %s", c[0], c[1], got.Body, c[2])
		}
	}
}

// TestErrors holds what requests are refused, and how.
func TestErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Buckets = func(_ ids.AccountID, _, bucket, _, _ string) error {
		if bucket == "closed-bucket" {
			return apierr.New(400, "InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: closed-bucket")
		}
		return nil
	}
	key := w.keys[outside]
	w.ok(key, "CreateTrail", `{"Name":"trail","S3BucketName":"bucket"}`)
	const arn = `arn:aws:cloudtrail:us-east-1:444444444444:trail/trail`
	many := ""
	for i := range 21 {
		many += fmt.Sprintf(`,"%s%d"`, arn, i)
	}
	for _, c := range [][4]string{
		{"CreateTrail", `{"S3BucketName":"bucket"}`, "InvalidTrailName", "Trail name cannot be blank!"},
		{"CreateTrail", `{"Name":"x","S3BucketName":"bucket"}`, "InvalidTrailName", ""},
		{"CreateTrail", `{"Name":"` + arn + `","S3BucketName":"bucket"}`, "InvalidTrailName", ""},
		{"CreateTrail", `{"Name":"other"}`, "InvalidS3BucketName", "Bucket name cannot be blank!"},
		{"CreateTrail", `{"Name":"other","S3BucketName":"a_b"}`, "InvalidS3BucketName", ""},
		{"CreateTrail", `{"Name":"other","S3BucketName":"bucket","S3KeyPrefix":"AWSLogs/x"}`, "InvalidS3Prefix", ""},
		{"CreateTrail", `{"Name":"other","S3BucketName":"closed-bucket"}`, "InsufficientS3BucketPolicy", "Incorrect S3 bucket policy is detected for bucket: closed-bucket"},
		{"CreateTrail", `{"Name":"trail","S3BucketName":"bucket"}`, "TrailAlreadyExists", ""},
		{"CreateTrail", `{"Name":"other","S3BucketName":"bucket","IsMultiRegionTrail":true,"IncludeGlobalServiceEvents":false}`, "InvalidParameterCombination", ""},
		{"CreateTrail", `{"Name":"other","S3BucketName":"bucket","IsOrganizationTrail":true}`, "OrganizationsNotInUse", ""},
		{"CreateTrail", `{"Name":"other","S3BucketName":"bucket","SnsTopicName":"t"}`, "InvalidSnsTopicName", ""},
		{"CreateTrail", `{"Name":"other","S3BucketName":"bucket","CloudWatchLogsLogGroupArn":"g","CloudWatchLogsRoleArn":"r"}`, "InvalidCloudWatchLogsLogGroupArn", ""},
		{"UpdateTrail", `{"Name":"trail","CloudWatchLogsRoleArn":"r"}`, "InvalidCloudWatchLogsRoleArn", ""},
		{"UpdateTrail", `{"Name":"trail","KmsKeyId":"alias/x"}`, "Kms", ""},
		{"UpdateTrail", `{"Name":"trail","S3BucketName":""}`, "InvalidS3BucketName", ""},
		{"UpdateTrail", `{"Name":"trail","S3BucketName":"closed-bucket"}`, "InsufficientS3BucketPolicy", ""},
		{"UpdateTrail", `{"Name":"nope"}`, "TrailNotFound", "Unknown trail: arn:aws:cloudtrail:us-east-1:444444444444:trail/nope for the user: 444444444444"},
		{"CreateTrail", `{"Name":"other","S3BucketName":"bucket","TagsList":[{"Value":"v"}]}`, "InvalidTagParameter", ""},
		{"CreateTrail", `{"Name":"other","S3BucketName":"bucket","TagsList":[{"Key":"k","Value":""}]}`, "InvalidTagParameter", ""},
		{"AddTags", `{"ResourceId":"` + arn + `","TagsList":[{"Key":"aws:k","Value":"v"}]}`, "InvalidTagParameter", ""},
		{"AddTags", `{"ResourceId":"trail","TagsList":[]}`, "CloudTrailARNInvalid", ""},
		{"ListTags", `{"ResourceIdList":["` + arn + `"` + many + `]}`, "CloudTrailARNInvalid", ""},
		{"ListTags", `{"ResourceIdList":["` + arn + `","` + arn + `x"]}`, "ResourceNotFound", ""},
		{"ListTags", `{"ResourceIdList":["` + arn + `"],"NextToken":"x"}`, "InvalidToken", ""},
		{"ListTrails", `{"NextToken":"x"}`, "OperationNotPermitted", ""},
		{"DescribeTrails", `{"trailNameList":["arn:aws:cloudtrail:us-east-1:222222222222:trail/trail"]}`, "CloudTrailARNInvalid", "AccountID in ARN is wrong, you can only access resources with AccountID 444444444444."},
		{"PutEventSelectors", `{"TrailName":"trail"}`, "InvalidEventSelectors", ""},
		{"PutEventSelectors", `{"TrailName":"trail","EventSelectors":[{"ReadWriteType":"read-only"}]}`, "InvalidEventSelectors", ""},
		{"PutEventSelectors", `{"TrailName":"trail","AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":[]}]}]}`, "InvalidEventSelectors", ""},
		{"PutEventSelectors", `{"TrailName":"trail","AdvancedEventSelectors":[{"Name":"x"}]}`, "InvalidEventSelectors", ""},
		{"LookupEvents", `{"MaxResults":0}`, "InvalidMaxResults", ""},
		{"LookupEvents", `{"MaxResults":51}`, "InvalidMaxResults", ""},
		{"LookupEvents", `{"EventCategory":"data"}`, "InvalidEventCategory", ""},
		{"LookupEvents", `{"LookupAttributes":[{"AttributeKey":"Colour","AttributeValue":"x"}]}`, "InvalidLookupAttributes", ""},
		{"LookupEvents", `{"LookupAttributes":[{"AttributeKey":"EventName"}]}`, "InvalidLookupAttributes", ""},
		{"LookupEvents", `{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"x"},{"AttributeKey":"EventName","AttributeValue":"y"}]}`, "InvalidLookupAttributes", ""},
		{"LookupEvents", `{"LookupAttributes":[{"AttributeKey":"ReadOnly","AttributeValue":"yes"}]}`, "InvalidLookupAttributes", ""},
		{"LookupEvents", `{"LookupAttributes":[{"AttributeKey":"ResourceName","AttributeValue":"` + fmt.Sprintf("%01999d", 0) + `__"}]}`, "InvalidLookupAttributes", ""},
		{"LookupEvents", `{"EventCategory":"insight","LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"x"}]}`, "InvalidLookupAttributes", ""},
		{"LookupEvents", `{"EventCategory":"insight","NextToken":"x"}`, "InvalidNextToken", ""},
		{"LookupEvents", `{"StartTime":2,"EndTime":1}`, "InvalidTimeRange", ""},
		{"ListPublicKeys", `{"EndTime":1}`, "InvalidTimeRange", ""},
		{"ListPublicKeys", `{"NextToken":"x"}`, "InvalidToken", ""},
		{"RegisterOrganizationDelegatedAdmin", `{"MemberAccountId":"12"}`, "InvalidParameter", ""},
		{"RegisterOrganizationDelegatedAdmin", `{"MemberAccountId":"222222222222"}`, "OrganizationsNotInUse", ""},
	} {
		w.refused(key, c[0], c[1], c[2], c[3])
	}
}

// TestLookup: what is asked reaches the history, and what it finds is rendered as the model has it.
func TestLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked history.Query
	w.History = func(q history.Query) (*history.Page, error) {
		if asked = q; q.Token == "bad" {
			return nil, apierr.New(400, "InvalidNextTokenException", "no")
		}
		return &history.Page{Token: "next", Events: []history.Event{
			{ID: "1", Name: "CreateUser", Source: "iam.amazonaws.com", Username: "ann", AccessKeyID: "AKIA", Time: time.UnixMilli(1500).UTC(), Text: "{}", Resources: []event.Resource{{Type: "AWS::IAM::User", Name: "bob"}}},
			{ID: "2", Name: "ListUsers", ReadOnly: true},
		}}, nil
	}
	got := w.ok(w.keys[outside], "LookupEvents", `{"LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"ann"}],"StartTime":1.5,"EndTime":3,"MaxResults":7,"NextToken":"t"}`)
	want := `{"Events":[{"EventId":"1","EventName":"CreateUser","ReadOnly":"false","AccessKeyId":"AKIA","EventTime":1.5,"EventSource":"iam.amazonaws.com","Username":"ann","Resources":[{"ResourceType":"AWS::IAM::User","ResourceName":"bob"}],"CloudTrailEvent":"{}"},` +
		`{"EventId":"2","EventName":"ListUsers","ReadOnly":"true","EventTime":-62135596800,"EventSource":"","Resources":[],"CloudTrailEvent":""}],"NextToken":"next"}`
	if got.Body != want {
		t.Errorf("got  %s\nwant %s", got.Body, want)
	}
	if q := (history.Query{Account: outside, Attribute: "Username", Value: "ann", From: time.UnixMilli(1500).UTC(), To: time.Unix(3, 0).UTC(), Max: 7, Token: "t"}); asked != q {
		t.Errorf("asked %+v, want %+v", asked, q)
	}
	w.ok(w.keys[outside], "LookupEvents", `{}`)
	if (asked != history.Query{Account: outside, Max: 50}) {
		t.Errorf("asked %+v", asked)
	}
	w.refused(w.keys[outside], "LookupEvents", `{"NextToken":"bad"}`, "InvalidNextToken", "no")
}

// TestPublicKeys: without times the key of now is asked for.
func TestPublicKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var from, to time.Time
	w.Keys = func(f, u time.Time) ([]signing.PublicKey, error) {
		from, to = f, u
		return []signing.PublicKey{{DER: []byte{1, 2}, Fingerprint: "ab", Begins: time.Unix(1, 0), Ends: time.Unix(2, 0)}}, nil
	}
	got := w.ok(w.keys[outside], "ListPublicKeys", `{"StartTime":5}`)
	if want := `{"PublicKeyList":[{"Value":"AQI=","ValidityStartTime":1,"ValidityEndTime":2,"Fingerprint":"ab"}]}`; got.Body != want {
		t.Errorf("got  %s\nwant %s", got.Body, want)
	}
	if !from.Equal(time.Unix(5, 0)) || !to.Equal(w.Now) {
		t.Errorf("asked from %s to %s", from, to)
	}
	w.ok(w.keys[outside], "ListPublicKeys", `{}`)
	if !from.Equal(w.Now) || !to.Equal(w.Now) {
		t.Errorf("asked from %s to %s, want now", from, to)
	}
}

func statement(effect, action, resource, condition string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"cloudtrail:` + action + `","Resource":"` + resource + `","Condition":{` + condition + `}}}`
}

// TestAuthorization: actions are those of the operations, on the ARN of the trail that is named, whichever way it is
// named, with its tags and those of the request.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.keys[outside]
	const arn = "arn:aws:cloudtrail:us-east-1:444444444444:trail/"
	w.ok(root, "CreateTrail", `{"Name":"blue","S3BucketName":"bucket","TagsList":[{"Key":"team","Value":"blue"}]}`)
	w.ok(root, "CreateTrail", `{"Name":"red","S3BucketName":"bucket"}`)
	denied := func(key querytest.Key, name, body string) { t.Helper(); w.refused(key, name, body, "AccessDenied", "") }

	nobody := w.User(outside, "nobody")
	for _, name := range []string{"ListTrails", "DescribeTrails", "LookupEvents", "ListPublicKeys"} {
		denied(nobody, name, `{}`)
	}
	w.refused(nobody, "GetTrail", `{"Name":"blue"}`, "AccessDenied", "User: arn:aws:iam::444444444444:user/nobody is not authorized to perform: cloudtrail:GetTrail on resource: "+arn+"blue because no identity-based policy allows the cloudtrail:GetTrail action")

	one := w.user(outside, "one", statement("Allow", "*", arn+"blue", ""))
	for _, name := range []string{"blue", arn + "blue"} {
		w.ok(one, "GetTrail", `{"Name":"`+name+`"}`)
		w.ok(one, "StopLogging", `{"Name":"`+name+`"}`)
	}
	denied(one, "GetTrail", `{"Name":"red"}`)
	denied(one, "GetTrail", `{"Name":"`+arn+`red"}`)
	denied(one, "ListTags", `{"ResourceIdList":["`+arn+`blue","`+arn+`red"]}`)
	w.ok(one, "ListTags", `{"ResourceIdList":["`+arn+`blue"]}`)
	denied(one, "ListTrails", `{}`)
	denied(one, "CreateTrail", `{"Name":"other","S3BucketName":"bucket"}`)

	tagged := w.user(outside, "tagged", statement("Allow", "*", "*", `"StringEquals":{"aws:ResourceTag/team":"blue"}`))
	for name, body := range map[string]string{
		"GetTrail": `"Name":"%s"`, "GetTrailStatus": `"Name":"%s"`, "StartLogging": `"Name":"%s"`, "GetEventSelectors": `"TrailName":"%s"`, "UpdateTrail": `"Name":"%s"`,
		"ListTags": `"ResourceIdList":["` + arn + `%s"]`, "AddTags": `"TagsList":[],"ResourceId":"` + arn + `%s"`, "PutEventSelectors": `"EventSelectors":[{}],"TrailName":"%s"`,
	} {
		w.ok(tagged, name, `{`+fmt.Sprintf(body, "blue")+`}`)
		denied(tagged, name, `{`+fmt.Sprintf(body, "red")+`}`)
	}

	tagging := w.user(outside, "tagging", statement("Allow", "*", "*", `"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team","x"]}`))
	denied(tagging, "CreateTrail", `{"Name":"other","S3BucketName":"bucket"}`)
	denied(tagging, "CreateTrail", `{"Name":"other","S3BucketName":"bucket","TagsList":[{"Key":"team","Value":"red"}]}`)
	denied(tagging, "CreateTrail", `{"Name":"other","S3BucketName":"bucket","TagsList":[{"Key":"team","Value":"blue"},{"Key":"y"}]}`)
	w.ok(tagging, "CreateTrail", `{"Name":"other","S3BucketName":"bucket","TagsList":[{"Key":"team","Value":"blue"},{"Key":"x"}]}`)
	w.ok(tagging, "AddTags", `{"ResourceId":"`+arn+`other","TagsList":[{"Key":"team","Value":"blue"}]}`)
	removing := w.user(outside, "removing", statement("Allow", "RemoveTags", arn+"*", `"ForAllValues:StringEquals":{"aws:TagKeys":["x"]}`))
	denied(removing, "RemoveTags", `{"ResourceId":"`+arn+`other","TagsList":[{"Key":"x"},{"Key":"team"}]}`)
	w.ok(removing, "RemoveTags", `{"ResourceId":"`+arn+`other","TagsList":[{"Key":"x"}]}`)
}

// TestOrganization is the trail of an organization, by those who administer it, see it, and have nothing to do with it.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
func TestOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.organize()
	const arn = "arn:aws:cloudtrail:us-east-1:111111111111:trail/all"
	const create = `{"Name":"all","S3BucketName":"bucket","IsOrganizationTrail":true}`
	register := func(account ids.AccountID, to string) (string, string) {
		return "RegisterOrganizationDelegatedAdmin", `{"MemberAccountId":"` + to + `"}`
	}
	w.refused(w.keys[delegate], "CreateTrail", create, "NotOrganizationMasterAccount", "")

	// Who registers a delegated administrator needs the permission of Organizations for it.
	name, body := register(management, string(delegate))
	half := w.user(management, "half", statement("Allow", "*", "*", ""))
	w.refused(half, name, body, "InsufficientDependencyServiceAccessPermission", "")
	w.refused(w.keys[member], name, body, "NotOrganizationManagementAccount", "")
	w.ok(w.keys[management], name, body)
	w.refused(w.keys[management], name, body, "AccountRegistered", "")
	name, body = register(management, string(outside))
	w.refused(w.keys[management], name, body, "AccountNotFound", "")
	name, body = register(management, string(management))
	w.refused(w.keys[management], name, body, "CannotDelegateManagementAccount", "")

	// The trail that a delegated administrator makes belongs to the management account, in policies as well.
	narrow := w.user(delegate, "narrow", statement("Allow", "*", "arn:aws:cloudtrail:us-east-1:111111111111:trail/*", `"StringEquals":{"aws:ResourceAccount":"111111111111"}`))
	if got := w.ok(narrow, "CreateTrail", create); got.Get("TrailARN") != arn || got.Get("IsOrganizationTrail") != "true" {
		t.Errorf("created %s", got.Body)
	}
	w.refused(narrow, "CreateTrail", `{"Name":"own","S3BucketName":"bucket"}`, "AccessDenied", "")
	w.refused(w.keys[delegate], "StartLogging", `{"Name":"all"}`, "TrailNotFound", "Unknown trail: arn:aws:cloudtrail:us-east-1:333333333333:trail/all for the user: 333333333333")
	w.ok(narrow, "StartLogging", `{"Name":"`+arn+`"}`)

	// A member sees it, and can do nothing about it.
	if got := w.ok(w.keys[member], "DescribeTrails", `{}`); got.Get("trailList.0.TrailARN") != arn {
		t.Errorf("a member sees %s", got.Body)
	}
	if got := w.ok(w.keys[member], "DescribeTrails", `{"includeShadowTrails":false}`); got.Body != `{"trailList":[]}` {
		t.Errorf("without shadow trails a member sees %s", got.Body)
	}
	if got := w.ok(w.keys[member], "GetTrailStatus", `{"Name":"`+arn+`"}`); got.Get("IsLogging") != "true" {
		t.Errorf("a member is told %s", got.Body)
	}
	w.refused(w.keys[member], "GetTrailStatus", `{"Name":"all"}`, "TrailNotFound", "")
	for _, name := range []string{"StopLogging", "DeleteTrail", "UpdateTrail"} {
		w.refused(w.keys[member], name, `{"Name":"`+arn+`"}`, "NotOrganizationMasterAccount", "")
		w.refused(w.keys[outside], name, `{"Name":"`+arn+`"}`, "CloudTrailARNInvalid", "AccountID in ARN is wrong, you can only access resources with AccountID 444444444444.")
	}
	w.refused(w.keys[member], "ListTags", `{"ResourceIdList":["`+arn+`"]}`, "CloudTrailARNInvalid", "AccountID in ARN is wrong, you can only access resources with AccountID 222222222222.")
	blind := w.user(member, "blind", statement("Allow", "*", "arn:aws:cloudtrail:us-east-1:222222222222:trail/*", ""))
	w.refused(blind, "GetTrail", `{"Name":"`+arn+`"}`, "AccessDenied", "")

	// Without trusted access there is nothing to see; it cannot end as long as somebody administers it.
	w.OrgsCall(w.keys[management], "DisableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`).Refused(400, "ConstraintViolationException", "")
	w.ok(w.keys[management], "DeregisterOrganizationDelegatedAdmin", `{"DelegatedAdminAccountId":"333333333333"}`)
	w.refused(w.keys[management], "DeregisterOrganizationDelegatedAdmin", `{"DelegatedAdminAccountId":"333333333333"}`, "AccountNotRegistered", "")
	w.refused(w.keys[delegate], "StopLogging", `{"Name":"`+arn+`"}`, "NotOrganizationMasterAccount", "")
	w.OrgsCall(w.keys[management], "DisableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`).OK()
	w.refused(w.keys[member], "GetTrail", `{"Name":"`+arn+`"}`, "CloudTrailARNInvalid", "")
	name, body = register(management, string(delegate))
	w.refused(w.keys[management], name, body, "CloudTrailAccessNotEnabled", "")
	w.refused(w.keys[management], "CreateTrail", `{"Name":"two","S3BucketName":"bucket","IsOrganizationTrail":true}`, "CloudTrailAccessNotEnabled", "")
	w.ok(w.keys[management], "DeleteTrail", `{"Name":"all"}`)
}
