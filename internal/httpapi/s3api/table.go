package s3api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
)

// resource is what a request addresses.
type resource string

const (
	onService resource = "SERVICE"
	onBucket  resource = "BUCKET"
	onObject  resource = "OBJECT"
)

// target is what selects a row of the table.
type target struct {
	method string
	on     resource
	sub    string // sub-resource; empty for the thing itself
	copy   bool   // the request has x-amz-copy-source, where that makes another operation of it
}

// operations returns the table of what is built.
func (s *Service) operations() map[target]httpapi.Operation {
	table := map[target]httpapi.Operation{
		{method: "GET", on: onService}: s.listBuckets(),

		{method: "PUT", on: onBucket}:     s.createBucket(),
		{method: "HEAD", on: onBucket}:    s.headBucket(),
		{method: "DELETE", on: onBucket}:  s.deleteBucket(),
		{method: "OPTIONS", on: onBucket}: s.preflight(),

		{method: "GET", on: onBucket}:                   s.listObjects(),
		{method: "GET", on: onBucket, sub: "list-type"}: s.listObjectsV2(),
		{method: "GET", on: onBucket, sub: "location"}:  s.getBucketLocation(),
		{method: "GET", on: onBucket, sub: "uploads"}:   s.listMultipartUploads(),
		{method: "POST", on: onBucket, sub: "delete"}:   s.deleteObjects(),
		{method: "POST", on: onBucket}:                  s.postObject(),

		{method: "GET", on: onBucket, sub: "acl"}:                  s.getBucketACL(),
		{method: "PUT", on: onBucket, sub: "acl"}:                  s.putBucketACL(),
		{method: "GET", on: onBucket, sub: "policy"}:               s.getBucketPolicy(),
		{method: "PUT", on: onBucket, sub: "policy"}:               s.putBucketPolicy(),
		{method: "DELETE", on: onBucket, sub: "policy"}:            s.deleteBucketPolicy(),
		{method: "GET", on: onBucket, sub: "policyStatus"}:         s.getBucketPolicyStatus(),
		{method: "GET", on: onBucket, sub: "ownershipControls"}:    s.getBucketOwnershipControls(),
		{method: "PUT", on: onBucket, sub: "ownershipControls"}:    s.putBucketOwnershipControls(),
		{method: "DELETE", on: onBucket, sub: "ownershipControls"}: s.deleteBucketOwnershipControls(),
		{method: "GET", on: onBucket, sub: "publicAccessBlock"}:    s.getPublicAccessBlock(),
		{method: "PUT", on: onBucket, sub: "publicAccessBlock"}:    s.putPublicAccessBlock(),
		{method: "DELETE", on: onBucket, sub: "publicAccessBlock"}: s.deletePublicAccessBlock(),

		{method: "GET", on: onBucket, sub: "versions"}:    s.listObjectVersions(),
		{method: "GET", on: onBucket, sub: "versioning"}:  s.getBucketVersioning(),
		{method: "PUT", on: onBucket, sub: "versioning"}:  s.putBucketVersioning(),
		{method: "GET", on: onBucket, sub: "object-lock"}: s.getObjectLockConfiguration(),
		{method: "PUT", on: onBucket, sub: "object-lock"}: s.putObjectLockConfiguration(),

		{method: "GET", on: onBucket, sub: "lifecycle"}:    s.getBucketLifecycleConfiguration(),
		{method: "PUT", on: onBucket, sub: "lifecycle"}:    s.putBucketLifecycleConfiguration(),
		{method: "DELETE", on: onBucket, sub: "lifecycle"}: s.deleteBucketLifecycle(),
		{method: "GET", on: onBucket, sub: "logging"}:      s.getBucketLogging(),
		{method: "PUT", on: onBucket, sub: "logging"}:      s.putBucketLogging(),
		{method: "GET", on: onBucket, sub: "notification"}: s.getBucketNotification(),
		{method: "PUT", on: onBucket, sub: "notification"}: s.putBucketNotification(),

		{method: "GET", on: onBucket, sub: "requestPayment"}: s.getBucketRequestPayment(),
		{method: "PUT", on: onBucket, sub: "requestPayment"}: s.putBucketRequestPayment(),
		{method: "GET", on: onBucket, sub: "accelerate"}:     s.getBucketAccelerateConfiguration(),
		{method: "PUT", on: onBucket, sub: "accelerate"}:     s.putBucketAccelerateConfiguration(),
		{method: "GET", on: onBucket, sub: "tagging"}:        s.getBucketTagging(),
		{method: "PUT", on: onBucket, sub: "tagging"}:        s.putBucketTagging(),
		{method: "DELETE", on: onBucket, sub: "tagging"}:     s.deleteBucketTagging(),
		{method: "GET", on: onBucket, sub: "abac"}:           s.getBucketAbac(),
		{method: "PUT", on: onBucket, sub: "abac"}:           s.putBucketAbac(),

		{method: "GET", on: onBucket, sub: "encryption"}:    s.getBucketEncryption(),
		{method: "PUT", on: onBucket, sub: "encryption"}:    s.putBucketEncryption(),
		{method: "DELETE", on: onBucket, sub: "encryption"}: s.deleteBucketEncryption(),
		{method: "PUT", on: onObject, sub: "encryption"}:    s.updateObjectEncryption(),
		{method: "GET", on: onBucket, sub: "cors"}:          s.getBucketCORS(),
		{method: "PUT", on: onBucket, sub: "cors"}:          s.putBucketCORS(),
		{method: "DELETE", on: onBucket, sub: "cors"}:       s.deleteBucketCORS(),

		{method: "GET", on: onBucket, sub: "website"}:    s.getBucketWebsite(),
		{method: "PUT", on: onBucket, sub: "website"}:    s.putBucketWebsite(),
		{method: "DELETE", on: onBucket, sub: "website"}: s.deleteBucketWebsite(),

		{method: "GET", on: onObject}:                    s.getObject(),
		{method: "HEAD", on: onObject}:                   s.headObject(),
		{method: "PUT", on: onObject}:                    s.putObject(),
		{method: "PUT", on: onObject, copy: true}:        s.copyObject(),
		{method: "DELETE", on: onObject}:                 s.deleteObject(),
		{method: "OPTIONS", on: onObject}:                s.preflight(),
		{method: "GET", on: onObject, sub: "acl"}:        s.getObjectACL(),
		{method: "PUT", on: onObject, sub: "acl"}:        s.putObjectACL(),
		{method: "GET", on: onObject, sub: "attributes"}: s.getObjectAttributes(),
		{method: "GET", on: onObject, sub: "tagging"}:    s.getObjectTagging(),
		{method: "PUT", on: onObject, sub: "tagging"}:    s.putObjectTagging(),
		{method: "DELETE", on: onObject, sub: "tagging"}: s.deleteObjectTagging(),

		{method: "GET", on: onObject, sub: "retention"}:  s.getObjectRetention(),
		{method: "PUT", on: onObject, sub: "retention"}:  s.putObjectRetention(),
		{method: "GET", on: onObject, sub: "legal-hold"}: s.getObjectLegalHold(),
		{method: "PUT", on: onObject, sub: "legal-hold"}: s.putObjectLegalHold(),

		{method: "POST", on: onObject, sub: "restore"}: s.restoreObject(),

		{method: "POST", on: onObject, sub: "uploads"}:             s.createMultipartUpload(),
		{method: "PUT", on: onObject, sub: "uploadId"}:             s.uploadPart(),
		{method: "PUT", on: onObject, sub: "uploadId", copy: true}: s.uploadPartCopy(),
		{method: "POST", on: onObject, sub: "uploadId"}:            s.completeMultipartUpload(),
		{method: "DELETE", on: onObject, sub: "uploadId"}:          s.abortMultipartUpload(),
		{method: "GET", on: onObject, sub: "uploadId"}:             s.listParts(),
	}
	s.addUnconfigured(table)
	return table
}

// Operations returns the names of the operations that are built, in alphabetic order.
func (s *Service) Operations() []string {
	var names []string
	for _, operation := range s.table {
		names = append(names, operation.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// subresources are the parameters that make another request of a request, those that are not built
// included. list-type is one because it tells two operations apart.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
var subresources = map[string]bool{
	"abac": true, "accelerate": true, "acl": true, "analytics": true, "attributes": true, "cors": true,
	"delete": true, "encryption": true, "intelligent-tiering": true, "inventory": true, "legal-hold": true,
	"lifecycle": true, "list-type": true, "location": true, "logging": true, "metadataConfiguration": true,
	"metadataInventoryTable": true, "metadataJournalTable": true, "metadataTable": true, "metrics": true,
	"notification": true, "object-lock": true, "ownershipControls": true, "policy": true,
	"policyStatus": true, "publicAccessBlock": true, "renameObject": true, "replication": true,
	"requestPayment": true, "restore": true, "retention": true, "select": true, "session": true,
	"tagging": true, "torrent": true, "uploadId": true, "uploads": true, "versioning": true,
	"versions": true, "website": true,
}

// targetOf returns the target of a request whose bucket and key are known.
func targetOf(c *httpapi.Call, query url.Values) (target, error) {
	t := target{method: c.HTTP.Method, on: onObject}
	switch {
	case c.Bucket == "":
		t.on = onService
	case c.Key == "":
		t.on = onBucket
	}
	var subs []string
	for name := range query {
		if subresources[name] {
			subs = append(subs, name)
		}
	}
	slices.Sort(subs)
	switch len(subs) {
	case 0:
	case 1:
		t.sub = subs[0]
	default:
		return t, apierr.New(http.StatusBadRequest, "InvalidArgument", "Conflicting query string parameters: %s", strings.Join(subs, ", ")).
			With("ArgumentName", "ResourceType").With("ArgumentValue", subs[0])
	}
	if t.sub == "list-type" && query.Get("list-type") != "2" {
		return t, invalidArgument("list-type", query.Get("list-type"), "Invalid List Type specified in Request")
	}
	if t.method == http.MethodGet && query.Has("id") && slices.ContainsFunc(configurationKinds, func(k configurationKind) bool { return k.sub == t.sub }) {
		t.sub += withID
	}
	if t.method == http.MethodPut && t.on == onObject {
		if t.sub == "" && query.Has("partNumber") {
			return t, invalidArgument("uploadId", "", "This operation does not accept a query-string.")
		}
		t.copy = (t.sub == "" || t.sub == "uploadId") && has(c.HTTP, "x-amz-copy-source")
	}
	return t, nil
}

// unroutable returns the error for a target that has no row: NotImplemented for what S3 has and this
// server has not, else MethodNotAllowed.
func unroutable(t target) error {
	for _, o := range modelled {
		if o.on == t {
			return apierr.NotImplemented(o.name)
		}
	}
	t.sub = strings.TrimSuffix(t.sub, withID)
	switch {
	case t.sub == "policy":
		return methodNotAllowed(t.method, bucketPolicyResource)
	case t.sub != "":
		return methodNotAllowed(t.method, t.sub)
	}
	return methodNotAllowed(t.method, string(t.on))
}
