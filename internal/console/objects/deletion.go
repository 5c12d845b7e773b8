package objects

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// deletion is what was selected to be deleted.
type deletion struct {
	Bucket  string
	Objects []selected
	// Versions says that versions are among it, which are deleted for good.
	Versions bool
	Back     string
	// Confirm is what has to be typed.
	Confirm string
	Failed  []types.Error
	Deleted int
}

type selected struct {
	Ref, Key, VersionID string
}

// chosen reads what was selected.
func chosen(v *page.Visit) (*deletion, error) {
	d := &deletion{Bucket: v.Path("bucket"), Back: page.Local(v.Form("back"))}
	for _, text := range v.Forms("object") {
		var id types.ObjectIdentifier
		if err := json.Unmarshal([]byte(text), &id); err != nil || aws.ToString(id.Key) == "" {
			return nil, page.Invalid("The selection cannot be read.")
		}
		one := selected{text, *id.Key, aws.ToString(id.VersionId)}
		d.Objects = append(d.Objects, one)
		d.Versions = d.Versions || one.VersionID != ""
	}
	switch len(d.Objects) {
	case 0:
		return nil, page.Invalid("Nothing is selected.")
	case 1:
		d.Confirm = nameOf(d.Objects[0].Key)
	default:
		d.Confirm = d.Bucket
	}
	if d.Back == "/" {
		d.Back = page.Path("buckets", d.Bucket)
	}
	return d, nil
}

func reviewed(_ context.Context, v *page.Visit) (*page.View, error) {
	d, err := chosen(v)
	if err != nil {
		return nil, err
	}
	return deletionView(d), nil
}

func deletionView(d *deletion) *page.View {
	return &page.View{Title: "Delete objects", Crumbs: bucket.Crumbs(d.Bucket, "Delete objects"), Template: "delete-objects", Data: d}
}

// review shows what was selected before it is deleted.
func review(ctx context.Context, v *page.Visit) (*page.Done, error) {
	view, err := reviewed(ctx, v)
	if err != nil {
		return nil, err
	}
	return &page.Done{View: view}, nil
}

func deleteObjects(ctx context.Context, v *page.Visit) (*page.Done, error) {
	d, err := chosen(v)
	if err != nil {
		return nil, err
	}
	if err := v.Confirmed(d.Confirm); err != nil {
		return nil, err
	}
	ids := make([]types.ObjectIdentifier, len(d.Objects))
	for i, o := range d.Objects {
		ids[i].Key = aws.String(o.Key)
		if o.VersionID != "" {
			ids[i].VersionId = aws.String(o.VersionID)
		}
	}
	if d.Failed, err = bucket.Delete(ctx, v, d.Bucket, ids); err != nil {
		return nil, err
	}
	d.Deleted = len(ids) - len(d.Failed)
	if len(d.Failed) > 0 {
		d.Objects = nil
		return &page.Done{View: deletionView(d)}, nil
	}
	note := fmt.Sprintf("%d objects were deleted.", d.Deleted)
	if d.Deleted == 1 {
		note = d.Objects[0].Key + " was deleted."
	}
	return &page.Done{To: d.Back, Note: note}, nil
}

// deleteObject deletes the object, or version, of a page.
func deleteObject(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at := addressed(v)
	if err := v.Confirmed(nameOf(at.Key)); err != nil {
		return nil, err
	}
	in := &s3.DeleteObjectInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version()}
	if v.Checked("bypass") {
		in.BypassGovernanceRetention = aws.Bool(true)
	}
	if _, err := v.AWS.S3().DeleteObject(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(page.Path("buckets", at.Bucket), "prefix", at.Folder()), Note: at.Key + " was deleted."}, nil
}
