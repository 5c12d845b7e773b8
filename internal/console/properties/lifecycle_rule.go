package properties

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// move is a row of the form: a transition, of current or of noncurrent versions.
type move struct{ Days, Date, Class, Newer string }

// rulePage is the page of one lifecycle rule. What the form shows are texts, so that what was typed wrongly is shown
// again.
type rulePage struct {
	Bucket string
	// Old is the ID of the rule that is edited; empty: a new one.
	Old       string
	Lifecycle bucket.Read[lifecycle]

	ID, Prefix, Greater, Less       string
	On, Markers                     bool
	Tags                            []page.Pair
	ExpireDays, ExpireDate          string
	NoncurrentDays, NoncurrentNewer string
	AbortDays                       string
	Moves, NoncurrentMoves          []move
	Classes                         []types.TransitionStorageClass
}

func showRule(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &rulePage{Bucket: name(v), Old: v.Query("rule"), On: true, Classes: types.TransitionStorageClass("").Values()}
	bucket.Reading(ctx, v, &d.Lifecycle, getLifecycle(v), noLifecycle)()
	if err := bucket.Gone(d.Bucket, d.Lifecycle.Problem); err != nil {
		return nil, err
	}
	title := "New lifecycle rule"
	if d.Old != "" {
		i := d.Lifecycle.Is.place(d.Old)
		if i < 0 && d.Lifecycle.Problem == nil {
			return nil, page.Missing("There is no lifecycle rule %s.", d.Old)
		}
		if i >= 0 {
			d.show(&d.Lifecycle.Is.Rules[i])
		}
		title = "Lifecycle rule " + d.Old
	}
	if v.Sent("save") {
		d.again(v)
	}
	d.Tags = append(d.Tags, make([]page.Pair, spare)...)
	d.Moves, d.NoncurrentMoves = append(d.Moves, move{}, move{}), append(d.NoncurrentMoves, move{}, move{})
	return bucket.View(v, "management", "Management", title, "rule", d), nil
}

func number[T int32 | int64](n *T) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}

func day(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// show fills the form with a rule.
func (d *rulePage) show(r *types.LifecycleRule) {
	s := scopeOf(r)
	d.ID, d.On = aws.ToString(r.ID), r.Status == types.ExpirationStatusEnabled
	d.Prefix, d.Tags, d.Greater, d.Less = s.prefix, tagRows(s.tags), number(s.greater), number(s.less)
	if e := r.Expiration; e != nil {
		d.ExpireDays, d.ExpireDate, d.Markers = number(e.Days), day(e.Date), aws.ToBool(e.ExpiredObjectDeleteMarker)
	}
	if n := r.NoncurrentVersionExpiration; n != nil {
		d.NoncurrentDays, d.NoncurrentNewer = number(n.NoncurrentDays), number(n.NewerNoncurrentVersions)
	}
	if a := r.AbortIncompleteMultipartUpload; a != nil {
		d.AbortDays = number(a.DaysAfterInitiation)
	}
	for _, t := range r.Transitions {
		d.Moves = append(d.Moves, move{Days: number(t.Days), Date: day(t.Date), Class: string(t.StorageClass)})
	}
	for _, t := range r.NoncurrentVersionTransitions {
		d.NoncurrentMoves = append(d.NoncurrentMoves, move{Days: number(t.NoncurrentDays), Newer: number(t.NewerNoncurrentVersions), Class: string(t.StorageClass)})
	}
}

// again fills the form with what was typed.
func (d *rulePage) again(v *page.Visit) {
	d.ID, d.Prefix, d.Greater, d.Less = v.Form("id"), v.Form("prefix"), v.Form("greater"), v.Form("less")
	d.On, d.Markers = v.Checked("enabled"), v.Checked("markers")
	d.Tags = sentTags(v)
	d.ExpireDays, d.ExpireDate, d.AbortDays = v.Form("expire-days"), v.Form("expire-date"), v.Form("abort-days")
	d.NoncurrentDays, d.NoncurrentNewer = v.Form("noncurrent-days"), v.Form("noncurrent-newer")
	d.Moves, d.NoncurrentMoves = typedMoves(v, "move"), typedMoves(v, "noncurrent-move")
}

// typedMoves are the rows of transitions, without the empty ones.
func typedMoves(v *page.Visit, prefix string) []move {
	form := v.Request.PostForm
	at := func(field string, i int) string {
		if all := form[prefix+field]; i < len(all) {
			return all[i]
		}
		return ""
	}
	var out []move
	for i := range form[prefix+"-class"] {
		if m := (move{at("-days", i), at("-date", i), at("-class", i), at("-newer", i)}); m.Class != "" || m.Days != "" || m.Date != "" {
			out = append(out, m)
		}
	}
	return out
}

// typist reads fields and keeps the first error.
type typist struct{ err error }

func (t *typist) number(text, label string) *int32 {
	n, err := whole(text, label)
	if t.err == nil {
		t.err = err
	}
	return n
}

func (t *typist) size(text, label string) *int64 {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && t.err == nil {
		t.err = page.Invalid("%s has to be a whole number of bytes, not %q.", label, text)
	}
	return &n
}

func (t *typist) date(text, label string) *time.Time {
	if text == "" {
		return nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil && t.err == nil {
		t.err = page.Invalid("%s has to be a date, such as 2030-01-31, not %q.", label, text)
	}
	return &day
}

// write makes the rule that the form says of the rule as it is.
func write(v *page.Visit, r *types.LifecycleRule) error {
	t := &typist{}
	tags, err := typedTags(v)
	if err != nil {
		return err
	}
	r.ID, r.Status = page.Optional(v.Text("id")), types.ExpirationStatusDisabled
	if v.Checked("enabled") {
		r.Status = types.ExpirationStatusEnabled
	}
	limits{v.Form("prefix"), tags, t.size(v.Text("greater"), "The smallest size"), t.size(v.Text("less"), "The largest size")}.narrow(r)
	r.Expiration, r.NoncurrentVersionExpiration, r.AbortIncompleteMultipartUpload, r.Transitions, r.NoncurrentVersionTransitions = nil, nil, nil, nil, nil
	n, date := t.number(v.Text("expire-days"), "The days until objects expire"), t.date(v.Text("expire-date"), "The day on which objects expire")
	if n != nil || date != nil || v.Checked("markers") {
		r.Expiration = &types.LifecycleExpiration{Days: n, Date: date}
		if v.Checked("markers") {
			r.Expiration.ExpiredObjectDeleteMarker = aws.Bool(true)
		}
	}
	if n, newer := t.number(v.Text("noncurrent-days"), "The days until older versions are deleted"), t.number(v.Text("noncurrent-newer"), "The number of versions to keep"); n != nil || newer != nil {
		r.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: n, NewerNoncurrentVersions: newer}
	}
	if n := t.number(v.Text("abort-days"), "The days until uploads are aborted"); n != nil {
		r.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: n}
	}
	for _, m := range typedMoves(v, "move") {
		r.Transitions = append(r.Transitions, types.Transition{
			Days: t.number(m.Days, "The days of a transition"), Date: t.date(m.Date, "The day of a transition"), StorageClass: types.TransitionStorageClass(m.Class),
		})
	}
	for _, m := range typedMoves(v, "noncurrent-move") {
		r.NoncurrentVersionTransitions = append(r.NoncurrentVersionTransitions, types.NoncurrentVersionTransition{
			NoncurrentDays: t.number(m.Days, "The days of a transition"), NewerNoncurrentVersions: t.number(m.Newer, "The number of versions to keep"), StorageClass: types.TransitionStorageClass(m.Class),
		})
	}
	if t.err == nil && len(tell(r).Does) == 0 {
		return page.Invalid("The rule does nothing yet: say what expires, moves or is aborted.")
	}
	return t.err
}

// saveRule adds a rule, or puts it in the place of the one that was edited. The other rules stay as they are.
func saveRule(ctx context.Context, v *page.Visit) (*page.Done, error) {
	old := v.Query("rule")
	if old != "" {
		l, i, err := existing(ctx, v, old)
		if err != nil {
			return nil, err
		}
		if err := write(v, &l.Rules[i]); err != nil {
			return nil, err
		}
		if err := l.put(ctx, v); err != nil {
			return nil, err
		}
		return managed(v, "The lifecycle rule is saved."), nil
	}
	l, err := getLifecycle(v)(ctx)
	if err != nil && !page.Absent(err, noLifecycle) {
		return nil, err
	}
	var r types.LifecycleRule
	if err := write(v, &r); err != nil {
		return nil, err
	}
	l.Rules = append(l.Rules, r)
	if err := l.put(ctx, v); err != nil {
		return nil, err
	}
	return managed(v, "The lifecycle rule is added."), nil
}
