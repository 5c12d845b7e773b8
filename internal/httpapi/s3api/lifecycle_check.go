package s3api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/lifecycle"
	"crossgrant/internal/records"
)

// infrequentDays is how many days an object stays in S3 Standard before it can move to an infrequent access class,
// and how many it stays in such a class.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
const infrequentDays = 30

func infrequent(class string) bool {
	return class == lifecycle.StandardIA || class == lifecycle.OneZoneIA
}

// transitionDays reads the days of a transition to a class.
func transitionDays(element, action string, n int64, class string) (int32, error) {
	switch text := strconv.FormatInt(n, 10); {
	case n < 0:
		return 0, invalidArgument(element, text, fmt.Sprintf("'%s' in %s action must be nonnegative", element, action))
	case infrequent(class) && n < infrequentDays:
		return 0, invalidArgument(element, text, fmt.Sprintf("'%s' in %s action must be greater than or equal to %d for storageClass '%s'",
			element, action, infrequentDays, class))
	}
	return days(n)
}

// checkLimitedActions refuses filters that two of the actions cannot have: neither a delete marker nor an upload has
// tags or a size.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func checkLimitedActions(rule *records.LifecycleRule) error {
	for _, limited := range []struct {
		name string
		is   bool
	}{
		// Also where it is false and asks for nothing.
		{"ExpiredObjectDeleteMarker", rule.Expiration != nil && rule.Expiration.Days == 0 && rule.Expiration.Date == 0},
		{"AbortIncompleteMultipartUpload", rule.AbortUploadDays > 0},
	} {
		switch {
		case !limited.is:
		case len(rule.Tags) > 0:
			return invalidRequest("%s cannot be specified with Tags.", limited.name)
		case rule.LargerThan != nil || rule.SmallerThan != nil:
			return invalidRequest("%s cannot be specified with Object Size.", limited.name)
		}
	}
	return nil
}

// step is a transition on the way of an object through the classes.
type step struct {
	class string
	at    int64 // in days: since creation, or since 1970
}

// way is the transitions of one kind of a rule, and the expiration that ends them.
type way struct {
	transition, expiration string // names of the actions
	unit                   string // Days, Date, NoncurrentDays
	steps                  []step
	end                    int64 // 0: there is none
	filter                 string
}

// checkOrder refuses transitions and expirations of a rule that contradict each other.
func checkOrder(rule *records.LifecycleRule) error {
	current, err := currentWay(rule)
	if err != nil {
		return err
	}
	noncurrent := way{
		transition: "NoncurrentVersionTransition", expiration: "NoncurrentVersionExpiration", unit: "NoncurrentDays",
		end: int64(rule.GetNoncurrentExpiration().GetDays()), filter: current.filter,
	}
	for _, t := range rule.NoncurrentTransitions {
		noncurrent.steps = append(noncurrent.steps, step{t.StorageClass, int64(t.Days)})
	}
	if err := current.check(); err != nil {
		return err
	}
	return noncurrent.check()
}

// currentWay returns the way of current versions, which goes by days or by dates.
func currentWay(rule *records.LifecycleRule) (way, error) {
	w := way{transition: "Transition", expiration: "Expiration", unit: "Days", filter: filterText(rule)}
	byDays, byDate := rule.Expiration.GetDays() > 0, rule.Expiration.GetDate() != 0
	w.end = int64(rule.Expiration.GetDays())
	if byDate {
		w.end = dayOf(rule.Expiration.Date)
	}
	for _, t := range rule.Transitions {
		if t.Days != nil {
			byDays = true
			w.steps = append(w.steps, step{t.StorageClass, int64(*t.Days)})
		} else {
			byDate = true
			w.steps = append(w.steps, step{t.StorageClass, dayOf(t.Date)})
		}
	}
	if byDays && byDate {
		return w, invalidRequest("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for %s", w.filter)
	}
	if byDate {
		w.unit = "Date"
	}
	return w, nil
}

// dayOf returns the day of a midnight, since 1970.
func dayOf(nanos int64) int64 { return nanos / int64(lifecycle.Day) }

// check holds the order of the waterfall: each class is reached later than those above it, and the end comes last.
func (w *way) check() error {
	slices.SortFunc(w.steps, func(a, b step) int { return lifecycle.Rank(a.class) - lifecycle.Rank(b.class) })
	for i := 1; i < len(w.steps); i++ {
		if err := w.checkStep(w.steps[i-1], w.steps[i]); err != nil {
			return err
		}
	}
	if n := len(w.steps); n == 0 || w.end == 0 || w.end > w.steps[n-1].at {
		return nil
	}
	than := "greater"
	if w.unit == "Date" {
		than = "later"
	}
	return invalidArgument(w.unit, w.text(w.end), fmt.Sprintf("'%s' in the %s action for %s must be %s than '%s' in the %s action",
		w.unit, w.expiration, w.filter, than, w.unit, w.transition))
}

func (w *way) checkStep(above, below step) error {
	if above.class == below.class {
		return invalidRequest("'StorageClass' must be different for '%s' actions in same 'Rule' with %s", w.transition, w.filter)
	}
	least, than := int64(1), "greater"
	if infrequent(above.class) {
		least, than = infrequentDays, strconv.Itoa(infrequentDays)+" days more"
	}
	if below.at >= above.at+least {
		return nil
	}
	return invalidArgument(w.unit, w.text(below.at), fmt.Sprintf(
		"'%[1]s' in the '%[2]s' action for StorageClass '%[3]s' for %[4]s must be %[5]s than '%[1]s' in the '%[2]s' action for StorageClass '%[6]s'",
		w.unit, w.transition, below.class, w.filter, than, above.class))
}

// text returns a place on the way as it stands in a document.
func (w *way) text(at int64) string {
	if w.unit == "Date" {
		return time.Unix(0, at*int64(lifecycle.Day)).UTC().Format(time.RFC3339)
	}
	return strconv.FormatInt(at, 10)
}

// filterText is what S3's messages call a rule's filter.
func filterText(rule *records.LifecycleRule) string {
	if rule.PrefixElement {
		return "prefix '" + rule.Prefix + "'"
	}
	var parts []string
	if rule.LargerThan != nil {
		parts = append(parts, fmt.Sprintf("objectsizegreaterthan=%d", *rule.LargerThan))
	}
	if rule.SmallerThan != nil {
		parts = append(parts, fmt.Sprintf("objectsizelessthan=%d", *rule.SmallerThan))
	}
	if rule.PrefixGiven {
		parts = append(parts, "prefix="+rule.Prefix)
	}
	for _, t := range rule.Tags {
		parts = append(parts, "tag: key="+t.Key+", value="+t.Value)
	}
	return "filter '(" + strings.Join(parts, " and ") + ")'"
}

// checkOverlaps refuses two rules of the older form that do the same to the same keys; with filters they are allowed.
//
// Source: observed on S3, https://github.com/ceph/ceph/pull/23668
func checkOverlaps(rules []*records.LifecycleRule) error {
	for _, action := range []struct {
		name string
		has  func(*records.LifecycleRule) bool
	}{
		{"Expiration", func(r *records.LifecycleRule) bool { return r.Expiration != nil }},
		{"Transition", func(r *records.LifecycleRule) bool { return len(r.Transitions) > 0 }},
		{"NoncurrentVersionExpiration", func(r *records.LifecycleRule) bool { return r.NoncurrentExpiration != nil }},
		{"NoncurrentVersionTransition", func(r *records.LifecycleRule) bool { return len(r.NoncurrentTransitions) > 0 }},
		{"AbortIncompleteMultipartUpload", func(r *records.LifecycleRule) bool { return r.AbortUploadDays > 0 }},
	} {
		var prefixes []string
		for _, rule := range rules {
			if action.has(rule) {
				prefixes = append(prefixes, rule.Prefix)
			}
		}
		slices.Sort(prefixes)
		for i := 1; i < len(prefixes); i++ {
			if strings.HasPrefix(prefixes[i], prefixes[i-1]) {
				return invalidRequest("Found overlapping prefixes '%s' and '%s' for same action type '%s'", prefixes[i-1], prefixes[i], action.name)
			}
		}
	}
	return nil
}
