package accesslog

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"crossgrant/internal/audit"
)

// resources are the names of sub-resources in the operations of the log.
//
// Source: the log lines that users have shown, of which
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html has some; those of retention, legal
// hold, abac and metadata are ours, in their manner.
var resources = map[string]string{
	"abac": "ABAC", "accelerate": "ACCELERATE", "acl": "ACL", "analytics": "ANALYTICS", "attributes": "OBJECT_ATTRIBUTES",
	"cors": "CORS", "encryption": "ENCRYPTION", "intelligent-tiering": "INTELLIGENT_TIERING", "inventory": "INVENTORY",
	"legal-hold": "OBJECT_LOCK_LEGALHOLD", "lifecycle": "LIFECYCLE", "location": "LOCATION", "logging": "LOGGING_STATUS",
	"metadataConfiguration": "METADATA_CONFIGURATION", "metadataInventoryTable": "METADATA_INVENTORY_TABLE",
	"metadataJournalTable": "METADATA_JOURNAL_TABLE", "metadataTable": "METADATA_TABLE",
	"metrics": "METRICS", "notification": "NOTIFICATION", "object-lock": "OBJECT_LOCK_CONFIGURATION",
	"ownershipControls": "OWNERSHIP_CONTROLS", "policy": "BUCKETPOLICY", "policyStatus": "POLICY_STATUS",
	"publicAccessBlock": "PUBLIC_ACCESS_BLOCK", "replication": "REPLICATION", "requestPayment": "REQUEST_PAYMENT",
	"restore": "RESTORE", "retention": "OBJECT_LOCK_RETENTION", "select": "SELECT", "tagging": "TAGGING",
	"torrent": "TORRENT", "uploadId": "UPLOAD", "uploads": "UPLOADS", "versioning": "VERSIONING",
	"versions": "BUCKETVERSIONS", "website": "WEBSITE",
}

// operation returns the operation of a request as the log names it: REST or WEBSITE, the method, and what it
// addresses.
// It is found from method and query, so that requests that were refused before they were recognised have one.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
func operation(r *audit.Record) string {
	if r.Service == website {
		// Nothing in a query makes another request of it.
		return "WEBSITE." + clean(r.Method) + ".OBJECT"
	}
	query, _ := url.ParseQuery(r.Query) // what cannot be read is left out
	resource := "BUCKET"
	if r.Key != "" {
		resource = "OBJECT"
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if known, ok := resources[name]; ok {
			resource = known
			break
		}
	}
	method := r.Method
	switch {
	case method == http.MethodOptions:
		return "REST.OPTIONS.PREFLIGHT"
	case r.Source != nil && query.Has("uploadId"):
		return "REST.COPY.PART"
	case r.Source != nil:
		return "REST.COPY.OBJECT"
	case query.Has("uploadId") && method == http.MethodPut:
		resource = "PART"
	case query.Has("delete") && method == http.MethodPost:
		resource = "MULTI_OBJECT_DELETE"
	case resource == "TAGGING" && r.Key != "":
		resource = "OBJECT_TAGGING"
	case resource == "BUCKET" && method == http.MethodPost:
		resource = "OBJECT" // of a browser form
	}
	return "REST." + clean(method) + "." + resource
}
