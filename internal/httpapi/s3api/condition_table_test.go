package s3api_test

import (
	"fmt"
	"maps"
	"strings"

	"crossgrant/internal/httpapi/keytest"
)

const (
	granted     = "x-amz-grant-read: id=%[1]s\nx-amz-grant-read-acp: id=%[1]s\nx-amz-grant-write-acp: id=%[1]s\nx-amz-grant-full-control: id=%[1]s\nx-amz-grant-write: id=%[1]s"
	written     = "\nx-amz-storage-class: STANDARD\nx-amz-website-redirect-location: /elsewhere\nx-amz-metadata-directive: REPLACE"
	locked      = "\nx-amz-object-lock-mode: GOVERNANCE\nx-amz-object-lock-retain-until-date: 2030-01-01T00:00:00Z\nx-amz-object-lock-legal-hold: ON"
	tagSet      = "<Tagging><TagSet><Tag><Key>class</Key><Value>open</Value></Tag></TagSet></Tagging>"
	abacOn      = "<AbacStatus><Status>Enabled</Status></AbacStatus>"
	part        = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>9dd4e461268c8034f5c8564e155c67a6</ETag></Part></CompleteMultipartUpload>"
	aclBody     = `<AccessControlPolicy><Owner><ID>%[1]s</ID></Owner><AccessControlList/></AccessControlPolicy>`
	control     = "ann %s /v20180820/configuration/publicAccessBlock\nx-amz-account-id: 111111111111"
	block       = "\n\n<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls></PublicAccessBlockConfiguration>"
	sharing     = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
	controlTags = "ann %s /v20180820/tags/arn:aws:s3:::walnut%s\nx-amz-account-id: 111111111111"
)

// encrypted asks for every kind of encryption at once, which is refused once the permissions are known.
const encrypted = "\nx-amz-server-side-encryption: aws:kms\nx-amz-server-side-encryption-aws-kms-key-id: k\nx-amz-server-side-encryption-customer-algorithm: AES256"

// copied are the keys of a copy that a write of bytes does not have.
var copied = map[string]string{"s3:x-amz-copy-source": "it is no copy"}

// formless are the keys of a write that a browser form has not.
var formless = map[string]string{
	"s3:x-amz-copy-source": "it is no copy", "s3:x-amz-content-sha256": "a form has none", "s3:if-match": "a form with the header is refused",
	"s3:if-none-match": "the same",
}

// formOf is a browser form of ann's for a key, with more fields, "name=value".
func formOf(key string, fields ...string) string {
	conditions := []string{`{"bucket": "walnut"}`, `["starts-with", "$key", ""]`, "[signature]"}
	for _, f := range fields {
		name, _, _ := strings.Cut(f, "=")
		conditions = append(conditions, `["starts-with", "$`+name+`", ""]`)
	}
	lines := append([]string{"post ann /walnut", "key=" + key}, fields...)
	return strings.Join(lines, "\n") + "\n" + `policy={"expiration": "2030-01-01T00:00:00Z", "conditions": [` + strings.Join(conditions, ", ") + "]}\nfile=x"
}

// configurationCases are the operations on the configurations of which a bucket may have several.
func configurationCases() (cases []keytest.Case) {
	for sub, kind := range map[string]string{"analytics": "Analytics", "intelligent-tiering": "IntelligentTiering", "inventory": "Inventory", "metrics": "Metrics"} {
		get, put := []string{"s3:Get" + kind + "Configuration"}, []string{"s3:Put" + kind + "Configuration"}
		absent := map[string]string{}
		if kind == "Inventory" {
			absent["s3:InventoryAccessibleOptionalFields"] = "a deletion names no fields"
		}
		cases = append(cases,
			keytest.Case{Operation: "ListBucket" + kind + "Configurations", Actions: get, Full: []string{"ann GET /walnut?" + sub}},
			keytest.Case{Operation: "GetBucket" + kind + "Configuration", Actions: get, Full: []string{"ann GET /walnut?id=a&" + sub}},
			keytest.Case{Operation: "DeleteBucket" + kind + "Configuration", Actions: put, Absent: absent, Full: []string{"ann DELETE /walnut?id=a&" + sub}},
		)
	}
	return cases
}

// operationKeys is one operation, requests that between them carry everything that it takes, and one that
// carries as little as it can.
var operationKeys = []keytest.Case{
	{Operation: "ListBuckets", Full: []string{"ann GET /?prefix=a&max-buckets=2"}, Bare: "ann GET /"},
	{
		Operation: "CreateBucket",
		Actions:   []string{"s3:CreateBucket", "s3:PutBucketAcl", "s3:PutBucketOwnershipControls", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning", "s3:TagResource"},
		Full: []string{
			"ann PUT /almond\nx-amz-acl: authenticated-read\nx-amz-bucket-object-lock-enabled: true\nx-amz-object-ownership: ObjectWriter\n\n<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>" +
				"<Tags><Tag><Key>class</Key><Value>open</Value></Tag></Tags></CreateBucketConfiguration>",
			"ann PUT /almond\nx-amz-object-ownership: ObjectWriter\n" + granted,
		},
		Bare:   "ann PUT /almond",
		Absent: map[string]string{"s3:BucketTag/class": "what is being made has no tags yet", "aws:ResourceTag/class": "the same"},
	},
	{
		Operation: "HeadBucket", Full: []string{"ann HEAD /walnut"}, Bare: "ann HEAD /walnut",
		Absent: map[string]string{"s3:prefix": "no parameter of this operation", "s3:delimiter": "the same", "s3:max-keys": "the same"},
	},
	{Operation: "DeleteBucket", Full: []string{"ann DELETE /hazel"}, Bare: "ann DELETE /hazel"},
	{Operation: "ListObjects", Full: []string{"ann GET /walnut?prefix=a&delimiter=/&max-keys=2&marker=a"}, Bare: "ann GET /walnut"},
	{Operation: "ListObjectsV2", Full: []string{"ann GET /walnut?list-type=2&prefix=a&delimiter=/&max-keys=2&start-after=a"}, Bare: "ann GET /walnut?list-type=2"},
	{Operation: "ListMultipartUploads", Full: []string{"ann GET /walnut?uploads&prefix=a&delimiter=/&max-uploads=2"}, Bare: "ann GET /walnut?uploads"},
	{Operation: "GetBucketLocation", Full: []string{"ann GET /walnut?location"}, Bare: "ann GET /walnut?location"},
	{Operation: "GetBucketAcl", Full: []string{"ann GET /walnut?acl"}, Bare: "ann GET /walnut?acl"},
	{Operation: "PutBucketAcl", Full: []string{"ann PUT /walnut?acl\nx-amz-acl: private", "ann PUT /walnut?acl\n" + granted}, Bare: "ann PUT /walnut?acl\n\n" + aclBody},
	{Operation: "GetBucketPolicy", Full: []string{"ann GET /walnut?policy"}, Bare: "ann GET /walnut?policy"},
	{Operation: "PutBucketPolicy", Full: []string{"ann PUT /walnut?policy\nx-amz-confirm-remove-self-bucket-access: true"}, Bare: "ann PUT /walnut?policy"},
	{Operation: "DeleteBucketPolicy", Full: []string{"ann DELETE /walnut?policy"}, Bare: "ann DELETE /walnut?policy"},
	{Operation: "GetBucketPolicyStatus", Full: []string{"ann GET /walnut?policyStatus"}, Bare: "ann GET /walnut?policyStatus"},
	{Operation: "GetBucketOwnershipControls", Full: []string{"ann GET /walnut?ownershipControls"}, Bare: "ann GET /walnut?ownershipControls"},
	{Operation: "PutBucketOwnershipControls", Full: []string{"ann PUT /walnut?ownershipControls\n\n<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"}},
	{Operation: "DeleteBucketOwnershipControls", Full: []string{"ann DELETE /walnut?ownershipControls"}},
	{Operation: "GetPublicAccessBlock", Full: []string{"ann GET /walnut?publicAccessBlock"}},
	{Operation: "PutPublicAccessBlock", Full: []string{"ann PUT /walnut?publicAccessBlock" + block}},
	{Operation: "DeletePublicAccessBlock", Full: []string{"ann DELETE /walnut?publicAccessBlock"}},
	{Operation: "ListObjectVersions", Actions: []string{"s3:ListBucketVersions"}, Full: []string{"ann GET /walnut?versions&prefix=a&delimiter=/&max-keys=2&key-marker=a"}, Bare: "ann GET /walnut?versions"},
	{Operation: "GetBucketVersioning", Full: []string{"ann GET /walnut?versioning"}},
	{Operation: "PutBucketVersioning", Full: []string{"ann PUT /walnut?versioning\n\n<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"}},
	{Operation: "GetObjectLockConfiguration", Actions: []string{"s3:GetBucketObjectLockConfiguration"}, Full: []string{"ann GET /locked?object-lock"}},
	{Operation: "PutObjectLockConfiguration", Actions: []string{"s3:PutBucketObjectLockConfiguration"}, Full: []string{"ann PUT /locked?object-lock\n\n<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"}},
	{Operation: "GetObjectRetention", Full: []string{"ann GET /locked/plain?retention"}},
	{
		Operation: "PutObjectRetention", Actions: []string{"s3:PutObjectRetention", "s3:BypassGovernanceRetention"},
		Full: []string{"ann PUT /locked/plain?retention\nx-amz-bypass-governance-retention: true\n\n<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>"},
		Bare: "ann PUT /locked/plain?retention\n\n<Retention/>", Absent: bypass,
	},
	{Operation: "GetObjectLegalHold", Full: []string{"ann GET /locked/plain?legal-hold"}},
	{Operation: "PutObjectLegalHold", Full: []string{"ann PUT /locked/plain?legal-hold\n\n<LegalHold><Status>ON</Status></LegalHold>"}},
	{Operation: "GetBucketLifecycleConfiguration", Full: []string{"ann GET /walnut?lifecycle"}},
	{Operation: "PutBucketLifecycleConfiguration", Full: []string{"ann PUT /walnut?lifecycle\n\n<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>"}},
	{Operation: "DeleteBucketLifecycle", Full: []string{"ann DELETE /walnut?lifecycle"}},
	{Operation: "GetBucketRequestPayment", Full: []string{"ann GET /walnut?requestPayment"}},
	{Operation: "PutBucketRequestPayment", Full: []string{"ann PUT /walnut?requestPayment\n\n<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"}},
	{Operation: "GetBucketCors", Full: []string{"ann GET /walnut?cors"}},
	{Operation: "PutBucketCors", Full: []string{"ann PUT /walnut?cors\n\n" + sharing}},
	{Operation: "DeleteBucketCors", Full: []string{"ann DELETE /walnut?cors"}},
	{Operation: "GetBucketWebsite", Full: []string{"ann GET /walnut?website"}},
	{Operation: "PutBucketWebsite", Full: []string{"ann PUT /walnut?website\n\n<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>"}},
	{Operation: "DeleteBucketWebsite", Full: []string{"ann DELETE /walnut?website"}},
	{Operation: "GetBucketAccelerateConfiguration", Actions: []string{"s3:GetAccelerateConfiguration"}, Full: []string{"ann GET /walnut?accelerate"}},
	{Operation: "PutBucketAccelerateConfiguration", Actions: []string{"s3:PutAccelerateConfiguration"}, Full: []string{"ann PUT /walnut?accelerate\n\n<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>"}},
	{Operation: "GetBucketReplication", Actions: []string{"s3:GetReplicationConfiguration"}, Full: []string{"ann GET /walnut?replication"}},
	{
		Operation: "DeleteBucketReplication", Actions: []string{"s3:PutReplicationConfiguration"}, Full: []string{"ann DELETE /walnut?replication"},
		Absent: map[string]string{"s3:isReplicationPauseRequest": "nothing replicates"},
	},
	{Operation: "GetBucketAbac", Full: []string{"ann GET /walnut?abac"}, Bare: "ann GET /walnut?abac"},
	{Operation: "PutBucketAbac", Full: []string{"ann PUT /walnut?abac\n\n" + abacOn}, Bare: "ann PUT /walnut?abac\n\n" + abacOn},
	{Operation: "GetBucketMetadataConfiguration", Actions: []string{"s3:GetBucketMetadataTableConfiguration"}, Full: []string{"ann GET /walnut?metadataConfiguration"}},
	{Operation: "GetBucketMetadataTableConfiguration", Full: []string{"ann GET /walnut?metadataTable"}},
	{Operation: "GetBucketNotificationConfiguration", Actions: []string{"s3:GetBucketNotification"}, Full: []string{"ann GET /walnut?notification"}},
	{Operation: "PutBucketNotificationConfiguration", Actions: []string{"s3:PutBucketNotification"}, Full: []string{"ann PUT /walnut?notification\n\n<NotificationConfiguration/>"}},
	{Operation: "GetBucketLogging", Full: []string{"ann GET /walnut?logging"}},
	{Operation: "PutBucketLogging", Full: []string{"ann PUT /walnut?logging\n\n<BucketLoggingStatus/>"}},
	{Operation: "GetBucketTagging", Full: []string{"ann GET /walnut?tagging"}},
	{Operation: "PutBucketTagging", Full: []string{"ann PUT /walnut?tagging\n\n" + tagSet}},
	{Operation: "DeleteBucketTagging", Full: []string{"ann DELETE /walnut?tagging"}},
	{
		Operation: "UpdateObjectEncryption", Actions: []string{"s3:PutObject", "s3:UpdateObjectEncryption"},
		Full: []string{"ann PUT /walnut/tagged?encryption" + reseal}, Absent: notWritten,
	},
	{Operation: "GetBucketEncryption", Full: []string{"ann GET /walnut?encryption"}},
	{Operation: "PutBucketEncryption", Full: []string{"ann PUT /walnut?encryption\n\n<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"}},
	{Operation: "DeleteBucketEncryption", Full: []string{"ann DELETE /walnut?encryption"}},
	{Operation: "GetObject", Actions: []string{"s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging"}, Full: []string{"ann GET /walnut/tagged", "ann GET /walnut/tagged?versionId=null"}, Bare: "ann GET /walnut/plain"},
	{Operation: "HeadObject", Full: []string{"ann HEAD /walnut/tagged", "ann HEAD /walnut/tagged?versionId=null"}, Bare: "ann HEAD /walnut/plain"},
	{
		Operation: "GetObject", Actions: []string{"s3:ListBucket"}, Full: []string{"ann GET /walnut/none?versionId=null"}, Bare: "ann GET /walnut/none", Needed: []string{"s3:prefix"},
		Absent: oneKey(nil),
	},
	{
		Operation: "PutObject",
		Actions:   []string{"s3:GetObject", "s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:PutObjectTagging"},
		Full: []string{
			"ann PUT /walnut/new\nx-amz-acl: private\nx-amz-tagging: class=open\nIf-None-Match: *" + written + locked,
			"ann PUT /walnut/tagged\nx-amz-tagging: class=open\nIf-Match: \"9dd4e461268c8034f5c8564e155c67a6\"\n" + granted + written + "\n\nx",
			"ann PUT /walnut/new" + encrypted,
		},
		Bare: "ann PUT /walnut/new\n\nx", Needed: []string{"s3:ObjectCreationOperation"}, Absent: implied(copied),
	},
	{
		Operation: "PostObject",
		Actions:   []string{"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:PutObjectTagging"},
		Full: []string{
			formOf("new", "acl=private", "tagging="+tagSet, "x-amz-storage-class=STANDARD", "x-amz-website-redirect-location=/elsewhere", "x-amz-metadata-directive=REPLACE"),
			formOf("new", strings.Split(strings.ReplaceAll(granted+locked+encrypted, ": ", "="), "\n")...),
		},
		Bare: formOf("new"), Needed: []string{"s3:ObjectCreationOperation", "s3:signatureAge"},
		Absent: implied(formless),
	},
	{
		Operation: "CopyObject",
		Full: []string{
			"ann PUT /locked/new\nx-amz-copy-source: walnut/tagged\nx-amz-acl: private\nx-amz-tagging: class=open\nx-amz-tagging-directive: REPLACE\nIf-Match: \"9dd4e461268c8034f5c8564e155c67a6\"" + written + locked,
			"ann PUT /walnut/copy\nx-amz-copy-source: walnut/tagged?versionId=null\nIf-None-Match: *\n" + granted + written,
			"ann PUT /walnut/copy\nx-amz-copy-source: walnut/plain" + encrypted,
		},
		Bare: "ann PUT /walnut/new\nx-amz-copy-source: walnut/plain", Needed: []string{"s3:ObjectCreationOperation", "s3:x-amz-copy-source"},
		Absent: oneKey(map[string]string{"GetObject s3:ExistingObjectTag/class": "S3 does not fill it for the source of a copy", "GetObjectVersion s3:ExistingObjectTag/class": "the same",
			"PutObjectTagging s3:ExistingObjectTag/class": "the object that gets the tags is a new one", "PutObjectAcl s3:ExistingObjectTag/class": "the same"}),
	},
	{
		Operation: "DeleteObject",
		Actions:   []string{"s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucket"},
		Full:      []string{"ann DELETE /walnut/none\nIf-Match: *", "ann DELETE /walnut/none?versionId=null", "ann DELETE /walnut/none\nx-amz-bypass-governance-retention: true"},
		Bare:      "ann DELETE /walnut/none", Absent: oneKey(bypass),
	},
	{
		Operation: "DeleteObjects",
		Full: []string{
			"ann POST /walnut?delete\nx-amz-sdk-checksum-algorithm: CRC32\nx-amz-checksum-crc32: %[2]s\nx-amz-bypass-governance-retention: true\n\n" + deleteBody,
			"ann POST /walnut?delete\nx-amz-checksum-crc32: %[2]s\n\n" + deleteBody,
		},
		Absent: oneKey(bypass),
	},
	{
		Operation: "GetObjectAttributes",
		Actions:   []string{"s3:GetObject", "s3:GetObjectAttributes", "s3:GetObjectVersion", "s3:GetObjectVersionAttributes"},
		Full: []string{
			"ann GET /walnut/tagged?attributes\nx-amz-object-attributes: ETag", "ann GET /walnut/tagged?attributes&versionId=null\nx-amz-object-attributes: ETag",
		},
		Bare: "ann GET /walnut/plain?attributes\nx-amz-object-attributes: ETag",
		Absent: map[string]string{"GetObjectAttributes s3:ExistingObjectTag/class": "S3 does not fill it for the attributes",
			"GetObjectVersionAttributes s3:ExistingObjectTag/class": "the same"},
	},
	{Operation: "GetObjectAcl", Actions: []string{"s3:GetObjectAcl", "s3:GetObjectVersionAcl"}, Full: []string{"ann GET /walnut/tagged?acl", "ann GET /walnut/tagged?acl&versionId=null"}, Bare: "ann GET /walnut/plain?acl"},
	{
		Operation: "PutObjectAcl",
		Actions:   []string{"s3:PutObjectAcl", "s3:PutObjectVersionAcl"},
		Full: []string{
			"ann PUT /walnut/tagged?acl\nx-amz-acl: private\nx-amz-storage-class: STANDARD", "ann PUT /walnut/tagged?acl\n" + granted,
			"ann PUT /walnut/tagged?acl&versionId=null\nx-amz-acl: private\nx-amz-storage-class: STANDARD", "ann PUT /walnut/tagged?acl&versionId=null\n" + granted,
		},
		Bare: "ann PUT /walnut/plain?acl\n\n" + aclBody,
	},
	{Operation: "GetObjectTagging", Actions: []string{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"}, Full: []string{"ann GET /walnut/tagged?tagging", "ann GET /walnut/tagged?tagging&versionId=null"}, Bare: "ann GET /walnut/plain?tagging"},
	{
		Operation: "PutObjectTagging",
		Actions:   []string{"s3:PutObjectTagging", "s3:PutObjectVersionTagging"},
		Full:      []string{"ann PUT /walnut/tagged?tagging\n\n" + tagSet, "ann PUT /walnut/tagged?tagging&versionId=null\n\n" + tagSet},
		Bare:      "ann PUT /walnut/plain?tagging\n\n<Tagging><TagSet/></Tagging>",
	},
	{Operation: "DeleteObjectTagging", Actions: []string{"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"}, Full: []string{"ann DELETE /walnut/tagged?tagging", "ann DELETE /walnut/tagged2?tagging&versionId=null"}, Bare: "ann DELETE /walnut/plain?tagging"},
	{
		Operation: "CreateMultipartUpload",
		Full: []string{
			"ann POST /walnut/new?uploads\nx-amz-acl: private\nx-amz-tagging: class=open\nIf-Match: a\nIf-None-Match: *" + written + locked,
			"ann POST /walnut/new?uploads\nx-amz-tagging: class=open\n" + granted + written,
			"ann POST /walnut/new?uploads" + encrypted,
		},
		Bare: "ann POST /walnut/new?uploads", Needed: []string{"s3:ObjectCreationOperation"}, Absent: implied(copied),
	},
	{
		Operation: "UploadPart",
		Full:      []string{"ann PUT /locked/large?uploadId=[upload1]&partNumber=1\nIf-Match: a\nIf-None-Match: *" + written + "\n\nx", "ann PUT /walnut/large?uploadId=[upload2]&partNumber=1" + customers + "\n\nx"},
		Bare:      "ann PUT /walnut/large?uploadId=[upload3]&partNumber=1\n\nx", Needed: []string{"s3:ObjectCreationOperation"}, Absent: ofPart(copied),
	},
	{
		Operation: "UploadPartCopy",
		Full: []string{
			"ann PUT /locked/large?uploadId=[upload1]&partNumber=1\nx-amz-copy-source: walnut/tagged\nIf-Match: a\nIf-None-Match: *" + written,
			"ann PUT /walnut/large?uploadId=[upload2]&partNumber=1\nx-amz-copy-source: walnut/tagged?versionId=null" + customers,
		},
		Bare: "ann PUT /walnut/large?uploadId=[upload3]&partNumber=1\nx-amz-copy-source: walnut/plain", Needed: []string{"s3:ObjectCreationOperation", "s3:x-amz-copy-source"},
		Absent: ofPart(nil),
	},
	{
		Operation: "CompleteMultipartUpload",
		Full:      []string{"ann POST /locked/large?uploadId=[upload1]\nIf-Match: a" + written + "\n\n" + part, "ann POST /walnut/large?uploadId=[upload2]\nIf-None-Match: *" + customers + "\n\n" + part},
		Bare:      "ann POST /walnut/large?uploadId=[upload3]\n\n" + part, Needed: []string{"s3:ObjectCreationOperation"}, Absent: ofPart(oneKey(copied)),
	},
	{Operation: "RestoreObject", Full: []string{"ann POST /walnut/cold?restore\n\n<RestoreRequest><Days>1</Days></RestoreRequest>"}},
	{Operation: "ListParts", Full: []string{"ann GET /locked/large?uploadId=[upload1]&max-parts=1"}, Bare: "ann GET /walnut/large?uploadId=[upload3]"},
	{Operation: "AbortMultipartUpload", Full: []string{"ann DELETE /locked/large?uploadId=[upload1]"}, Bare: "ann DELETE /walnut/large?uploadId=[upload3]"},
	// S3 Control
	{Operation: "GetPublicAccessBlock", Full: []string{fmt.Sprintf(control, "GET")}},
	{Operation: "PutPublicAccessBlock", Full: []string{fmt.Sprintf(control, "PUT") + block}},
	{Operation: "DeletePublicAccessBlock", Full: []string{fmt.Sprintf(control, "DELETE")}},
	{Operation: "ListTagsForResource", Full: []string{fmt.Sprintf(controlTags, "GET", "")}},
	{
		Operation: "TagResource",
		Full:      []string{fmt.Sprintf(controlTags, "POST", "") + "\n\n<TagResourceRequest><Tags><Tag><Key>class</Key><Value>open</Value></Tag></Tags></TagResourceRequest>"},
		Bare:      fmt.Sprintf(controlTags, "POST", "") + "\n\n<TagResourceRequest><Tags/></TagResourceRequest>",
	},
	{Operation: "UntagResource", Full: []string{fmt.Sprintf(controlTags, "DELETE", "?tagKeys=class")}},
}

const deleteBody = "<Delete><Object><Key>none</Key><ETag>*</ETag></Object><Object><Key>none</Key><VersionId>null</VersionId></Object></Delete>"

// deleteSum is the CRC32 of deleteBody.
const deleteSum = "Ex/aog=="

// bypass are the keys that s3:BypassGovernanceRetention has in the reference.
var bypass = func() map[string]string {
	absent := map[string]string{}
	for _, key := range []string{"RequestObjectTag/class", "RequestObjectTagKeys", "x-amz-acl", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read",
		"x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp", "x-amz-metadata-directive", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
		"x-amz-server-side-encryption-customer-algorithm", "x-amz-storage-class", "x-amz-website-redirect-location"} {
		absent["BypassGovernanceRetention s3:"+key] = "a deletion has none of the headers of a write"
	}
	return absent
}()

// reseal is the body of UpdateObjectEncryption, with a key that is not there.
const reseal = "\n\n<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:us-east-1:111111111111:key/k</KMSKeyArn></SSE-KMS></ObjectEncryption>"

// notWritten are the keys that s3:PutObject lacks where no object is made.
var notWritten = func() map[string]string {
	absent := map[string]string{}
	for key := range bypass {
		if _, key, _ = strings.Cut(key, " "); !strings.HasPrefix(key, "s3:x-amz-server-side-encryption") {
			absent["PutObject "+key] = "no object is made"
		}
	}
	for _, key := range []string{"if-match", "if-none-match", "ObjectCreationOperation", "object-lock-mode", "object-lock-retain-until-date",
		"object-lock-remaining-retention-days", "object-lock-legal-hold", "x-amz-server-side-encryption-customer-algorithm"} {
		absent["PutObject s3:"+key] = "the same"
	}
	return absent
}()

// customers is the header of SSE-C that conditions are about.
const customers = "\nx-amz-server-side-encryption-customer-algorithm: AES256"

// ofPart adds the key that only the parts of an upload under a KMS key have: the story of encryption shows it.
func ofPart(absent map[string]string) map[string]string {
	out := map[string]string{"s3:x-amz-server-side-encryption-aws-kms-key-id": "these uploads are not under a KMS key"}
	maps.Copy(out, absent)
	return out
}

// implied adds the keys of an existing object, which the permissions that a write implies do not have.
func implied(absent map[string]string) map[string]string {
	absent = maps.Clone(absent)
	absent["PutObjectTagging s3:ExistingObjectTag/class"] = "the object that gets the tags is a new one"
	absent["PutObjectAcl s3:ExistingObjectTag/class"] = "the object that gets the ACL is a new one"
	return absent
}

// oneKey adds the keys that s3:ListBucket lacks where it is asked whether a caller may know that a key is not
// there.
func oneKey(absent map[string]string) map[string]string {
	out := map[string]string{"ListBucket s3:delimiter": "the question is about one key", "ListBucket s3:max-keys": "the same"}
	maps.Copy(out, absent)
	return out
}
