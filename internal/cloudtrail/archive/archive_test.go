package archive_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	blobs "crossgrant/internal/blob/memory"
	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
	"crossgrant/internal/sts"
)

const work ids.AccountID = "111111111111"

const trail = "arn:aws:cloudtrail:us-east-1:111111111111:trail/main"

// The statements of the documentation.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
const (
	looks = `{"Sid":"AWSCloudTrailAclCheck","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl",
		"Resource":"arn:aws:s3:::archive","Condition":{"StringEquals":{"aws:SourceArn":"` + trail + `"}}}`
	writes = `{"Sid":"AWSCloudTrailWrite","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",
		"Resource":"arn:aws:s3:::archive/PREFIXAWSLogs/111111111111/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"` + trail + `"}}}`
	ofOrganization = `{"Sid":"AWSCloudTrailOrganizationWrite","Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":"s3:PutObject",
		"Resource":"arn:aws:s3:::archive/AWSLogs/o-exampleorgid/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"` + trail + `"}}}`
)

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// world has the bucket archive of an account that has nothing to do with the trail.
type world struct {
	*testing.T
	access    *access.Access
	objects   *objects.Service
	writer    *archive.Writer
	owner     accounts.Account
	published []*audit.Record
	kept      []string // keys of objects
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t}
	box, err := seal.New()
	w.must(err)
	store := meta.New(memory.New())
	now := func() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }
	w.access = access.New(store, box, sts.New(store, box, sts.Options{Now: now}))
	w.objects = objects.New(store, blobs.New(), objects.Options{Keys: &sse.Keyring{Master: box}, InlineLimit: objects.MaxInline, Now: now, Log: slog.New(slog.DiscardHandler)})
	people := accounts.New(store, box, accounts.Options{Now: now})
	_, _, err = people.Create(t.Context(), accounts.NewAccount{Name: "work", ID: string(work)})
	w.must(err)
	w.owner, _, err = people.Create(t.Context(), accounts.NewAccount{Name: "logs", ID: "222222222222"})
	w.must(err)
	w.must(w.objects.CreateBucket(t.Context(), objects.NewBucket{
		Name: "archive", Account: w.owner.ID, Canonical: w.owner.CanonicalID, Region: "us-east-1", Ownership: "ObjectWriter",
		ACL: access.Grants(acl.Private(w.owner.CanonicalID)), Lock: true,
	}))
	w.writer = archive.New(w.access, w.objects, archive.Options{
		Region: "us-east-1", Now: now, Publish: func(r *audit.Record) { w.published = append(w.published, r) },
		Keep: func(_ meta.Tx, r *audit.Record) error {
			w.kept = append(w.kept, r.Key+" of "+string(r.ResourceOwner))
			return nil
		},
	})
	return w
}

func (w *world) change(change func(b *records.Bucket)) {
	w.Helper()
	w.must(w.objects.UpdateBucket(w.Context(), "archive", func(b *records.Bucket, _ *records.Account) error { change(b); return nil }))
}

func (w *world) policy(text string) { w.change(func(b *records.Bucket) { b.Policy = text }) }

// TestProbe: a trail's bucket has to be there and let the service look at its ACL and write below the prefix.
func TestProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain, prefixed := strings.ReplaceAll(writes, "PREFIX", ""), strings.ReplaceAll(writes, "PREFIX", "a/b/")
	const insufficient = "InsufficientS3BucketPolicyException"
	for name, c := range map[string]struct{ policy, trail, bucket, prefix, organization, code string }{
		"no bucket":               {document(looks, plain), trail, "nothing", "", "", "S3BucketDoesNotExistException"},
		"no policy":               {"", trail, "archive", "", "", insufficient},
		"as documented":           {document(looks, plain), trail, "archive", "", "", ""},
		"no look at the ACL":      {document(plain), trail, "archive", "", "", insufficient},
		"no writing":              {document(looks), trail, "archive", "", "", insufficient},
		"another trail":           {document(looks, plain), trail + "2", "archive", "", "", insufficient},
		"prefix":                  {document(looks, prefixed), trail, "archive", "a/b", "", ""},
		"prefix that is not let":  {document(looks, plain), trail, "archive", "a/b", "", insufficient},
		"organization":            {document(looks, plain, ofOrganization), trail, "archive", "", "o-exampleorgid", ""},
		"organization not let in": {document(looks, plain), trail, "archive", "", "o-exampleorgid", insufficient},
		"denied without TLS":      {document(looks, plain, `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::archive","arn:aws:s3:::archive/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`), trail, "archive", "", "", ""},
		"denied by account":       {document(looks, plain, `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::archive","arn:aws:s3:::archive/*"],"Condition":{"StringNotEquals":{"aws:SourceAccount":"222222222222"}}}`), trail, "archive", "", "", insufficient},
	} {
		w.policy(c.policy)
		err := w.writer.Probe(t.Context(), work, c.trail, c.bucket, c.prefix, c.organization)
		if c.code == "" && err != nil || c.code != "" && !apierr.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.published) != 0 {
		t.Errorf("probing is told as %d requests", len(w.published))
	}
}

// TestWrite: an object is written as the bucket's settings say, with what the service gives it.
func TestWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(document(looks, strings.ReplaceAll(writes, "PREFIX", "")))
	b, err := w.access.Bucket(t.Context(), "archive")
	w.must(err)
	for _, c := range []struct {
		ownership string
		owner     string
	}{{"ObjectWriter", string(archive.CanonicalID)}, {"BucketOwnerPreferred", string(b.Canonical)}, {"BucketOwnerEnforced", string(b.Canonical)}} {
		w.change(func(r *records.Bucket) {
			r.Ownership, r.ObjectLock = c.ownership, &records.ObjectLock{Mode: objects.Compliance, Days: 30}
			r.Encryption = &records.DefaultEncryption{Algorithm: "aws:kms"}
		})
		key := "AWSLogs/111111111111/CloudTrail/" + c.ownership
		w.must(w.writer.Write(t.Context(), &archive.Object{Trail: trail, Account: work, Bucket: "archive", Key: key, Gzip: []byte("packed"), Metadata: map[string]string{"signature": "s"}}))
		o, err := w.objects.Get(t.Context(), b.ID, key, "")
		w.must(err)
		if o.Owner != c.owner || o.Metadata.ContentType != "application/json" || o.Metadata.ContentEncoding != "gzip" || o.Metadata.User["signature"] != "s" ||
			o.Encryption.GetAlgorithm() != sse.AES256 || o.Retention.GetMode() != objects.Compliance {
			t.Errorf("%s: written is %+v", c.ownership, o)
		}
		if !slices.ContainsFunc(o.Acl, func(g *records.Grant) bool {
			return g.CanonicalId == string(b.Canonical) && g.Permission == "FULL_CONTROL"
		}) {
			t.Errorf("%s: the bucket's owner is granted %v", c.ownership, o.Acl)
		}
	}
	if len(w.published) != 3 {
		t.Fatalf("%d requests are told", len(w.published))
	}
	r := w.published[0]
	if r.Service != "s3" || r.Operation != "PutObject" || r.Status != 200 || r.CallerARN != archive.Principal || r.CallerAccount != "" || r.ResourceOwner != b.Owner ||
		*r.ObjectSize != 6 || len(r.Decisions) != 1 || !r.Decisions[0].Allowed() || r.RequestID == "" {
		t.Errorf("told is %+v", r)
	}
}

// TestWriteTwice: what is there is not written again, and what somebody else has put there is.
func TestWriteTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(document(looks, strings.ReplaceAll(writes, "PREFIX", "")))
	b, err := w.access.Bucket(t.Context(), "archive")
	w.must(err)
	o := &archive.Object{Trail: trail, Account: work, Bucket: "archive", Key: "AWSLogs/111111111111/x", Gzip: []byte("packed"), Metadata: map[string]string{"signature": "s"}}
	written := func() int {
		t.Helper()
		w.must(w.writer.Write(t.Context(), o))
		there, err := w.objects.Get(t.Context(), b.ID, o.Key, "")
		w.must(err)
		if there.Metadata.User["signature"] != o.Metadata["signature"] {
			t.Errorf("there is %+v", there)
		}
		return len(w.published)
	}
	if first, again := written(), written(); first != 1 || again != 1 {
		t.Errorf("it was written %d times", again)
	}
	_, err = w.objects.Put(t.Context(), objects.NewObject{
		Bucket: b.ID, BucketName: "archive", Key: o.Key, Length: 6, Object: &records.Object{Owner: string(b.Canonical), Metadata: &records.Metadata{User: map[string]string{"signature": "forged"}}},
	}, bytes.NewReader([]byte("forged")))
	w.must(err)
	if written() != 2 {
		t.Error("what somebody else put there is taken for ours")
	}
}

// TestRefusals: what refuses a delivery has S3's code, and the owner of the bucket can find why.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := &archive.Object{Trail: trail, Account: work, Bucket: "archive", Key: "AWSLogs/111111111111/x", Gzip: []byte("packed")}
	refused := func(code string) *audit.Record {
		t.Helper()
		if err := w.writer.Write(t.Context(), o); !apierr.Is(err, code) {
			t.Errorf("written: %v, want %s", err, code)
		}
		return w.published[len(w.published)-1]
	}
	if r := refused("AccessDenied"); r.Status != 403 || r.ErrorCode != "AccessDenied" || r.Decisions[0].Allowed() || r.ResourceOwner != w.owner.ID || r.Fault != "" {
		t.Errorf("told is %+v", r)
	}
	w.policy(document(strings.ReplaceAll(writes, "PREFIX", "")))
	w.change(func(b *records.Bucket) { b.RequesterPays = true })
	refused("AccessDenied")
	o.Bucket = "nothing"
	if r := refused("NoSuchBucket"); r.Status != 404 || r.ResourceOwner != "" {
		t.Errorf("told is %+v", r)
	}
	// A trail that cannot be told from others is refused before anything is asked.
	if err := w.writer.Write(t.Context(), &archive.Object{Trail: "main", Account: work, Bucket: "archive", Key: "k"}); err == nil {
		t.Error("an ARN that is none is taken")
	}
}

// TestKept: the record of what is written is kept with it, once, and that of what is refused is not.
func TestKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	write := func() error {
		return w.writer.Write(t.Context(), &archive.Object{
			Trail: trail, Account: work, Bucket: "archive", Key: "AWSLogs/111111111111/CloudTrail/f.json.gz", Gzip: []byte("file"),
		})
	}
	if err := write(); !apierr.Is(err, "AccessDenied") || len(w.kept) != 0 {
		t.Errorf("%v, kept is %q", err, w.kept)
	}
	w.policy(document(looks, strings.ReplaceAll(writes, "PREFIX", "")))
	w.must(write())
	w.must(write()) // as after a crash: it is there
	if want := []string{"AWSLogs/111111111111/CloudTrail/f.json.gz of 222222222222"}; !slices.Equal(w.kept, want) || len(w.published) != 2 {
		t.Errorf("kept is %q, want %q; %d are published", w.kept, want, len(w.published))
	}
}
