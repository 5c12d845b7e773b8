package objects

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	"crossgrant/internal/records"
)

// The errors of this package, with codes, messages and details as S3 sends them.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html for codes and status;
// where S3 sends another message or more elements than that page says, reports of S3's answers:
// https://github.com/versity/versitygw/issues/2034 (BadDigest), /2036 (InvalidPart), /2040
// (EntityTooSmall), /2041 (EntityTooLarge), /2080 (KeyTooLongError), and
// https://github.com/floci-io/floci/pull/3093 (checksums of parts).

func noSuchBucket(name string) *apierr.Error {
	return apierr.New(404, "NoSuchBucket", "The specified bucket does not exist").With("BucketName", name)
}

func invalidBucketName(name string) *apierr.Error {
	return apierr.New(400, "InvalidBucketName", "The specified bucket is not valid.").With("BucketName", name)
}

func bucketAlreadyExists(name string) *apierr.Error {
	return apierr.New(409, "BucketAlreadyExists", "The requested bucket name is not available. "+
		"The bucket namespace is shared by all users of the system. Please select a different name and try again.").
		With("BucketName", name)
}

func bucketAlreadyOwnedByYou(name string) *apierr.Error {
	return apierr.New(409, "BucketAlreadyOwnedByYou",
		"Your previous request to create the named bucket succeeded and you already own it.").
		With("BucketName", name)
}

func tooManyBuckets() *apierr.Error {
	return apierr.New(400, "TooManyBuckets", "You have attempted to create more buckets than allowed")
}

func bucketNotEmpty(name string) *apierr.Error {
	return apierr.New(409, "BucketNotEmpty", "The bucket you tried to delete is not empty").
		With("BucketName", name)
}

func noSuchKey(key string) *apierr.Error {
	return apierr.New(404, "NoSuchKey", "The specified key does not exist.").With("Key", key)
}

func noSuchVersion(key, version string) *apierr.Error {
	return apierr.New(404, "NoSuchVersion", "The specified version does not exist.").With("Key", key).With("VersionId", version)
}

// damaged is the error for content that was found to be lost or not what was written. S3 has none for that.
func damaged(segment *records.Segment) error {
	return apierr.New(500, "InternalError", "The content of this object is damaged, and cannot be read. Delete the object, or write it again.").
		Because(fmt.Errorf("blob %s was found damaged at %s: %w", segment.Blob, time.Unix(0, segment.Damaged).UTC().Format(time.RFC3339), blob.ErrCorrupt))
}

// invalidVersion is the error for an ID that no version can have.
func invalidVersion(version string) *apierr.Error {
	return invalidArgument("versionId", version, "Invalid version id specified")
}

// errDeleteMarker is the error for reading or changing a delete marker as if it were an object.
var errDeleteMarker error = apierr.New(405, "MethodNotAllowed", "The specified method is not allowed against this resource.").
	With("ResourceType", "DeleteMarker")

// objectLocked is the error for removing what object lock protects.
//
// Source: observed on S3, section 7.3 of the S3 reference
func objectLocked() *apierr.Error {
	return apierr.New(403, "AccessDenied", "Access Denied because object protected by object lock.")
}

func missingLockConfiguration() *apierr.Error {
	return invalidRequest("Bucket is missing Object Lock Configuration")
}

func keyTooLong(key string) *apierr.Error {
	return apierr.New(400, "KeyTooLongError", "Your key is too long").
		With("Size", strconv.Itoa(len(key))).With("MaxSizeAllowed", strconv.Itoa(maxKey))
}

func invalidURI() *apierr.Error {
	return apierr.New(400, "InvalidURI", "Couldn't parse the specified URI.")
}

func invalidArgument(name, value, message string) *apierr.Error {
	return apierr.New(400, "InvalidArgument", "%s", message).
		With("ArgumentName", name).With("ArgumentValue", value)
}

func invalidRequest(format string, args ...any) *apierr.Error {
	return apierr.New(400, "InvalidRequest", format, args...)
}

func incompleteBody() *apierr.Error {
	return apierr.New(400, "IncompleteBody",
		"You did not provide the number of bytes specified by the Content-Length HTTP header")
}

func entityTooLarge(size, limit int64) *apierr.Error {
	return apierr.New(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size").
		With("ProposedSize", strconv.FormatInt(size, 10)).
		With("MaxSizeAllowed", strconv.FormatInt(limit, 10))
}

func copySourceTooLarge(limit int64) *apierr.Error {
	return invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: %d", limit)
}

func badMD5(got, want []byte) *apierr.Error {
	// S3 answers the one in base64 and the other in hexadecimal.
	return apierr.New(400, "BadDigest", "The Content-MD5 you specified did not match what we received.").
		With("CalculatedDigest", base64.StdEncoding.EncodeToString(got)).
		With("ExpectedDigest", hex.EncodeToString(want))
}

// badChecksum is the error for a checksum that is not that of the content. algorithm is written as it
// is to appear: S3 writes it in capitals for a body, in lower case for a completed upload.
func badChecksum(algorithm string) *apierr.Error {
	return apierr.New(400, "BadDigest", "The %s you specified did not match the calculated checksum.", algorithm)
}

// checksumType is the error for a part whose checksum is not of the upload's algorithm; "" means none.
func checksumType(upload, part string) *apierr.Error {
	name := func(algorithm string) string {
		if algorithm == "" {
			return "null"
		}
		return strings.ToLower(algorithm)
	}
	return invalidRequest("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
		name(upload), name(part))
}

func checksumMissing(algorithm string, number int) *apierr.Error {
	return invalidRequest("The upload was created using a %s checksum. The complete request must include "+
		"the checksum for each part. It was missing for part %d in the request.", strings.ToLower(algorithm), number)
}

func noSuchUpload(id string) *apierr.Error {
	return apierr.New(404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be "+
		"invalid, or the upload may have been aborted or completed.").With("UploadId", id)
}

func invalidPartNumber(number int) *apierr.Error {
	return invalidArgument("partNumber", strconv.Itoa(number),
		"Part number must be an integer between 1 and 10000, inclusive")
}

func invalidPart(upload string, p CompletedPart) *apierr.Error {
	return apierr.New(400, "InvalidPart", "One or more of the specified parts could not be found.  The part "+
		"may not have been uploaded, or the specified entity tag may not match the part's entity tag.").
		With("UploadId", upload).
		With("PartNumber", strconv.Itoa(p.Number)).
		With("ETag", hex.EncodeToString(p.ETag))
}

func invalidPartOrder(upload string) *apierr.Error {
	return apierr.New(400, "InvalidPartOrder",
		"The list of parts was not in ascending order. Parts must be ordered by part number.").
		With("UploadId", upload)
}

func partTooSmall(size, limit int64, p CompletedPart) *apierr.Error {
	return apierr.New(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size").
		With("ProposedSize", strconv.FormatInt(size, 10)).
		With("MinSizeAllowed", strconv.FormatInt(limit, 10)).
		With("PartNumber", strconv.Itoa(p.Number)).
		With("ETag", hex.EncodeToString(p.ETag))
}

func wrongUploadSize(want, got int64) *apierr.Error {
	return invalidRequest("The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", want, got)
}
