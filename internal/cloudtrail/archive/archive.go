// Package archive writes what CloudTrail delivers into buckets, of whichever account: as the service principal
// cloudtrail.amazonaws.com, with the canned ACL bucket-owner-full-control. The bucket has to allow each object by its
// policy; the account whose trail it is needs no right there, and gets none.
//
// Sources:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-receive-logs-from-multiple-accounts.html
package archive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// Principal is the service principal that writes.
const Principal = "cloudtrail.amazonaws.com"

// CanonicalID is the canonical user ID that owns what was written where ACLs are on and ownership does not pass. That of
// AWS's delivery accounts is not documented: this one is the SHA-256 of Principal.
const CanonicalID ids.CanonicalUserID = "600815678a901208267eba003085dd715c0c24887572429d19453ed618487d5a"

// cannedACL is the ACL that everything is written with.
const cannedACL = "bucket-owner-full-control"

// Access knows buckets and decides; package access does.
type Access interface {
	// Bucket returns the facts of a bucket as of the latest commit, or NoSuchBucket.
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
	// ServiceContext returns the condition keys of what a service does now, in a region, for a resource of account.
	ServiceContext(ctx context.Context, service *access.Caller, resource arn.ARN, account ids.AccountID, now time.Time, region string) (policy.Context, error)
	// Authorize answers one check.
	Authorize(ctx context.Context, caller *access.Caller, check *access.Check, request *policy.Context) (authz.Explanation, error)
}

// Objects stores objects; package objects does.
type Objects interface {
	Put(ctx context.Context, n objects.NewObject, body io.Reader) (*records.Object, error)
}

// Options adjusts a Writer.
type Options struct {
	Region string
	// Publish receives the record of each object that was written or refused: the bucket's owner sees it among the
	// requests to the bucket. Nil: nobody does.
	Publish func(*audit.Record)
	// Keep keeps that record, as far as it is known, in the transaction by which the object is there; nil: nothing is kept.
	Keep func(tx meta.Tx, r *audit.Record) error
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Writer writes into buckets. It is safe for concurrent use.
type Writer struct {
	access  Access
	objects Objects
	opts    Options
	caller  *access.Caller
}

// New returns a Writer.
func New(gate Access, storage Objects, opts Options) *Writer {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Publish == nil {
		opts.Publish = func(*audit.Record) {}
	}
	return &Writer{access: gate, objects: storage, opts: opts, caller: access.Service(Principal)}
}

// Object is what is written for a trail.
type Object struct {
	Trail   string        // ARN: the value of aws:SourceArn
	Account ids.AccountID // of the trail: the value of aws:SourceAccount
	Bucket  string
	Key     string
	Gzip    []byte // JSON, compressed
	// Metadata is user metadata.
	Metadata map[string]string
}

// errThere says that an object was written before.
var errThere = errors.New("the object is there")

// Write writes an object, unless it is there with the same metadata: its name is that of one delivery. What the bucket
// refuses is an *apierr.Error with S3's code.
func (w *Writer) Write(ctx context.Context, o *Object) error {
	now := w.opts.Now().UTC()
	r := w.record(o, now)
	err := w.write(ctx, o, r)
	if errors.Is(err, errThere) {
		return nil
	}
	r.Status = http.StatusOK
	if err != nil {
		refused := apierr.From(err)
		r.Status, r.ErrorCode, r.ErrorMessage = refused.Status, refused.Code, refused.Message
		if refused.Status >= http.StatusInternalServerError {
			r.Failed(err)
		}
	}
	r.Duration = w.opts.Now().Sub(now)
	w.opts.Publish(r)
	return err
}

// write is Write, and adds to the record what it learns.
func (w *Writer) write(ctx context.Context, o *Object, r *audit.Record) error {
	b, err := w.access.Bucket(ctx, o.Bucket)
	if err != nil {
		return err
	}
	r.ResourceOwner = b.Owner
	if err := w.permit(ctx, o, b, r); err != nil {
		return err
	}
	n := objects.NewObject{
		Bucket: b.ID, BucketName: b.Record.Name, Key: o.Key, Object: newRecord(o, b), Length: int64(len(o.Gzip)), Algorithm: "CRC64NVME",
		Guard: func(existing *records.Object) error {
			if existing != nil && same(existing, o) {
				return errThere
			}
			return nil
		},
		Origin: objects.Origin{Event: "ObjectCreated:Put", PrincipalID: Principal, SourceIP: Principal, RequestID: r.RequestID, HostID: r.HostID},
	}
	if w.opts.Keep != nil {
		ctx = meta.Along(ctx, func(tx meta.Tx) error { return w.opts.Keep(tx, r) })
	}
	stored, err := w.objects.Put(ctx, n, bytes.NewReader(o.Gzip))
	if err == nil {
		r.ObjectSize, r.ObjectOwner = &stored.Size, ids.CanonicalUserID(stored.Owner)
	}
	return err
}

// same reports whether an object in the bucket is what is to be written: its size and metadata are. The names of log files
// are drawn, and the metadata of digest files is their signature: nobody else can have written it.
func same(existing *records.Object, o *Object) bool {
	if existing.Size != int64(len(o.Gzip)) || len(existing.Metadata.GetUser()) != len(o.Metadata) {
		return false
	}
	for name, value := range o.Metadata {
		if existing.Metadata.User[name] != value {
			return false
		}
	}
	return true
}

// permit returns nil if an object may be written into a bucket, or AccessDenied.
func (w *Writer) permit(ctx context.Context, o *Object, b *access.Bucket, r *audit.Record) error {
	k, err := w.context(ctx, o.Trail, o.Account)
	if err != nil {
		return err
	}
	check := putCheck(b, o.Key)
	d, err := w.access.Authorize(ctx, w.caller, &check, &k)
	if err != nil {
		return err
	}
	r.Decisions = append(r.Decisions, audit.Decision{Action: check.Action, Resource: check.Resource, Explanation: d})
	if !d.Allowed() {
		return access.Denied(w.caller, &check, &d.Decision)
	}
	return nil
}

func (w *Writer) context(ctx context.Context, trail string, account ids.AccountID) (policy.Context, error) {
	source, err := arn.Parse(trail)
	if err != nil {
		return policy.Context{}, fmt.Errorf("the ARN of a trail: %w", err)
	}
	return w.access.ServiceContext(ctx, w.caller, source, account, w.opts.Now(), w.opts.Region)
}

// putCheck asks for s3:PutObject alone: the canned ACL needs no s3:PutObjectAcl of the service.
func putCheck(b *access.Bucket, key string) access.Check {
	return access.Check{
		Action: "s3:PutObject", Resource: arn.Object(b.Record.Name, key).String(), Owner: b.Owner, Bucket: b,
		Keys: func(k *policy.Context) {
			k.Set("s3:x-amz-acl", cannedACL)
			k.Set("s3:x-amz-server-side-encryption", sse.AES256)
			k.Set("s3:ObjectCreationOperation", "true")
		},
	}
}

// newRecord returns the record of an object. It is encrypted with SSE-S3, whatever the bucket's default is, as trails
// without a KMS key have it; a default retention of the bucket applies.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html
func newRecord(o *Object, b *access.Bucket) *records.Object {
	r := b.ServiceObject(CanonicalID, cannedACL, "application/json")
	r.Metadata.ContentEncoding = "gzip"
	r.Metadata.User = o.Metadata
	r.Encryption = &records.Encryption{Algorithm: sse.AES256, Asked: true}
	return r
}

// record returns the record of the request that writes an object.
func (w *Writer) record(o *Object, now time.Time) *audit.Record {
	id, err := ids.NewRequestID(rand.Reader, now)
	host, hostErr := ids.NewHostID(rand.Reader)
	if err := cmp.Or(err, hostErr); err != nil {
		panic(err) // crypto/rand.Reader never fails: https://pkg.go.dev/crypto/rand#Read
	}
	return &audit.Record{
		RequestID: id, HostID: host, Time: now, Service: "s3", Operation: "PutObject", Method: http.MethodPut,
		Path: "/" + o.Bucket + "/" + o.Key, SourceIP: Principal, UserAgent: Principal, CallerARN: Principal, Region: w.opts.Region,
		Bucket: o.Bucket, Key: o.Key, RequestACL: cannedACL, BytesIn: int64(len(o.Gzip)),
		Headers: []audit.Header{{Name: "x-amz-acl", Value: cannedACL}, {Name: "x-amz-server-side-encryption", Value: sse.AES256}},
	}
}
