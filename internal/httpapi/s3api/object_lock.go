package s3api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Headers of object lock.
const (
	lockModeHeader  = "x-amz-object-lock-mode"
	lockUntilHeader = "x-amz-object-lock-retain-until-date"
	lockHoldHeader  = "x-amz-object-lock-legal-hold"
)

// lockInput is what a write says of object lock.
type lockInput struct {
	retention *records.Retention // nil: nothing
	hold      string             // ON, OFF; empty: nothing
}

// decodeLock reads the headers of object lock of a write.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html; messages as observed on S3,
// https://github.com/localstack/localstack/blob/main/tests/aws/services/s3/test_s3_api.snapshot.json
func decodeLock(r *http.Request, now time.Time) (lockInput, error) {
	in := lockInput{hold: header(r, lockHoldHeader)}
	if has(r, lockHoldHeader) && in.hold != "ON" && in.hold != "OFF" {
		return in, invalidArgument(lockHoldHeader, in.hold, "Legal Hold must be either of 'ON' or 'OFF'")
	}
	mode, date := has(r, lockModeHeader), has(r, lockUntilHeader)
	switch {
	case !mode && !date:
		return in, nil
	case mode != date:
		missing := lockModeHeader
		if mode {
			missing = lockUntilHeader
		}
		return in, apierr.New(http.StatusBadRequest, "InvalidArgument",
			"%s and %s must both be supplied", lockUntilHeader, lockModeHeader).With("ArgumentName", missing)
	}
	if m := header(r, lockModeHeader); m != objects.Governance && m != objects.Compliance {
		return in, invalidArgument(lockModeHeader, m, "Unknown wormMode directive.")
	}
	until, err := parseRetainUntil(header(r, lockUntilHeader))
	if err != nil {
		return in, invalidArgument(lockUntilHeader, header(r, lockUntilHeader), "The retain until date must be provided in ISO 8601 format")
	}
	in.retention = &records.Retention{Mode: header(r, lockModeHeader), Until: until.UnixNano()}
	return in, checkRetainUntil(lockUntilHeader, header(r, lockUntilHeader), until, now)
}

// latestDate is the latest date of a retention: records hold nanoseconds.
var latestDate = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)

// parseRetainUntil reads a date of ISO 8601, with or without fractions of a second.
func parseRetainUntil(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05", text)
	}
	if err == nil && t.After(latestDate) {
		t = latestDate
	}
	return t.UTC(), err
}

// checkRetainUntil refuses a date that is not later than now.
func checkRetainUntil(name, text string, until, now time.Time) error {
	if until.After(now) {
		return nil
	}
	return invalidArgument(name, text, "The retain until date must be in the future!")
}

// checks are the permissions that a write needs for what it says of object lock.
//
// Source: section 6.3 of the S3 reference (PutObject)
func (in *lockInput) checks(b *access.Bucket, key string, now time.Time) []access.Check {
	var checks []access.Check
	if in.retention != nil {
		checks = append(checks, objectCheck(b, key, "s3:PutObjectRetention", nil, func(k *policy.Context) { retentionKeys(k, in.retention, now) }))
	}
	if in.hold != "" {
		checks = append(checks, objectCheck(b, key, "s3:PutObjectLegalHold", nil, func(k *policy.Context) { holdKeys(k, in.hold) }))
	}
	return checks
}

// keys sets the condition keys of what a write says of object lock.
func (in *lockInput) keys(k *policy.Context, now time.Time) {
	retentionKeys(k, in.retention, now)
	holdKeys(k, in.hold)
}

// retentionKeys sets the condition keys of a retention, if there is one. The remaining days are whole ones.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-retention-limits
func retentionKeys(k *policy.Context, r *records.Retention, now time.Time) {
	if r == nil {
		return
	}
	until := nanos(r.Until).UTC()
	k.Set("s3:object-lock-mode", r.Mode)
	k.Set("s3:object-lock-retain-until-date", until.Format(time.RFC3339))
	k.Set("s3:object-lock-remaining-retention-days", strconv.Itoa(int(until.Sub(now).Hours()/24)))
}

func holdKeys(k *policy.Context, hold string) {
	if hold != "" {
		k.Set("s3:object-lock-legal-hold", hold)
	}
}

// missingLock is the error for object lock in a bucket that has none.
func missingLock() error { return invalidRequest("Bucket is missing Object Lock Configuration") }

// judge refuses what the bucket excludes: object lock in a bucket without it, and content of a locked object
// whose integrity the client does not prove.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (Content-MD5)
func (in *lockInput) judge(b *access.Bucket, proven bool) error {
	asked := in.retention != nil || in.hold != ""
	lock := b.Record.ObjectLock
	switch {
	case asked && lock == nil:
		return missingLock()
	case (in.retention != nil || lock.GetMode() != "") && !proven:
		return invalidRequest("Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters")
	}
	return nil
}

// apply puts what the write says into the record of the object.
func (in *lockInput) apply(o *records.Object) {
	o.Retention, o.LegalHold, o.LegalHoldSet = in.retention, in.hold == "ON", in.hold != ""
}

// writeLock tells retention and legal hold of an object to whoever may get them; who may not is told nothing.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (x-amz-object-lock-mode)
func writeLock(ctx context.Context, c *httpapi.Call, h http.Header, a *addressed) error {
	if o := a.object; o.Retention != nil {
		ok, err := permitted(ctx, c, retentionCheck(a, "s3:GetObjectRetention", nil))
		if err != nil {
			return err
		}
		if ok {
			h.Set(lockModeHeader, o.Retention.Mode)
			h.Set(lockUntilHeader, retainUntil(o.Retention))
		}
	}
	if !a.object.LegalHoldSet {
		return nil
	}
	ok, err := permitted(ctx, c, retentionCheck(a, "s3:GetObjectLegalHold", nil))
	if ok {
		h.Set(lockHoldHeader, holdStatus(a.object.LegalHold))
	}
	return err
}

func retainUntil(r *records.Retention) string {
	return nanos(r.Until).UTC().Format("2006-01-02T15:04:05.000Z")
}

func holdStatus(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}
