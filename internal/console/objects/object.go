package objects

import (
	"cmp"
	"context"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

// address names an object, or a version of it, and the tab of its pages.
type address struct {
	Bucket, Key, VersionID string
	Tab                    string
}

func addressed(v *page.Visit) *address {
	return &address{Bucket: v.Path("bucket"), Key: v.Query("key"), VersionID: v.Query("versionId")}
}

// version is the version ID for an input; nil: the current version.
func (a *address) version() *string {
	if a.VersionID == "" {
		return nil
	}
	return &a.VersionID
}

// Folder is the prefix that the key lies below.
func (a *address) Folder() string { return strings.TrimSuffix(a.Key, nameOf(a.Key)) }

// Name is how people call the object.
func (a *address) Name() string { return nameOf(a.Key) }

// At returns the address of a page of the object; tab "" is the first.
func (a *address) At(tab string) string {
	parts := []string{"buckets", a.Bucket, "object"}
	if tab != "" {
		parts = append(parts, tab)
	}
	return page.Query(page.Path(parts...), "key", a.Key, "versionId", a.VersionID)
}

func (a *address) view(tab, title, template string, data any) *page.View {
	a.Tab = tab
	crumbs := bucket.Crumbs(a.Bucket, a.Name())
	if folder := a.Folder(); folder != "" {
		crumbs = slices.Insert(crumbs, len(crumbs)-1, page.Crumb{Text: folder, To: page.Query(page.Path("buckets", a.Bucket), "prefix", folder)})
	}
	return &page.View{Title: title + " · " + a.Name(), Crumbs: crumbs, Template: template, Data: data}
}

// object is the first page of an object.
type object struct {
	*address
	Head      *s3.HeadObjectOutput
	Problem   *page.Problem
	Metadata  []page.Pair
	Checksums []page.Pair
	Tags      []page.Pair
	// TagsProblem is why tags could not be read.
	TagsProblem *page.Problem
	// Kind is how the content can be shown: image, audio, video, text; empty: not.
	Kind           string
	Link, Download string
	// Share is a URL that was made to be given away, and Until when it ends, at the latest.
	Share     string
	Until     time.Time
	Durations []duration
	// Ends is when the visitor's credentials do; zero: they do not.
	Ends time.Time
}

type duration struct {
	Seconds int
	Text    string
}

var durations = []duration{{300, "5 minutes"}, {900, "15 minutes"}, {3600, "1 hour"}, {43200, "12 hours"}, {86400, "1 day"}, {604800, "7 days"}}

func showObject(ctx context.Context, v *page.Visit) (*page.View, error) {
	d, err := readObject(ctx, v)
	if err != nil {
		return nil, err
	}
	return d.view("", "Object", "object", d), nil
}

// readObject asks what there is to know of an object.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
func readObject(ctx context.Context, v *page.Visit) (*object, error) {
	d := &object{address: addressed(v), Durations: durations, Ends: v.Session.Current().Expires}
	if d.Key == "" {
		return nil, page.Missing("The address names no object.")
	}
	v.Together(func() {
		out, err := v.AWS.S3().HeadObject(ctx, &s3.HeadObjectInput{Bucket: &d.Bucket, Key: &d.Key, VersionId: d.version(), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			d.Problem = v.Problem(err)
			return
		}
		d.describe(out)
	}, func() {
		out, err := v.AWS.S3().GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &d.Bucket, Key: &d.Key, VersionId: d.version()})
		if err != nil {
			d.TagsProblem = v.Problem(err)
			return
		}
		for _, tag := range out.TagSet {
			d.Tags = append(d.Tags, page.Pair{Key: aws.ToString(tag.Key), Value: aws.ToString(tag.Value)})
		}
	})
	if v.Sent("tags") {
		d.Tags = pairs(v, "tagKey", "tagValue")
	}
	d.Tags = filled(d.Tags, 3, maxTags)
	var err error
	if d.Download, err = link(ctx, v, d.address, signedFor, true); err != nil {
		return nil, err
	}
	if d.Kind != "" {
		d.Link, err = link(ctx, v, d.address, signedFor, false)
	}
	return d, err
}

// maxTags is how many tags an object can have.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
const maxTags = 10

func (d *object) describe(out *s3.HeadObjectOutput) {
	d.Head = out
	for _, name := range slices.Sorted(maps.Keys(out.Metadata)) {
		d.Metadata = append(d.Metadata, page.Pair{Key: name, Value: out.Metadata[name]})
	}
	for _, sum := range []struct {
		name  string
		value *string
	}{{"CRC64NVME", out.ChecksumCRC64NVME}, {"CRC32", out.ChecksumCRC32}, {"CRC32C", out.ChecksumCRC32C}, {"SHA-1", out.ChecksumSHA1}, {"SHA-256", out.ChecksumSHA256}} {
		if sum.value != nil {
			d.Checksums = append(d.Checksums, page.Pair{Key: sum.name, Value: *sum.value})
		}
	}
	if out.ArchiveStatus == "" && out.SSECustomerAlgorithm == nil && aws.ToInt64(out.ContentLength) > 0 {
		d.Kind = kindOf(aws.ToString(out.ContentType), d.Key)
	}
}

// texts are media types, beside text/…, that are shown as text.
var texts = []string{"application/json", "application/xml", "application/yaml", "application/x-yaml", "application/toml", "application/x-sh", "application/javascript", "application/sql", "application/x-ndjson"}

// pictures are media types that an <img> shows. A picture runs no script there, also if it is SVG.
//
// Source: https://www.w3.org/TR/SVG2/conform.html#secure-static-mode
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon", "image/svg+xml"}

// kindOf returns how content of a media type can be shown. HTML and PDF are downloads only.
func kindOf(contentType, key string) string {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind == "binary/octet-stream" || kind == "application/octet-stream" {
		// What was uploaded without a type is known by its name.
		kind, _, _ = mime.ParseMediaType(mime.TypeByExtension(nameOf(key)[max(strings.LastIndex(nameOf(key), "."), 0):]))
		if strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/") {
			return "" // browsers are told not to guess
		}
	}
	switch {
	case kind == "text/html" || kind == "application/xhtml+xml":
		return ""
	case slices.Contains(pictures, kind):
		return "image"
	case strings.HasPrefix(kind, "audio/"):
		return "audio"
	case strings.HasPrefix(kind, "video/"):
		return "video"
	case strings.HasPrefix(kind, "text/"), slices.Contains(texts, kind), strings.HasSuffix(kind, "+json"):
		return "text"
	default:
		return ""
	}
}

// disposition has a browser save what it gets, under the name. All of it is ASCII.
//
// Source: https://www.rfc-editor.org/rfc/rfc6266#section-4.3
func disposition(name string) string {
	return "attachment; filename*=UTF-8''" + url.PathEscape(strings.Trim(name, "/"))
}

// putTags sets the tags of an object.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
func putTags(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at := addressed(v)
	done := &page.Done{To: at.At(""), Note: "The tags were saved."}
	tags := []types.Tag{}
	for _, tag := range pairs(v, "tagKey", "tagValue") {
		tags = append(tags, types.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
	}
	if len(tags) == 0 {
		_, err := v.AWS.S3().DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version()})
		return done, err
	}
	_, err := v.AWS.S3().PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version(), Tagging: &types.Tagging{TagSet: tags}})
	return done, err
}

// share makes a URL by which anybody can read the object for a while, as the visitor.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
func share(ctx context.Context, v *page.Visit) (*page.Done, error) {
	seconds, err := strconv.Atoi(v.Form("expires"))
	if err != nil || !slices.ContainsFunc(durations, func(d duration) bool { return d.Seconds == seconds }) {
		return nil, page.Invalid("Choose how long the link is to last.")
	}
	at := addressed(v)
	if at.VersionID == "" {
		v.AWS.Show(cli.Command{Text: cli.Join("aws", "s3", "presign", "s3://"+at.Bucket+"/"+at.Key, "--expires-in", strconv.Itoa(seconds)), Writes: true})
	}
	if v.Dry() {
		return &page.Done{}, nil
	}
	d, err := readObject(ctx, v)
	if err != nil {
		return nil, err
	}
	if d.Share, err = link(ctx, v, at, time.Duration(seconds)*time.Second, false); err != nil {
		return nil, err
	}
	d.Until = v.Now().Add(time.Duration(seconds) * time.Second)
	if !d.Ends.IsZero() && d.Ends.Before(d.Until) {
		d.Until = d.Ends
	}
	return &page.Done{View: d.view("", "Object", "object", d)}, nil
}

// Type is the media type of the object.
func (d *object) Type() string { return cmp.Or(aws.ToString(d.Head.ContentType), "–") }
