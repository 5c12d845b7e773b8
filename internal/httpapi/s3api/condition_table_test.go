package s3api_test

import (
	"fmt"
	"maps"
)

const (
	granted = "x-amz-grant-read: id=%[1]s\nx-amz-grant-read-acp: id=%[1]s\nx-amz-grant-write-acp: id=%[1]s\nx-amz-grant-full-control: id=%[1]s\nx-amz-grant-write: id=%[1]s"
	written = "\nx-amz-storage-class: STANDARD\nx-amz-website-redirect-location: /elsewhere\nx-amz-metadata-directive: REPLACE"
	tagSet  = "<Tagging><TagSet><Tag><Key>class</Key><Value>open</Value></Tag></TagSet></Tagging>"
	part    = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>9dd4e461268c8034f5c8564e155c67a6</ETag></Part></CompleteMultipartUpload>"
	aclBody = `<AccessControlPolicy><Owner><ID>%[1]s</ID></Owner><AccessControlList/></AccessControlPolicy>`
	control = "ann %s /v20180820/configuration/publicAccessBlock\nx-amz-account-id: 111111111111"
	block   = "\n\n<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls></PublicAccessBlockConfiguration>"
)

// copied are the keys of a copy that a write of bytes does not have.
var copied = map[string]string{"s3:x-amz-copy-source": "it is no copy"}

// operationKeys is one operation, requests that between them carry everything that it takes, and one that
// carries as little as it can.
var operationKeys = []struct {
	operation string
	full      []string
	bare      string
	// absent are the keys that the reference has for an action and the operation has not, with the reason.
	absent map[string]string
	// needed are the keys that also the bare request has.
	needed []string
}{
	{operation: "ListBuckets", full: []string{"ann GET /?prefix=a&max-buckets=2"}, bare: "ann GET /"},
	{
		operation: "CreateBucket",
		full: []string{
			"ann PUT /almond\nx-amz-acl: authenticated-read\nx-amz-object-ownership: ObjectWriter\n\n<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>",
			"ann PUT /almond\nx-amz-object-ownership: ObjectWriter\n" + granted,
		},
		bare: "ann PUT /almond",
	},
	{
		operation: "HeadBucket", full: []string{"ann HEAD /walnut"}, bare: "ann HEAD /walnut",
		absent: map[string]string{"s3:prefix": "no parameter of this operation", "s3:delimiter": "the same", "s3:max-keys": "the same"},
	},
	{operation: "DeleteBucket", full: []string{"ann DELETE /hazel"}, bare: "ann DELETE /hazel"},
	{operation: "ListObjects", full: []string{"ann GET /walnut?prefix=a&delimiter=/&max-keys=2&marker=a"}, bare: "ann GET /walnut"},
	{operation: "ListObjectsV2", full: []string{"ann GET /walnut?list-type=2&prefix=a&delimiter=/&max-keys=2&start-after=a"}, bare: "ann GET /walnut?list-type=2"},
	{operation: "ListMultipartUploads", full: []string{"ann GET /walnut?uploads&prefix=a&delimiter=/&max-uploads=2"}, bare: "ann GET /walnut?uploads"},
	{operation: "GetBucketLocation", full: []string{"ann GET /walnut?location"}, bare: "ann GET /walnut?location"},
	{operation: "GetBucketAcl", full: []string{"ann GET /walnut?acl"}, bare: "ann GET /walnut?acl"},
	{operation: "PutBucketAcl", full: []string{"ann PUT /walnut?acl\nx-amz-acl: private", "ann PUT /walnut?acl\n" + granted}, bare: "ann PUT /walnut?acl\n\n" + aclBody},
	{operation: "GetBucketPolicy", full: []string{"ann GET /walnut?policy"}, bare: "ann GET /walnut?policy"},
	{operation: "PutBucketPolicy", full: []string{"ann PUT /walnut?policy\nx-amz-confirm-remove-self-bucket-access: true"}, bare: "ann PUT /walnut?policy"},
	{operation: "DeleteBucketPolicy", full: []string{"ann DELETE /walnut?policy"}, bare: "ann DELETE /walnut?policy"},
	{operation: "GetBucketPolicyStatus", full: []string{"ann GET /walnut?policyStatus"}, bare: "ann GET /walnut?policyStatus"},
	{operation: "GetBucketOwnershipControls", full: []string{"ann GET /walnut?ownershipControls"}, bare: "ann GET /walnut?ownershipControls"},
	{operation: "PutBucketOwnershipControls", full: []string{"ann PUT /walnut?ownershipControls\n\n<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"}},
	{operation: "DeleteBucketOwnershipControls", full: []string{"ann DELETE /walnut?ownershipControls"}},
	{operation: "GetPublicAccessBlock", full: []string{"ann GET /walnut?publicAccessBlock"}},
	{operation: "PutPublicAccessBlock", full: []string{"ann PUT /walnut?publicAccessBlock" + block}},
	{operation: "DeletePublicAccessBlock", full: []string{"ann DELETE /walnut?publicAccessBlock"}},
	{operation: "GetBucketRequestPayment", full: []string{"ann GET /walnut?requestPayment"}},
	{operation: "PutBucketRequestPayment", full: []string{"ann PUT /walnut?requestPayment\n\n<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"}},
	{operation: "GetBucketTagging", full: []string{"ann GET /walnut?tagging"}},
	{operation: "PutBucketTagging", full: []string{"ann PUT /walnut?tagging\n\n" + tagSet}},
	{operation: "DeleteBucketTagging", full: []string{"ann DELETE /walnut?tagging"}},
	{operation: "GetObject", full: []string{"ann GET /walnut/tagged", "ann GET /walnut/tagged?versionId=null"}, bare: "ann GET /walnut/plain"},
	{operation: "HeadObject", full: []string{"ann HEAD /walnut/tagged", "ann HEAD /walnut/tagged?versionId=null"}, bare: "ann HEAD /walnut/plain"},
	{
		operation: "GetObject", full: []string{"ann GET /walnut/none?versionId=null"}, bare: "ann GET /walnut/none", needed: []string{"s3:prefix"},
		absent: map[string]string{"s3:delimiter": "the question is about one key", "s3:max-keys": "the same"},
	},
	{
		operation: "PutObject",
		full: []string{
			"ann PUT /walnut/new\nx-amz-acl: private\nx-amz-tagging: class=open\nIf-None-Match: *" + written,
			"ann PUT /walnut/tagged\nx-amz-tagging: class=open\nIf-Match: \"9dd4e461268c8034f5c8564e155c67a6\"\n" + granted + written + "\n\nx",
		},
		bare: "ann PUT /walnut/new\n\nx", needed: []string{"s3:ObjectCreationOperation"}, absent: implied(copied),
	},
	{
		operation: "CopyObject",
		full: []string{
			"ann PUT /walnut/new\nx-amz-copy-source: walnut/tagged\nx-amz-acl: private\nx-amz-tagging: class=open\nx-amz-tagging-directive: REPLACE\nIf-Match: \"9dd4e461268c8034f5c8564e155c67a6\"" + written,
			"ann PUT /walnut/copy\nx-amz-copy-source: walnut/tagged?versionId=null\nIf-None-Match: *\n" + granted + written,
		},
		bare: "ann PUT /walnut/new\nx-amz-copy-source: walnut/plain", needed: []string{"s3:ObjectCreationOperation", "s3:x-amz-copy-source"},
		absent: map[string]string{"GetObject s3:ExistingObjectTag/class": "S3 does not fill it for the source of a copy", "GetObjectVersion s3:ExistingObjectTag/class": "the same",
			"PutObjectTagging s3:ExistingObjectTag/class": "the object that gets the tags is a new one", "PutObjectAcl s3:ExistingObjectTag/class": "the same"},
	},
	{
		operation: "DeleteObject",
		full:      []string{"ann DELETE /walnut/none\nIf-Match: *", "ann DELETE /walnut/none?versionId=null", "ann DELETE /walnut/none\nx-amz-bypass-governance-retention: true"},
		bare:      "ann DELETE /walnut/none", absent: bypass,
	},
	{
		operation: "DeleteObjects",
		full: []string{
			"ann POST /walnut?delete\nx-amz-sdk-checksum-algorithm: CRC32\nx-amz-checksum-crc32: %[2]s\nx-amz-bypass-governance-retention: true\n\n" + deleteBody,
			"ann POST /walnut?delete\nx-amz-checksum-crc32: %[2]s\n\n" + deleteBody,
		},
		absent: bypass,
	},
	{operation: "GetObjectAcl", full: []string{"ann GET /walnut/tagged?acl", "ann GET /walnut/tagged?acl&versionId=null"}, bare: "ann GET /walnut/plain?acl"},
	{
		operation: "PutObjectAcl",
		full: []string{
			"ann PUT /walnut/tagged?acl\nx-amz-acl: private\nx-amz-storage-class: STANDARD", "ann PUT /walnut/tagged?acl\n" + granted,
			"ann PUT /walnut/tagged?acl&versionId=null\nx-amz-acl: private\nx-amz-storage-class: STANDARD", "ann PUT /walnut/tagged?acl&versionId=null\n" + granted,
		},
		bare: "ann PUT /walnut/plain?acl\n\n" + aclBody,
	},
	{operation: "GetObjectTagging", full: []string{"ann GET /walnut/tagged?tagging", "ann GET /walnut/tagged?tagging&versionId=null"}, bare: "ann GET /walnut/plain?tagging"},
	{
		operation: "PutObjectTagging",
		full:      []string{"ann PUT /walnut/tagged?tagging\n\n" + tagSet, "ann PUT /walnut/tagged?tagging&versionId=null\n\n" + tagSet},
		bare:      "ann PUT /walnut/plain?tagging\n\n<Tagging><TagSet/></Tagging>",
	},
	{operation: "DeleteObjectTagging", full: []string{"ann DELETE /walnut/tagged?tagging", "ann DELETE /walnut/tagged2?tagging&versionId=null"}, bare: "ann DELETE /walnut/plain?tagging"},
	{
		operation: "CreateMultipartUpload",
		full: []string{
			"ann POST /walnut/new?uploads\nx-amz-acl: private\nx-amz-tagging: class=open\nIf-Match: a\nIf-None-Match: *" + written,
			"ann POST /walnut/new?uploads\nx-amz-tagging: class=open\n" + granted + written,
		},
		bare: "ann POST /walnut/new?uploads", needed: []string{"s3:ObjectCreationOperation"}, absent: implied(copied),
	},
	{
		operation: "UploadPart",
		full:      []string{"ann PUT /walnut/large?uploadId=[upload1]&partNumber=1\nIf-Match: a\nIf-None-Match: *" + written + "\n\nx", "ann PUT /walnut/large?uploadId=[upload2]&partNumber=1\n\nx"},
		bare:      "ann PUT /walnut/large?uploadId=[upload3]&partNumber=1\n\nx", needed: []string{"s3:ObjectCreationOperation"}, absent: copied,
	},
	{
		operation: "UploadPartCopy",
		full: []string{
			"ann PUT /walnut/large?uploadId=[upload1]&partNumber=1\nx-amz-copy-source: walnut/tagged\nIf-Match: a\nIf-None-Match: *" + written,
			"ann PUT /walnut/large?uploadId=[upload2]&partNumber=1\nx-amz-copy-source: walnut/tagged?versionId=null",
		},
		bare: "ann PUT /walnut/large?uploadId=[upload3]&partNumber=1\nx-amz-copy-source: walnut/plain", needed: []string{"s3:ObjectCreationOperation", "s3:x-amz-copy-source"},
	},
	{
		operation: "CompleteMultipartUpload",
		full:      []string{"ann POST /walnut/large?uploadId=[upload1]\nIf-Match: a" + written + "\n\n" + part, "ann POST /walnut/large?uploadId=[upload2]\nIf-None-Match: *\n\n" + part},
		bare:      "ann POST /walnut/large?uploadId=[upload3]\n\n" + part, needed: []string{"s3:ObjectCreationOperation"}, absent: implied(copied),
	},
	{operation: "ListParts", full: []string{"ann GET /walnut/large?uploadId=[upload1]&max-parts=1"}, bare: "ann GET /walnut/large?uploadId=[upload3]"},
	{operation: "AbortMultipartUpload", full: []string{"ann DELETE /walnut/large?uploadId=[upload1]"}, bare: "ann DELETE /walnut/large?uploadId=[upload3]"},
	// S3 Control
	{operation: "GetPublicAccessBlock", full: []string{fmt.Sprintf(control, "GET")}},
	{operation: "PutPublicAccessBlock", full: []string{fmt.Sprintf(control, "PUT") + block}},
	{operation: "DeletePublicAccessBlock", full: []string{fmt.Sprintf(control, "DELETE")}},
}

const deleteBody = "<Delete><Object><Key>none</Key><ETag>*</ETag></Object><Object><Key>none</Key><VersionId>null</VersionId></Object></Delete>"

// deleteSum is the CRC32 of deleteBody.
const deleteSum = "Ex/aog=="

// bypass are the keys that s3:BypassGovernanceRetention has in the reference.
var bypass = func() map[string]string {
	absent := map[string]string{}
	for _, key := range []string{"RequestObjectTag/class", "RequestObjectTagKeys", "x-amz-acl", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read",
		"x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp", "x-amz-metadata-directive", "x-amz-storage-class", "x-amz-website-redirect-location"} {
		absent["BypassGovernanceRetention s3:"+key] = "a deletion has none of the headers of a write"
	}
	return absent
}()

// implied adds the keys of an existing object, which the permissions that a write implies do not have.
func implied(absent map[string]string) map[string]string {
	absent = maps.Clone(absent)
	absent["PutObjectTagging s3:ExistingObjectTag/class"] = "the object that gets the tags is a new one"
	absent["PutObjectAcl s3:ExistingObjectTag/class"] = "the object that gets the ACL is a new one"
	return absent
}
