package s3api

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// retentionInput is the input of the operations on retention and legal hold of a version.
type retentionInput struct {
	addressed
	retention *records.Retention // PutObjectRetention; nil removes the one that is there
	hold      string             // PutObjectLegalHold: ON, OFF
	bypass    bool
}

// retentionCheck asks for an action of object lock on a version. They have no Version forms, and belong to the
// bucket's owner, question 6 of the S3 reference.
func retentionCheck(a *addressed, action string, set func(*policy.Context)) access.Check {
	if a.object == nil && (a.marker == nil || !a.version.given()) {
		return missingKey(a.bucket, a.key)
	}
	return objectCheck(a.bucket, a.key, action, a.object, set)
}

// onRetention returns an operation on retention or legal hold of a version that is there, in a bucket with
// object lock.
func (s *Service) onRetention(name string, decode func(*httpapi.Call, *retentionInput) error,
	checks func(*httpapi.Call, *retentionInput) []access.Check,
	run func(context.Context, *httpapi.Call, *retentionInput) (*httpapi.Response, error)) httpapi.Operation {
	return httpapi.Row[retentionInput]{
		Name: name,
		Decode: func(c *httpapi.Call) (*retentionInput, error) {
			version, err := decodeVersion(c)
			if err != nil {
				return nil, err
			}
			in := &retentionInput{addressed: addressed{version: version}}
			return in, decode(c, in)
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *retentionInput) error {
			return s.load(ctx, c, &in.addressed)
		},
		Checks: checks,
		Run: func(ctx context.Context, c *httpapi.Call, in *retentionInput) (*httpapi.Response, error) {
			if in.bucket.Record.ObjectLock == nil {
				return nil, missingLock()
			}
			if err := in.missing(c.HTTP.Method); err != nil {
				return nil, err
			}
			return run(ctx, c, in)
		},
	}.Operation()
}

// decodeNothing is for operations that have no input but the version.
func decodeNothing(*httpapi.Call, *retentionInput) error { return nil }

func noSuchLock() error {
	return apierr.New(http.StatusNotFound, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
}

// getObjectRetention is GetObjectRetention.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
func (s *Service) getObjectRetention() httpapi.Operation {
	checks := func(_ *httpapi.Call, in *retentionInput) []access.Check {
		return []access.Check{retentionCheck(&in.addressed, "s3:GetObjectRetention", nil)}
	}
	return s.onRetention("GetObjectRetention", decodeNothing, checks, func(_ context.Context, _ *httpapi.Call, in *retentionInput) (*httpapi.Response, error) {
		r := in.object.Retention
		if r == nil {
			return nil, noSuchLock()
		}
		d := restxml.New("Retention")
		d.Text("Mode", r.Mode)
		d.Text("RetainUntilDate", retainUntil(r))
		return document(d), nil
	})
}

// retentionDocument is the body of PutObjectRetention. An empty one removes the retention.
type retentionDocument struct {
	Mode  string `element:"Mode"`
	Until string `element:"RetainUntilDate"`
}

// decodeRetention parses the body of PutObjectRetention; nil removes the retention.
func decodeRetention(body []byte) (*records.Retention, error) {
	in := new(retentionDocument)
	if err := restxml.Decode(body, "Retention", in); err != nil {
		return nil, err
	}
	if *in == (retentionDocument{}) {
		return nil, nil
	}
	if in.Mode != objects.Governance && in.Mode != objects.Compliance {
		return nil, restxml.Malformed(errors.New("unknown mode " + in.Mode))
	}
	until, err := parseRetainUntil(in.Until)
	if err != nil {
		return nil, restxml.Malformed(err)
	}
	return &records.Retention{Mode: in.Mode, Until: until.UnixNano()}, nil
}

// putObjectRetention is PutObjectRetention. The permission to bypass governance mode is asked for where the
// request says that it bypasses.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
func (s *Service) putObjectRetention() httpapi.Operation {
	decode := func(c *httpapi.Call, in *retentionInput) error {
		body, _, err := readBody(c, maxConfiguration)
		if err != nil {
			return err
		}
		if in.retention, err = decodeRetention(body); err != nil {
			return err
		}
		if r := in.retention; r != nil {
			if err := checkRetainUntil("RetainUntilDate", retainUntil(r), nanos(r.Until), c.Time); err != nil {
				return err
			}
		}
		in.bypass, err = decodeBypass(c.HTTP)
		return err
	}
	return s.onRetention("PutObjectRetention", decode, putRetentionChecks, func(ctx context.Context, c *httpapi.Call, in *retentionInput) (*httpapi.Response, error) {
		return empty(), s.objects.SetRetention(ctx, in.bucket.Record, c.Key, string(in.version), in.retention, in.bypass, in.guard(ctx, c, putRetentionChecks))
	})
}

func putRetentionChecks(c *httpapi.Call, in *retentionInput) []access.Check {
	checks := []access.Check{retentionCheck(&in.addressed, "s3:PutObjectRetention", func(k *policy.Context) { retentionKeys(k, in.retention, c.Time) })}
	if in.bypass {
		checks = append(checks, bypassCheck(in.bucket, c.Key))
	}
	return checks
}

// guard returns a guard that asks checks again if the version is no longer as it was when it was judged.
func (in *retentionInput) guard(ctx context.Context, c *httpapi.Call, checks func(*httpapi.Call, *retentionInput) []access.Check) objects.Guard {
	anew := c.Anew()
	return func(o *records.Object) error {
		anew()
		if proto.Equal(o, in.object) {
			return nil
		}
		again := *in
		again.addressed = in.now(o)
		for _, check := range checks(c, &again) {
			if err := c.Authorize(ctx, &check); err != nil {
				return err
			}
		}
		return nil
	}
}

// getObjectLegalHold is GetObjectLegalHold.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html
func (s *Service) getObjectLegalHold() httpapi.Operation {
	checks := func(_ *httpapi.Call, in *retentionInput) []access.Check {
		return []access.Check{retentionCheck(&in.addressed, "s3:GetObjectLegalHold", nil)}
	}
	return s.onRetention("GetObjectLegalHold", decodeNothing, checks, func(_ context.Context, _ *httpapi.Call, in *retentionInput) (*httpapi.Response, error) {
		if !in.object.LegalHoldSet {
			return nil, noSuchLock()
		}
		d := restxml.New("LegalHold")
		d.Text("Status", holdStatus(in.object.LegalHold))
		return document(d), nil
	})
}

// legalHold is the body of PutObjectLegalHold.
type legalHold struct {
	Status string `element:"Status,required"`
}

// decodeLegalHold parses the body of PutObjectLegalHold.
func decodeLegalHold(body []byte) (string, error) {
	in := new(legalHold)
	if err := restxml.Decode(body, "LegalHold", in); err != nil {
		return "", err
	}
	if in.Status != "ON" && in.Status != "OFF" {
		return "", restxml.Malformed(errors.New("unknown status " + in.Status))
	}
	return in.Status, nil
}

// putObjectLegalHold is PutObjectLegalHold.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html
func (s *Service) putObjectLegalHold() httpapi.Operation {
	decode := func(c *httpapi.Call, in *retentionInput) error {
		body, _, err := readBody(c, maxConfiguration)
		if err == nil {
			in.hold, err = decodeLegalHold(body)
		}
		return err
	}
	checks := func(_ *httpapi.Call, in *retentionInput) []access.Check {
		return []access.Check{retentionCheck(&in.addressed, "s3:PutObjectLegalHold", func(k *policy.Context) { holdKeys(k, in.hold) })}
	}
	return s.onRetention("PutObjectLegalHold", decode, checks, func(ctx context.Context, c *httpapi.Call, in *retentionInput) (*httpapi.Response, error) {
		return empty(), s.objects.SetLegalHold(ctx, in.bucket.Record, c.Key, string(in.version), in.hold == "ON", in.guard(ctx, c, checks))
	})
}
