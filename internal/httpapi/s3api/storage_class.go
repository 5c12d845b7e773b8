package s3api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

const (
	classHeader    = "x-amz-storage-class"
	optionalHeader = "x-amz-optional-object-attributes"
)

// decodeStorageClass reads x-amz-storage-class; empty if it was not sent. Classes of other things than general purpose
// buckets are not known here, nor are they known to those buckets on S3.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html; the answer as observed on S3,
// https://github.com/peak/s5cmd/pull/163
func decodeStorageClass(r *http.Request) (string, error) {
	if !has(r, classHeader) {
		return "", nil
	}
	class := header(r, classHeader)
	if !lifecycle.IsClass(class) {
		return "", apierr.New(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid").
			With("StorageClassRequested", class)
	}
	return class, nil
}

// uploadClass sets the condition key that tells the storage class an upload was created with: parts have none of
// their own, and what a request on one says of it is not obeyed.
func uploadClass(k *policy.Context, u *records.Upload) {
	if u.StorageClass == "" {
		k.SetAbsent("s3:" + classHeader)
	} else {
		k.Set("s3:"+classHeader, u.StorageClass)
	}
}

// storageClass is a class as documents have it.
func storageClass(stored string) string { return lifecycle.Class(stored) }

// setClass tells the storage class of an object, if it is not STANDARD, and whether its content can be read.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func setClass(h http.Header, o *records.Object, now time.Time) {
	if class := lifecycle.Class(o.StorageClass); class != lifecycle.Standard {
		h.Set("X-Amz-Storage-Class", class)
	}
	if restored(o, now) {
		h.Set("X-Amz-Restore", `ongoing-request="false", expiry-date="`+lifecycle.HTTPDate(nanos(o.RestoredUntil))+`"`)
	}
}

// restored reports whether an archived object can be read for the time being.
func restored(o *records.Object, now time.Time) bool {
	return lifecycle.Archived(o.StorageClass) && o.RestoredUntil > now.UnixNano()
}

// readable returns InvalidObjectState for an archived object that was not restored.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html; messages as observed on S3,
// https://github.com/aws/aws-cli/issues/4039 and, of a copy, https://github.com/s3tools/s3cmd/pull/193
func readable(o *records.Object, now time.Time, message string) error {
	if !lifecycle.Archived(o.StorageClass) || restored(o, now) {
		return nil
	}
	return invalidObjectState(o, message)
}

func invalidObjectState(o *records.Object, message string) error {
	return apierr.New(http.StatusForbidden, "InvalidObjectState", "%s", message).With("StorageClass", storageClass(o.StorageClass))
}

const (
	archivedObject = "The operation is not valid for the object's storage class"
	archivedSource = "Operation is not valid for the source object's storage class"
)

// decodeOptional reads x-amz-optional-object-attributes of a list: as of when it tells what was restored, the zero time
// if it does not.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func decodeOptional(c *httpapi.Call) (time.Time, error) {
	if !has(c.HTTP, optionalHeader) {
		return time.Time{}, nil
	}
	value := header(c.HTTP, optionalHeader)
	other := func(name string) bool { return strings.TrimSpace(name) != "RestoreStatus" }
	if slices.ContainsFunc(strings.Split(value, ","), other) {
		return time.Time{}, invalidArgument(optionalHeader, value, "Invalid attribute name specified.")
	}
	return c.Time, nil
}

// writeRestored writes what was restored of an object, if the list is asked for it.
func (p pageQuery) writeRestored(d *restxml.Document, o *records.Object) {
	if p.restored.IsZero() || !restored(o, p.restored) {
		return
	}
	d.Open("RestoreStatus")
	d.Bool("IsRestoreInProgress", false)
	d.Time("RestoreExpiryDate", nanos(o.RestoredUntil))
	d.Close()
}
