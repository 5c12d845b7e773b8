package lifecycle

import (
	"time"

	"crossgrant/internal/records"
)

// Version is what the rules have to know of one version of an object.
type Version struct {
	Key          string
	Size         int64          // bytes
	Tags         []*records.Tag // in any order
	StorageClass string         // empty: STANDARD
	Created      time.Time
	DeleteMarker bool
	// Locked says that a retention or a legal hold protects the version: it is never removed for good.
	Locked bool
	// Current says that it is the current version; Only, that its key has no other one.
	Current, Only bool
	// Superseded is when the version became noncurrent.
	Superseded time.Time
	// Newer is the number of noncurrent versions of the key that are newer. Delete markers do not count: sources do not
	// say, and so more is kept.
	Newer int
}

// VersionOf returns what a record says of a version. Only and Newer, which no record tells, are left to the caller.
func VersionOf(key string, o *records.Object, current bool, now time.Time) Version {
	v := Version{
		Key: key, Size: o.Size, Tags: o.Tags, StorageClass: o.StorageClass, Created: time.Unix(0, o.Modified),
		DeleteMarker: o.DeleteMarker, Current: current, Locked: o.LegalHold || o.GetRetention().GetUntil() > now.UnixNano(),
	}
	if !current {
		v.Superseded = time.Unix(0, o.Superseded)
	}
	return v
}

// Kind is what an action does to a version.
type Kind uint8

// The kinds of action.
const (
	None       Kind = iota
	Remove          // the version is removed for good
	Mark            // the current version gets a delete marker on top of it
	Transition      // the version moves to another storage class
)

// String returns the kind's name for logs and tests.
func (k Kind) String() string { return [...]string{"none", "remove", "mark", "transition"}[k] }

// Action is what a rule asks for.
type Action struct {
	Kind  Kind
	Due   time.Time // UTC
	Rule  string    // ID
	Class string    // of a Transition
}

// earlier makes a the earlier of two actions. Of two at the same moment it keeps a, which is the one whose rule has
// the shorter prefix, or stands first.
func (a *Action) earlier(b Action) {
	if a.Kind == None || b.Due.Before(a.Due) {
		*a = b
	}
}

// Judge returns the action that is due for v at a moment; its Kind is None if there is none. versioned says that
// the bucket has or had versioning, so that to expire is to get a delete marker.
func (r *Rules) Judge(v *Version, versioned bool, now time.Time, c Calendar) Action {
	switch {
	case v.Current && v.DeleteMarker:
		return r.judgeMarker(v, c).at(now)
	case v.Current:
		return r.judgeCurrent(v, versioned, now, c)
	default:
		return r.judgeNoncurrent(v, now, c)
	}
}

// at returns a if it is due.
func (a Action) at(now time.Time) Action {
	if a.Due.After(now) {
		return Action{}
	}
	return a
}

// judgeMarker judges a delete marker that is the current version. It is removed once no other version is left: at
// once if a rule says ExpiredObjectDeleteMarker, or when it is as old as a rule wants objects to become.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html ("Removing
// expired object delete markers in a versioning-enabled bucket")
func (r *Rules) judgeMarker(v *Version, c Calendar) Action {
	var out Action
	if !v.Only || v.Locked {
		return out
	}
	r.about(v.Key, v.matches, func(rule *records.LifecycleRule) {
		if rule.GetExpiration().GetDeleteMarker() {
			out.earlier(Action{Kind: Remove, Due: v.Created.UTC(), Rule: rule.Id})
		} else if due, ok := expires(rule, v.Created, c); ok {
			out.earlier(Action{Kind: Remove, Due: due, Rule: rule.Id})
		}
	})
	return out
}

// expires returns when a rule expires a current version of an age; ok is false if it does not.
func expires(rule *records.LifecycleRule, created time.Time, c Calendar) (due time.Time, ok bool) {
	switch e := rule.Expiration; {
	case e.GetDays() > 0:
		return c.After(created, e.Days), true
	case e.GetDate() != 0:
		return time.Unix(0, e.Date).UTC(), true
	default:
		return due, false
	}
}

// Expiration returns when the current version v, which is not a delete marker, expires and by which rule; ok is
// false if it does not.
func (r *Rules) Expiration(v *Version, c Calendar) (a Action, ok bool) {
	r.about(v.Key, v.matches, func(rule *records.LifecycleRule) {
		if due, ok := expires(rule, v.Created, c); ok {
			a.earlier(Action{Kind: Mark, Due: due, Rule: rule.Id})
		}
	})
	return a, a.Kind != None
}

// judgeCurrent judges a current version that is an object.
func (r *Rules) judgeCurrent(v *Version, versioned bool, now time.Time, c Calendar) Action {
	expiry, _ := r.Expiration(v, c)
	expiry = expiry.at(now)
	if expiry.Kind == Mark && !versioned {
		if v.Locked {
			return Action{}
		}
		expiry.Kind = Remove
		return expiry
	}
	move, first := r.transition(v, now, func(rule *records.LifecycleRule, offer func(due time.Time, class string)) {
		for _, t := range rule.Transitions {
			switch {
			case t.Date != 0:
				offer(time.Unix(0, t.Date).UTC(), t.StorageClass)
			case t.Days != nil:
				offer(c.After(v.Created, *t.Days), t.StorageClass)
			}
		}
	})
	if move.Kind == None || expiry.Kind == Mark && expiry.Due.Before(first) {
		return expiry
	}
	return move
}

// judgeNoncurrent judges a noncurrent version or delete marker.
func (r *Rules) judgeNoncurrent(v *Version, now time.Time, c Calendar) Action {
	var expiry Action
	r.about(v.Key, v.matches, func(rule *records.LifecycleRule) {
		if e := rule.NoncurrentExpiration; e != nil && v.Newer >= int(e.NewerVersions) {
			expiry.earlier(Action{Kind: Remove, Due: c.After(v.Superseded, e.Days), Rule: rule.Id})
		}
	})
	if expiry = expiry.at(now); expiry.Kind != None && !v.Locked {
		return expiry
	}
	if v.DeleteMarker {
		return Action{}
	}
	move, _ := r.transition(v, now, func(rule *records.LifecycleRule, offer func(due time.Time, class string)) {
		for _, t := range rule.NoncurrentTransitions {
			if v.Newer >= int(t.NewerVersions) {
				offer(c.After(v.Superseded, t.Days), t.StorageClass)
			}
		}
	})
	return move
}

// transition returns the transition that is due, of those that list offers for each rule, and when the first of
// those that are due was.
func (r *Rules) transition(v *Version, now time.Time, list func(rule *records.LifecycleRule, offer func(time.Time, string))) (best Action, first time.Time) {
	from := Class(v.StorageClass)
	r.about(v.Key, v.matches, func(rule *records.LifecycleRule) {
		list(rule, func(due time.Time, class string) {
			if due.After(now) || !descends(from, class) || !sized(rule) && r.smallFor(v.Size, class) {
				return
			}
			if best.Kind == None || due.Before(first) {
				first = due
			}
			if best.Kind == None || preferred(class) > preferred(best.Class) {
				best = Action{Kind: Transition, Due: due, Rule: rule.Id, Class: class}
			}
		})
	})
	return best, first
}

// Abort returns when an upload of a key is aborted and by which rule; ok is false if it is not.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html
func (r *Rules) Abort(key string, initiated time.Time, c Calendar) (a Action, ok bool) {
	all := func(rule *records.LifecycleRule) bool { return rule.AbortUploadDays > 0 }
	r.about(key, all, func(rule *records.LifecycleRule) {
		a.earlier(Action{Kind: Remove, Due: c.After(initiated, rule.AbortUploadDays), Rule: rule.Id})
	})
	return a, a.Kind != None
}

// Aborts reports whether an upload is to be aborted at a moment.
func (r *Rules) Aborts(u *records.Upload, now time.Time, c Calendar) bool {
	a, ok := r.Abort(u.Key, time.Unix(0, u.Created), c)
	return ok && !a.Due.After(now)
}
