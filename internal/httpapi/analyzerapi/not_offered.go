package analyzerapi

import (
	"context"
	"net/http"

	"crossgrant/internal/analyzer"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/wire/json11"
	"crossgrant/internal/wire/restjson"
)

// What Access Analyzer has and is not here.
const (
	previews        = "access previews"
	generation      = "policy generation"
	recommendations = "recommendations, which are about unused access"
	serviceLinked   = "analyzers of other services"
)

var (
	previewIDs = []json11.Rule{json11.Pattern(`[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}`)}
	longIDs    = []json11.Rule{json11.Length(1, 2048)}
)

// notOffered returns the rows of what is not offered. They are authorized like all others and read as strictly; then
// they list nothing, find nothing, and make nothing.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/accessanalyzer for members and errors
func (a *api) notOffered() []row {
	rows := []row{
		{name: "CreateAccessPreview", method: "PUT", path: "/access-preview", about: aboutAnalyzer, notOffered: previews, run: refuse(previews), decode: func(in *restjson.Input, to *input) {
			readARN(in, to)
			readToken(in, to)
			in.RequiredObject("configurations").Skip()
		}},
		{name: "GetAccessPreview", method: "GET", path: "/access-preview/{accessPreviewId}", about: aboutAnalyzer, notOffered: previews, run: absent("AccessPreview"), decode: func(in *restjson.Input, to *input) {
			queryARN(in, to)
			to.id = in.Label("accessPreviewId", previewIDs...)
		}},
		{name: "ListAccessPreviews", method: "GET", path: "/access-preview", about: aboutAnalyzer, notOffered: previews, run: a.none("accessPreviews"), decode: func(in *restjson.Input, to *input) {
			queryARN(in, to)
			queryPage(in, to)
		}},
		{name: "ListAccessPreviewFindings", method: "POST", path: "/access-preview/{accessPreviewId}", about: aboutAnalyzer, notOffered: previews, run: absent("AccessPreview"), decode: func(in *restjson.Input, to *input) {
			readARN(in, to)
			to.id = in.Label("accessPreviewId", previewIDs...)
			to.filter = readFilter(in.Reader)
			readPage(in, to)
		}},

		{name: "StartPolicyGeneration", method: "PUT", path: "/policy/generation", notOffered: generation, run: refuse(generation), decode: func(in *restjson.Input, to *input) {
			in.RequiredObject("policyGenerationDetails").Required("principalArn")
			in.Object("cloudTrailDetails").Skip()
			readToken(in, to)
		}},
		{name: "CancelPolicyGeneration", method: "PUT", path: "/policy/generation/{jobId}", notOffered: generation, run: noJob, decode: func(in *restjson.Input, to *input) { to.id = in.Label("jobId") }},
		{name: "GetGeneratedPolicy", method: "GET", path: "/policy/generation/{jobId}", notOffered: generation, run: noJob, decode: func(in *restjson.Input, to *input) {
			to.id = in.Label("jobId")
			in.Query("includeResourcePlaceholders", json11.Enum("true", "false"))
			in.Query("includeServiceLevelTemplate", json11.Enum("true", "false"))
		}},
		{name: "ListPolicyGenerations", method: "GET", path: "/policy/generation", notOffered: generation, run: a.none("policyGenerations"), decode: func(in *restjson.Input, to *input) {
			in.Query("principalArn")
			queryPage(in, to)
		}},

		{name: "GenerateFindingRecommendation", method: "POST", path: "/recommendation/{id}", about: aboutAnalyzer, notOffered: recommendations, run: refuse(recommendations), decode: func(in *restjson.Input, to *input) {
			queryARN(in, to)
			to.id = in.Label("id", longIDs...)
		}},
		{name: "GetFindingRecommendation", method: "GET", path: "/recommendation/{id}", about: aboutAnalyzer, notOffered: recommendations, run: absent("FindingRecommendation"), decode: func(in *restjson.Input, to *input) {
			queryARN(in, to)
			to.id = in.Label("id", longIDs...)
			queryPage(in, to)
		}},

		{name: "CreateServiceLinkedAnalyzer", method: "PUT", path: "/service-linked-analyzer", about: aboutAnalyzer, notOffered: serviceLinked, run: refuse(serviceLinked), decode: func(in *restjson.Input, to *input) {
			to.kind = in.Required("type", types...)
			for _, item := range in.Objects("archiveRules") {
				to.rules = append(to.rules, analyzer.Rule{Name: item.Required("ruleName", ruleNames...), Filter: readFilter(item)})
			}
			readToken(in, to)
			readConfiguration(in)
			to.name = "*"
		}},
		{name: "DeleteServiceLinkedAnalyzer", method: "DELETE", path: "/service-linked-analyzer/{analyzerName}", about: aboutAnalyzer, notOffered: serviceLinked, run: absentAnalyzer, decode: func(in *restjson.Input, to *input) {
			readName(in, to)
			in.Query("clientToken", tokenRules...)
		}},
	}
	return rows
}

type runner = func(ctx context.Context, account ids.AccountID, in *input) (any, error)

// refuse makes nothing.
func refuse(what string) runner {
	return func(context.Context, ids.AccountID, *input) (any, error) {
		return nil, analyzer.Invalid(analyzer.NotSupported, "Not offered here: %s.", what)
	}
}

// none lists nothing.
func (a *api) none(member string) runner {
	return func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
		if in.name != "" {
			if _, err := a.analyzer.Get(ctx, account, in.name); err != nil {
				return nil, err
			}
		}
		return map[string]any{member: []any{}}, nil
	}
}

// absent finds nothing.
func absent(kind string) runner {
	return func(_ context.Context, _ ids.AccountID, in *input) (any, error) {
		return nil, missing(kind, in.id)
	}
}

func absentAnalyzer(_ context.Context, _ ids.AccountID, in *input) (any, error) {
	return nil, missing("Analyzer", in.name)
}

func missing(kind, id string) error {
	return apierr.New(http.StatusNotFound, "ResourceNotFoundException", "The specified resource could not be found.").With("resourceId", id).With("resourceType", kind)
}

// noJob is the answer about a job that there is none of: the model has no other error for it.
func noJob(_ context.Context, _ ids.AccountID, in *input) (any, error) {
	return nil, analyzer.Invalid(analyzer.OtherReason, "There is no job %s.", in.id)
}
