package objects

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// perPage is how many keys and prefixes a page of the browser has.
const perPage = 100

// browser is a page of what lies below a prefix.
type browser struct {
	Bucket, Prefix string
	// Folder is the prefix up to its last '/', and Way leads there from the bucket.
	Folder   string
	Way      []page.Pair // name, prefix
	Versions bool
	Entries  []entry
	Next     string
	First    string
	Problem  *page.Problem
	Options  optionsForm
}

// entry is an object, a version, a delete marker, or a prefix that several keys have.
type entry struct {
	Key, Name, VersionID string
	Prefix               bool
	Latest, Marker       bool
	Owner, Class         string
	Size                 *int64
	Modified             *time.Time
}

// Ref is what names the entry in a form.
func (e entry) Ref() string {
	text, err := json.Marshal(types.ObjectIdentifier{Key: &e.Key, VersionId: &e.VersionID})
	if err != nil {
		return ""
	}
	return string(text)
}

// browse shows a page of a prefix. Its cost depends on the page, not on the bucket.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
func browse(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &browser{Bucket: v.Path("bucket"), Prefix: v.Query("prefix"), Versions: v.Query("show") == "versions", Options: optionsOf(v)}
	d.Folder = d.Prefix[:strings.LastIndex(d.Prefix, "/")+1]
	for i, r := range d.Folder {
		if r == '/' {
			d.Way = append(d.Way, page.Pair{Key: nameOf(d.Folder[:i+1]), Value: d.Folder[:i+1]})
		}
	}
	var err error
	if d.Versions {
		err = d.listVersions(ctx, v)
	} else {
		err = d.listObjects(ctx, v)
	}
	// Who may not list may still upload.
	d.Problem = v.Problem(err)
	return &page.View{Title: d.Bucket, Crumbs: bucket.Crumbs(d.Bucket, ""), Template: "browser", Data: d}, nil
}

// At returns the address of a page of the browser.
func (d *browser) At(prefix string, versions bool, more ...string) string {
	show := ""
	if versions {
		show = "versions"
	}
	return page.Query(page.Path("buckets", d.Bucket), append([]string{"prefix", prefix, "show", show}, more...)...)
}

func (d *browser) listObjects(ctx context.Context, v *page.Visit) error {
	in := &s3.ListObjectsV2Input{
		Bucket: &d.Bucket, Delimiter: aws.String("/"), MaxKeys: aws.Int32(perPage), FetchOwner: aws.Bool(true), EncodingType: types.EncodingTypeUrl,
	}
	if d.Prefix != "" {
		in.Prefix = &d.Prefix
	}
	if token := v.Query("token"); token != "" {
		in.ContinuationToken = &token
		d.First = d.At(d.Prefix, false)
	}
	out, err := v.AWS.S3().ListObjectsV2(ctx, in)
	if err != nil {
		return err
	}
	d.prefixes(out.CommonPrefixes)
	for _, o := range out.Contents {
		e := entry{Key: bucket.Key(o.Key), Latest: true, Class: string(o.StorageClass), Size: o.Size, Modified: o.LastModified, Owner: owner(o.Owner)}
		e.Name = strings.TrimPrefix(e.Key, d.Folder)
		d.Entries = append(d.Entries, e)
	}
	if token := aws.ToString(out.NextContinuationToken); token != "" {
		d.Next = d.At(d.Prefix, false, "token", token)
	}
	return nil
}

// listVersions lists versions and delete markers as well.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (d *browser) listVersions(ctx context.Context, v *page.Visit) error {
	in := &s3.ListObjectVersionsInput{Bucket: &d.Bucket, Delimiter: aws.String("/"), MaxKeys: aws.Int32(perPage), EncodingType: types.EncodingTypeUrl}
	if d.Prefix != "" {
		in.Prefix = &d.Prefix
	}
	if marker := v.Query("keyMarker"); marker != "" {
		in.KeyMarker = &marker
		if version := v.Query("versionIdMarker"); version != "" {
			in.VersionIdMarker = &version
		}
		d.First = d.At(d.Prefix, true)
	}
	out, err := v.AWS.S3().ListObjectVersions(ctx, in)
	if err != nil {
		return err
	}
	d.prefixes(out.CommonPrefixes)
	d.Entries = append(d.Entries, versionsOf(out)...)
	for i := range d.Entries {
		if e := &d.Entries[i]; !e.Prefix {
			e.Name = strings.TrimPrefix(e.Key, d.Folder)
		}
	}
	if aws.ToBool(out.IsTruncated) {
		d.Next = d.At(d.Prefix, true, "keyMarker", bucket.Key(out.NextKeyMarker), "versionIdMarker", aws.ToString(out.NextVersionIdMarker))
	}
	return nil
}

// versionsOf returns versions and delete markers in the order of keys, the newest first, which the SDK takes apart.
func versionsOf(out *s3.ListObjectVersionsOutput) []entry {
	var all []entry
	for _, o := range out.Versions {
		all = append(all, entry{
			Key: bucket.Key(o.Key), VersionID: aws.ToString(o.VersionId), Latest: aws.ToBool(o.IsLatest), Class: string(o.StorageClass),
			Size: o.Size, Modified: o.LastModified, Owner: owner(o.Owner),
		})
	}
	for _, o := range out.DeleteMarkers {
		all = append(all, entry{
			Key: bucket.Key(o.Key), VersionID: aws.ToString(o.VersionId), Latest: aws.ToBool(o.IsLatest), Marker: true, Modified: o.LastModified, Owner: owner(o.Owner),
		})
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		if a.Latest != b.Latest && a.Key == b.Key {
			if a.Latest {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Key, b.Key), aws.ToTime(b.Modified).Compare(aws.ToTime(a.Modified)))
	})
	return all
}

func (d *browser) prefixes(found []types.CommonPrefix) {
	for _, p := range found {
		prefix := bucket.Key(p.Prefix)
		d.Entries = append(d.Entries, entry{Key: prefix, Name: strings.TrimPrefix(prefix, d.Folder), Prefix: true})
	}
}

// owner is how people call an owner: the name of the account, or else its canonical ID.
func owner(o *types.Owner) string {
	if o == nil {
		return ""
	}
	return cmp.Or(aws.ToString(o.DisplayName), aws.ToString(o.ID))
}

// createFolder makes an empty object whose key ends with '/', which is what S3 has for folders.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html
func createFolder(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, prefix := strings.Trim(v.Text("folder"), "/"), v.Query("prefix")
	if name == "" {
		return nil, page.Invalid("Type a name for the folder.")
	}
	key := prefix[:strings.LastIndex(prefix, "/")+1] + name + "/"
	if _, err := v.AWS.S3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(v.Path("bucket")), Key: &key}); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(page.Path("buckets", v.Path("bucket")), "prefix", key), Note: "The folder " + key + " was created."}, nil
}
