// Package lifecycle says what the lifecycle of a bucket asks for: which action is due for a version of an
// object or for a multipart upload, and when. It does no I/O and reads no clock; package engine carries the
// actions out.
//
// # What is counted
//
// Days are counted from the creation of the current version, from the moment at which a version became
// noncurrent, and from the beginning of an upload. The sum is rounded up to the next midnight UTC (see Calendar).
// A rule with a date goes on to act on what is written after that date, as long as it is enabled.
//
// # What wins
//
// Of several expirations the earliest counts. Of several transitions that are due it is the one to the class that
// costs least, but for S3 Intelligent-Tiering, which only the archive classes come before. Permanent deletion takes
// precedence over transition, and transition over the creation of a delete marker on the same day. One action at a
// time is due for a version; the next one is found when the version is looked at again.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
package lifecycle

import (
	"slices"
	"strings"

	"crossgrant/internal/records"
)

// Rules is a lifecycle, made ready to be asked about many keys. It is safe for concurrent use. Disabled rules are
// not in it. A nil *Rules asks for nothing.
type Rules struct {
	// variesByClass says that small objects are kept from some classes only: see smallFor.
	variesByClass bool
	byPrefix      map[string][]*records.LifecycleRule // in the order of the document
	lengths       []int                               // of the prefixes, ascending, each once
}

// VariesByClass is the value of TransitionDefaultMinimumObjectSize that keeps objects smaller than 128 KB from
// fewer classes; AllClasses128K is the default.
const (
	VariesByClass  = "varies_by_storage_class"
	AllClasses128K = "all_storage_classes_128K"
)

// New returns the rules of a lifecycle, which must not be changed afterwards; nil if it is nil or no rule of it is
// enabled.
func New(l *records.Lifecycle) *Rules {
	r := &Rules{
		variesByClass: l.GetTransitionDefaultMinimumObjectSize() == VariesByClass,
		byPrefix:      map[string][]*records.LifecycleRule{},
	}
	for _, rule := range l.GetRules() {
		if !rule.Enabled {
			continue
		}
		if r.byPrefix[rule.Prefix] == nil {
			r.lengths = append(r.lengths, len(rule.Prefix))
		}
		r.byPrefix[rule.Prefix] = append(r.byPrefix[rule.Prefix], rule)
	}
	if len(r.lengths) == 0 {
		return nil
	}
	slices.Sort(r.lengths)
	r.lengths = slices.Compact(r.lengths)
	return r
}

// Prefixes returns the prefixes of the keys that the rules are about, in order, none of which begins with another
// one: what lies outside of them need not be looked at.
func (r *Rules) Prefixes() []string {
	return r.prefixes(func(*records.LifecycleRule) bool { return true })
}

// ObjectPrefixes is Prefixes for the rules that act on objects.
func (r *Rules) ObjectPrefixes() []string {
	return r.prefixes(func(rule *records.LifecycleRule) bool {
		return rule.Expiration != nil || len(rule.Transitions) > 0 || rule.NoncurrentExpiration != nil || len(rule.NoncurrentTransitions) > 0
	})
}

// UploadPrefixes is Prefixes for the rules that abort uploads.
func (r *Rules) UploadPrefixes() []string {
	return r.prefixes(func(rule *records.LifecycleRule) bool { return rule.AbortUploadDays > 0 })
}

func (r *Rules) prefixes(wanted func(*records.LifecycleRule) bool) []string {
	if r == nil {
		return nil
	}
	var all []string
	for prefix, rules := range r.byPrefix {
		if slices.ContainsFunc(rules, wanted) {
			all = append(all, prefix)
		}
	}
	slices.Sort(all)
	var out []string
	for _, prefix := range all {
		if len(out) == 0 || !strings.HasPrefix(prefix, out[len(out)-1]) {
			out = append(out, prefix)
		}
	}
	return out
}

// MostNewer returns the largest number of newer noncurrent versions that any rule counts: to know of a version whether
// it has that many is to know enough.
func (r *Rules) MostNewer() int {
	most := int32(0)
	for _, rules := range r.byPrefix {
		for _, rule := range rules {
			most = max(most, rule.GetNoncurrentExpiration().GetNewerVersions())
			for _, t := range rule.NoncurrentTransitions {
				most = max(most, t.NewerVersions)
			}
		}
	}
	return int(most)
}

// about calls do with the rules whose prefix key begins with, and whose filter match lets through.
func (r *Rules) about(key string, match func(*records.LifecycleRule) bool, do func(*records.LifecycleRule)) {
	if r == nil {
		return
	}
	for _, length := range r.lengths {
		if length > len(key) {
			return
		}
		for _, rule := range r.byPrefix[key[:length]] {
			if match(rule) {
				do(rule)
			}
		}
	}
}

// matches reports whether a rule, whose prefix is known to match, is about v by its tags and sizes. A delete marker
// has neither: a rule that asks for some is not about it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html
func (v *Version) matches(rule *records.LifecycleRule) bool {
	if v.DeleteMarker {
		return len(rule.Tags) == 0 && !sized(rule)
	}
	if rule.LargerThan != nil && v.Size <= *rule.LargerThan || rule.SmallerThan != nil && v.Size >= *rule.SmallerThan {
		return false
	}
	for _, want := range rule.Tags {
		has := func(t *records.Tag) bool { return t.Key == want.Key && t.Value == want.Value }
		if !slices.ContainsFunc(v.Tags, has) {
			return false
		}
	}
	return true
}

// sized reports whether a rule's filter names a size.
func sized(rule *records.LifecycleRule) bool {
	return rule.LargerThan != nil || rule.SmallerThan != nil
}
