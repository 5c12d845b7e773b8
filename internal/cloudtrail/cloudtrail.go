// Package cloudtrail is CloudTrail's trails: their settings, event selectors and tags, whether they log, and which of
// them log the events of an account. It is not what makes events, keeps a history of them or delivers log files.
//
// A trail belongs to an account, and has a name of its own in it:
//
//	arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME
//
// It logs the events of that account. An organization trail belongs to the management account and logs those of every
// account in the organization, as long as the organization is there and trusts CloudTrail; delegated administrators may
// do with it what the management account may, and members see it.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/Welcome.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
package cloudtrail

import (
	"context"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// ServicePrincipal is the name of CloudTrail among the services that an organization trusts, and as the writer of log
// files.
const ServicePrincipal = "cloudtrail.amazonaws.com"

// Destination is where log files go: the buckets.
type Destination interface {
	// Probe reports whether log files of a trail can be delivered. organization is that of an organization trail, else
	// empty. The error is an *apierr.Error with S3BucketDoesNotExistException or InsufficientS3BucketPolicyException.
	Probe(ctx context.Context, account ids.AccountID, trailARN, bucket, prefix, organization string) error
}

// World tells of accounts as they are now, from memory; package access does.
type World interface {
	// Organization returns the organization that an account is in, its management account, and whether it trusts a
	// service of AWS. The first two are empty for an account in none.
	Organization(ctx context.Context, account ids.AccountID, principal string) (org ids.OrganizationID, management ids.AccountID, trusts bool, err error)
	// Open reports whether an account is there and not closed.
	Open(ctx context.Context, account ids.AccountID) (bool, error)
}

// Options configure a Service.
type Options struct {
	Region      string
	World       World
	Destination Destination
	Now         func() time.Time // nil: time.Now
}

// Service is CloudTrail's trails. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	Options
	index index
}

// New returns a Service over store. It has to be made before the store is written to, because it learns from the
// store's commits which trails have changed.
func New(store *meta.Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{store: store, Options: o}
	s.index.init()
	store.OnCommit(s.observe)
	store.Follow(keys.TrailsStamp(), s.index.spoil)
	return s
}

// Trail is a trail. It may be shared, and must not be changed.
type Trail struct {
	// Record is the trail as it is stored. Where the organization of an organization trail is gone, its ID is left out.
	Record    *records.Trail
	ARN       string
	Selectors *selector.Set
	// until is when the trail was changed or deleted; zero: it is so now.
	until time.Time
}

// newTrail returns a trail with its selectors compiled.
func newTrail(r *records.Trail) (*Trail, error) {
	set, err := Compile(r.Selectors, r.Advanced)
	return &Trail{Record: r, ARN: ARN(r), Selectors: set}, err
}

// Custom reports whether the trail has other event selectors than a new one.
func (t *Trail) Custom() bool {
	r := t.Record
	if len(r.Selectors) == 0 {
		return len(r.Advanced) > 0
	}
	first := r.Selectors[0]
	return len(r.Selectors) > 1 || first.ReadWrite != selector.All || !first.Management || len(first.Excluded)+len(first.Data) > 0
}

// globalSources are the services that have no Region: a trail may leave out their events.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
var globalSources = map[string]bool{"iam.amazonaws.com": true, "sts.amazonaws.com": true, "organizations.amazonaws.com": true}

// Logs reports whether the trail logs an event of an account that it logs. It does not allocate.
func (t *Trail) Logs(e *selector.Event) bool {
	return (t.Record.GlobalEvents || !globalSources[e.Source]) && t.Selectors.Matches(e)
}

// loggedAt reports whether the trail, as long as it was so, was logging at a time.
func (t *Trail) loggedAt(at time.Time) bool {
	return t.Record.Logging && at.UnixNano() >= t.Record.Started && (t.until.IsZero() || !at.After(t.until))
}

// ARN returns the ARN of a trail whose home is here.
func (s *Service) ARN(account ids.AccountID, name string) string {
	return trailARN(s.Region, string(account), name)
}

// ARN returns the ARN of a trail.
func ARN(r *records.Trail) string { return trailARN(r.Region, r.Account, r.Name) }

func trailARN(region, account, name string) string {
	return arn.ARN{Partition: arn.Partition, Service: "cloudtrail", Region: region, Account: account, Resource: "trail/" + name}.String()
}

// fromNano returns the time of a record; the zero time for 0.
func fromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
