//lint:file-ignore SA1019 Rules that were made with the old Prefix are shown, and stay as they are.

package properties

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/dustin/go-humanize"

	"crossgrant/internal/console/page"
)

// told is a lifecycle rule in words.
type told struct {
	ID    string
	On    bool
	Scope string
	Does  []string
}

// tell puts a rule into words.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func tell(r *types.LifecycleRule) told {
	t := told{ID: aws.ToString(r.ID), On: r.Status == types.ExpirationStatusEnabled, Scope: scope(r)}
	add := func(format string, args ...any) { t.Does = append(t.Does, fmt.Sprintf(format, args...)) }
	for _, move := range r.Transitions {
		add("Move to %s %s", move.StorageClass, when(move.Days, move.Date))
	}
	if e := r.Expiration; e != nil {
		if e.Days != nil || e.Date != nil {
			add("Expire %s", when(e.Days, e.Date))
		}
		if aws.ToBool(e.ExpiredObjectDeleteMarker) {
			add("Remove delete markers under which no version is left")
		}
	}
	for _, move := range r.NoncurrentVersionTransitions {
		add("Move older versions to %s %s%s", move.StorageClass, days(move.NoncurrentDays, "after they stop being current"), but(move.NewerNoncurrentVersions))
	}
	if n := r.NoncurrentVersionExpiration; n != nil {
		add("Delete older versions for good %s%s", days(n.NoncurrentDays, "after they stop being current"), but(n.NewerNoncurrentVersions))
	}
	if a := r.AbortIncompleteMultipartUpload; a != nil {
		add("Abort uploads that are not complete %s", days(a.DaysAfterInitiation, "after they began"))
	}
	return t
}

func when(n *int32, date *time.Time) string {
	if date != nil {
		return "on " + date.UTC().Format(time.DateOnly)
	}
	return days(n, "after they were written")
}

func days(n *int32, after string) string {
	if aws.ToInt32(n) == 1 {
		return "1 day " + after
	}
	return humanize.Comma(int64(aws.ToInt32(n))) + " days " + after
}

func but(newest *int32) string {
	switch aws.ToInt32(newest) {
	case 0:
		return ""
	case 1:
		return ", but the newest of them"
	default:
		return fmt.Sprintf(", but the newest %d of them", *newest)
	}
}

// scope tells which objects a rule is for.
func scope(r *types.LifecycleRule) string {
	s := scopeOf(r)
	var parts []string
	if s.prefix != "" {
		parts = append(parts, "whose keys begin with "+s.prefix)
	}
	for _, t := range s.tags {
		parts = append(parts, "tagged "+aws.ToString(t.Key)+"="+aws.ToString(t.Value))
	}
	if s.greater != nil {
		parts = append(parts, "larger than "+humanize.Comma(*s.greater)+" bytes")
	}
	if s.less != nil {
		parts = append(parts, "smaller than "+humanize.Comma(*s.less)+" bytes")
	}
	if len(parts) == 0 {
		return "All objects"
	}
	return "Objects " + strings.Join(parts, ", ")
}

// limits are what narrows a rule to some objects.
type limits struct {
	prefix        string
	tags          []types.Tag
	greater, less *int64
}

func scopeOf(r *types.LifecycleRule) limits {
	s := limits{prefix: aws.ToString(r.Prefix)}
	f := r.Filter
	if f == nil {
		return s
	}
	if f.And != nil {
		return limits{aws.ToString(f.And.Prefix), f.And.Tags, f.And.ObjectSizeGreaterThan, f.And.ObjectSizeLessThan}
	}
	s.prefix, s.greater, s.less = aws.ToString(f.Prefix), f.ObjectSizeGreaterThan, f.ObjectSizeLessThan
	if f.Tag != nil {
		s.tags = []types.Tag{*f.Tag}
	}
	return s
}

// narrow writes them into a rule, as S3 wants them: one by itself, more in And. A rule with the old Prefix keeps it as
// long as there is nothing else.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html
func (s limits) narrow(r *types.LifecycleRule) {
	only := len(s.tags) == 0 && s.greater == nil && s.less == nil
	if r.Prefix != nil && r.Filter == nil && only {
		r.Prefix = &s.prefix
		return
	}
	n := len(s.tags)
	for _, there := range []bool{s.prefix != "", s.greater != nil, s.less != nil} {
		if there {
			n++
		}
	}
	f := &types.LifecycleRuleFilter{}
	switch {
	case n > 1:
		f.And = &types.LifecycleRuleAndOperator{Prefix: page.Optional(s.prefix), Tags: s.tags, ObjectSizeGreaterThan: s.greater, ObjectSizeLessThan: s.less}
	case len(s.tags) == 1:
		f.Tag = &s.tags[0]
	case s.greater != nil || s.less != nil:
		f.ObjectSizeGreaterThan, f.ObjectSizeLessThan = s.greater, s.less
	default:
		f.Prefix = &s.prefix
	}
	r.Prefix, r.Filter = nil, f
}
