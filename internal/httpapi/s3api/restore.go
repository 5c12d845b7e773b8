package s3api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// maxRestoreDays is how long a copy can be restored for: a hundred years. S3 names no limit.
const maxRestoreDays = 36_500

// restoreRequest is the body of RestoreObject.
type restoreRequest struct {
	Days       *int64 `element:"Days"`
	Parameters *struct {
		Tier string `element:"Tier,required"`
	} `element:"GlacierJobParameters"`
	// Elements of jobs that select from archives, which S3 offers to nobody any more.
	Type        *string         `element:"Type"`
	Tier        *string         `element:"Tier"`
	Description *string         `element:"Description"`
	Select      restxml.Present `element:"SelectParameters"`
	Output      restxml.Present `element:"OutputLocation"`
}

// The tiers of retrieval. Here all of them are immediate.
const expedited = "Expedited"

var tiers = map[string]bool{expedited: true, "Standard": true, "Bulk": true}

// decodeRestore parses the body of RestoreObject.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreRequest.html; that Days has to be there was observed
// on S3, https://github.com/aws/aws-sdk-ruby/issues/2380
func decodeRestore(body []byte) (days int32, tier string, err error) {
	in := new(restoreRequest)
	if err := restxml.Decode(body, "RestoreRequest", in); err != nil {
		return 0, "", err
	}
	switch {
	case in.Type != nil && *in.Type != "SELECT":
		return 0, "", restxml.Malformed(errors.New("type " + *in.Type))
	case in.Type != nil, bool(in.Select):
		return 0, "", apierr.NotImplemented("a restore that selects")
	case bool(in.Output):
		return 0, "", apierr.NotImplemented("OutputLocation")
	case in.Days == nil:
		return 0, "", restxml.Malformed(errors.New("no Days"))
	case in.Parameters != nil && in.Tier != nil:
		return 0, "", restxml.Malformed(errors.New("both Tier and GlacierJobParameters"))
	}
	tier = "Standard"
	if in.Parameters != nil {
		tier = in.Parameters.Tier
	} else if in.Tier != nil {
		tier = *in.Tier
	}
	if !tiers[tier] {
		return 0, "", restxml.Malformed(errors.New("tier " + tier))
	}
	if *in.Days < 1 || *in.Days > maxRestoreDays {
		return 0, "", invalidArgument("Days", strconv.FormatInt(*in.Days, 10), "restoration days should be at least 1 and at most "+strconv.Itoa(maxRestoreDays))
	}
	return int32(*in.Days), tier, nil
}

type restoreInput struct {
	addressed
	days int32
	tier string
}

// check asks for s3:RestoreObject, which has no Version form and belongs to the bucket's owner.
func (in *restoreInput) restoreCheck(o *records.Object) access.Check {
	if o == nil && (in.marker == nil || !in.version.given()) {
		return missingKey(in.bucket, in.key)
	}
	return objectCheck(in.bucket, in.key, "s3:RestoreObject", o, nil)
}

// restoreObject is RestoreObject. Archives are as near as everything else here, so that the copy is there when the
// request is answered, whatever its tier.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
func (s *Service) restoreObject() httpapi.Operation {
	return httpapi.Row[restoreInput]{
		Name: "RestoreObject",
		Decode: func(c *httpapi.Call) (*restoreInput, error) {
			version, err := decodeVersion(c)
			if err != nil {
				return nil, err
			}
			in := &restoreInput{addressed: addressed{version: version}}
			body, _, err := readBody(c, maxConfiguration)
			if err != nil {
				return nil, err
			}
			in.days, in.tier, err = decodeRestore(body)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *restoreInput) error {
			return s.load(ctx, c, &in.addressed)
		},
		Checks: func(_ *httpapi.Call, in *restoreInput) []access.Check {
			return []access.Check{in.restoreCheck(in.object)}
		},
		Run: s.runRestoreObject,
	}.Operation()
}

// runRestoreObject sets until when the object can be read: from now on, whether it was restored before or not.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html ("Amazon S3 calculates the time
// … by adding the number of days … to the current time, and rounding the resulting time to the next day at midnight
// UTC"), and https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html for the status
func (s *Service) runRestoreObject(ctx context.Context, c *httpapi.Call, in *restoreInput) (*httpapi.Response, error) {
	if err := in.missing(c.HTTP.Method); err != nil {
		return nil, err
	}
	anew := c.Anew()
	r := empty()
	err := s.objects.UpdateObject(ctx, in.bucket.Record, c.Key, string(in.version), origin(c, "ObjectRestore:Completed"), func(o *records.Object) error {
		anew()
		if !proto.Equal(o, in.object) {
			check := in.restoreCheck(o)
			if err := c.Authorize(ctx, &check); err != nil {
				return err
			}
		}
		switch {
		case !lifecycle.Archived(o.StorageClass):
			return invalidObjectState(o, "Restore is not allowed for the object's current storage class")
		case o.StorageClass == lifecycle.DeepArchive && in.tier == expedited:
			return invalidArgument("Tier", in.tier, "Retrieval option is not supported by this storage class")
		}
		r.Status = http.StatusAccepted
		if restored(o, c.Time) {
			r.Status = http.StatusOK
		}
		o.RestoredUntil = s.Calendar.After(c.Time, in.days).UnixNano()
		return nil
	})
	if err == nil {
		setVersion(r.Header, in.bucket, in.object)
	}
	return r, err
}
