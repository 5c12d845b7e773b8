package properties

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

func getNotifications(v *page.Visit) func(context.Context) (types.NotificationConfiguration, error) {
	return func(ctx context.Context) (types.NotificationConfiguration, error) {
		out, err := v.AWS.S3().GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: named(v)})
		if err != nil {
			return types.NotificationConfiguration{}, err
		}
		return types.NotificationConfiguration{
			EventBridgeConfiguration: out.EventBridgeConfiguration, LambdaFunctionConfigurations: out.LambdaFunctionConfigurations,
			QueueConfigurations: out.QueueConfigurations, TopicConfigurations: out.TopicConfigurations,
		}, nil
	}
}

// destination is one that is told of events.
type destination struct {
	ID, Kind, ARN  string
	Events         []string
	Prefix, Suffix string
}

// destinations are those of a configuration, in its order.
func destinations(c *types.NotificationConfiguration) []destination {
	var out []destination
	add := func(id *string, kind string, arn *string, events []types.Event, filter *types.NotificationConfigurationFilter) {
		d := destination{ID: aws.ToString(id), Kind: kind, ARN: aws.ToString(arn)}
		for _, e := range events {
			d.Events = append(d.Events, string(e))
		}
		if filter != nil && filter.Key != nil {
			for _, r := range filter.Key.FilterRules {
				if strings.EqualFold(string(r.Name), "prefix") {
					d.Prefix = aws.ToString(r.Value)
				} else {
					d.Suffix = aws.ToString(r.Value)
				}
			}
		}
		out = append(out, d)
	}
	for _, t := range c.TopicConfigurations {
		add(t.Id, "SNS topic", t.TopicArn, t.Events, t.Filter)
	}
	for _, q := range c.QueueConfigurations {
		add(q.Id, "SQS queue", q.QueueArn, q.Events, q.Filter)
	}
	for _, f := range c.LambdaFunctionConfigurations {
		add(f.Id, "Lambda function", f.LambdaFunctionArn, f.Events, f.Filter)
	}
	return out
}

// events are those that the form offers; all others can be typed into the document.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
var events = []string{
	"s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload",
	"s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put",
	"s3:LifecycleExpiration:*", "s3:LifecycleTransition",
}

// notificationsPage is the page of event notifications.
type notificationsPage struct {
	Bucket        string
	Notifications bucket.Read[types.NotificationConfiguration]
	Events        []string
	Document      string
}

// Destinations are those that are told of events.
func (n *notificationsPage) Destinations() []destination { return destinations(&n.Notifications.Is) }

func showNotifications(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &notificationsPage{Bucket: name(v), Events: events}
	bucket.Reading(ctx, v, &d.Notifications, getNotifications(v))()
	if err := bucket.Gone(d.Bucket, d.Notifications.Problem); err != nil {
		return nil, err
	}
	d.Document = v.Value("save", "notifications", cli.JSON(d.Notifications.Is))
	return view(v, "Event notifications", "notifications", d), nil
}

// addNotification adds a destination to those that there are.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
func addNotification(ctx context.Context, v *page.Visit) (*page.Done, error) {
	c, err := getNotifications(v)(ctx)
	if err != nil {
		return nil, err
	}
	arn := v.Text("arn")
	var wanted []types.Event
	for _, e := range v.Forms("event") {
		wanted = append(wanted, types.Event(e))
	}
	if len(wanted) == 0 {
		return nil, page.Invalid("Choose the events that the destination is told of.")
	}
	var filter *types.NotificationConfigurationFilter
	for _, r := range []struct{ name, field string }{{"prefix", "filter-prefix"}, {"suffix", "filter-suffix"}} {
		if value := v.Form(r.field); value != "" {
			if filter == nil {
				filter = &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{}}
			}
			filter.Key.FilterRules = append(filter.Key.FilterRules, types.FilterRule{Name: types.FilterRuleName(r.name), Value: &value})
		}
	}
	id := page.Optional(v.Text("id"))
	switch parts := strings.Split(arn, ":"); {
	case len(parts) > 5 && parts[2] == "sns":
		c.TopicConfigurations = append(c.TopicConfigurations, types.TopicConfiguration{Id: id, TopicArn: &arn, Events: wanted, Filter: filter})
	case len(parts) > 5 && parts[2] == "sqs":
		c.QueueConfigurations = append(c.QueueConfigurations, types.QueueConfiguration{Id: id, QueueArn: &arn, Events: wanted, Filter: filter})
	case len(parts) > 5 && parts[2] == "lambda":
		c.LambdaFunctionConfigurations = append(c.LambdaFunctionConfigurations, types.LambdaFunctionConfiguration{Id: id, LambdaFunctionArn: &arn, Events: wanted, Filter: filter})
	default:
		return nil, page.Invalid("Type the ARN of an SNS topic, an SQS queue or a Lambda function, such as arn:aws:sqs:%s:%s:NAME.", v.Region(), v.Account())
	}
	return putNotifications(ctx, v, &c, arn+" is told of events in "+name(v)+".")
}

func removeNotification(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id := v.Form("id")
	if err := v.Confirmed(id); err != nil {
		return nil, err
	}
	c, err := getNotifications(v)(ctx)
	if err != nil {
		return nil, err
	}
	c.TopicConfigurations = without(c.TopicConfigurations, func(t types.TopicConfiguration) *string { return t.Id }, id)
	c.QueueConfigurations = without(c.QueueConfigurations, func(q types.QueueConfiguration) *string { return q.Id }, id)
	c.LambdaFunctionConfigurations = without(c.LambdaFunctionConfigurations, func(f types.LambdaFunctionConfiguration) *string { return f.Id }, id)
	return putNotifications(ctx, v, &c, "The notification "+id+" is removed.")
}

// without returns the configurations but the one with an ID; nil if none is left.
func without[T any](all []T, idOf func(T) *string, id string) []T {
	var out []T
	for _, each := range all {
		if aws.ToString(idOf(each)) != id {
			out = append(out, each)
		}
	}
	return out
}

// saveNotifications puts the whole configuration that was typed.
func saveNotifications(ctx context.Context, v *page.Visit) (*page.Done, error) {
	var c types.NotificationConfiguration
	if err := bucket.Parse(v.Form("notifications"), &c); err != nil {
		return nil, err
	}
	return putNotifications(ctx, v, &c, "The event notifications of "+name(v)+" are saved.")
}

func putNotifications(ctx context.Context, v *page.Visit, c *types.NotificationConfiguration, note string) (*page.Done, error) {
	in := &s3.PutBucketNotificationConfigurationInput{Bucket: named(v), NotificationConfiguration: c}
	if v.Checked("skip-validation") {
		in.SkipDestinationValidation = aws.Bool(true)
	}
	if _, err := v.AWS.S3().PutBucketNotificationConfiguration(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Path("buckets", name(v), "properties", "notifications"), Note: note}, nil
}

func checkNotifications(_ context.Context, v *page.Visit) (*page.Done, error) {
	return bucket.Check(v.Form("notifications"), new(types.NotificationConfiguration)), nil
}
