package s3api

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/restxml"
)

// The configurations of this file are read by clients, at their start or to show a bucket, and no bucket here
// can have them: they are answered as those of a bucket that has none. To set one is NotImplemented.

// bucketRun is what an operation on a bucket does.
type bucketRun = func(context.Context, *httpapi.Call, *access.Bucket) (*httpapi.Response, error)

// configurationKind is a kind of configurations of which a bucket may have several, each with an ID.
type configurationKind struct {
	sub  string // sub-resource
	name string // in the names of its operations
	list string // root element of the answer to the list
}

// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketAnalyticsConfigurations.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketIntelligentTieringConfigurations.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketInventoryConfigurations.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketMetricsConfigurations.html
var configurationKinds = []configurationKind{
	{"analytics", "Analytics", "ListBucketAnalyticsConfigurationResult"},
	{"intelligent-tiering", "IntelligentTiering", "ListBucketIntelligentTieringConfigurationsOutput"},
	{"inventory", "Inventory", "ListInventoryConfigurationsResult"},
	{"metrics", "Metrics", "ListMetricsConfigurationsResult"},
}

// withID is added to the sub-resource of a GET that names one configuration of its kind.
const withID = "&id"

// addUnconfigured adds the rows for configurations that no bucket has.
func (s *Service) addUnconfigured(table map[target]httpapi.Operation) {
	row := func(method, sub, name, action string, run bucketRun) {
		table[target{method: method, on: onBucket, sub: sub}] = s.onlyBucket(name, action, run)
	}
	for _, k := range configurationKinds {
		get, put := "s3:Get"+k.name+"Configuration", "s3:Put"+k.name+"Configuration"
		none := absent("NoSuchConfiguration", "The specified configuration does not exist.")
		row("GET", k.sub, "ListBucket"+k.name+"Configurations", get, emptyList(k.list))
		row("GET", k.sub+withID, "GetBucket"+k.name+"Configuration", get, none)
		row("DELETE", k.sub, "DeleteBucket"+k.name+"Configuration", put, none)
	}
	row("GET", "replication", "GetBucketReplication", "s3:GetReplicationConfiguration",
		absent("ReplicationConfigurationNotFoundError", "The replication configuration was not found"))
	row("DELETE", "replication", "DeleteBucketReplication", "s3:PutReplicationConfiguration",
		func(context.Context, *httpapi.Call, *access.Bucket) (*httpapi.Response, error) {
			return noContent(), nil
		})
	noMetadata := absent("MetadataConfigurationNotFound", "The metadata configuration was not found")
	row("GET", "metadataConfiguration", "GetBucketMetadataConfiguration", "s3:GetBucketMetadataTableConfiguration", noMetadata)
	row("GET", "metadataTable", "GetBucketMetadataTableConfiguration", "s3:GetBucketMetadataTableConfiguration", noMetadata)
}

// absent answers that a configuration is not there.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#S3TagErrors (for replication
// and the others), and for that of metadata what clients look for:
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/s3/errors.go
func absent(code, message string) bucketRun {
	return func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		return nil, apierr.New(http.StatusNotFound, code, "%s", message).With("BucketName", b.Record.Name)
	}
}

// emptyList answers a list that has nothing in it, and so no page that a token could continue.
func emptyList(root string) bucketRun {
	return func(_ context.Context, c *httpapi.Call, _ *access.Bucket) (*httpapi.Response, error) {
		if token := c.Query().Get("continuation-token"); token != "" {
			return nil, invalidArgument("continuation-token", token, "The continuation token provided is incorrect")
		}
		d := restxml.New(root)
		d.Bool("IsTruncated", false)
		return document(d), nil
	}
}
