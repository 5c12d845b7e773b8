package events

import (
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
)

// Limits of a configuration, in rules and in bytes.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html and
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_FilterRule.html; that of IDs is our choice, in the
// size of those of other configurations.
const (
	MaxRules = 100
	maxValue = 1024
	maxID    = 255
)

// Kind tells destinations apart by the element that names them.
type Kind string

// The kinds of destination.
const (
	Topic         Kind = "Topic"
	Queue         Kind = "Queue"
	CloudFunction Kind = "CloudFunction"
)

// service returns the service that destinations of a kind belong to.
func (k Kind) service() string {
	switch k {
	case Topic:
		return "sns"
	case Queue:
		return "sqs"
	default:
		return "lambda"
	}
}

// argument is the name of a kind's ARN in errors.
func (k Kind) argument() string {
	if k == CloudFunction {
		return "LambdaFunctionArn"
	}
	return string(k) + "Arn"
}

// Filter is one FilterRule, as it was written.
type Filter struct{ Name, Value string }

// The names of filters.
const (
	Prefix = "prefix"
	Suffix = "suffix"
)

// Rule is one configuration of a bucket: events of these types go to this destination.
type Rule struct {
	ID          string
	Kind        Kind
	Destination string   // ARN
	Events      []string // as written, such as "s3:ObjectCreated:*"
	// Filters has at most one of each name, in lower case once Check has been passed.
	Filters []Filter
}

// filter returns the value of the rule's filter of that name; empty, which fits every key, if it has none.
func (r *Rule) filter(name string) string {
	for _, f := range r.Filters {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Matches reports whether an event, such as "ObjectCreated:Put", on a key is one that the rule asks for.
func (r *Rule) Matches(event, key string) bool {
	if !strings.HasPrefix(key, r.filter(Prefix)) || !strings.HasSuffix(key, r.filter(Suffix)) {
		return false
	}
	for _, written := range r.Events {
		if covers(written, event) {
			return true
		}
	}
	return false
}

// Check verifies the rules of a bucket, and writes the names of filters in lower case. The error is an
// *apierr.Error: InvalidArgument, TooManyConfigurations, or NotImplemented for events that nothing here makes.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html; the
// messages were observed on S3 (https://github.com/minio/minio/issues/2472,
// https://github.com/aws/aws-cli/issues/1465), those about IDs are ours.
func Check(rules []Rule) error {
	if len(rules) > MaxRules {
		return apierr.New(400, "TooManyConfigurations",
			"You are attempting to create a new configuration but have already reached the %d-configuration limit.", MaxRules)
	}
	seen := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		if err := r.check(); err != nil {
			return err
		}
		if seen[r.ID] && r.ID != "" {
			return invalid("Id", r.ID, "Same ID used for multiple configurations. IDs must be unique")
		}
		seen[r.ID] = true
	}
	return checkOverlap(rules)
}

func (r *Rule) check() error {
	if len(r.ID) > maxID {
		return invalid("Id", r.ID, "Id cannot be longer than 255 characters")
	}
	if name, err := arn.Parse(r.Destination); err != nil || name.Partition != arn.Partition || name.Service != r.Kind.service() || name.Resource == "" {
		return invalid(r.Kind.argument(), r.Destination, "The ARN could not be parsed")
	}
	for _, written := range r.Events {
		switch supportOf(written) {
		case unknownType:
			return invalid("Event", written, "The event is not supported for notifications")
		case unbuilt:
			return apierr.NotImplemented(written)
		}
	}
	return r.checkFilters()
}

// checkFilters verifies the filters. S3 takes their names in any case.
func (r *Rule) checkFilters() error {
	seen := map[string]bool{}
	for i := range r.Filters {
		f := &r.Filters[i]
		name := strings.ToLower(f.Name)
		switch {
		case name != Prefix && name != Suffix:
			return invalid("FilterRule.Name", f.Name, "filter rule name must be either prefix or suffix")
		case seen[name]:
			return invalid("FilterRule.Name", f.Name, "Cannot specify more than one "+name+" rule in a filter.")
		case len(f.Value) > maxValue:
			return invalid("FilterRule.Value", f.Value, "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation")
		}
		f.Name, seen[name] = name, true
	}
	return nil
}

// checkOverlap refuses two rules that one event could match.
func checkOverlap(rules []Rule) error {
	for i := range rules {
		for j := range i {
			if err := overlap(&rules[j], &rules[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// overlap returns the error for two rules that one event could match. Prefixes overlap if one begins with
// the other, suffixes if one ends with the other; what a rule does not say fits everything.
func overlap(a, b *Rule) error {
	begins := strings.HasPrefix(a.filter(Prefix), b.filter(Prefix)) || strings.HasPrefix(b.filter(Prefix), a.filter(Prefix))
	ends := strings.HasSuffix(a.filter(Suffix), b.filter(Suffix)) || strings.HasSuffix(b.filter(Suffix), a.filter(Suffix))
	if !begins || !ends {
		return nil
	}
	for _, x := range a.Events {
		for _, y := range b.Events {
			switch {
			case !share(x, y):
			case len(a.Filters)+len(b.Filters) > 0:
				return invalid("Event", x+", "+y, "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules "+
					"if the prefixes are overlapping for the same event type.")
			default:
				return invalid("Event", x+", "+y, "Configurations overlap. Configurations on the same bucket cannot share a common event type.")
			}
		}
	}
	return nil
}

func invalid(name, value, message string) error {
	return apierr.New(400, "InvalidArgument", "%s", message).
		With("ArgumentName", name).With("ArgumentValue", value)
}
