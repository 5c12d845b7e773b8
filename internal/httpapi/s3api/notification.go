package s3api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/events"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/notify"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// maxNotification is the largest body of PutBucketNotificationConfiguration, in bytes: as many rules as S3
// takes, with filters of full length.
const maxNotification = 1 << 20

// Destinations are where event notifications can be sent; package notify knows them.
type Destinations interface {
	// Known reports whether the buckets of account may send events to a destination, given by its ARN.
	Known(account ids.AccountID, destination string) bool
	// Test sends a test event to a destination. The error says, for the log, why it was not taken.
	Test(ctx context.Context, destination string, e events.TestEvent) error
}

// notificationConfiguration is the body of PutBucketNotificationConfiguration.
type notificationConfiguration struct {
	Topics    []topicConfiguration    `element:"TopicConfiguration"`
	Queues    []queueConfiguration    `element:"QueueConfiguration"`
	Functions []functionConfiguration `element:"CloudFunctionConfiguration"`
	Bridge    restxml.Present         `element:"EventBridgeConfiguration"`
}

type (
	topicConfiguration struct {
		ID     string              `element:"Id"`
		ARN    string              `element:"Topic,required"`
		Events []string            `element:"Event,required"`
		Filter *notificationFilter `element:"Filter"`
	}
	queueConfiguration struct {
		ID     string              `element:"Id"`
		ARN    string              `element:"Queue,required"`
		Events []string            `element:"Event,required"`
		Filter *notificationFilter `element:"Filter"`
	}
	functionConfiguration struct {
		ID     string              `element:"Id"`
		ARN    string              `element:"CloudFunction,required"`
		Events []string            `element:"Event,required"`
		Filter *notificationFilter `element:"Filter"`
	}
	notificationFilter struct {
		Key *struct {
			Rules []struct {
				Name  string `element:"Name,required"`
				Value string `element:"Value,required"`
			} `element:"FilterRule"`
		} `element:"S3Key"`
	}
)

// filters returns the rules of a filter, which may be nil.
func (f *notificationFilter) filters() []events.Filter {
	if f == nil || f.Key == nil {
		return nil
	}
	var out []events.Filter
	for _, r := range f.Key.Rules {
		out = append(out, events.Filter{Name: r.Name, Value: r.Value})
	}
	return out
}

// decodeNotification reads the rules of a configuration, in S3's order of their kinds.
func decodeNotification(body []byte) ([]events.Rule, error) {
	var in notificationConfiguration
	if err := restxml.Decode(body, "NotificationConfiguration", &in); err != nil {
		return nil, err
	}
	if in.Bridge {
		return nil, apierr.NotImplemented("EventBridgeConfiguration")
	}
	var rules []events.Rule
	add := func(kind events.Kind, id, arn string, written []string, filter *notificationFilter) {
		rules = append(rules, events.Rule{ID: id, Kind: kind, Destination: arn, Events: written, Filters: filter.filters()})
	}
	for _, t := range in.Topics {
		add(events.Topic, t.ID, t.ARN, t.Events, t.Filter)
	}
	for _, q := range in.Queues {
		add(events.Queue, q.ID, q.ARN, q.Events, q.Filter)
	}
	for _, f := range in.Functions {
		add(events.CloudFunction, f.ID, f.ARN, f.Events, f.Filter)
	}
	return rules, events.Check(rules)
}

type putNotificationInput struct {
	bucket *access.Bucket
	rules  []events.Rule
	// skip says that no test event is sent.
	skip bool
}

// putBucketNotification is PutBucketNotificationConfiguration. An empty configuration removes what there
// was. The old operation PutBucketNotification is the same request, with elements that are refused.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
func (s *Service) putBucketNotification() httpapi.Operation {
	check := func(b *access.Bucket) access.Check { return bucketCheck(b, "s3:PutBucketNotification", nil) }
	return httpapi.Row[putNotificationInput]{
		Name:   "PutBucketNotificationConfiguration",
		Decode: decodePutNotification,
		Load: func(ctx context.Context, c *httpapi.Call, in *putNotificationInput) (err error) {
			in.bucket, err = s.signedOnly(ctx, c, noAnonymousConfiguration)
			return err
		},
		Checks: func(_ *httpapi.Call, in *putNotificationInput) []access.Check {
			return []access.Check{check(in.bucket)}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *putNotificationInput) (*httpapi.Response, error) {
			if err := s.checkDestinations(ctx, c, in); err != nil {
				return nil, err
			}
			return empty(), s.keepNotification(ctx, c, in, check)
		},
	}.Operation()
}

func decodePutNotification(c *httpapi.Call) (*putNotificationInput, error) {
	const name = "x-amz-skip-destination-validation"
	in := new(putNotificationInput)
	if has(c.HTTP, name) {
		switch value := strings.ToLower(header(c.HTTP, name)); value {
		case "true", "false":
			in.skip = value == "true"
		default:
			return nil, invalidArgument(name, value, "The value must be true or false.")
		}
	}
	body, _, err := readBody(c, maxNotification)
	if err != nil {
		return nil, err
	}
	in.rules, err = decodeNotification(body)
	return in, err
}

// checkDestinations refuses destinations that are not there, also if the client asks not to validate them:
// here they can not come into being later. Then each gets a test event, which it has to take.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
func (s *Service) checkDestinations(ctx context.Context, c *httpapi.Call, in *putNotificationInput) error {
	var failing []detail
	var tested []string
	for i := range in.rules {
		r := &in.rules[i]
		if slices.Contains(tested, r.Destination) {
			continue
		}
		tested = append(tested, r.Destination)
		if s.Destinations == nil || !s.Destinations.Known(in.bucket.Owner, r.Destination) {
			failing = append(failing, detail{r.Destination, missingDestination(r.Kind)})
		}
	}
	if len(failing) > 0 || in.skip {
		return invalidDestinations(failing)
	}
	faults := s.testDestinations(ctx, c, in.bucket, tested)
	for i, fault := range faults {
		if fault != nil {
			failing = append(failing, detail{tested[i], "The destination did not take the test event"})
		}
	}
	if fault := errors.Join(faults...); fault != nil {
		c.Record.Failed(fault)
	}
	return invalidDestinations(failing)
}

// testDestinations sends a test event to each destination, and returns beside them why it was not taken.
func (s *Service) testDestinations(ctx context.Context, c *httpapi.Call, b *access.Bucket, destinations []string) []error {
	e := events.TestEvent{Time: c.Time, Bucket: b.Record.Name, RequestID: c.ID, HostID: c.HostID}
	faults := make([]error, len(destinations))
	var tests sync.WaitGroup
	for i, destination := range destinations {
		tests.Go(func() {
			if err := s.Destinations.Test(ctx, destination, e); err != nil {
				faults[i] = fmt.Errorf("test %s: %w", destination, err)
			}
		})
	}
	tests.Wait()
	return faults
}

// detail is the name and value of an argument that an error tells of.
type detail struct{ name, value string }

// missingDestination is what S3 says of a destination that is not there.
func missingDestination(kind events.Kind) string {
	switch kind {
	case events.Topic:
		return "The destination topic does not exist"
	case events.Queue:
		return "The destination queue does not exist"
	default:
		return "The destination Lambda does not exist"
	}
}

// invalidDestinations is the error for destinations that fail; nil if none does. Several are numbered, as on
// S3.
func invalidDestinations(failing []detail) error {
	if len(failing) == 0 {
		return nil
	}
	e := apierr.New(http.StatusBadRequest, "InvalidArgument", "Unable to validate the following destination configurations")
	for i, d := range failing {
		number := ""
		if len(failing) > 1 {
			number = fmt.Sprint(i + 1)
		}
		e = e.With("ArgumentName"+number, d.name).With("ArgumentValue"+number, d.value)
	}
	return e
}

// keepNotification keeps the rules, and notes in the bucket's record whether there are any.
func (s *Service) keepNotification(ctx context.Context, c *httpapi.Call, in *putNotificationInput, check func(*access.Bucket) access.Check) error {
	for i := range in.rules {
		if in.rules[i].ID != "" {
			continue
		}
		var err error
		if in.rules[i].ID, err = ids.NewToken(rand.Reader, 48); err != nil {
			return err
		}
	}
	var value proto.Message // nil: none
	if len(in.rules) > 0 {
		value = notify.Record(in.rules)
	}
	change := func(r *records.Bucket, _ *access.Bucket) error {
		r.Notifies = len(in.rules) > 0
		return nil
	}
	return s.objects.PutSetting(ctx, in.bucket.Record.Name, keys.Notification, value, rejudgeBucket(ctx, c, in.bucket, check, change))
}

// getBucketNotification is GetBucketNotificationConfiguration. A bucket without a configuration has an empty
// one.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
func (s *Service) getBucketNotification() httpapi.Operation {
	return s.onlyBucket("GetBucketNotificationConfiguration", "s3:GetBucketNotification", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		d := restxml.New("NotificationConfiguration")
		for _, rule := range notify.Rules(b.Settings.Notification) {
			renderRule(d, &rule)
		}
		return document(d), nil
	})
}

func renderRule(d *restxml.Document, r *events.Rule) {
	d.Open(string(r.Kind) + "Configuration")
	d.Text("Id", r.ID)
	d.Text(string(r.Kind), r.Destination)
	for _, written := range r.Events {
		d.Text("Event", written)
	}
	if len(r.Filters) > 0 {
		d.Open("Filter")
		d.Open("S3Key")
		for _, f := range r.Filters {
			d.Open("FilterRule")
			// S3 shows the names with capitals, whatever was written.
			d.Text("Name", strings.ToUpper(f.Name[:1])+f.Name[1:])
			d.Text("Value", f.Value)
			d.Close()
		}
		d.Close()
		d.Close()
	}
	d.Close()
}
