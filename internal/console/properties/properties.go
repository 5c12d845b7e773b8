// Package properties is what a bucket does with its objects: versions, encryption, lock, lifecycle, logging,
// notifications, website, tags.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/view-bucket-properties.html
package properties

import (
	"embed"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// The paths of the two tabs; each setting has a page below one.
const (
	properties = "/buckets/{bucket}/properties"
	management = "/buckets/{bucket}/management"
)

// Section returns the pages.
func Section() page.Section {
	rows := []page.Row{
		{Path: properties, Get: showOverview},
		{Path: properties + "/versioning", Get: showVersioning, Actions: map[string]page.Action{"save": saveVersioning}},
		{Path: properties + "/encryption", Get: showEncryption, Actions: map[string]page.Action{"save": saveEncryption, "delete": deleteEncryption}},
		{Path: properties + "/object-lock", Get: showLock, Actions: map[string]page.Action{"save": saveLock}},
		{Path: properties + "/tags", Get: showTags, Actions: map[string]page.Action{"save": saveTags}},
		{Path: properties + "/logging", Get: showLogging, Actions: map[string]page.Action{"save": saveLogging, "delete": deleteLogging}},
		{Path: properties + "/notifications", Get: showNotifications, Actions: map[string]page.Action{"add": addNotification, "remove": removeNotification, "save": saveNotifications, "check": checkNotifications}},
		{Path: properties + "/website", Get: showWebsite, Actions: map[string]page.Action{"save": saveWebsite, "delete": deleteWebsite, "check": checkWebsite}},
		{Path: properties + "/requester-pays", Get: showPayment, Actions: map[string]page.Action{"save": savePayment}},
		{Path: management, Get: showManagement, Actions: map[string]page.Action{"switch": switchRule}},
		{Path: management + "/lifecycle", Get: showRule, Actions: map[string]page.Action{"save": saveRule, "remove": removeRule}},
		{Path: management + "/document", Get: showLifecycle, Actions: map[string]page.Action{"save": saveLifecycle, "delete": deleteLifecycle, "check": checkLifecycle}},
	}
	for i := range rows {
		rows[i].Area = "buckets"
	}
	return page.Section{Name: "properties", Templates: []fs.FS{bucket.Templates(), page.Templates(files)}, Rows: rows}
}

// name returns the bucket that the page is about.
func name(v *page.Visit) string { return v.Path("bucket") }

// named is that for inputs.
func named(v *page.Visit) *string { return aws.String(name(v)) }

// view returns the page of a property.
func view(v *page.Visit, title, template string, data any) *page.View {
	return bucket.View(v, "properties", "Properties", title, template, data)
}

// done leads back to the properties.
func done(v *page.Visit, note string) *page.Done {
	return &page.Done{To: page.Path("buckets", name(v), "properties"), Note: note}
}

// managed leads back to the management of the bucket.
func managed(v *page.Visit, note string) *page.Done {
	return &page.Done{To: page.Path("buckets", name(v), "management"), Note: note}
}
