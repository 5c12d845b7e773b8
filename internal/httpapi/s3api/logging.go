package s3api

import (
	"context"
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/accesslog"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// maxTargetPrefix is the longest prefix of log objects, in bytes: their keys have room for what comes after.
const maxTargetPrefix = 768

// bucketLoggingStatus is the body of PutBucketLogging.
type bucketLoggingStatus struct {
	Enabled *loggingEnabled `element:"LoggingEnabled"`
}

type loggingEnabled struct {
	Bucket string `element:"TargetBucket,required"`
	Prefix string `element:"TargetPrefix,required"`
	Grants *struct {
		Grants []targetGrant `element:"Grant"`
	} `element:"TargetGrants"`
	Format *struct {
		Simple      restxml.Present    `element:"SimplePrefix"`
		Partitioned *partitionedPrefix `element:"PartitionedPrefix"`
	} `element:"TargetObjectKeyFormat"`
}

type partitionedPrefix struct {
	Source string `element:"PartitionDateSource"`
}

type targetGrant struct {
	Grantee struct {
		Type        string  `element:"@type"`
		ID          *string `element:"ID"`
		DisplayName string  `element:"DisplayName"`
		URI         *string `element:"URI"`
		Email       *string `element:"EmailAddress"`
	} `element:"Grantee,required"`
	Permission string `element:"Permission,required"`
}

// decodeLogging reads where the log of a bucket is to go; nil if it is to end.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
func decodeLogging(body []byte) (*records.Logging, error) {
	var in bucketLoggingStatus
	if err := restxml.Decode(body, "BucketLoggingStatus", &in); err != nil || in.Enabled == nil {
		return nil, err
	}
	e := in.Enabled
	out := &records.Logging{Bucket: e.Bucket, Prefix: e.Prefix}
	if len(e.Prefix) > maxTargetPrefix {
		return nil, invalidArgument("TargetPrefix", e.Prefix, "The prefix of log objects is too long.")
	}
	if err := checkKey(e.Prefix); err != nil {
		return nil, err
	}
	if f := e.Format; f != nil {
		if bool(f.Simple) == (f.Partitioned != nil) {
			return nil, restxml.Malformed(errors.New("not one format of keys"))
		}
		out.SimpleElement, out.Partitioned = bool(f.Simple), f.Partitioned != nil
	}
	if out.Partitioned {
		// S3 does not say what holds without a source: the time of delivery, as in the keys of SimplePrefix.
		out.DateSource = accesslog.DeliveryTime
		if source := e.Format.Partitioned.Source; source != "" {
			out.DateSource = source
		}
		if out.DateSource != accesslog.EventTime && out.DateSource != accesslog.DeliveryTime {
			return nil, restxml.Malformed(errors.New("unknown PartitionDateSource"))
		}
	}
	var err error
	out.Grants, err = e.targetGrants()
	return out, err
}

// targetGrants returns the grants on the log objects.
func (e *loggingEnabled) targetGrants() ([]*records.Grant, error) {
	if e.Grants == nil {
		return nil, nil
	}
	if len(e.Grants.Grants) > acl.MaxGrants {
		return nil, restxml.Malformed(errors.New("too many grants"))
	}
	var list acl.ACL
	for i := range e.Grants.Grants {
		g, err := e.Grants.Grants[i].read()
		if err != nil {
			return nil, err
		}
		list.Grants = append(list.Grants, g)
	}
	return access.Grants(list), nil
}

// read returns what a grant says. Its permissions are those that an object can be granted that S3 takes here.
func (g *targetGrant) read() (acl.Grant, error) {
	permission := acl.Permission(g.Permission)
	if permission != acl.Read && permission != acl.Write && permission != acl.FullControl {
		return acl.Grant{}, restxml.Malformed(errors.New("unknown permission"))
	}
	to := &g.Grantee
	var grantee acl.Grantee
	var err error
	switch {
	case to.Type == "CanonicalUser" && to.ID != nil && to.URI == nil && to.Email == nil:
		grantee.ID, err = ids.ParseCanonicalUserID(*to.ID)
		if err != nil {
			err = access.ACLError(acl.UnknownAccount(ids.CanonicalUserID(*to.ID), acl.Body))
		}
	case to.Type == "Group" && to.URI != nil && to.ID == nil && to.Email == nil:
		grantee.Group = acl.Group(*to.URI)
		if grantee.Group != acl.AllUsers && grantee.Group != acl.AuthenticatedUsers && grantee.Group != acl.LogDelivery {
			err = invalidArgument("Group/URI", *to.URI, "Invalid group uri")
		}
	case to.Type == "AmazonCustomerByEmail" && to.Email != nil && to.ID == nil && to.URI == nil:
		// As in ACLs, which S3 takes no addresses in since October 2025.
		err = apierr.New(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	default:
		err = restxml.Malformed(errors.New("a grantee is of no type"))
	}
	return acl.Grant{Grantee: grantee, Permission: permission}, err
}

type putLoggingInput struct {
	bucket  *access.Bucket
	logging *records.Logging // nil: none
}

// putBucketLogging is PutBucketLogging. Whether the target lets the log delivery service in is not asked: it
// may do so later, and until then logs are not delivered.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
func (s *Service) putBucketLogging() httpapi.Operation {
	check := func(b *access.Bucket) access.Check { return bucketCheck(b, "s3:PutBucketLogging", nil) }
	return httpapi.Row[putLoggingInput]{
		Name: "PutBucketLogging",
		Decode: func(c *httpapi.Call) (*putLoggingInput, error) {
			in := new(putLoggingInput)
			body, _, err := readBody(c, maxConfiguration)
			if err != nil {
				return nil, err
			}
			in.logging, err = decodeLogging(body)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *putLoggingInput) (err error) {
			in.bucket, err = s.signedOnly(ctx, c, noAnonymousConfiguration)
			return err
		},
		Checks: func(_ *httpapi.Call, in *putLoggingInput) []access.Check { return []access.Check{check(in.bucket)} },
		Run: func(ctx context.Context, c *httpapi.Call, in *putLoggingInput) (*httpapi.Response, error) {
			// "You must be the bucket owner": a bucket policy cannot pass it on to another account.
			if c.Caller.Account != in.bucket.Owner {
				asked := check(in.bucket)
				return nil, c.Refuse(&asked, authz.RequestItself, authz.AnotherAccount, apierr.AccessDenied("Access Denied"))
			}
			if err := s.checkLogging(ctx, c, in); err != nil {
				return nil, err
			}
			return empty(), s.updateBucket(ctx, c, in.bucket, check, func(r *records.Bucket, _ *access.Bucket) error {
				r.Logging = in.logging
				return nil
			})
		},
	}.Operation()
}

// checkLogging refuses targets that logs cannot go to.
//
// Source: section 9.1 of the S3 reference
func (s *Service) checkLogging(ctx context.Context, c *httpapi.Call, in *putLoggingInput) error {
	if in.logging == nil {
		return nil
	}
	invalid := func(message string) error {
		return apierr.New(http.StatusBadRequest, "InvalidTargetBucketForLogging", "%s", message).With("TargetBucket", in.logging.Bucket)
	}
	target, err := s.Buckets.Bucket(ctx, in.logging.Bucket)
	switch {
	case apierr.Is(err, "NoSuchBucket"):
		return invalid("The target bucket for logging does not exist")
	case err != nil:
		return err
	case target.Owner != in.bucket.Owner:
		return invalid("The owner for the bucket to be logged and the target bucket must be the same.")
	case target.Record.Region != in.bucket.Record.Region:
		return apierr.New(http.StatusForbidden, "CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed. ").
			With("TargetBucketLocation", target.Record.Region).With("SourceBucketLocation", in.bucket.Record.Region)
	case len(in.logging.Grants) == 0:
		return nil
	case target.Enforced:
		return aclsNotSupported()
	}
	list := access.ACL("", in.logging.Grants)
	if err := s.checkGrantees(ctx, list, acl.Body); err != nil {
		return err
	}
	return checkPublicACL(c, target.Block, list, bucketCheck(in.bucket, "s3:PutBucketLogging", nil))
}

// getBucketLogging is GetBucketLogging. A bucket without logging has an empty status.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html
func (s *Service) getBucketLogging() httpapi.Operation {
	return s.onlyBucket("GetBucketLogging", "s3:GetBucketLogging", func(ctx context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		d := restxml.New("BucketLoggingStatus")
		names := s.namesOf(ctx)
		if l := b.Record.Logging; l != nil {
			renderLogging(d, l, names.of)
		}
		return document(d), names.err
	})
}

func renderLogging(d *restxml.Document, l *records.Logging, name func(ids.CanonicalUserID) string) {
	d.Open("LoggingEnabled")
	d.Text("TargetBucket", l.Bucket)
	if len(l.Grants) > 0 {
		d.Open("TargetGrants")
		for _, g := range access.ACL("", l.Grants).Grants {
			renderTargetGrant(d, g, name)
		}
		d.Close()
	}
	d.Text("TargetPrefix", l.Prefix)
	renderKeyFormat(d, l)
	d.Close()
}

func renderTargetGrant(d *restxml.Document, g acl.Grant, name func(ids.CanonicalUserID) string) {
	d.Open("Grant")
	if g.Grantee.Group != "" {
		d.OpenTyped("Grantee", "Group")
		d.Text("URI", string(g.Grantee.Group))
	} else {
		d.OpenTyped("Grantee", "CanonicalUser")
		d.Text("ID", string(g.Grantee.ID))
		d.TextIf("DisplayName", name(g.Grantee.ID))
	}
	d.Close()
	d.Text("Permission", string(g.Permission))
	d.Close()
}

// renderKeyFormat renders the format of keys, if one was written.
func renderKeyFormat(d *restxml.Document, l *records.Logging) {
	if !l.SimpleElement && !l.Partitioned {
		return
	}
	d.Open("TargetObjectKeyFormat")
	if l.Partitioned {
		d.Open("PartitionedPrefix")
		d.Text("PartitionDateSource", l.DateSource)
	} else {
		d.Open("SimplePrefix")
	}
	d.Close()
	d.Close()
}
