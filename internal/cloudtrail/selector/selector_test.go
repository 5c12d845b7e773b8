package selector

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/apierr"
)

// parse reads selectors as the documentation writes them: a list of one kind.
func parse(t *testing.T, text string) (basic []Basic, advanced []Advanced) {
	t.Helper()
	to := any(&basic)
	if strings.Contains(text, "FieldSelectors") {
		to = &advanced
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return basic, advanced
}

// upload is an event about an object.
func upload(key string) Event {
	return Event{Name: "PutObject", Source: "s3.amazonaws.com", ResourceType: objectType, ResourceARN: "arn:aws:s3:::" + key}
}

func with(e Event, change func(*Event)) Event {
	change(&e)
	return e
}

const (
	dataOfObjects = `{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}`

	// managementAndTwoPrefixes chooses all management events, and uploads to and deletions in two places.
	//
	// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html#creating-data-event-selectors-advanced
	managementAndTwoPrefixes = `[{"Name":"Log readOnly and writeOnly management events","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},
		{"Name":"Log PutObject and DeleteObject events for two S3 prefixes","FieldSelectors":[` + dataOfObjects + `,
		{"Field":"eventName","Equals":["PutObject","DeleteObject"]},
		{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::amzn-s3-demo-bucket1/prefix","arn:aws:s3:::amzn-s3-demo-bucket2/prefix2"]}]}]`

	// manyConditions is AWS's example of how conditions on one field are put together.
	//
	// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html#filtering-data-events-conditions
	manyConditions = `[{"Name":"S3Select","FieldSelectors":[` + dataOfObjects + `,{"Field":"resources.ARN",
		"Equals":["arn:aws:s3:::amzn-s3-demo-bucket/object1"],"StartsWith":["arn:aws:s3:::amzn-s3-demo-bucket/"],"EndsWith":["object3"],
		"NotStartsWith":["arn:aws:s3:::amzn-s3-demo-bucket/deselect"],"NotEndsWith":["object5"],"NotEquals":["arn:aws:s3:::amzn-s3-demo-bucket/object6"]}]}]`
)

// TestMatches holds which events selectors choose: the examples of AWS's documentation first.
func TestMatches(t *testing.T) {
	t.Parallel()
	user := Event{Management: true, Name: "CreateUser", Source: "iam.amazonaws.com"}
	users := Event{Management: true, ReadOnly: true, Name: "ListUsers", Source: "iam.amazonaws.com"}
	encrypt := Event{Management: true, Name: "Encrypt", Source: "kms.amazonaws.com"}
	get := func(key string) Event {
		return with(upload(key), func(e *Event) { e.Name, e.ReadOnly = "GetObject", true })
	}
	byConsole := with(upload("b/k"), func(e *Event) { e.FromConsole = true })
	for _, c := range []struct {
		name, selectors string
		yes, no         []Event
		data            bool
	}{
		// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html#logging-data-events-examples
		{
			"all objects of a bucket", `[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::bucket-1/"]}]}]`,
			[]Event{upload("bucket-1/k"), get("bucket-1/k"), user, users, encrypt}, []Event{upload("bucket-2/k"), upload("bucket-11/k")}, true,
		},
		{
			"writes below a prefix", `[{"ReadWriteType":"WriteOnly","IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::bucket-3/my-images"]}]}]`,
			[]Event{upload("bucket-3/my-images/example.jpg")}, []Event{upload("bucket-3/my-videos/example.avi"), get("bucket-3/my-images/example.jpg"), user, users}, true,
		},
		{
			"all objects, and functions", `[{"ReadWriteType":"ReadOnly","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]},{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}]`,
			[]Event{get("b/k"), users}, []Event{upload("b/k"), user}, true,
		},
		{
			"without those of KMS", `[{"ReadWriteType":"All","ExcludeManagementEventSources":["kms.amazonaws.com"],"IncludeManagementEvents":true}]`,
			[]Event{user, users}, []Event{encrypt, upload("b/k")}, false,
		},
		{
			"two selectors", `[{"ReadWriteType":"WriteOnly","IncludeManagementEvents":true},{"ReadWriteType":"ReadOnly","IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::"]}]}]`,
			[]Event{user, get("b/k")}, []Event{users, upload("b/k")}, true,
		},
		{
			"management, and two prefixes", managementAndTwoPrefixes,
			[]Event{user, users, encrypt, upload("amzn-s3-demo-bucket1/prefix/k"), upload("amzn-s3-demo-bucket2/prefix23")},
			[]Event{get("amzn-s3-demo-bucket1/prefix/k"), upload("amzn-s3-demo-bucket2/prefix1"), upload("amzn-s3-demo-bucket3/prefix")}, true,
		},
		{
			"many conditions on one field", manyConditions,
			[]Event{upload("amzn-s3-demo-bucket/object1"), upload("amzn-s3-demo-bucket/object2"), upload("amzn-s3-demo-bucket1/object3")},
			[]Event{upload("amzn-s3-demo-bucket/deselectObject4"), upload("amzn-s3-demo-bucket/object5"), upload("amzn-s3-demo-bucket/object6"), upload("amzn-s3-demo-bucket1/object2")}, true,
		},
		{
			"all but one bucket", `[{"FieldSelectors":[` + dataOfObjects + `,{"Field":"eventName","Equals":["PutObject","DeleteObject"]},{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::amzn-s3-demo-bucket/"]}]}]`,
			[]Event{upload("b/k")}, []Event{upload("amzn-s3-demo-bucket/k"), get("b/k"), user}, true,
		},
		{
			"not by a role", `[{"FieldSelectors":[` + dataOfObjects + `,{"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b/"]},{"Field":"userIdentity.arn","NotStartsWith":["arn:aws:sts::123456789012:assumed-role/bucket-scanner-role"]}]}]`,
			[]Event{upload("b/k"), with(upload("b/k"), func(e *Event) { e.UserARN = "arn:aws:iam::123456789012:user/bucket-scanner-role" })},
			[]Event{with(upload("b/k"), func(e *Event) { e.UserARN = "arn:aws:sts::123456789012:assumed-role/bucket-scanner-role/s" }), upload("c/k")}, true,
		},
		{
			"management events without some sources", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["false"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com","rdsdata.amazonaws.com"]}]}]`,
			[]Event{user}, []Event{users, encrypt, upload("b/k")}, false,
		},
		{
			"reads of objects", `[{"FieldSelectors":[` + dataOfObjects + `,{"Field":"readOnly","Equals":["true"]},{"Field":"eventSource","EndsWith":[".amazonaws.com"]}]}]`,
			[]Event{get("b/k")}, []Event{upload("b/k")}, true,
		},
		// Every data event is a call of an API.
		{
			"calls", `[{"FieldSelectors":[` + dataOfObjects + `,{"Field":"eventType","NotEquals":["AwsServiceEvent"]},{"Field":"sessionCredentialFromConsole","NotEquals":["true"]}]}]`,
			[]Event{upload("b/k")}, []Event{byConsole}, true,
		},
		{"what services do", `[{"FieldSelectors":[` + dataOfObjects + `,{"Field":"eventType","StartsWith":["AwsService"]}]}]`, nil, []Event{upload("b/k")}, true},
		{"of the console", `[{"FieldSelectors":[` + dataOfObjects + `,{"Field":"sessionCredentialFromConsole","Equals":["true"]}]}]`, []Event{byConsole}, []Event{upload("b/k")}, true},
		{
			"what is not here", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3Outposts::Object"]}]}]`,
			nil, []Event{upload("b/k"), user}, false,
		},
	} {
		set, err := Compile(parse(t, c.selectors))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if set.Data() != c.data {
			t.Errorf("%s: data events are said to be chosen: %t", c.name, set.Data())
		}
		for i, list := range [][]Event{c.no, c.yes} {
			for _, e := range list {
				if got := set.Matches(&e); got != (i == 1) {
					t.Errorf("%s: chooses %+v: %t", c.name, e, got)
				}
			}
		}
	}
	set, err := Compile(Default(), nil)
	if err != nil || !set.Matches(&user) || !set.Matches(&users) || set.Data() {
		t.Errorf("the selector of a trail that was given none: %v", err)
	}
}

// TestRefused holds what selectors are refused.
func TestRefused(t *testing.T) {
	t.Parallel()
	basicOf := func(kind, value string) string {
		return `[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"` + kind + `","Values":["` + value + `"]}]}]`
	}
	advancedOf := func(fields string) string { return `[{"FieldSelectors":[` + fields + `]}]` }
	of := func(field string) string { return advancedOf(dataOfObjects + "," + field) }
	inManagement := func(field string) string {
		return advancedOf(`{"Field":"eventCategory","Equals":["Management"]},` + field)
	}
	list := func(n int) string {
		return strings.TrimSuffix(strings.Repeat(`"arn:aws:s3:::bucket/k",`, n), ",")
	}
	const plain = `{"ReadWriteType":"All","IncludeManagementEvents":true}`
	for text, message := range map[string]string{
		`[]`: "Specify EventSelectors or AdvancedEventSelectors.",
		`[` + strings.Repeat(plain+",", 5) + plain + `]`:                                                        "A trail can have up to 5 event selectors.",
		`[{"ReadWriteType":"read-only","IncludeManagementEvents":true}]`:                                        "Value read-only for ReadWriteType is invalid.",
		`[{"ReadWriteType":"All"}]`:                                                                             "",
		basicOf("AWS::S3::Bucket", "arn:aws:s3:::b/"):                                                           "Value AWS::S3::Bucket for DataResources.Type is invalid.",
		basicOf("AWS::S3::Object", "arn:aws:s3:::*"):                                                            "Value arn:aws:s3:::* for DataResources.Values is invalid.",
		basicOf("AWS::S3::Object", "arn:aws:s3:::*/*"):                                                          "Value arn:aws:s3:::*/* for DataResources.Values is invalid.",
		basicOf("AWS::S3::Object", "arn:aws:s3:::*/"):                                                           "Value arn:aws:s3:::*/ for DataResources.Values is invalid.",
		basicOf("AWS::S3::Object", "arn:aws:s3:::bucket"):                                                       "",
		basicOf("AWS::S3::Object", "arn:aws:s"):                                                                 "",
		basicOf("AWS::S3::Object", "arn:aws:lambda"):                                                            "",
		basicOf("AWS::S3::Object", ""):                                                                          "",
		basicOf("AWS::Lambda::Function", "arn:aws:lambda:*"):                                                    "Value arn:aws:lambda:* for DataResources.Values is invalid.",
		basicOf("AWS::DynamoDB::Table", "arn:aws:dynamodb:r:1:index/x"):                                         "",
		`[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object"}]}]`: "",
		`[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":[` + list(251) + `]}]}]`:      "A trail can have up to 250 data resources in all of its event selectors.",
		`[{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":["s3.amazonaws.com"]}]`:                           "Value s3.amazonaws.com for ExcludeManagementEventSources is invalid.",
		advancedOf(`{"Field":"readOnly","Equals":["true"]}`):                                                                                      "",
		advancedOf(`{"Field":"eventCategory","StartsWith":["Management"]}`):                                                                       "",
		advancedOf(`{"Field":"eventCategory","Equals":["Management","Data"]}`):                                                                    "",
		advancedOf(`{"Field":"eventCategory","Equals":["Insight"]}`):                                                                              "",
		advancedOf(`{"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"eventSource","Equals":["kms.amazonaws.com"]}`):               "Network activity events are not offered here.",
		advancedOf(`{"Field":"eventCategory","Equals":["Data"]}`):                                                                                 "",
		advancedOf(`{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Bucket"]}`):                         "",
		advancedOf(`{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object","AWS::Lambda::Function"]}`): "",
		advancedOf(`{"Field":"eventCategory","Equals":["Data"],"NotEquals":["x"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}`):       "",
		advancedOf(dataOfObjects + `,{"Field":"resources.type","Equals":["AWS::Lambda::Function"]}`):                                              "",
		of(`{"Field":"readOnly","Equals":["yes"]}`):                                                                                               "",
		of(`{"Field":"readOnly","NotEquals":["true"]}`):                                                                                           "",
		of(`{"Field":"readOnly","Equals":["true","false"]}`):                                                                                      "",
		of(`{"Field":"errorCode","Equals":["VpceAccessDenied"]}`):                                                                                 "Field errorCode is not valid for Data events of a trail.",
		of(`{"Field":"eventName"}`):                                                                                           "",
		of(`{"Field":"eventName","Equals":[""]}`):                                                                             "",
		of(`{"Field":"eventName","Equals":["` + strings.Repeat("x", 2049) + `"]}`):                                            "",
		of(`{"Field":"eventName","Equals":["a"]},{"Field":"eventName","NotEquals":["b"]}`):                                    "Field eventName is there twice in an advanced event selector.",
		of(`{"Field":"resources.ARN","Equals":["arn:aws:s3:::bucket"]}`):                                                      "",
		of(`{"Field":"resources.ARN","NotEquals":["bucket/k"]}`):                                                              "",
		of(`{"Field":"sessionCredentialFromConsole","Equals":["false"]}`):                                                     "",
		of(`{"Field":"sessionCredentialFromConsole","StartsWith":["true"]}`):                                                  "",
		of(`{"Field":"resources.ARN","StartsWith":[` + list(251) + `]}`):                                                      "A trail can have up to 250 data resources in all of its event selectors.",
		of(`{"Field":"eventName","Equals":[` + list(499) + `]}`):                                                              "A trail can have up to 500 values for all conditions in all advanced event selectors.",
		inManagement(`{"Field":"eventName","Equals":["CreateUser"]}`):                                                         "Field eventName is not valid for Management events of a trail.",
		inManagement(`{"Field":"eventSource","Equals":["kms.amazonaws.com"]}`):                                                "",
		inManagement(`{"Field":"eventSource","NotEquals":["iam.amazonaws.com"]}`):                                             "",
		`[{"Name":"` + strings.Repeat("x", 1001) + `","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`: "",
		`[{"FieldSelectors":[]}]`: "",
	} {
		err := Check(parse(t, text))
		if !apierr.Is(err, "InvalidEventSelectorsException") || message != "" && apierr.From(err).Message != message {
			t.Errorf("%.200s: %v, want %s", text, err, message)
		}
	}
	if err := Check(Default(), []Advanced{{FieldSelectors: []Field{{Field: eventCategory, Equals: []string{management}}}}}); err == nil {
		t.Error("a trail may have selectors of both kinds")
	}
	for text := range map[string]bool{
		of(`{"Field":"eventName","Equals":[` + list(498) + `]}`):                                                                                          true,
		basicOf("AWS::Lambda::Function", "arn:aws:lambda:us-west-2:111111111111:function:helloworld"):                                                     true,
		basicOf("AWS::DynamoDB::Table", "arn:aws:dynamodb:us-east-2:123456789012:table/T"):                                                                true,
		`[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3",` + list(250) + `]}]}]`: true,
	} {
		if err := Check(parse(t, text)); err != nil {
			t.Errorf("%.200s: %v", text, err)
		}
	}
}

// TestKnownTypes holds that the table of types is read right.
func TestKnownTypes(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		"AWS::S3::Object": true, "AWS::Lambda::Function": true, "AWS::DynamoDB::Stream": true, "AWS::XRay::Trace": true, "AWS::AgentAccessMCP::Tools": true,
		"AWS::Quicksight::ActionConnector": true, "S3::Object": false, "AWS::S3::Bucket": false, "AWS::S3": false, "": false, "AWS::::Object": false, "AWS::S3::": false,
	} {
		if KnownType(kind) != want {
			t.Errorf("%s is known: %t", kind, !want)
		}
	}
}

// naive is fit without any order.
func naive(v, prefixes, suffixes []string, text string) bool {
	for _, s := range v {
		if s == text {
			return true
		}
	}
	for _, s := range prefixes {
		if strings.HasPrefix(text, s) {
			return true
		}
	}
	for _, s := range suffixes {
		if strings.HasSuffix(text, s) {
			return true
		}
	}
	return false
}

// FuzzValues holds that sorted values choose what they choose one by one.
func FuzzValues(f *testing.F) {
	f.Add("a|ab|b", "x|xy|", "z", "xyz")
	f.Add("", "arn:aws:s3:::b/|arn:aws:s3:::b/k|arn:aws:s3:::a", "", "arn:aws:s3:::b/kk")
	f.Add("", "b|ba|bb|c", "", "bab")
	f.Add("", "b|ba", "", "bb")
	f.Fuzz(func(t *testing.T, exact, prefixes, suffixes, text string) {
		split := func(s string) []string {
			if s == "" {
				return nil
			}
			return strings.Split(s, "|")
		}
		v := newValues(split(exact), split(prefixes), split(suffixes))
		if got, want := v.fit(text), naive(split(exact), split(prefixes), split(suffixes), text); got != want {
			t.Errorf("%q %q %q fit %q: %t, want %t", exact, prefixes, suffixes, text, got, want)
		}
	})
}

// largest is as many basic selectors and data resources as a trail can have.
func largest(t testing.TB) *Set {
	var list []string
	for i := range maxResources {
		list = append(list, fmt.Sprintf("arn:aws:s3:::bucket-%03d/prefix/", i))
	}
	set, err := Compile([]Basic{{ReadWriteType: All, DataResources: []Resource{{Type: objectType, Values: list}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestMatchesDoesNotAllocate holds that for each kind of condition.
func TestMatchesDoesNotAllocate(t *testing.T) {
	e := upload("bucket-249/prefix/k")
	sets := []*Set{largest(t)}
	for _, text := range []string{managementAndTwoPrefixes, manyConditions} {
		set, err := Compile(parse(t, text))
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, set)
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, s := range sets {
			s.Matches(&e)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkMatches is about an event that the largest set of basic selectors chooses.
func BenchmarkMatches(b *testing.B) {
	set, e := largest(b), upload("bucket-249/prefix/k")
	b.ReportAllocs()
	for b.Loop() {
		if !set.Matches(&e) {
			b.Fatal("not chosen")
		}
	}
}
