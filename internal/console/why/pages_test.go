package why

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`

// hostileJSON is hostile as a string of JSON.
func hostileJSON(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// paths are all pages.
var paths = []string{
	"/why/requests", "/why/requests?outcome=any&since=all&principal=x&from=2026-11-27T01:00", "/why/requests/0RL8Q0KQZ24AIMMU", "/why/ask", "/why/ask?action=s3:GetObject&resource=b/k&key=aws:SourceIp&value=1.2.3.4",
	"/why/map", "/why/map/paths", "/why/findings", "/why/findings?create=1", "/why/findings/view?analyzer=main&id=1", "/why/findings/rules?analyzer=main",
	"/why/events", "/why/events?key=EventName&value=x", "/why/trails", "/why/trails/create", "/why/trails/view?name=main",
}

// TestEmpty holds that each page can be shown where there is nothing, and teaches.
func TestEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers["GetTrail"] = `{"Trail":{}}`
	w.answers["GetAnalyzer"], w.answers["GetFinding"] = `{"analyzer":{"arn":"arn:aws:access-analyzer:us-east-1:1:analyzer/main"}}`, `{"finding":{}}`
	for _, path := range paths {
		w.Has(path)
	}
	want(t, "requests", w.Has("/why/requests"), "Nothing was denied", `href="/why/ask"`)
	want(t, "findings", w.Has("/why/findings"), "No analyzer yet", "Create analyzer")
	want(t, "trails", w.Has("/why/trails"), "No trail yet")
	want(t, "events", w.Has("/why/events"), "This account has no trail", "No events")
}

// TestDenied holds that an error of the API is shown as it was given, and the page remains.
func TestDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"ListRequests", "ExplainRequest", "ExplainAccess", "ListAnalyzers", "LookupEvents", "DescribeTrails", "ListArchiveRules"} {
		w.answers[name] = "AccessDeniedException You may <not>."
	}
	for _, path := range []string{"/why/requests", "/why/requests/0RL8Q0KQZ24AIMMU", "/why/ask?action=s3:GetObject", "/why/findings", "/why/events", "/why/trails", "/why/findings/rules?analyzer=main"} {
		want(t, path, w.Has(path), "AccessDeniedException", "You may &lt;not&gt;.", "0RL8Q0KQZ24AIMMU", `href="/why/requests/0RL8Q0KQZ24AIMMU">Why?</a>`, "<h1>")
	}
}

// TestFull holds that pages show what the API tells, and that no text of anybody becomes markup.
func TestFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	evil := hostileJSON(t)
	in := func(name string) string {
		// The names in it are replaced by hostile ones.
		return strings.NewReplacer(`AllPutForOtherAccountUser`, strings.Trim(evil, `"`), `image-from-b-user.png`, strings.Trim(evil, `"`), `"UserAgent": "`, `"UserAgent": "`+strings.Trim(evil, `"`)).Replace(file(t, name))
	}
	w.answers["ListRequests"], w.answers["ExplainRequest"], w.answers["ListAccess"] = in("requests.json"), in("across_owner.json"), in("reach.json")
	var report struct{ Report json.RawMessage }
	if err := json.Unmarshal([]byte(in("across_owner.json")), &report); err != nil {
		t.Fatal(err)
	}
	w.answers["ExplainAccess"] = string(report.Report)
	w.answers["ListAnalyzers"] = `{"analyzers":[{"name":"main","arn":"arn:aws:access-analyzer:us-east-1:111122223333:analyzer/main","type":"ACCOUNT","status":"ACTIVE","createdAt":"2026-11-27T00:00:00Z"}]}`
	w.answers["GetAnalyzer"] = `{"analyzer":{"name":"main","arn":"arn:aws:access-analyzer:us-east-1:111122223333:analyzer/main","type":"ACCOUNT","status":"ACTIVE","createdAt":"2026-11-27T00:00:00Z"}}`
	finding := `{"id":` + evil + `,"status":"ACTIVE","resource":` + evil + `,"resourceType":"AWS::S3::Bucket","resourceOwnerAccount":"111122223333","isPublic":true,"principal":{"AWS":` + evil + `},"condition":{` + evil + `:` + evil + `},"action":[` + evil + `],"error":` + evil + `}`
	w.answers["ListFindings"], w.answers["GetFinding"] = `{"nextToken":"n","findings":[`+finding+`]}`, `{"finding":`+finding+`}`
	w.answers["ListArchiveRules"] = `{"archiveRules":[{"ruleName":` + evil + `,"filter":{` + evil + `:{"eq":[` + evil + `],"exists":true}}}]}`
	event, err := json.Marshal(`{"errorCode":"AccessDenied","errorMessage":` + evil + `,"requestID":"0RL8Q0KQZ24AIMMU","userIdentity":{"arn":` + evil + `},"userAgent":` + evil + `,"sourceIPAddress":` + evil + `}`)
	if err != nil {
		t.Fatal(err)
	}
	w.answers["LookupEvents"] = `{"NextToken":"n","Events":[{"EventId":` + evil + `,"EventName":` + evil + `,"Username":` + evil + `,"EventSource":` + evil + `,"EventTime":1,"Resources":[{"ResourceName":` + evil + `}],"CloudTrailEvent":` + string(event) + `}]}`
	trail := `{"Name":` + evil + `,"TrailARN":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main","S3BucketName":` + evil + `,"S3KeyPrefix":` + evil + `,"IsOrganizationTrail":true}`
	w.answers["DescribeTrails"], w.answers["GetTrail"] = `{"trailList":[`+trail+`]}`, `{"Trail":`+trail+`}`
	w.answers["GetTrailStatus"] = `{"IsLogging":true,"LatestDeliveryError":` + evil + `}`
	w.answers["GetEventSelectors"] = `{"EventSelectors":[{"DataResources":[{"Type":` + evil + `,"Values":[` + evil + `]}]}]}`
	for _, path := range append(paths, "/why/map/paths?bucket="+url.QueryEscape(hostile), "/why/ask?principal="+url.QueryEscape(hostile)+"&action="+url.QueryEscape(hostile)+"&key="+url.QueryEscape(hostile)+"&value="+url.QueryEscape(hostile)) {
		text := w.Has(path)
		want(t, path, text, "!<script>alert", "!<img src=x")
		if strings.Contains(text, " style=") || strings.Contains(text, "onerror=alert(1)>\"") {
			t.Errorf("%s has markup that it must not have", path)
		}
	}
	want(t, "requests", w.Has("/why/requests"), "before=2026-11-27T02%3A22%3A27", "after=", "denied", "0RL849F0EGQQIFM7")
	want(t, "request", w.Has("/why/requests/0RL83VIJPPQQ75TY"), "Denied: neither bucket policy nor ACL", "not shown", "Conditions that were compared", "What would change it", `/buckets/awsseccookbook/permissions`, "and")
	want(t, "events", w.Has("/why/events"), `href="/why/requests/0RL8Q0KQZ24AIMMU"`, "token=n", "!This account has no trail")
	want(t, "findings", w.Has("/why/findings"), "public", "token=n", `value="archive"`)
	want(t, "paths", w.Part("/why/map/paths?bucket=awsseccookbook"), "one-sided", "<iframe", "!<html")
	want(t, "paths of one", w.Has("/why/map/paths?bucket=awsseccookbook&principal=x"), "awsseccookbook", "Root user")
	want(t, "paths to another", w.Has("/why/map/paths?bucket=other&principal=x"), "Nobody reaches it")
	if got := w.asked["ListAccess"]; got != `{"Principal":"x"}` {
		t.Errorf("asked %s", got)
	}
	picture := w.Send("GET", "/why/map/picture", nil)
	if picture.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(picture.Header().Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(picture.Body.String(), `href="/buckets/awsseccookbook"`) {
		t.Errorf("picture: %v", picture.Header())
	}
}

// TestFresh holds that the page of a request that is not on record yet looks again by itself, some times, and that of an
// old one does not.
func TestFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers["ExplainRequest"] = "NoSuchRequest No request is on record."
	const id = "0RL8Q0KQZ24AIMMU" // made at 02:39:23, after now
	want(t, "fresh", w.Has("/why/requests/"+id), "Not on record yet", `hx-get="/why/requests/`+id+`?try=1"`, `hx-trigger="load delay:1s"`)
	want(t, "fresh, again", w.Part("/why/requests/"+id+"?try=4"), `?try=5"`, "!<html", `id="request"`)
	want(t, "fresh, too often", w.Has("/why/requests/"+id+"?try=5"), "There is no record of it", "!hx-get=\"/why")
	want(t, "old", w.Has("/why/requests/0RL83VIJPPQQ75TY"), "There is no record of it", "2026-11-27 02:22:10")
	want(t, "no ID", w.Has("/why/requests/x"), "This is no request ID")
}

// TestListed holds what is asked for a page of decisions, and where the next one begins.
func TestListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers["ListRequests"] = file(t, "requests.json")
	w.Has("/why/requests")
	if got, want := w.asked["ListRequests"], `{"Outcome":"denied","From":1795660200,"Limit":50}`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	text := w.Has("/why/requests?outcome=any&since=all&bucket=b&action=s3:Get*&before=2026-11-27T02:22:28.311509657Z&after=0RL849F0EGQQIFM7")
	if got, want := w.asked["ListRequests"], `{"Bucket":"b","Action":"s3:Get*","To":1795746148.312,"Limit":50}`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	want(t, "second page", text, "!/why/requests/0RL849F0EGQQIFM7", "First page", "0RL84993WUQHLCUW")
	want(t, "no time", w.Has("/why/requests?from=yesterday"), "is not a date and time")
}

// TestActions holds what forms do, as commands.
func TestActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const arn = "arn:aws:access-analyzer:us-east-1:111122223333:analyzer/main"
	w.answers["GetAnalyzer"] = `{"analyzer":{"name":"main","arn":"` + arn + `","type":"ACCOUNT","status":"ACTIVE"}}`
	w.answers["GetTrail"] = `{"Trail":{"Name":"main"}}`
	const trail = "/why/trails/view?name=main"
	for _, c := range []struct {
		path, do string
		form     url.Values
		want     string
	}{
		{"/why/findings", "create", url.Values{"name": {"main"}, "type": {"ACCOUNT"}}, "aws accessanalyzer create-analyzer --analyzer-name main --type ACCOUNT"},
		{"/why/findings", "delete", url.Values{"analyzer": {"main"}}, "aws accessanalyzer delete-analyzer --analyzer-name main"},
		{"/why/findings", "archive", url.Values{"analyzer": {"main"}, "id": {"1", "2"}}, "aws accessanalyzer update-findings --analyzer-arn " + arn + " --status ARCHIVED --ids 1 2"},
		{"/why/findings", "archive", url.Values{"analyzer": {"main"}}, "Choose findings first."},
		{"/why/findings/view?analyzer=main&id=1", "unarchive", url.Values{"id": {"1"}}, "aws accessanalyzer update-findings --analyzer-arn " + arn + " --status ACTIVE --ids 1"},
		{"/why/findings", "scan", url.Values{"analyzer": {"main"}, "resource": {"b"}}, "aws accessanalyzer start-resource-scan --analyzer-arn " + arn + " --resource-arn arn:aws:s3:::b"},
		{"/why/findings/rules?analyzer=main", "create", url.Values{"name": {"r"}, "filter": {`{"isPublic":{"eq":["true"]}}`}}, `aws accessanalyzer create-archive-rule --analyzer-name main --filter '{"isPublic":{"eq":["true"]}}' --rule-name r`},
		{"/why/findings/rules?analyzer=main", "create", url.Values{"name": {"r"}, "filter": {`{"isPublic":{"equals":["true"]}}`}}, `The criteria are not JSON of the form that is needed: json: unknown field "equals".`},
		{"/why/findings/rules", "apply", url.Values{"analyzer": {"main"}, "rule": {"r"}}, "aws accessanalyzer apply-archive-rule --analyzer-arn " + arn + " --rule-name r"},
		{"/why/findings/rules", "delete", url.Values{"analyzer": {"main"}, "rule": {"r"}}, "aws accessanalyzer delete-archive-rule --analyzer-name main --rule-name r"},
		{"/why/trails/create", "create", url.Values{"name": {"main"}, "bucket": {"logs"}, "prefix": {"p"}, "validation": {"on"}, "organization": {"on"}, "multiregion": {"on"}, "start": {"on"}, "data": {"some"}, "objects": {"b\nc/logs"}},
			"aws cloudtrail create-trail --name main --s3-bucket-name logs --enable-log-file-validation --is-multi-region-trail --is-organization-trail --s3-key-prefix p\n" +
				`aws cloudtrail put-event-selectors --trail-name main --event-selectors '[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/","arn:aws:s3:::c/logs"]}],"IncludeManagementEvents":true,"ReadWriteType":"All"}]'` +
				"\naws cloudtrail start-logging --name main"},
		{"/why/trails/create", "create", url.Values{"name": {"main"}, "bucket": {"logs"}, "data": {"some"}}, "Name the buckets whose data events the trail has, one a line."},
		{trail, "start", url.Values{}, "aws cloudtrail start-logging --name main"},
		{trail, "stop", url.Values{}, "aws cloudtrail stop-logging --name main"},
		{trail, "update", url.Values{"bucket": {"b"}, "was-organization": {"true"}}, "aws cloudtrail update-trail --name main --no-enable-log-file-validation --no-is-organization-trail --s3-bucket-name b --s3-key-prefix ''"},
		{trail, "selectors", url.Values{"selectors": {`{"EventSelectors":[{"ReadWriteType":"All"}]}`}}, `aws cloudtrail put-event-selectors --trail-name main --event-selectors '[{"ReadWriteType":"All"}]'`},
		{trail, "selectors", url.Values{"selectors": {`{"Selectors":[]}`}}, `The event selectors are not JSON of the form that is needed: json: unknown field "Selectors".`},
		{trail, "delete", url.Values{}, "aws cloudtrail delete-trail --name main"},
	} {
		if got := w.dry(c.path, c.do, c.form); got != c.want {
			t.Errorf("%s %s: got\n%s\nwant\n%s", c.path, c.do, got, c.want)
		}
	}
	for _, path := range []string{trail, "/why/findings", "/why/findings/rules?analyzer=main"} {
		for _, do := range []string{"delete", "stop"} {
			clear(w.asked)
			w.Send("POST", path, url.Values{"do": {do}, "analyzer": {"main"}, "rule": {"r"}, "confirm": {"other"}})
			for name := range w.asked {
				if strings.HasPrefix(name, "Delete") || strings.HasPrefix(name, "Stop") {
					t.Errorf("%s %s: %s was called without being confirmed", path, do, name)
				}
			}
		}
	}
	if got := w.Send("POST", trail, url.Values{"do": {"stop"}, "confirm": {"main"}}); got.Code != http.StatusSeeOther || got.Header().Get("Location") != trail {
		t.Errorf("stop: %d to %s", got.Code, got.Header().Get("Location"))
	}
}

// TestAsked holds how a question is asked, and that its address holds all of it.
func TestAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers["ExplainAccess"] = file(t, "half.json")
	address := askURL("arn:aws:iam::"+theirs+":user/a&b", "s3:PutObject", "arn:aws:s3:::b/k?c=d", []contextKey{{"aws:TagKeys", "a, b"}, {"s3:x-amz-acl", "private"}})
	text := w.Has(address)
	if got, want := w.asked["ExplainAccess"], `{"Principal":"arn:aws:iam::380701114427:user/a\u0026b","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/k?c=d","Context":[{"Key":"aws:TagKeys","Values":["a","b"]},{"Key":"s3:x-amz-acl","Values":["private"]}]}`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	want(t, "half", text, "Only what the policies of your own account say is told", "Not told", `value="arn:aws:s3:::b/k?c=d"`, `value="s3:x-amz-acl"`)
	if got := strings.Count(w.Has("/why/ask"), `name="key"`); got != leastRows {
		t.Errorf("%d rows for condition keys", got)
	}
}
