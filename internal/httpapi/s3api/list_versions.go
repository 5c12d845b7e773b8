package s3api

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/objects"
	"crossgrant/internal/wire/restxml"
)

type listVersionsInput struct {
	pageQuery
	bucket                   *access.Bucket
	keyMarker, versionMarker string
}

// listObjectVersions is ListObjectVersions.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (s *Service) listObjectVersions() httpapi.Operation {
	return httpapi.Row[listVersionsInput]{
		Name:   "ListObjectVersions",
		Decode: decodeListVersions,
		Load: func(ctx context.Context, c *httpapi.Call, in *listVersionsInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Checks: func(c *httpapi.Call, in *listVersionsInput) []access.Check {
			return []access.Check{bucketCheck(in.bucket, "s3:ListBucketVersions", listKeys(c.Query()))}
		},
		Run: s.runListVersions,
	}.Operation()
}

func decodeListVersions(c *httpapi.Call) (*listVersionsInput, error) {
	query := c.Query()
	p, err := decodePage(query, "max-keys")
	if err != nil {
		return nil, err
	}
	if p.restored, err = decodeOptional(c); err != nil {
		return nil, err
	}
	in := &listVersionsInput{pageQuery: p, keyMarker: query.Get("key-marker"), versionMarker: query.Get("version-id-marker")}
	if query.Has("version-id-marker") {
		if in.keyMarker == "" {
			return nil, invalidArgument("version-id-marker", in.versionMarker, "A version-id marker cannot be specified without a key marker.")
		}
		if in.versionMarker == "" {
			return nil, invalidArgument("version-id-marker", "", "A version-id marker cannot be empty.")
		}
		if _, err := parseVersion(in.versionMarker); err != nil {
			return nil, invalidArgument("version-id-marker", in.versionMarker, "Invalid version id specified")
		}
	}
	return in, nil
}

func (s *Service) runListVersions(ctx context.Context, _ *httpapi.Call, in *listVersionsInput) (*httpapi.Response, error) {
	page, err := s.objects.ListVersions(ctx, objects.VersionQuery{
		Bucket: in.bucket.ID, Prefix: in.prefix, Delimiter: in.delimiter,
		KeyMarker: in.keyMarker, VersionMarker: in.versionMarker, Max: in.max,
	})
	if err != nil {
		return nil, err
	}
	d := restxml.New("ListVersionsResult")
	d.Text("Name", in.bucket.Record.Name)
	d.Text("Prefix", in.text(in.prefix))
	d.Text("KeyMarker", in.text(in.keyMarker))
	d.Text("VersionIdMarker", in.versionMarker)
	if page.Truncated {
		d.Text("NextKeyMarker", in.text(page.NextKeyMarker))
		d.TextIf("NextVersionIdMarker", page.NextVersionMarker)
	}
	d.Int("MaxKeys", int64(in.max))
	d.TextIf("Delimiter", in.text(in.delimiter))
	if in.encode {
		d.Text("EncodingType", "url")
	}
	d.Bool("IsTruncated", page.Truncated)
	if err := s.writeVersions(ctx, d, in, page.Versions); err != nil {
		return nil, err
	}
	in.writePrefixes(d, page.Prefixes)
	return s.listed(d), nil
}

// writeVersions writes the versions and delete markers of a page, in their order.
func (s *Service) writeVersions(ctx context.Context, d *restxml.Document, in *listVersionsInput, versions []objects.ListedVersion) error {
	names := s.namesOf(ctx)
	for i := range versions {
		v := &versions[i]
		element := "Version"
		if v.Object.DeleteMarker {
			element = "DeleteMarker"
		}
		d.Open(element)
		d.Text("Key", in.text(v.Key))
		d.Text("VersionId", objects.VersionID(v.Object))
		d.Bool("IsLatest", v.Current)
		d.Time("LastModified", nanos(v.Object.Modified))
		if v.Object.DeleteMarker {
			names.write(d, "Owner", ids.CanonicalUserID(v.Object.Owner))
		} else {
			writeContent(d, v.Object)
			names.write(d, "Owner", in.bucket.ObjectOwner(v.Object))
			d.Text("StorageClass", storageClass(v.Object.StorageClass))
			in.writeRestored(d, v.Object)
		}
		d.Close()
	}
	return names.err
}
