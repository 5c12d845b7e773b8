package analyzerapi

import (
	"crossgrant/internal/analyzer"
	"crossgrant/internal/wire/json11"
	"crossgrant/internal/wire/restjson"
)

// Rules of members, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/accessanalyzer
var (
	analyzerNames = []json11.Rule{json11.Length(1, 255), json11.Pattern(`[A-Za-z_][A-Za-z0-9_.-]*`)}
	ruleNames     = []json11.Rule{json11.Length(1, 255), json11.Pattern(`[A-Za-z][A-Za-z0-9_.-]*`)}
	analyzerARNs  = []json11.Rule{json11.Pattern(`[^:]*:[^:]*:[^:]*:[^:]*:[^:]*:analyzer/.{1,255}`)}
	resourceARNs  = []json11.Rule{json11.Pattern(`arn:[^:]*:[^:]*:[^:]*:[^:]*:.*`)}
	types         = []json11.Rule{json11.Enum("ACCOUNT", "ORGANIZATION", "ACCOUNT_UNUSED_ACCESS", "ORGANIZATION_UNUSED_ACCESS", "ACCOUNT_INTERNAL_ACCESS", "ORGANIZATION_INTERNAL_ACCESS")}
	resourceTypes = []json11.Rule{json11.Enum(
		"AWS::S3::Bucket", "AWS::IAM::Role", "AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::Lambda::LayerVersion", "AWS::KMS::Key",
		"AWS::SecretsManager::Secret", "AWS::EFS::FileSystem", "AWS::EC2::Snapshot", "AWS::ECR::Repository", "AWS::RDS::DBSnapshot",
		"AWS::RDS::DBClusterSnapshot", "AWS::SNS::Topic", "AWS::S3Express::DirectoryBucket", "AWS::DynamoDB::Table", "AWS::DynamoDB::Stream", "AWS::IAM::User",
	)}
	updates    = []json11.Rule{json11.Enum(analyzer.Active, analyzer.Archived)}
	orders     = []json11.Rule{json11.Enum("ASC", "DESC")}
	tagKeys    = []json11.Rule{json11.Length(1, 128), json11.Pattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)}
	tagValues  = []json11.Rule{json11.Length(0, 256), json11.Pattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)}
	tokenRules = []json11.Rule{json11.Length(0, 4096)}
)

func readName(in *restjson.Input, to *input) { to.name = in.Label("analyzerName", analyzerNames...) }

func readRule(in *restjson.Input, to *input) {
	readName(in, to)
	to.rule = in.Label("ruleName", ruleNames...)
}

func readARN(in *restjson.Input, to *input) { to.arn = in.Required("analyzerArn", analyzerARNs...) }

func queryARN(in *restjson.Input, to *input) {
	to.arn = in.RequiredQuery("analyzerArn", analyzerARNs...)
}

// readToken reads the token that clients make up for each request.
func readToken(in *restjson.Input, to *input) { to.token = in.String("clientToken", tokenRules...) }

// readFilter reads the criteria of a filter; r is what has the member.
func readFilter(r *json11.Reader) analyzer.Filter {
	f := analyzer.Filter{}
	entries, keys := r.Map("filter")
	for _, key := range keys {
		c := entries.Object(key)
		f[key] = analyzer.Criterion{Eq: list(c, "eq"), Neq: list(c, "neq"), Contains: list(c, "contains"), Exists: c.Bool("exists")}
	}
	return f
}

// list returns the items of a list; empty and not nil if it was sent without any.
func list(r *json11.Reader, name string) []string {
	items := r.Strings(name)
	if items == nil && r.Has(name) {
		items = []string{}
	}
	return items
}

// readTags reads the map of tags.
func readTags(in *restjson.Input, to *input) {
	entries, keys := in.Map("tags")
	for _, key := range keys {
		in.Check("tags", key, tagKeys...)
		to.tags = append(to.tags, analyzer.Tag{Key: key, Value: entries.Required(key, tagValues...)})
	}
}
