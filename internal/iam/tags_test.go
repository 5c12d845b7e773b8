package iam

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/ids"
)

// tagged returns one thing of every kind that has tags, in account A.
func (w *world) tagged() []Tagged {
	w.Helper()
	d, _, err := w.CreateVirtualMFADevice(w.ctx, accountA, NewMFADevice{Name: "phone", Path: "/x/"})
	w.must(err)
	p, err := w.CreateInstanceProfile(w.ctx, accountA, NewInstanceProfile{Name: "Server"})
	w.must(err)
	return []Tagged{
		{TaggedUser, w.user(accountA, "Ann").Name}, {TaggedRole, w.role(accountA, "Reader").Name},
		{TaggedPolicy, w.policy(accountA, "Read").ARN}, {TaggedMFADevice, d.SerialNumber},
		{TaggedInstanceProfile, p.Name},
	}
}

// shownTags returns the tags of something as text.
func (w *world) shownTags(account ids.AccountID, of Tagged) string {
	w.Helper()
	list, err := w.Tags(w.ctx, account, of, Page{})
	w.must(err)
	var shown []string
	for _, tag := range list.Items {
		shown = append(shown, tag.Key+"="+tag.Value)
	}
	return strings.Join(shown, " ")
}

// TestTags: what may be told apart by case, what replaces what, and what is no error.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	for _, of := range w.tagged() {
		t.Run(string(of.Kind), func(t *testing.T) {
			fold := of.Kind == TaggedUser || of.Kind == TaggedRole
			shows := func(step, folded, exact string) {
				t.Helper()
				want := exact
				if fold {
					want = folded
				}
				if got := w.shownTags(accountA, of); got != want {
					t.Errorf("%s: tags are %q, want %q", step, got, want)
				}
			}
			w.must(w.Untag(w.ctx, accountA, of, []string{"nothing"}))
			shows("no tags", "", "")
			w.must(w.Tag(w.ctx, accountA, of, []Tag{{"team", "blue"}, {"dept", "it"}}))
			shows("sorted by key", "dept=it team=blue", "dept=it team=blue")
			w.must(w.Tag(w.ctx, accountA, of, []Tag{{"Dept", "hr"}}))
			shows("another case", "Dept=hr team=blue", "Dept=hr dept=it team=blue")
			w.must(w.Tag(w.ctx, accountA, of, []Tag{{"team", ""}}))
			shows("another value", "Dept=hr team=", "Dept=hr dept=it team=")
			w.must(w.Untag(w.ctx, accountA, of, []string{"DEPT", "other", "team", "team"}))
			shows("untagged", "", "Dept=hr dept=it")
			w.refused(w.Tag(w.ctx, accountA, of, []Tag{{"k", "1"}, {"K", "2"}}), "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
			w.must(w.Tag(w.ctx, accountA, of, nil))
			w.must(w.Untag(w.ctx, accountA, of, nil))
		})
	}
}

func TestTagLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{Users: 5, Roles: 5, Policies: 5, InstanceProfiles: 5, PolicySize: 6144, TrustSize: 2048, Tags: 50})
	for _, of := range w.tagged() {
		t.Run(string(of.Kind), func(t *testing.T) {
			var many []Tag
			for i := range 50 {
				many = append(many, Tag{fmt.Sprintf("k%02d", i), "v"})
			}
			w.must(w.Tag(w.ctx, accountA, of, many[:49]))
			w.refused(w.Tag(w.ctx, accountA, of, []Tag{{"a", ""}, {"b", ""}}), "LimitExceeded", "The number of tags has reached the maximum limit.")
			w.must(w.Tag(w.ctx, accountA, of, many))
			w.refused(w.Tag(w.ctx, accountA, of, []Tag{{"a", ""}}), "LimitExceeded", "")
			w.refused(w.Tag(w.ctx, accountA, of, append(many, Tag{"a", ""})), "LimitExceeded", "")
			for _, key := range []string{"aws:x", "AWS:x", "", "a;b", strings.Repeat("k", 129)} {
				w.refused(w.Tag(w.ctx, accountA, of, []Tag{{key, ""}}), "InvalidInput", "")
			}
			w.refused(w.Tag(w.ctx, accountA, of, []Tag{{"k00", strings.Repeat("v", 257)}}), "InvalidInput", "")

			page, err := w.Tags(w.ctx, accountA, of, Page{Max: 20})
			var keys []string
			for {
				w.must(err)
				for _, tag := range page.Items {
					keys = append(keys, tag.Key)
				}
				if page.Marker == "" {
					break
				}
				page, err = w.Tags(w.ctx, accountA, of, Page{Max: 20, Marker: page.Marker})
			}
			if len(keys) != 50 || keys[0] != "k00" || keys[49] != "k49" {
				t.Errorf("pages have the keys %s", keys)
			}
		})
	}
}

// TestTagMarkers: a key can be longer than a marker.
func TestTagMarkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	of := Tagged{TaggedUser, w.user(accountA, "ann").Name}
	long := strings.Repeat("ü", 127)
	for _, end := range []string{"a", "b", "c"} {
		w.must(w.Tag(w.ctx, accountA, of, []Tag{{long + end, end}}))
	}
	seen := map[string]bool{}
	var page Page
	for range 3 {
		list, err := w.Tags(w.ctx, accountA, of, Page{Max: 1, Marker: page.Marker})
		w.must(err)
		seen[list.Items[0].Value] = true
		if len(list.Marker) > 320 {
			t.Errorf("a marker of %d characters", len(list.Marker))
		}
		page.Marker = list.Marker
	}
	if len(seen) != 3 || page.Marker != "" {
		t.Errorf("saw %v, then %q", seen, page.Marker)
	}
}

func TestTagsOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	mine := w.tagged()
	for i, of := range []Tagged{
		{TaggedUser, "nobody"}, {TaggedRole, "nobody"},
		{TaggedPolicy, "arn:aws:iam::111111111111:policy/Nothing"}, {TaggedMFADevice, "arn:aws:iam::111111111111:mfa/nothing"},
		{TaggedInstanceProfile, "nothing"},
	} {
		_, err := w.Tags(w.ctx, accountA, of, Page{})
		w.refused(err, "NoSuchEntity", "")
		w.refused(w.Tag(w.ctx, accountA, of, []Tag{{"k", ""}}), "NoSuchEntity", "")
		w.refused(w.Untag(w.ctx, accountA, of, []string{"k"}), "NoSuchEntity", "")
		// What another account has is not there.
		w.refused(w.Tag(w.ctx, accountB, mine[i], []Tag{{"k", ""}}), "NoSuchEntity", "")
	}
	// A policy of AWS has no tags and gets none.
	aws := Tagged{TaggedPolicy, s3Full}
	if got := w.shownTags(accountA, aws); got != "" {
		t.Errorf("%s has the tags %q", s3Full, got)
	}
	w.refused(w.Tag(w.ctx, accountA, aws, []Tag{{"k", ""}}), "AccessDenied", "Policy is outside your own account.")
	w.refused(w.Untag(w.ctx, accountA, aws, []string{"k"}), "AccessDenied", "Policy is outside your own account.")
	w.refused(w.Tag(w.ctx, accountA, Tagged{TaggedPolicy, "policy"}, nil), "ValidationError", "")
}
