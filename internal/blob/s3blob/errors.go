package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/aws/smithy-go"

	"crossgrant/internal/blob"
)

// full are the codes by which services say that there is no room: Ceph's, MinIO's, and this program's own.
var full = map[string]bool{
	"QuotaExceeded": true, "XMinioStorageFull": true, "XMinioAdminBucketQuotaExceeded": true, "InsufficientStorage": true,
}

// codeOf returns the code and the status of an answer of the service; nothing if err is none.
func codeOf(err error) (code string, status int) {
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	return code, status
}

// missing reports whether the service says that there is no such object. That there is no such bucket is something else, and so is an
// answer of the same status without a code: something on the way may have given it.
func missing(err error) bool {
	code, _ := codeOf(err)
	return code == "NoSuchKey"
}

// translate words an error of a request in the terms of package blob. What is neither the end of ctx nor a fault of the
// request itself is one that passes: the service cannot be reached, is broken, or does not let this server in.
func translate(ctx context.Context, what string, err error) error {
	code, status := codeOf(err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case missing(err):
		return fmt.Errorf("%s: %w", what, blob.ErrNotFound)
	case full[code] || status == http.StatusInsufficientStorage:
		return fmt.Errorf("%s: %w: %w", what, blob.ErrNoSpace, err)
	case status >= 500, status < 400, passes[status], status == http.StatusNotFound && code != "NoSuchUpload", code == "RequestTimeout":
		return fmt.Errorf("%s: %w: %w", what, blob.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// passes has the statuses below 500 whose cause is not the request.
var passes = map[int]bool{
	http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusRequestTimeout: true, http.StatusTooManyRequests: true,
}

// about is what an error of a call about a blob begins with.
func about(id blob.ID) string { return "blob " + string(id) }

func errExists(id blob.ID) error { return fmt.Errorf("%s: %w", about(id), fs.ErrExist) }

func errEnded(id blob.ID) error {
	return fmt.Errorf("%s was committed, aborted or deleted before", about(id))
}
