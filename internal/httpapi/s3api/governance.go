package s3api

import (
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
)

const bypassHeader = "x-amz-bypass-governance-retention"

// decodeBypass reads x-amz-bypass-governance-retention: whether the request asks to remove what governance
// mode retains.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
func decodeBypass(r *http.Request) (bool, error) { return decodeFlag(r, bypassHeader) }

// bypassCheck asks for s3:BypassGovernanceRetention on a key.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-bypass
func bypassCheck(b *access.Bucket, key string) access.Check {
	return objectCheck(b, key, "s3:BypassGovernanceRetention", nil, nil)
}

// errNoObjectLock is the answer to whoever may bypass a retention that the bucket does not have.
//
// Source: observed on S3, https://github.com/versity/versitygw/issues/1218
var errNoObjectLock error = apierr.New(http.StatusBadRequest, "InvalidArgument",
	"x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.").With("ArgumentName", bypassHeader)
