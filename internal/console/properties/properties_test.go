package properties

import (
	"net/url"
	"strings"
	"testing"

	"crossgrant/internal/console/bucket/buckettest"
	"crossgrant/internal/console/consoletest"
)

const (
	root   = "/buckets/" + buckettest.Name + "/properties"
	manage = "/buckets/" + buckettest.Name + "/management"
)

const rulesXML = `<LifecycleConfiguration>
<Rule><ID>old &lt;logs&gt;</ID><Status>Enabled</Status><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>1</Value></Tag><ObjectSizeGreaterThan>1000</ObjectSizeGreaterThan></And></Filter><Expiration><Days>365</Days></Expiration><Transition><Days>60</Days><StorageClass>GLACIER</StorageClass></Transition><NoncurrentVersionTransition><NoncurrentDays>20</NoncurrentDays><StorageClass>DEEP_ARCHIVE</StorageClass><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionTransition><NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays><NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>
<Rule><ID>uploads</ID><Status>Disabled</Status><Prefix>in/</Prefix><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload><Expiration><Date>2030-01-31T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>`

// full gives the bucket every setting.
func full(v *buckettest.Visitor) {
	v.API.Set("versioning", `<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>`)
	v.API.Set("encryption", `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>`)
	v.API.Set("object-lock", `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>2</Years></DefaultRetention></Rule></ObjectLockConfiguration>`)
	v.API.Set("tagging", `<Tagging><TagSet><Tag><Key>team</Key><Value>&lt;b&gt;store</Value></Tag></TagSet></Tagging>`)
	v.API.Set("logging", `<BucketLoggingStatus><LoggingEnabled><TargetBucket>target</TargetBucket><TargetPrefix>p/</TargetPrefix><TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee><Permission>READ</Permission></Grant></TargetGrants><TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>DeliveryTime</PartitionDateSource></PartitionedPrefix></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>`)
	v.API.Set("notification", `<NotificationConfiguration><QueueConfiguration><Id>images</Id><Queue>arn:aws:sqs:us-east-1:111122223333:q</Queue><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>Suffix</Name><Value>.png</Value></FilterRule></S3Key></Filter></QueueConfiguration><TopicConfiguration><Id>t</Id><Topic>arn:aws:sns:us-east-1:111122223333:t</Topic><Event>s3:ObjectRemoved:*</Event></TopicConfiguration></NotificationConfiguration>`)
	v.API.Set("website", `<WebsiteConfiguration><IndexDocument><Suffix>start.html</Suffix></IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>docs/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>d/</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>`)
	v.API.Set("requestPayment", `<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>`)
	v.API.Set("lifecycle", rulesXML)
}

// TestPages holds that each page is made for a bucket without settings, with all of them, and when everything is denied.
func TestPages(t *testing.T) {
	t.Parallel()
	pages := []string{
		root, root + "/versioning", root + "/encryption", root + "/object-lock", root + "/tags", root + "/logging", root + "/notifications", root + "/website", root + "/requester-pays",
		manage, manage + "/lifecycle", manage + "/document",
	}
	v := buckettest.New(t, Section())
	for _, page := range pages {
		v.Has(page)
		if w := v.Send("GET", strings.Replace(page, "/logs/", "/other/", 1), nil); w.Code != 404 {
			t.Errorf("%s of no bucket: %d", page, w.Code)
		}
	}
	v.Has(root, "What is overwritten or deleted is gone", "None. Tags say", "us-east-1", "arn:aws:s3:::logs")
	v.Has(manage, "None: objects stay")
	full(v)
	for _, page := range append(pages, manage+"/lifecycle?rule=uploads") {
		v.Has(page)
	}
	v.Has(root, "MFA delete: Enabled", "alias/k", "Bucket key: on", "COMPLIANCE, 2 years", "<b>store", "target", "s3:ObjectCreated:*", ".png", "start.html", "http://logs.s3-website.localhost:9000/", "Requester")
	v.Has(manage, "old <logs>", "Objects whose keys begin with logs/, tagged a=1, larger than 1,000 bytes", "Expire 365 days after they were written", "Move to GLACIER 60 days after",
		"Move older versions to DEEP_ARCHIVE 20 days after they stop being current, but the newest 2 of them", "Delete older versions for good 30 days", "Abort uploads that are not complete 1 day after they began", "Expire on 2030-01-31", "varies_by_storage_class")
	if w := v.Send("GET", manage+"/lifecycle?rule=none", nil); w.Code != 404 {
		t.Errorf("no rule: %d", w.Code)
	}
	v.API.Denied = true
	for _, page := range append(pages, manage+"/lifecycle?rule=uploads") {
		v.Has(page, "The message of AccessDenied")
	}
}

// dry is a form, and what it would do, or what is wrong with it.
type dry struct {
	path string
	form url.Values
	want string
}

func check(t *testing.T, v *buckettest.Visitor, all []dry) {
	t.Helper()
	for _, c := range all {
		if got := v.Commands(c.path, c.form); !strings.Contains(got, c.want) {
			t.Errorf("%s %v: %s\nwant %s", c.path, c.form, got, c.want)
		}
	}
}

// TestNew holds what forms do for a bucket without settings.
func TestNew(t *testing.T) {
	t.Parallel()
	form := consoletest.Form
	check(t, buckettest.New(t, Section()), []dry{
		{root + "/versioning", form("save", "status", "Enabled"), `aws s3api put-bucket-versioning --bucket logs --versioning-configuration '{"Status":"Enabled"}'`},
		{root + "/versioning", form("save", "status", "Suspended", "mfa-delete", "Enabled", "mfa-serial", "S", "mfa-code", "123456"), `aws s3api put-bucket-versioning --bucket logs --versioning-configuration '{"MFADelete":"Enabled","Status":"Suspended"}' --mfa 'SERIAL CODE'`},
		{root + "/versioning", form("save"), "Choose whether"},
		{root + "/encryption", form("save", "algorithm", "AES256"), `'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'`},
		{root + "/encryption", form("delete"), "aws s3api delete-bucket-encryption --bucket logs"},
		{root + "/object-lock", form("save", "mode", "GOVERNANCE", "period", "30", "unit", "days"), `'{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Days":30,"Mode":"GOVERNANCE"}}}'`},
		{root + "/object-lock", form("save", "mode", ""), `'{"ObjectLockEnabled":"Enabled"}'`},
		{root + "/object-lock", form("save", "mode", "GOVERNANCE"), "for how long"},
		{root + "/object-lock", form("save", "mode", "GOVERNANCE", "period", "-1"), `The period has to be a whole number, not "-1"`},
		{root + "/tags", form("save", "tag-key", "a", "tag-value", "1", "tag-key", "", "tag-value", ""), `aws s3api put-bucket-tagging --bucket logs --tagging '{"TagSet":[{"Key":"a","Value":"1"}]}'`},
		{root + "/tags", form("save", "tag-key", "", "tag-value", ""), "aws s3api delete-bucket-tagging --bucket logs"},
		{root + "/tags", form("save", "tag-key", "", "tag-value", "x"), "has no key"},
		{root + "/logging", form("save", "target", "t", "prefix", "p/", "format", "simple"), `'{"LoggingEnabled":{"TargetBucket":"t","TargetPrefix":"p/"}}'`},
		{root + "/logging", form("save", "target", "t", "prefix", "", "format", "EventTime"), `'{"LoggingEnabled":{"TargetBucket":"t","TargetPrefix":"","TargetObjectKeyFormat":{"PartitionedPrefix":{"PartitionDateSource":"EventTime"}}}}'`},
		{root + "/logging", form("save"), "Type the bucket"},
		{root + "/logging", form("delete"), `aws s3api put-bucket-logging --bucket logs --bucket-logging-status '{}'`},
		{root + "/website", form("save", "kind", "host", "index", "i.html", "error", "", "rules", ""), `'{"IndexDocument":{"Suffix":"i.html"}}'`},
		{root + "/website", form("save", "kind", "host", "index", "i.html", "rules", rulesStart), `"RoutingRules":[{"Redirect":{"ReplaceKeyPrefixWith":"documents/"},"Condition":{"KeyPrefixEquals":"docs/"}}]`},
		{root + "/website", form("save", "kind", "redirect", "host", "example.com", "protocol", "https"), `'{"RedirectAllRequestsTo":{"HostName":"example.com","Protocol":"https"}}'`},
		{root + "/website", form("save", "kind", "redirect"), "Type the host"},
		{root + "/website", form("save", "kind", "host", "index", "i", "rules", "[]"), "Line 1: the document has to be an object"},
		{root + "/website", form("delete"), "aws s3api delete-bucket-website --bucket logs"},
		{root + "/requester-pays", form("save", "payer", "Requester"), `aws s3api put-bucket-request-payment --bucket logs --request-payment-configuration '{"Payer":"Requester"}'`},
		{root + "/notifications", form("add", "arn", "arn:aws:lambda:us-east-1:111122223333:function:f", "event", "s3:ObjectCreated:*", "filter-prefix", "a/", "id", "i", "skip-validation", "on"),
			`'{"LambdaFunctionConfigurations":[{"Events":["s3:ObjectCreated:*"],"LambdaFunctionArn":"arn:aws:lambda:us-east-1:111122223333:function:f","Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"a/"}]}},"Id":"i"}]}' --skip-destination-validation`},
		{root + "/notifications", form("add", "arn", "arn:aws:s3:::b", "event", "s3:ObjectCreated:*"), "Type the ARN"},
		{root + "/notifications", form("add", "arn", "arn:aws:sqs:us-east-1:111122223333:q"), "Choose the events"},
		{root + "/notifications", form("save", "notifications", `{"EventBridgeConfiguration": {}}`), `--notification-configuration '{"EventBridgeConfiguration":{}}'`},
		{manage + "/lifecycle", form("save", "id", "r", "enabled", "on", "prefix", "a/", "expire-days", "3"), `'{"Rules":[{"Status":"Enabled","Expiration":{"Days":3},"Filter":{"Prefix":"a/"},"ID":"r"}]}'`},
		{manage + "/lifecycle", form("save", "tag-key", "k", "tag-value", "v", "markers", "on"), `'{"Rules":[{"Status":"Disabled","Expiration":{"ExpiredObjectDeleteMarker":true},"Filter":{"Tag":{"Key":"k","Value":"v"}}}]}'`},
		{manage + "/lifecycle", form("save", "greater", "1", "less", "9", "abort-days", "7"), `"Filter":{"And":{"ObjectSizeGreaterThan":1,"ObjectSizeLessThan":9}}`},
		{manage + "/lifecycle", form("save", "greater", "1", "move-class", "GLACIER", "move-days", "", "move-date", "2030-01-31"), `"Filter":{"ObjectSizeGreaterThan":1},"Transitions":[{"Date":"2030-01-31T00:00:00Z","StorageClass":"GLACIER"}]`},
		{manage + "/lifecycle", form("save", "prefix", "a/"), "does nothing yet"},
		{manage + "/lifecycle", form("save", "expire-days", "soon"), `not "soon"`},
		{manage + "/lifecycle", form("save", "expire-date", "soon"), `not "soon"`},
		{manage + "/lifecycle?rule=none", form("save", "expire-days", "1"), "There is no lifecycle rule none"},
		{manage + "/document", form("save", "lifecycle", lifecycleStart), `aws s3api put-bucket-lifecycle-configuration --bucket logs --lifecycle-configuration '{"Rules":[{"Status":"Enabled"`},
		{manage + "/document", form("save", "lifecycle", "{}"), "There is no rule"},
		{manage + "/document", form("delete"), "aws s3api delete-bucket-lifecycle --bucket logs"},
	})
}

// TestKept holds that forms do not lose what they do not show.
func TestKept(t *testing.T) {
	t.Parallel()
	v := buckettest.New(t, Section())
	full(v)
	form := consoletest.Form
	check(t, v, []dry{
		{root + "/encryption", form("save", "algorithm", "aws:kms", "key", "other", "bucket-key", "on"), `'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"other"},"BlockedEncryptionTypes":{"EncryptionType":["SSE-C"]},"BucketKeyEnabled":true}]}'`},
		{root + "/logging", form("save", "target", "other", "prefix", "p/", "format", "DeliveryTime"), `'{"LoggingEnabled":{"TargetBucket":"other","TargetPrefix":"p/","TargetGrants":[{"Grantee":{"Type":"Group","URI":"u"},"Permission":"READ"}],"TargetObjectKeyFormat":{"PartitionedPrefix":{"PartitionDateSource":"DeliveryTime"}}}}'`},
		{root + "/logging", form("save", "target", "other", "format", "simple"), `"TargetObjectKeyFormat":{"SimplePrefix":{}}`},
		{root + "/versioning", form("save", "status", "Suspended"), `'{"Status":"Suspended"}'`},
		{root + "/notifications", form("remove", "id", "images"), `'{"TopicConfigurations":[{"Events":["s3:ObjectRemoved:*"],"TopicArn":"arn:aws:sns:us-east-1:111122223333:t","Id":"t"}]}'`},
		{manage, form("switch", "id", "uploads", "status", "Enabled"), `{"Status":"Enabled","AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1},"Expiration":{"Date":"2030-01-31T00:00:00Z"},"ID":"uploads","Prefix":"in/"}]}' --transition-default-minimum-object-size varies_by_storage_class`},
		{manage + "/lifecycle?rule=uploads", form("remove"), `"Transitions":[{"Days":60,"StorageClass":"GLACIER"}]}]}' --transition-default-minimum-object-size varies_by_storage_class`},
		{manage + "/lifecycle?rule=uploads", form("save", "id", "uploads", "prefix", "up/", "expire-date", "2030-01-31", "abort-days", "1"), `{"Status":"Disabled","AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1},"Expiration":{"Date":"2030-01-31T00:00:00Z"},"ID":"uploads","Prefix":"up/"}]}'`},
	})
	// A rule that is saved as it is shown stays as it is.
	shown := form("save", "id", "old <logs>", "enabled", "on", "prefix", "logs/", "tag-key", "a", "tag-value", "1", "greater", "1000", "expire-days", "365",
		"move-class", "GLACIER", "move-days", "60", "move-date", "", "noncurrent-move-class", "DEEP_ARCHIVE", "noncurrent-move-days", "20", "noncurrent-move-newer", "2", "noncurrent-days", "30", "noncurrent-newer", "3")
	page := v.Has(manage+"/lifecycle?rule=old+%3Clogs%3E", "DEEP_ARCHIVE")
	for field, values := range shown {
		if field != "do" && field != "enabled" && !strings.Contains(field, "class") && values[0] != "" && !strings.Contains(page, `value="`+strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(values[0])+`"`) {
			t.Errorf("the form does not show %s %s", field, values[0])
		}
	}
	as := v.Commands(manage, form("switch", "id", "old <logs>", "status", "Enabled"))
	if got := v.Commands(manage+"/lifecycle?rule=old+%3Clogs%3E", shown); got != as {
		t.Errorf("%s\nwant %s", got, as)
	}
}

// TestActions holds where forms lead, and that what cannot be undone is asked for.
func TestActions(t *testing.T) {
	t.Parallel()
	v := buckettest.New(t, Section())
	full(v)
	form := consoletest.Form
	v.Leads(root, root+"/tags", "save", "tag-key", "a", "tag-value", "1")
	v.Leads(root+"/notifications", root+"/notifications", "remove", "id", "images", "confirm", "images")
	v.Leads(manage, manage, "switch", "id", "uploads", "status", "Enabled")
	if v.API.Minimum() != "varies_by_storage_class" {
		t.Errorf("smallest size %q", v.API.Minimum())
	}
	v.Refused("type uploads to confirm", manage+"/lifecycle?rule=uploads", "remove", "confirm", "x")
	v.Leads(manage, manage+"/lifecycle?rule=uploads", "remove", "confirm", "uploads")
	v.Refused("type logs to confirm", manage+"/document", "delete")
	v.Leads(manage, manage+"/document", "delete", "confirm", "logs")
	v.Refused("type logs to confirm", root+"/website", "delete")
	v.Refused("type logs to confirm", root+"/logging", "delete")
	v.Refused("Type both", root+"/versioning", "save", "status", "Enabled", "mfa-serial", "S")
	v.Refused("SSE-S3 has no KMS key", root+"/encryption", "save", "algorithm", "AES256", "key", "k")
	v.Refused(`value="77"`, manage+"/lifecycle", "save", "expire-days", "<b>", "tag-key", "typed", "move-class", "GLACIER", "move-days", "77")
	v.Refused("has no key", root+"/tags", "save", "tag-key", "", "tag-value", "x", "tag-key", "typed", "tag-value", "y")
	// The rows after the one that is wrong are there again as well.
	v.Refused(`value="typed"`, root+"/tags", "save", "tag-key", "", "tag-value", "x", "tag-key", "typed", "tag-value", "y")
	v.Refused(`value="typed"`, manage+"/lifecycle", "save", "tag-key", "", "tag-value", "x", "tag-key", "typed", "tag-value", "y")
	for path, field := range map[string]string{root + "/website": "rules", root + "/notifications": "notifications", manage + "/document": "lifecycle"} {
		if body := v.Send("POST", path, form("check", field, "{\n\"x\":1}"), "HX-Request", "true").Body.String(); !strings.Contains(body, `data-line="2"`) || strings.Contains(body, "<html") {
			t.Errorf("%s: %s", path, body)
		}
	}
}
