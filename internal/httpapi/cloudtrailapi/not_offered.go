package cloudtrailapi

import (
	"context"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/httpapi"
)

// What CloudTrail has and is not here.
const (
	stores     = "event data stores"
	queries    = "queries, which are about event data stores"
	channels   = "channels"
	dashboards = "dashboards"
	imports    = "imports into event data stores"
	insights   = "Insights"
	enrichment = "event configurations"
	policies   = "resource policies, which event data stores, channels and dashboards have"
)

// absent is a row of what is not offered: its members as spec says, what it is about, and what it answers.
type absent struct {
	name string
	what string
	// about is the type of resource that it is authorized on, and on the members that name it.
	about string
	on    []string
	spec  string
	run   runner
}

// notOffered returns the rows of what is not offered. They are authorized like all others, and their members are read
// as strictly; of structures it does not matter what is in them.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/cloudtrail for members and errors
func (a *api) notOffered() (rows []row) {
	store, channel, dashboard := []string{"EventDataStore"}, []string{"Channel"}, []string{"DashboardId"}
	either := []string{"TrailName", "EventDataStore"}
	for _, r := range []absent{
		{"CreateEventDataStore", stores, "", nil, "Name! AdvancedEventSelectors[]{} MultiRegionEnabled? OrganizationEnabled? RetentionPeriod# TerminationProtectionEnabled? TagsList[]{} KmsKeyId StartIngestion? BillingMode=EXTENDABLE_RETENTION_PRICING|FIXED_RETENTION_PRICING", unsupported(stores)},
		{"UpdateEventDataStore", stores, aStore, store, "EventDataStore! Name AdvancedEventSelectors[]{} MultiRegionEnabled? OrganizationEnabled? RetentionPeriod# TerminationProtectionEnabled? KmsKeyId BillingMode=EXTENDABLE_RETENTION_PRICING|FIXED_RETENTION_PRICING", missing("EventDataStore")},
		{"GetEventDataStore", stores, aStore, store, "EventDataStore!", missing("EventDataStore")},
		{"DeleteEventDataStore", stores, aStore, store, "EventDataStore!", missing("EventDataStore")},
		{"RestoreEventDataStore", stores, aStore, store, "EventDataStore!", missing("EventDataStore")},
		{"StartEventDataStoreIngestion", stores, aStore, store, "EventDataStore!", missing("EventDataStore")},
		{"StopEventDataStoreIngestion", stores, aStore, store, "EventDataStore!", missing("EventDataStore")},
		{"EnableFederation", stores, aStore, store, "EventDataStore! FederationRoleArn!", missing("EventDataStore")},
		{"DisableFederation", stores, aStore, store, "EventDataStore!", missing("EventDataStore")},
		{"ListEventDataStores", stores, "", nil, "NextToken MaxResults#", none("EventDataStores")},

		{"StartQuery", queries, "", nil, "QueryStatement DeliveryS3Uri QueryAlias QueryParameters[] EventDataStoreOwnerAccountId", unsupported(queries)},
		{"CancelQuery", queries, aStore, store, "EventDataStore QueryId! EventDataStoreOwnerAccountId", missing("QueryId")},
		{"DescribeQuery", queries, aStore, store, "EventDataStore QueryId QueryAlias RefreshId EventDataStoreOwnerAccountId", missing("QueryId")},
		{"GetQueryResults", queries, aStore, store, "EventDataStore QueryId! NextToken MaxQueryResults# EventDataStoreOwnerAccountId", missing("QueryId")},
		{"ListQueries", queries, aStore, store, "EventDataStore! NextToken MaxResults# StartTime@ EndTime@ QueryStatus=QUEUED|RUNNING|FINISHED|FAILED|CANCELLED|TIMED_OUT", missing("EventDataStore")},
		{"GenerateQuery", queries, aStore, []string{"EventDataStores"}, "EventDataStores[]! Prompt!", missing("EventDataStore")},
		{"SearchSampleQueries", queries, "", nil, "SearchPhrase! MaxResults# NextToken", none("SearchResults")},

		{"CreateChannel", channels, "", nil, "Name! Source! Destinations[]{}! Tags[]{}", unsupported(channels)},
		{"UpdateChannel", channels, aChannel, channel, "Channel! Destinations[]{} Name", missing("Channel")},
		{"GetChannel", channels, aChannel, channel, "Channel!", missing("Channel")},
		{"DeleteChannel", channels, aChannel, channel, "Channel!", missing("Channel")},
		{"ListChannels", channels, "", nil, "MaxResults# NextToken", none("Channels")},

		{"CreateDashboard", dashboards, "", nil, "Name! RefreshSchedule{} TagsList[]{} TerminationProtectionEnabled? Widgets[]{}", unsupported(dashboards)},
		{"UpdateDashboard", dashboards, aDashboard, dashboard, "DashboardId! Widgets[]{} RefreshSchedule{} TerminationProtectionEnabled?", missing("Resource")},
		{"GetDashboard", dashboards, aDashboard, dashboard, "DashboardId!", missing("Resource")},
		{"DeleteDashboard", dashboards, aDashboard, dashboard, "DashboardId!", missing("Resource")},
		{"StartDashboardRefresh", dashboards, aDashboard, dashboard, "DashboardId! QueryParameterValues{}", missing("Resource")},
		{"ListDashboards", dashboards, "", nil, "NamePrefix Type=MANAGED|CUSTOM NextToken MaxResults#", none("Dashboards")},

		{"StartImport", imports, "", nil, "Destinations[] ImportSource{} StartEventTime@ EndEventTime@ ImportId", unsupported(imports)},
		{"GetImport", imports, "", nil, "ImportId!", missing("Import")},
		{"StopImport", imports, "", nil, "ImportId!", missing("Import")},
		{"ListImports", imports, "", nil, "MaxResults# Destination ImportStatus=INITIALIZING|IN_PROGRESS|FAILED|STOPPED|COMPLETED NextToken", none("Imports")},
		{"ListImportFailures", imports, "", nil, "ImportId! MaxResults# NextToken", none("Failures")},

		{"PutInsightSelectors", insights, aTrail, either, "TrailName InsightSelectors[]{}! EventDataStore InsightsDestination", a.onTrail(unsupported(insights))},
		{"GetInsightSelectors", insights, aTrail, either, "TrailName EventDataStore", a.onTrail(withoutInsights)},
		{"ListInsightsData", insights, aTrail, []string{"InsightSource"}, "InsightSource! DataType!=InsightsEvents Dimensions{} StartTime@ EndTime@ MaxResults# NextToken", none("Events")},
		{"ListInsightsMetricData", insights, "", nil, "TrailName EventSource! EventName! InsightType!=ApiCallRateInsight|ApiErrorRateInsight ErrorCode StartTime@ EndTime@ Period# DataType=FillWithZeros|NonZeroData MaxResults# NextToken", none("Timestamps", "Values")},

		{"GetEventConfiguration", enrichment, aTrail, either, "TrailName EventDataStore", a.onTrail(unsupported(enrichment))},
		{"PutEventConfiguration", enrichment, aTrail, either, "TrailName EventDataStore MaxEventSize=Standard|Large ContextKeySelectors[]{} AggregationConfigurations[]{}", a.onTrail(unsupported(enrichment))},

		{"GetResourcePolicy", policies, aStore, []string{"ResourceArn"}, "ResourceArn!", missing("Resource")},
		{"PutResourcePolicy", policies, aStore, []string{"ResourceArn"}, "ResourceArn! ResourcePolicy!", missing("Resource")},
		{"DeleteResourcePolicy", policies, aStore, []string{"ResourceArn"}, "ResourceArn!", missing("Resource")},
	} {
		rows = append(rows, row{name: r.name, notOffered: r.what, about: r.about, decode: members(r.spec, r.on), run: r.run})
	}
	return rows
}

type runner = func(ctx context.Context, c *httpapi.Call, in *input) (any, error)

// unsupported makes nothing.
func unsupported(what string) runner {
	return func(context.Context, *httpapi.Call, *input) (any, error) {
		return nil, cloudtrail.Error("UnsupportedOperation", "Not offered here: %s.", what)
	}
}

// none lists nothing.
func none(members ...string) runner {
	return func(context.Context, *httpapi.Call, *input) (any, error) {
		answer := map[string]any{}
		for _, m := range members {
			answer[m] = []any{}
		}
		return answer, nil
	}
}

// missing finds nothing.
func missing(what string) runner {
	return func(context.Context, *httpapi.Call, *input) (any, error) {
		return nil, cloudtrail.Error(what+"NotFound", "There is nothing of the kind here.")
	}
}

// onTrail asks for the trail that the request is about, if it is about one, before run is asked.
func (a *api) onTrail(run runner) runner {
	return func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
		switch {
		case len(in.on) == 0:
			return nil, cloudtrail.Error("InvalidParameter", "Specify the name of a trail or an event data store.")
		case len(in.on) > 1:
			return nil, cloudtrail.Error("InvalidParameterCombination", "Specify either a trail or an event data store.")
		case in.about == "":
			if _, err := a.Trails.Get(ctx, c.Caller.Account, in.first()); err != nil {
				return nil, err
			}
		}
		return run(ctx, c, in)
	}
}

// withoutInsights has the text of
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-insights-events-with-cloudtrail.html
func withoutInsights(_ context.Context, _ *httpapi.Call, in *input) (any, error) {
	return nil, cloudtrail.Error("InsightNotEnabled",
		"Trail %s does not have Insights enabled. Edit the trail settings to enable Insights, and then try the operation again.", in.first())
}
