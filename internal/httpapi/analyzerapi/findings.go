package analyzerapi

import (
	"context"

	"crossgrant/internal/analyzer"
	"crossgrant/internal/ids"
	"crossgrant/internal/wire/restjson"
)

// findings returns the rows for findings.
func (a *api) findings() []row {
	return []row{
		{
			name: "ListFindings", method: "POST", path: "/finding", about: aboutAnalyzer, decode: readList,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				all, err := a.list(ctx, account, in)
				return listed(in.page, "findings", all, findingID, findingOf, err)
			},
		},
		{
			name: "ListFindingsV2", method: "POST", path: "/findingv2", action: "ListFindings", about: aboutAnalyzer, decode: readList,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				all, err := a.list(ctx, account, in)
				return listed(in.page, "findings", all, findingID, findingV2Of, err)
			},
		},
		{
			name: "GetFinding", method: "GET", path: "/finding/{id}", about: aboutAnalyzer, decode: readFinding,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				found, err := a.analyzer.Finding(ctx, account, in.name, in.id)
				return &struct {
					Finding findingShape `json:"finding"`
				}{findingOf(&found)}, err
			},
		},
		{
			name: "GetFindingV2", method: "GET", path: "/findingv2/{id}", action: "GetFinding", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readFinding(in, to)
				queryPage(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				found, err := a.analyzer.Finding(ctx, account, in.name, in.id)
				return &struct {
					findingV2Shape
					Details []detailsShape `json:"findingDetails"`
				}{findingV2Of(&found), detailsOf(&found)}, err
			},
		},
		{
			name: "UpdateFindings", method: "PUT", path: "/finding", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readARN(in, to)
				to.status, to.ids = in.Required("status", updates...), in.Strings("ids")
				to.resource = in.String("resourceArn", resourceARNs...)
				readToken(in, to)
			},
			check: func(in *input) error {
				if len(in.ids) == 0 && in.resource == "" {
					return analyzer.Invalid(analyzer.FieldInvalid, "One of ids and resourceArn is required.")
				}
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.SetStatus(ctx, account, in.name, in.ids, in.resource, in.status)
			},
		},
		{
			name: "GetFindingsStatistics", method: "POST", path: "/analyzer/findings/statistics", about: aboutAnalyzer, decode: readARN,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				all, err := a.analyzer.Findings(ctx, account, in.name, analyzer.Query{})
				if err != nil {
					return nil, err
				}
				about, err := a.analyzer.Get(ctx, account, in.name)
				return statisticsOf(all, about.LastAnalyzed), err
			},
		},
	}
}

func readFinding(in *restjson.Input, to *input) {
	queryARN(in, to)
	to.id = in.Label("id")
}

// readList reads the members of ListFindings.
func readList(in *restjson.Input, to *input) {
	readARN(in, to)
	sort := in.Object("sort")
	to.sort = analyzer.Query{
		Filter: readFilter(in.Reader), SortBy: sort.String("attributeName"), Descending: sort.String("orderBy", orders...) == "DESC",
	}
	readPage(in, to)
}

// list returns the findings that are asked for. The first page of a list has them as they are now, and further pages as
// they were then.
func (a *api) list(ctx context.Context, account ids.AccountID, in *input) ([]analyzer.Finding, error) {
	if in.page.token != "" {
		return a.analyzer.Stored(ctx, account, in.name, in.sort)
	}
	return a.analyzer.Findings(ctx, account, in.name, in.sort)
}

func findingID(f *analyzer.Finding) string { return f.ID }

// resources returns the rows for the resources that are analyzed.
func (a *api) resources() []row {
	return []row{
		{
			name: "StartResourceScan", method: "POST", path: "/resource/scan", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readARN(in, to)
				to.resource = in.Required("resourceArn", resourceARNs...)
				in.String("resourceOwnerAccount")
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.Scan(ctx, account, in.name, in.resource)
			},
		},
		{
			name: "GetAnalyzedResource", method: "GET", path: "/analyzed-resource", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				queryARN(in, to)
				to.resource = in.RequiredQuery("resourceArn", resourceARNs...)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				r, err := a.analyzer.Resource(ctx, account, in.name, in.resource)
				return &struct {
					Resource analyzedShape `json:"resource"`
				}{analyzedOf(&r)}, err
			},
		},
		{
			name: "ListAnalyzedResources", method: "POST", path: "/analyzed-resource", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readARN(in, to)
				to.resourceType = in.String("resourceType", resourceTypes...)
				readPage(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				all, err := a.analyzer.Resources(ctx, account, in.name, in.resourceType)
				return listed(in.page, "analyzedResources", all, func(r *analyzer.Analyzed) string { return r.ARN }, analyzedSummaryOf, err)
			},
		},
	}
}

// tags returns the rows for tags.
func (a *api) tags() []row {
	tagged := func(in *restjson.Input, to *input) { to.arn = in.Label("resourceArn", analyzerARNs...) }
	return []row{
		{
			name: "TagResource", method: "POST", path: "/tags/{resourceArn}", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				tagged(in, to)
				in.Need("tags")
				readTags(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.Tag(ctx, account, in.name, in.tags)
			},
		},
		{
			name: "UntagResource", method: "DELETE", path: "/tags/{resourceArn}", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				tagged(in, to)
				to.tagKeys = in.RequiredQueryList("tagKeys", tagKeys...)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.Untag(ctx, account, in.name, in.tagKeys)
			},
		},
		{
			name: "ListTagsForResource", method: "GET", path: "/tags/{resourceArn}", about: aboutAnalyzer, decode: tagged,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				found, err := a.analyzer.Get(ctx, account, in.name)
				return &struct {
					Tags map[string]string `json:"tags"`
				}{tagsOf(found.Tags)}, err
			},
		},
	}
}
