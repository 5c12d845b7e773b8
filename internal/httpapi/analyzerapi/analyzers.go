package analyzerapi

import (
	"context"

	"crossgrant/internal/analyzer"
	"crossgrant/internal/ids"
	"crossgrant/internal/wire/restjson"
)

// analyzers returns the rows for analyzers.
func (a *api) analyzers() []row {
	return []row{
		{
			name: "CreateAnalyzer", method: "PUT", path: "/analyzer", about: aboutAnalyzer, decode: readNew, check: checkNew,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				name, err := a.analyzer.Create(ctx, account, analyzer.NewAnalyzer{Name: in.name, Type: in.kind, Rules: in.rules, Tags: in.tags, Token: in.token})
				return &struct {
					ARN string `json:"arn"`
				}{name}, err
			},
		},
		{
			name: "GetAnalyzer", method: "GET", path: "/analyzer/{analyzerName}", about: aboutAnalyzer, decode: readName,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				found, err := a.analyzer.Get(ctx, account, in.name)
				return &struct {
					Analyzer analyzerShape `json:"analyzer"`
				}{analyzerOf(&found)}, err
			},
		},
		{
			name: "ListAnalyzers", method: "GET", path: "/analyzer",
			decode: func(in *restjson.Input, to *input) {
				to.kind = in.Query("type", types...)
				queryPage(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				all, err := a.analyzer.List(ctx, account, in.kind)
				return listed(in.page, "analyzers", all, func(a *analyzer.Analyzer) string { return a.Name }, analyzerOf, err)
			},
		},
		{
			// There is nothing to configure of the analyzers that there are.
			name: "UpdateAnalyzer", method: "PUT", path: "/analyzer/{analyzerName}", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readName(in, to)
				readConfiguration(in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				if _, err := a.analyzer.Get(ctx, account, in.name); err != nil {
					return nil, err
				}
				return nil, analyzer.Invalid(analyzer.NotSupported, "An external access analyzer has no configuration.")
			},
		},
		{
			name: "DeleteAnalyzer", method: "DELETE", path: "/analyzer/{analyzerName}", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readName(in, to)
				in.Query("clientToken", tokenRules...)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.Delete(ctx, account, in.name)
			},
		},
	}
}

// readNew reads the members of CreateAnalyzer.
func readNew(in *restjson.Input, to *input) {
	to.name, to.kind = in.Required("analyzerName", analyzerNames...), in.Required("type", types...)
	for _, item := range in.Objects("archiveRules") {
		item.Need("filter")
		to.rules = append(to.rules, analyzer.Rule{Name: item.Required("ruleName", ruleNames...), Filter: readFilter(item)})
	}
	readTags(in, to)
	readToken(in, to)
	readConfiguration(in)
}

// readConfiguration reads a configuration, which counts for analyzers that are not here. Its members are not looked at
// further than that they are those of one.
func readConfiguration(in *restjson.Input) {
	c := in.Object("configuration")
	unused, internal := c.Object("unusedAccess"), c.Object("internalAccess")
	unused.Int("unusedAccessAge", 0, 1, 365)
	for _, item := range unused.Object("analysisRule").Objects("exclusions") {
		item.Strings("accountIds")
		for _, tags := range item.Objects("resourceTags") {
			tags.Skip()
		}
	}
	for _, item := range internal.Object("analysisRule").Objects("inclusions") {
		item.Strings("accountIds")
		item.Strings("resourceTypes")
		item.Strings("resourceArns")
	}
}

// checkNew refuses rules whose filters make no sense, or whose names are the same.
func checkNew(in *input) error {
	seen := map[string]bool{}
	for _, r := range in.rules {
		if seen[r.Name] {
			return analyzer.Invalid(analyzer.FieldInvalid, "The archive rule %s is there twice.", r.Name)
		}
		seen[r.Name] = true
		if err := checkRule(r.Filter); err != nil {
			return err
		}
	}
	return nil
}

// checkRule refuses a filter that no archive rule can have.
func checkRule(f analyzer.Filter) error {
	if len(f) == 0 {
		return analyzer.Invalid(analyzer.FieldInvalid, "The filter has no criteria.")
	}
	return f.Check(true)
}

// rules returns the rows for archive rules.
func (a *api) rules() []row {
	filtered := func(in *input) error { return checkRule(in.filter) }
	return []row{
		{
			name: "CreateArchiveRule", method: "PUT", path: "/analyzer/{analyzerName}/archive-rule", about: aboutRule, check: filtered,
			decode: func(in *restjson.Input, to *input) {
				readName(in, to)
				in.Need("filter")
				to.rule, to.filter = in.Required("ruleName", ruleNames...), readFilter(in.Reader)
				readToken(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.CreateRule(ctx, account, in.name, in.rule, in.filter, in.token)
			},
		},
		{
			name: "UpdateArchiveRule", method: "PUT", path: "/analyzer/{analyzerName}/archive-rule/{ruleName}", about: aboutRule, check: filtered,
			decode: func(in *restjson.Input, to *input) {
				readRule(in, to)
				in.Need("filter")
				to.filter = readFilter(in.Reader)
				readToken(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.UpdateRule(ctx, account, in.name, in.rule, in.filter)
			},
		},
		{
			name: "GetArchiveRule", method: "GET", path: "/analyzer/{analyzerName}/archive-rule/{ruleName}", about: aboutRule, decode: readRule,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				rule, err := a.analyzer.GetRule(ctx, account, in.name, in.rule)
				return &struct {
					Rule ruleShape `json:"archiveRule"`
				}{ruleOf(&rule)}, err
			},
		},
		{
			name: "ListArchiveRules", method: "GET", path: "/analyzer/{analyzerName}/archive-rule", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readName(in, to)
				queryPage(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				all, err := a.analyzer.Rules(ctx, account, in.name)
				return listed(in.page, "archiveRules", all, func(r *analyzer.Rule) string { return r.Name }, ruleOf, err)
			},
		},
		{
			name: "DeleteArchiveRule", method: "DELETE", path: "/analyzer/{analyzerName}/archive-rule/{ruleName}", about: aboutRule,
			decode: func(in *restjson.Input, to *input) {
				readRule(in, to)
				in.Query("clientToken", tokenRules...)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.DeleteRule(ctx, account, in.name, in.rule)
			},
		},
		{
			name: "ApplyArchiveRule", method: "PUT", path: "/archive-rule", about: aboutAnalyzer,
			decode: func(in *restjson.Input, to *input) {
				readARN(in, to)
				to.rule = in.Required("ruleName", ruleNames...)
				readToken(in, to)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.analyzer.ApplyRule(ctx, account, in.name, in.rule)
			},
		},
	}
}
