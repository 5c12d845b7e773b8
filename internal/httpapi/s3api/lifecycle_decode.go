package s3api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"crossgrant/internal/httpapi/s3tags"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// Limits of a lifecycle.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
const (
	maxRules         = 1000
	maxRuleID        = 255 // UTF-16 code units, as of tags
	maxNewerVersions = 100
	maxRuleSize      = 1000 << 40 // bytes, of an object that a filter speaks of
)

// lifecycleDocument is the body of PutBucketLifecycleConfiguration and of PutBucketLifecycle, its older form, whose
// rules have a Prefix in place of a Filter. Which of the elements have to be there depends on others.
type lifecycleDocument struct {
	Rules []lifecycleRule `element:"Rule,required"`
}

type lifecycleRule struct {
	ID                    string                 `element:"ID"`
	Prefix                *string                `element:"Prefix"`
	Filter                *lifecycleFilter       `element:"Filter"`
	Status                string                 `element:"Status,required"`
	Expiration            *lifecycleExpiration   `element:"Expiration"`
	Transitions           []lifecycleTransition  `element:"Transition"`
	NoncurrentTransitions []noncurrentTransition `element:"NoncurrentVersionTransition"`
	NoncurrentExpiration  *noncurrentExpiration  `element:"NoncurrentVersionExpiration"`
	AbortUpload           *abortUpload           `element:"AbortIncompleteMultipartUpload"`
}

type lifecycleFilter struct {
	Prefix     *string       `element:"Prefix"`
	Tag        *lifecycleTag `element:"Tag"`
	LargerThan *int64        `element:"ObjectSizeGreaterThan"`
	SmallThan  *int64        `element:"ObjectSizeLessThan"`
	And        *lifecycleAnd `element:"And"`
}

type lifecycleAnd struct {
	Prefix     *string        `element:"Prefix"`
	Tags       []lifecycleTag `element:"Tag"`
	LargerThan *int64         `element:"ObjectSizeGreaterThan"`
	SmallThan  *int64         `element:"ObjectSizeLessThan"`
}

type lifecycleTag struct {
	Key   string `element:"Key,required"`
	Value string `element:"Value,required"`
}

type lifecycleExpiration struct {
	Days         *int64  `element:"Days"`
	Date         *string `element:"Date"`
	DeleteMarker *bool   `element:"ExpiredObjectDeleteMarker"`
}

type lifecycleTransition struct {
	Days         *int64  `element:"Days"`
	Date         *string `element:"Date"`
	StorageClass string  `element:"StorageClass,required"`
}

type noncurrentTransition struct {
	Days         int64  `element:"NoncurrentDays,required"`
	Newer        *int64 `element:"NewerNoncurrentVersions"`
	StorageClass string `element:"StorageClass,required"`
}

type noncurrentExpiration struct {
	Days  int64  `element:"NoncurrentDays,required"`
	Newer *int64 `element:"NewerNoncurrentVersions"`
}

type abortUpload struct {
	Days int64 `element:"DaysAfterInitiation,required"`
}

// decodeLifecycle reads a lifecycle and judges it as S3 does. Rules without an ID get one.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html; messages as reports of S3's answers have
// them, such as https://github.com/hashicorp/terraform-provider-aws/issues/23882
func decodeLifecycle(body []byte) (*records.Lifecycle, error) {
	document := new(lifecycleDocument)
	if err := restxml.Decode(body, "LifecycleConfiguration", document); err != nil {
		return nil, err
	}
	if len(document.Rules) > maxRules {
		return nil, invalidRequest("The number of lifecycle rules must not exceed the allowed limit of %d rules.", maxRules)
	}
	if err := checkRuleIDs(document.Rules); err != nil {
		return nil, err
	}
	l := new(records.Lifecycle)
	filters := document.Rules[0].Filter != nil
	for i := range document.Rules {
		in := &document.Rules[i]
		if err := in.checkForm(filters); err != nil {
			return nil, err
		}
		rule, err := in.decode()
		if err != nil {
			return nil, err
		}
		l.Rules = append(l.Rules, rule)
	}
	if !filters {
		return l, checkOverlaps(l.Rules)
	}
	return l, nil
}

// checkRuleIDs makes sure that the IDs are unique.
func checkRuleIDs(rules []lifecycleRule) error {
	seen := map[string]bool{}
	for i := range rules {
		id := rules[i].ID
		switch {
		case id == "":
			continue
		case len(utf16.Encode([]rune(id))) > maxRuleID:
			return invalidArgument("ID", id, fmt.Sprintf("ID length should not exceed allowed limit of %d", maxRuleID))
		case seen[id]:
			return invalidArgument("ID", id, "Rule ID must be unique. Found same ID for more than one rule")
		}
		seen[id] = true
	}
	return nil
}

// checkForm tells the two forms of rules apart, which S3 calls versions of lifecycle: all rules of a lifecycle have a
// Filter, or all have a Prefix of their own.
func (in *lifecycleRule) checkForm(filters bool) error {
	switch {
	case in.Prefix == nil && in.Filter == nil, in.Prefix != nil && in.Filter != nil:
		return restxml.Malformed(errors.New("a rule has either Filter or Prefix"))
	case filters && in.Prefix != nil:
		return invalidRequest("Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.")
	case !filters && in.Filter != nil:
		return invalidRequest("Filter element can only be used in Lifecycle V2.")
	case in.Status != "Enabled" && in.Status != "Disabled":
		return restxml.Malformed(fmt.Errorf("status %q", in.Status))
	}
	if filters {
		return nil
	}
	newer := in.NoncurrentExpiration != nil && in.NoncurrentExpiration.Newer != nil
	for i := range in.NoncurrentTransitions {
		newer = newer || in.NoncurrentTransitions[i].Newer != nil
	}
	if newer {
		return invalidRequest("NewerNoncurrentVersions element can only be used in Lifecycle V2.")
	}
	return nil
}

// decode returns the rule as it is stored.
func (in *lifecycleRule) decode() (*records.LifecycleRule, error) {
	rule := &records.LifecycleRule{Id: in.ID, Enabled: in.Status == "Enabled"}
	if rule.Id == "" {
		rule.Id = rand.Text()
	}
	if in.Prefix != nil {
		rule.PrefixElement, rule.Prefix = true, *in.Prefix
	} else if err := in.Filter.decode(rule); err != nil {
		return nil, err
	}
	if len(rule.Prefix) > maxKey {
		return nil, invalidRequest("The maximum size of a prefix is %d.", maxKey)
	}
	if in.Expiration == nil && len(in.Transitions) == 0 && in.NoncurrentExpiration == nil && len(in.NoncurrentTransitions) == 0 && in.AbortUpload == nil {
		return nil, invalidRequest("At least one action needs to be specified in a rule")
	}
	for _, decode := range []func(*records.LifecycleRule) error{
		in.decodeExpiration, in.decodeAbort, in.decodeTransitions, in.decodeNoncurrent, checkLimitedActions, checkOrder,
	} {
		if err := decode(rule); err != nil {
			return nil, err
		}
	}
	return rule, nil
}

// decode reads a filter: empty, or one predicate, which And makes of several.
func (in *lifecycleFilter) decode(rule *records.LifecycleRule) error {
	given := 0
	for _, there := range []bool{in.Prefix != nil, in.Tag != nil, in.LargerThan != nil, in.SmallThan != nil, in.And != nil} {
		if there {
			given++
		}
	}
	if given > 1 {
		return restxml.Malformed(errors.New("a filter with several predicates and without And"))
	}
	all := lifecycleAnd{Prefix: in.Prefix, LargerThan: in.LargerThan, SmallThan: in.SmallThan}
	if in.Tag != nil {
		all.Tags = []lifecycleTag{*in.Tag}
	}
	if in.And != nil {
		all, rule.And = *in.And, true
		if all.predicates() < 2 {
			return restxml.Malformed(errors.New("less than two predicates in And"))
		}
	}
	return all.decode(rule)
}

// predicates returns how many predicates And joins.
func (in *lifecycleAnd) predicates() int {
	n := len(in.Tags)
	for _, there := range []bool{in.Prefix != nil, in.LargerThan != nil, in.SmallThan != nil} {
		if there {
			n++
		}
	}
	return n
}

func (in *lifecycleAnd) decode(rule *records.LifecycleRule) error {
	if in.Prefix != nil {
		rule.Prefix, rule.PrefixGiven = *in.Prefix, true
	}
	rule.LargerThan, rule.SmallerThan = in.LargerThan, in.SmallThan
	switch larger, smaller := in.LargerThan, in.SmallThan; {
	case larger != nil && (*larger < 0 || *larger > maxRuleSize):
		return invalidRequest("'ObjectSizeGreaterThan' should be between 0 and %d.", int64(maxRuleSize))
	case smaller != nil && (*smaller < 1 || *smaller > maxRuleSize):
		return invalidRequest("'ObjectSizeLessThan' should be between 1 and %d.", int64(maxRuleSize))
	case larger != nil && smaller != nil && *smaller <= *larger:
		return invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
	}
	seen := map[string]bool{}
	for _, t := range in.Tags {
		if seen[t.Key] {
			return invalidRequest("Duplicate Tag Keys are not allowed.")
		}
		tag := &records.Tag{Key: t.Key, Value: t.Value}
		if err := s3tags.Objects.CheckText(tag); err != nil {
			return err
		}
		seen[t.Key] = true
		rule.Tags = append(rule.Tags, tag)
	}
	return nil
}

func (in *lifecycleRule) decodeExpiration(rule *records.LifecycleRule) (err error) {
	e := in.Expiration
	if e == nil {
		return nil
	}
	rule.Expiration = new(records.LifecycleExpiration)
	switch {
	case e.Days != nil && e.Date == nil && e.DeleteMarker == nil:
		rule.Expiration.Days, err = positive("Days", "Expiration", *e.Days)
	case e.Date != nil && e.Days == nil && e.DeleteMarker == nil:
		rule.Expiration.Date, err = midnight(*e.Date)
	case e.DeleteMarker != nil && e.Days == nil && e.Date == nil:
		rule.Expiration.DeleteMarker = *e.DeleteMarker
	default:
		err = restxml.Malformed(errors.New("an expiration has one of Days, Date and ExpiredObjectDeleteMarker"))
	}
	return err
}

func (in *lifecycleRule) decodeAbort(rule *records.LifecycleRule) (err error) {
	if in.AbortUpload != nil {
		rule.AbortUploadDays, err = positive("DaysAfterInitiation", "AbortIncompleteMultipartUpload", in.AbortUpload.Days)
	}
	return err
}

func (in *lifecycleRule) decodeTransitions(rule *records.LifecycleRule) error {
	for _, t := range in.Transitions {
		out := &records.LifecycleTransition{StorageClass: t.StorageClass}
		switch {
		case !lifecycle.IsTarget(t.StorageClass):
			return restxml.Malformed(fmt.Errorf("transition to %q", t.StorageClass))
		case t.Days != nil && t.Date == nil:
			days, err := transitionDays("Days", "Transition", *t.Days, t.StorageClass)
			if err != nil {
				return err
			}
			out.Days = &days
		case t.Date != nil && t.Days == nil:
			var err error
			if out.Date, err = midnight(*t.Date); err != nil {
				return err
			}
		default:
			return restxml.Malformed(errors.New("a transition has one of Days and Date"))
		}
		rule.Transitions = append(rule.Transitions, out)
	}
	return nil
}

func (in *lifecycleRule) decodeNoncurrent(rule *records.LifecycleRule) (err error) {
	const transition, expiration = "NoncurrentVersionTransition", "NoncurrentVersionExpiration"
	for _, t := range in.NoncurrentTransitions {
		out := &records.NoncurrentTransition{StorageClass: t.StorageClass}
		if !lifecycle.IsTarget(t.StorageClass) {
			return restxml.Malformed(fmt.Errorf("transition to %q", t.StorageClass))
		}
		if out.Days, err = transitionDays("NoncurrentDays", transition, t.Days, t.StorageClass); err != nil {
			return err
		}
		if out.NewerVersions, err = newerVersions(transition, t.Newer); err != nil {
			return err
		}
		rule.NoncurrentTransitions = append(rule.NoncurrentTransitions, out)
	}
	e := in.NoncurrentExpiration
	if e == nil {
		return nil
	}
	rule.NoncurrentExpiration = new(records.NoncurrentExpiration)
	if rule.NoncurrentExpiration.Days, err = positive("NoncurrentDays", expiration, e.Days); err != nil {
		return err
	}
	rule.NoncurrentExpiration.NewerVersions, err = newerVersions(expiration, e.Newer)
	return err
}

// positive reads a number of days that is at least one.
func positive(element, action string, n int64) (int32, error) {
	if n < 1 {
		return 0, invalidArgument(element, strconv.FormatInt(n, 10), fmt.Sprintf("'%s' for %s action must be a positive integer", element, action))
	}
	return days(n)
}

// days reads a number of days.
func days(n int64) (int32, error) {
	if n > math.MaxInt32 {
		return 0, restxml.Malformed(fmt.Errorf("%d days", n))
	}
	return int32(n), nil
}

// newerVersions reads how many noncurrent versions are kept; none is 0.
func newerVersions(action string, n *int64) (int32, error) {
	if n == nil {
		return 0, nil
	}
	if *n < 1 || *n > maxNewerVersions {
		return 0, invalidArgument("NewerNoncurrentVersions", strconv.FormatInt(*n, 10),
			fmt.Sprintf("'NewerNoncurrentVersions' for %s action must be a positive integer of at most %d", action, maxNewerVersions))
	}
	return int32(*n), nil
}

// midnight reads a date, as nanoseconds since 1970: an ISO 8601 date, or one with the time, which is midnight UTC.
func midnight(text string) (int64, error) {
	trimmed := strings.TrimSpace(text)
	t, err := time.Parse(time.RFC3339, trimmed)
	if err != nil {
		t, err = time.Parse(time.DateOnly, trimmed)
	}
	if err != nil || t.Year() < 1 || t.Year() > 2200 || t.Unix() == 0 { // what a record can hold
		return 0, restxml.Malformed(fmt.Errorf("date %q", text))
	}
	if !t.Equal(t.Truncate(lifecycle.Day)) {
		return 0, invalidArgument("Date", text, "'Date' must be at midnight GMT")
	}
	return t.UnixNano(), nil
}
