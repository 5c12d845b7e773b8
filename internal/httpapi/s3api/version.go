package s3api

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/keys"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

const versionHeader = "X-Amz-Version-Id"

// versionInput is the version that a request names; empty if it names none and is about the current one.
type versionInput string

// decodeVersion reads versionId.
func decodeVersion(c *httpapi.Call) (versionInput, error) {
	if !c.Query().Has("versionId") {
		return "", nil
	}
	return parseVersion(c.Query().Get("versionId"))
}

// parseVersion reads a version ID that was given. One that no version can have is refused.
func parseVersion(id string) (versionInput, error) {
	if id == "" {
		return "", invalidArgument("versionId", "", "Version id cannot be the empty string")
	}
	if _, ok := keys.ParseVersionID(id); !ok && id != objects.NullVersion {
		return "", invalidArgument("versionId", id, "Invalid version id specified")
	}
	return versionInput(id), nil
}

// given reports whether the request names a version.
func (v versionInput) given() bool { return v != "" }

// action returns the action of a request: the Version action if it names a version.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func (v versionInput) action(plain, version string) string {
	if v.given() {
		return version
	}
	return plain
}

// set adds the condition key of Version actions.
func (v versionInput) set(k *policy.Context) {
	if v.given() {
		k.Set("s3:VersionId", string(v))
	}
}

// addressed is the version of an object that a request is about.
type addressed struct {
	bucket  *access.Bucket
	key     string
	version versionInput
	// object is nil if there is none, or if it is a delete marker.
	object *records.Object
	// marker is the delete marker that stands where the object would; nil if there is none.
	marker *records.Object

	// customer is the key that the object is encrypted under, once it was judged; nil if it needs none.
	customer *sse.CustomerKey
}

// source returns the object as something to read.
func (a *addressed) source() objects.Source {
	return objects.Source{Bucket: a.bucket.ID, Key: a.key, Object: a.object, Customer: a.customer}
}

// reader is how much is read of a version: objects.Service.Get what can be opened, Head the record.
type reader func(ctx context.Context, b keys.BucketID, key, version string) (*records.Object, error)

// loadVersion reads the version of a key. That it is not there is no error.
func loadVersion(ctx context.Context, read reader, b *access.Bucket, key string, version versionInput) (addressed, error) {
	a := addressed{bucket: b, key: key, version: version}
	o, err := read(ctx, b.ID, key, string(version))
	switch {
	case apierr.Is(err, "NoSuchKey"), apierr.Is(err, "NoSuchVersion"):
		return a, nil
	case err != nil:
		return a, err
	case o.DeleteMarker:
		a.marker = o
	default:
		a.object = o
	}
	return a, nil
}

// load reads the bucket of a request and the record of the version that it addresses, of which a has the ID.
func (s *Service) load(ctx context.Context, c *httpapi.Call, a *addressed) error {
	return s.loadWith(ctx, c, s.objects.Head, a)
}

// loadWith is load with what is read of the version.
func (s *Service) loadWith(ctx context.Context, c *httpapi.Call, read reader, a *addressed) error {
	b, err := s.loadBucket(ctx, c)
	if err != nil {
		return err
	}
	if *a, err = loadVersion(ctx, read, b, c.Key, a.version); a.object != nil {
		c.Record.ObjectOwner, c.Record.ObjectSize = b.ObjectOwner(a.object), &a.object.Size
	}
	return err
}

// now returns a with the version as it is now.
func (a *addressed) now(o *records.Object) addressed {
	changed := *a
	changed.object = o
	return changed
}

// check asks for the action of a request on the version, with the condition keys that set adds. Of what is
// not there, it asks whether the caller may know so; a delete marker that is named by its ID is there.
func (a *addressed) check(plain, version string, set func(*policy.Context)) access.Check {
	o := a.object
	if o == nil && a.version.given() {
		o = a.marker
	}
	if o == nil {
		return missingKey(a.bucket, a.key)
	}
	return taggedCheck(a.bucket, a.key, a.version.action(plain, version), o, func(k *policy.Context) {
		a.version.set(k)
		if set != nil {
			set(k)
		}
	})
}

// missing returns the error of a version that is not there, or is a delete marker.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
func (a *addressed) missing(method string) error {
	switch {
	case a.object != nil:
		return nil
	case a.marker != nil && (a.version.given() || method != http.MethodGet && method != http.MethodHead):
		return apierr.New(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.").
			With("Method", method).With("ResourceType", "DeleteMarker").
			WithHeader("X-Amz-Delete-Marker", "true").WithHeader(versionHeader, objects.VersionID(a.marker)).WithHeader("Allow", "DELETE").
			WithHeader("Last-Modified", modified(a.marker).Format(http.TimeFormat))
	case a.marker != nil:
		return noSuchKey(a.key).WithHeader("X-Amz-Delete-Marker", "true").WithHeader(versionHeader, objects.VersionID(a.marker))
	case a.version.given():
		return apierr.New(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.").
			With("Key", a.key).With("VersionId", string(a.version))
	}
	return noSuchKey(a.key)
}

// setVersion tells which version of an object of b an answer is about; a bucket that never had versioning
// has no versions to tell.
func setVersion(h http.Header, b *access.Bucket, o *records.Object) {
	if b.Record.Versioning != "" {
		h.Set(versionHeader, objects.VersionID(o))
	}
}

// setWritten tells the version that a write made. While versioning is suspended, nothing is told of the null
// version.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (x-amz-version-id) and
// https://github.com/ceph/s3-tests (test_versioning_bucket_atomic_upload_return_version_id)
func setWritten(h http.Header, o *records.Object) {
	if len(o.Version) > 0 && !o.NullVersion {
		h.Set(versionHeader, objects.VersionID(o))
	}
}
