package cloudtrailapi_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/httpapi/cloudtrailapi"
	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestEveryOperation holds that the table has the operations of the model.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	if got, want := cloudtrailapi.New(cloudtrailapi.Deps{}).Operations(), slices.Sorted(maps.Keys(model)); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// sample returns a value of a shape with all members, or with those alone that are required.
func sample(shape any, all bool) any {
	switch shape := shape.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, of := range shape["members"].(map[string]any) {
			if all || slices.Contains(shape["required"].([]any), any(name)) {
				out[name] = sample(of, all)
			}
		}
		return out
	case []any:
		return []any{sample(shape[0], all)}
	}
	switch shape {
	case "boolean":
		return true
	case "timestamp", "integer", "long":
		return 1
	case "map":
		return map[string]any{"k": "v"}
	}
	return "222222222222"
}

func write(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryMember: every operation reads all members of the model, with their types, and no others; and whatever it
// answers is documented.
func TestEveryMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.keys[outside]
	serialization := func(name, body string) bool {
		a := w.TrailCall(key, name, body)
		w.documented(name, a)
		return a.Status != 200 && a.Get("__type") == "SerializationException"
	}
	for name, o := range model {
		for _, all := range []bool{true, false} {
			if body := write(t, sample(o.Input, all)); serialization(name, body) {
				t.Errorf("%s does not read %s: %s", name, body, w.TrailCall(key, name, body).Body)
			}
		}
		if !serialization(name, `{"Colour":"red"}`) {
			t.Errorf("%s takes a member that it does not know", name)
		}
		for member := range o.Input.(map[string]any)["members"].(map[string]any) {
			wrong := sample(o.Input, true).(map[string]any)
			// No member is a list of lists.
			wrong[member] = []any{[]any{}}
			if body := write(t, wrong); !serialization(name, body) {
				t.Errorf("%s takes %s for its member %s", name, body, member)
			}
		}
		for _, member := range o.Input.(map[string]any)["required"].([]any) {
			body := sample(o.Input, false).(map[string]any)
			delete(body, member.(string))
			if a := w.TrailCall(key, name, write(t, body)); a.Status == 200 {
				t.Errorf("%s succeeds without %s: %s", name, member, a.Body)
			}
		}
	}
}

// TestNotOffered: what is not here is answered with empty lists, and with errors that AWS documents, once the caller was
// found to be allowed to ask.
func TestNotOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.keys[outside]
	nobody := w.User(outside, "nobody")
	w.ok(key, "CreateTrail", `{"Name":"trail","S3BucketName":"bucket"}`)
	const store = `"EventDataStore":"arn:aws:cloudtrail:us-east-1:444444444444:eventdatastore/x"`
	for _, c := range [][3]string{
		{"CreateEventDataStore", `{"Name":"x"}`, "UnsupportedOperation"}, {"GetEventDataStore", `{` + store + `}`, "EventDataStoreNotFound"},
		{"ListEventDataStores", `{}`, "EventDataStores"}, {"ListChannels", `{}`, "Channels"}, {"ListDashboards", `{"Type":"CUSTOM"}`, "Dashboards"},
		{"ListImports", `{"ImportStatus":"FAILED"}`, "Imports"}, {"ListImportFailures", `{"ImportId":"x"}`, "Failures"}, {"SearchSampleQueries", `{"SearchPhrase":"x"}`, "SearchResults"},
		{"GetChannel", `{"Channel":"x"}`, "ChannelNotFound"}, {"GetDashboard", `{"DashboardId":"x"}`, "ResourceNotFound"}, {"GetImport", `{"ImportId":"x"}`, "ImportNotFound"},
		{"DescribeQuery", `{` + store + `,"QueryId":"x"}`, "QueryIdNotFound"}, {"StartQuery", `{"QueryStatement":"x"}`, "UnsupportedOperation"},
		{"GetResourcePolicy", `{"ResourceArn":"x"}`, "ResourceNotFound"}, {"GetInsightSelectors", `{"TrailName":"trail"}`, "InsightNotEnabled"},
		{"GetInsightSelectors", `{"TrailName":"nope"}`, "TrailNotFound"}, {"GetInsightSelectors", `{}`, "InvalidParameter"},
		{"GetInsightSelectors", `{"TrailName":"trail",` + store + `}`, "InvalidParameterCombination"}, {"GetInsightSelectors", `{` + store + `}`, "InsightNotEnabled"},
		{"PutInsightSelectors", `{"TrailName":"trail","InsightSelectors":[{"InsightType":"ApiCallRateInsight"}]}`, "UnsupportedOperation"},
		{"GetEventConfiguration", `{"TrailName":"trail"}`, "UnsupportedOperation"}, {"PutEventConfiguration", `{"TrailName":"x","MaxEventSize":"Huge"}`, "InvalidParameter"},
		{"ListInsightsData", `{"InsightSource":"arn:aws:cloudtrail:us-east-1:444444444444:trail/trail","DataType":"InsightsEvents"}`, "Events"},
		{"ListInsightsMetricData", `{"EventSource":"x","EventName":"y","InsightType":"ApiCallRateInsight"}`, "Values"},
	} {
		if strings.HasSuffix(c[2], "s") || c[2] == "EventDataStores" {
			if got := w.ok(key, c[0], c[1]).Get(c[2]); got != "[]" {
				t.Errorf("%s lists %s", c[0], got)
			}
		} else {
			w.refused(key, c[0], c[1], c[2], "")
		}
		if c[2] != "InvalidParameter" {
			w.refused(nobody, c[0], c[1], "AccessDenied", "")
		}
	}
	w.refused(key, "GetInsightSelectors", `{"TrailName":"trail"}`, "InsightNotEnabled", "Trail trail does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation again.")
}

// TestProtocol: nobody is told anything without a signature, and no operation is guessed.
func TestProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.TrailCall(querytest.Key{}, "ListTrails", `{}`).Refused(400, "MissingAuthenticationTokenException", "")
	w.TrailCall(w.keys[outside], "ListTrail", `{}`).Refused(400, "UnknownOperationException", "")
}

// TestTargets holds that the SDKs that send the short form of the target are understood, as the one in Go.
func TestTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const long, short = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.", "CloudTrail_20131101."
	for _, target := range []string{long + "ListTrails", short + "ListTrails"} {
		w.TrailTarget(w.keys[outside], target, `{}`).OK()
	}
	for _, target := range []string{"ListTrails", short, "example." + short + "ListTrails", short + long + "ListTrails"} {
		w.TrailTarget(w.keys[outside], target, `{}`).Refused(400, "UnknownOperationException", "")
	}
}
