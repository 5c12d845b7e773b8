package cloudtrail

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// TestNames holds AWS's rules for the names of trails.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
func TestNames(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]string{
		"abc": "ok", "My.Trail_1-x": "ok", "123": "ok", strings.Repeat("a", 128): "ok", "1.2.3": "ok", "192.168.5.4.5": "ok",
		"":                       "Trail name cannot be blank!",
		"ab":                     "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters.",
		strings.Repeat("a", 129): "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
		"-ab":                    "Trail name must starts with a letter or number.",
		"ab_":                    "Trail name must ends with a letter or number.",
		"a b":                    "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
		"tràil":                  "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
		"a/b":                    "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
		"my-_namespace":          "Trail name can not have adjacent periods, underscores or dashes.",
		"my--namespace":          "Trail name can not have adjacent periods, underscores or dashes.",
		"192.168.5.4":            "Trail name can not be in IP address format.",
	} {
		err := checkName(name)
		if message == "ok" && err != nil || message != "ok" && (!apierr.Is(err, "InvalidTrailNameException") || apierr.From(err).Message != message) {
			t.Errorf("%.140q: %v, want %s", name, err, message)
		}
	}
}

// TestSettings holds what settings a trail can have.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-s3-bucket-naming-requirements.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, code := range map[string]string{
		"abc": "", "a.b-c.1": "", "": "InvalidS3BucketName", "ab": "InvalidS3BucketName", strings.Repeat("a", 64): "InvalidS3BucketName", "Abc": "InvalidS3BucketName",
		"a_b": "InvalidS3BucketName", "abc-": "InvalidS3BucketName", "-abc": "InvalidS3BucketName", "a..b": "InvalidS3BucketName", "a-.b": "InvalidS3BucketName",
		"a.-b": "InvalidS3BucketName", "198.51.100.24": "InvalidS3BucketName", "arn:aws:s3:::b": "InvalidS3BucketName",
	} {
		w.judge("bucket "+name, checkBucket(name), code)
	}
	for prefix, code := range map[string]string{
		"": "", "a/b": "", "/a": "", strings.Repeat("ä", 200): "", strings.Repeat("a", 201): "InvalidS3Prefix", "x/AWSLogs/y": "InvalidS3Prefix", "AWSLogs/": "InvalidS3Prefix",
		"a\nb": "InvalidS3Prefix",
	} {
		w.judge("prefix "+prefix, checkPrefix(prefix), code)
	}
	_, err := w.Create(t.Context(), outside, "trail", Settings{Bucket: to(bucket), MultiRegion: to(true), GlobalEvents: to(false)}, nil)
	w.refused(err, "InvalidParameterCombination", "Multi-Region trail must include global service events.")
	if len(w.probes) != 0 {
		t.Errorf("the bucket was asked %q for trails that are refused anyway", w.probes)
	}
	got := w.create(outside, "trail")
	if r := got.Record; !r.GlobalEvents || r.MultiRegion || r.Validation || r.Logging || r.Organization != "" || got.Custom() || got.ARN != "arn:aws:cloudtrail:us-east-1:444444444444:trail/trail" {
		t.Errorf("a new trail is %+v", r)
	}
	_, err = w.Update(t.Context(), outside, "trail", Settings{MultiRegion: to(true)})
	w.must(err)
	_, err = w.Update(t.Context(), outside, "trail", Settings{GlobalEvents: to(false)})
	w.refused(err, "InvalidParameterCombination", "")
	_, err = w.Update(t.Context(), outside, got.ARN, Settings{MultiRegion: to(false), GlobalEvents: to(false), Prefix: to("p"), Validation: to(true)})
	w.must(err)
	got, err = w.Get(t.Context(), outside, "trail")
	if r := got.Record; err != nil || r.GlobalEvents || r.MultiRegion || r.Prefix != "p" || !r.Validation || r.Bucket != bucket {
		t.Errorf("after changes the trail is %+v, %v", r, err)
	}
}

// judge fails the test unless err is the error of this code, or nil if that is empty.
func (w *world) judge(what string, err error, code string) {
	w.Helper()
	if code == "" && err != nil || code != "" && !apierr.Is(err, code+"Exception") {
		w.Errorf("%s: %v, want %s", what, err, code)
	}
}

// TestProbe: the bucket is asked before a trail is made or changed, and nothing is if it refuses.
func TestProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse = Error("InsufficientS3BucketPolicy", "no")
	_, err := w.Create(t.Context(), management, "trail", Settings{Bucket: to(bucket), Prefix: to("p"), Organization: to(true)}, nil)
	w.refused(err, "InsufficientS3BucketPolicy", "no")
	_, err = w.Get(t.Context(), management, "trail")
	w.refused(err, "TrailNotFound", "Unknown trail: arn:aws:cloudtrail:us-east-1:111111111111:trail/trail for the user: 111111111111")
	w.refuse = nil
	w.create(management, "trail")
	w.refuse = Error("S3BucketDoesNotExist", "no")
	_, err = w.Update(t.Context(), management, "trail", Settings{Bucket: to("other")})
	w.refused(err, "S3BucketDoesNotExist", "no")
	got, err := w.Get(t.Context(), management, "trail")
	w.must(err)
	if got.Record.Bucket != bucket {
		t.Error("the bucket of the trail was changed although it was refused")
	}
	const name = "arn:aws:cloudtrail:us-east-1:111111111111:trail/trail"
	want := []string{"111111111111 " + name + " logs/p o-exampleorgid", "111111111111 " + name + " logs/ ", "111111111111 " + name + " other/ "}
	if fmt.Sprint(w.probes) != fmt.Sprint(want) {
		t.Errorf("asked %q, want %q", w.probes, want)
	}
}

// TestQuotas holds how many trails an account can have, and that a name is given once.
func TestQuotas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range maxTrails {
		w.create(outside, fmt.Sprint("trail", i))
	}
	_, err := w.Create(t.Context(), outside, "trail0", Settings{Bucket: to(bucket)}, nil)
	w.refused(err, "TrailAlreadyExists", "Trail trail0 already exists for customer: 444444444444")
	_, err = w.Create(t.Context(), outside, "trail5", Settings{Bucket: to(bucket)}, nil)
	w.refused(err, "MaximumNumberOfTrailsExceeded", "User: 444444444444 already has 5 trails in us-east-1.")
	w.must(w.Delete(t.Context(), outside, "trail3"))
	w.put(keys.Trail(outside, "far"), &records.Trail{Account: string(outside), Name: "far", Region: "eu-west-1", Bucket: bucket})
	w.create(outside, "trail5") // that of another Region does not count
	w.create(member, "trail5")
}

// TestNamesAndARNs holds what trails can be called, and what is answered about those of others.
func TestNamesAndARNs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(outside, "trail")
	w.create(member, "other")
	w.put(keys.Trail(outside, "far"), &records.Trail{Account: string(outside), Name: "far", Region: "eu-west-1", Bucket: bucket, MultiRegion: true, GlobalEvents: true, Created: 1})
	w.put(keys.Trail(outside, "single"), &records.Trail{Account: string(outside), Name: "single", Region: "eu-west-1", Bucket: bucket, GlobalEvents: true, Created: 1})
	for text, c := range map[string]struct{ reading, changing, message string }{
		"trail": {"", "", ""},
		"arn:aws:cloudtrail:us-east-1:444444444444:trail/trail": {"", "", ""},
		"x":     {"InvalidTrailName", "InvalidTrailName", ""},
		"nope":  {"TrailNotFound", "TrailNotFound", "Unknown trail: arn:aws:cloudtrail:us-east-1:444444444444:trail/nope for the user: 444444444444"},
		"other": {"TrailNotFound", "TrailNotFound", ""},
		"arn:aws:cloudtrail:us-east-1:444444444444:trail/nope":  {"TrailNotFound", "TrailNotFound", ""},
		"arn:aws:cloudtrail:us-east-1:222222222222:trail/other": {"CloudTrailARNInvalid", "CloudTrailARNInvalid", "AccountID in ARN is wrong, you can only access resources with AccountID 444444444444."},
		"arn:aws:cloudtrail:us-east-1:222222222222:trail/nope":  {"CloudTrailARNInvalid", "CloudTrailARNInvalid", "AccountID in ARN is wrong, you can only access resources with AccountID 444444444444."},
		"arn:aws:cloudtrail:eu-west-1:444444444444:trail/trail": {"CloudTrailARNInvalid", "CloudTrailARNInvalid", "Region in ARN is wrong, you can only access resources in region us-east-1."},
		"arn:aws:cloudtrail:eu-west-1:444444444444:trail/nope":  {"CloudTrailARNInvalid", "CloudTrailARNInvalid", ""},
		"arn:aws:cloudtrail:us-east-1:444444444444:trail/a/b":   {"CloudTrailARNInvalid", "CloudTrailARNInvalid", ""},
		"arn:aws:cloudtrail:us-east-1:444444444444:channel/x":   {"CloudTrailARNInvalid", "CloudTrailARNInvalid", ""},
		"arn:aws:cloudtrail:us-east-1:4444:trail/trail":         {"CloudTrailARNInvalid", "CloudTrailARNInvalid", ""},
		"arn:aws:s3:::trail": {"CloudTrailARNInvalid", "CloudTrailARNInvalid", ""},
		"arn:":               {"CloudTrailARNInvalid", "CloudTrailARNInvalid", ""},
		// Trails whose home is elsewhere.
		"far": {"TrailNotFound", "InvalidHomeRegion", ""},
		"arn:aws:cloudtrail:eu-west-1:444444444444:trail/far": {"", "InvalidHomeRegion", ""},
		"arn:aws:cloudtrail:us-east-1:444444444444:trail/far": {"TrailNotFound", "InvalidHomeRegion", ""},
		"single": {"TrailNotFound", "TrailNotFound", ""},
		"arn:aws:cloudtrail:eu-west-1:444444444444:trail/single": {"CloudTrailARNInvalid", "CloudTrailARNInvalid", ""},
	} {
		_, err := w.Get(t.Context(), outside, text)
		w.judge("reading "+text, err, c.reading)
		if c.message != "" {
			w.refused(err, c.reading, c.message)
		}
		_, err = w.Status(t.Context(), outside, text)
		w.judge("status of "+text, err, c.reading)
		for name, call := range map[string]func() error{
			"start":  func() error { return w.StartLogging(t.Context(), outside, text) },
			"stop":   func() error { return w.StopLogging(t.Context(), outside, text) },
			"update": func() error { _, err := w.Update(t.Context(), outside, text, Settings{}); return err },
			"selectors": func() error {
				_, err := w.PutSelectors(t.Context(), outside, text, selector.Default(), nil)
				return err
			},
		} {
			w.judge(name+" "+text, call(), c.changing)
		}
		if c.changing != "" {
			w.judge("delete "+text, w.Delete(t.Context(), outside, text), c.changing)
		}
	}
	all, err := w.List(t.Context(), outside, true)
	if got := fmt.Sprint(namesOf(all)); err != nil || got != "[far trail]" {
		t.Errorf("with shadows there are %s, %v", got, err)
	}
	all, err = w.List(t.Context(), outside, false)
	if got := fmt.Sprint(namesOf(all)); err != nil || got != "[trail]" {
		t.Errorf("without shadows there are %s, %v", got, err)
	}
	all, err = w.Describe(t.Context(), outside, []string{"trail", "nope", "arn:aws:cloudtrail:eu-west-1:444444444444:trail/far", "trail"})
	if got := fmt.Sprint(namesOf(all)); err != nil || got != "[trail far trail]" {
		t.Errorf("described are %s, %v", got, err)
	}
	_, err = w.Describe(t.Context(), outside, []string{"trail", "x"})
	w.refused(err, "InvalidTrailName", "")
}

// TestLogging: starting and stopping are idempotent, and the last of each is told.
func TestLogging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(outside, "trail")
	step := func(call func() error) { w.now = w.now.Add(time.Minute); w.must(call()) }
	start := func() error { return w.StartLogging(t.Context(), outside, "trail") }
	stop := func() error { return w.StopLogging(t.Context(), outside, "trail") }
	status := func() Status {
		t.Helper()
		s, err := w.Status(t.Context(), outside, "trail")
		w.must(err)
		return s
	}
	w.logs(outside)
	if s := status(); s != (Status{}) {
		t.Errorf("the status of a new trail is %+v", s)
	}
	step(stop)
	step(start)
	w.logs(outside, "trail")
	first := w.now
	step(start)
	if s := status(); !s.Logging || !s.Started.Equal(first) || !s.Stopped.IsZero() {
		t.Errorf("after a second start: %+v, want %s", s, first)
	}
	step(stop)
	second := w.now
	step(stop)
	w.logs(outside)
	if s := status(); s.Logging || !s.Started.Equal(first) || !s.Stopped.Equal(second) {
		t.Errorf("after a second stop: %+v", s)
	}
	w.put(keys.TrailState(outside, "trail"), &records.TrailState{Delivered: 1e9, Attempted: 2e9, Error: "AccessDenied", DigestDelivered: 3e9, DigestError: "NoSuchBucket"})
	want := Status{
		Started: first, Stopped: second, Delivered: time.Unix(1, 0).UTC(), Attempted: time.Unix(2, 0).UTC(), DeliveryError: "AccessDenied",
		DigestDelivered: time.Unix(3, 0).UTC(), DigestError: "NoSuchBucket",
	}
	if s := status(); s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
}

// TestDelete: a trail goes, and what waits to be delivered of it stays until it is, or its account is deleted.
func TestDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(outside, "trail")
	w.create(outside, "trail2")
	kept := func(name string) [][]byte {
		return [][]byte{keys.TrailState(outside, name), keys.TrailDelivered(outside, name, outside, 1), keys.TrailDigests(outside, name, outside)}
	}
	for _, name := range []string{"trail", "trail2"} {
		for _, key := range kept(name) {
			w.put(key, &records.TrailState{})
		}
		for i := range 300 {
			w.put(keys.TrailFile(outside, name, keys.Place{Sequence: uint64(i)}), &records.TrailFile{})
		}
	}
	w.must(w.Delete(t.Context(), outside, "trail"))
	_, err := w.Get(t.Context(), outside, "trail")
	w.refused(err, "TrailNotFound", "")
	if n, want := w.count(), 1+3+300+2+300; n != want {
		t.Errorf("%d entries are left of both trails, want %d", n, want)
	}
	removed := 0
	for {
		n, err := w.EraseAccount(t.Context(), outside)
		w.must(err)
		if removed += n; n == 0 {
			break
		}
	}
	if n := w.count(); n != 0 || removed != 606 {
		t.Errorf("%d entries are left, and %d were removed", n, removed)
	}
	w.logs(outside)
}

// count returns how much is kept of the trails of an account.
func (w *world) count() (n int) {
	w.Helper()
	w.must(w.store.View(w.Context(), func(r meta.Reader) error {
		for _, of := range keys.TrailsOf(outside) {
			it := r.Scan(of[0], of[1])
			for it.Next() {
				n++
			}
			if err := it.Close(); err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

// TestTags holds the rules of tags.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := w.create(outside, "trail").ARN
	w.must(w.AddTags(t.Context(), outside, name, []Tag{{"b", "1"}, {"a", ""}}))
	w.must(w.AddTags(t.Context(), outside, name, []Tag{{"b", "2"}, {"B", "3"}}))
	got, err := w.Tags(t.Context(), outside, name)
	if err != nil || fmt.Sprint(got) != "[{B 3} {a } {b 2}]" {
		t.Errorf("tags are %v, %v", got, err)
	}
	w.put(keys.Trail(outside, "far"), &records.Trail{Account: string(outside), Name: "far", Region: "eu-west-1", Bucket: bucket, MultiRegion: true})
	w.refused(w.AddTags(t.Context(), outside, "arn:aws:cloudtrail:eu-west-1:444444444444:trail/far", nil), "CloudTrailARNInvalid", "")
	w.must(w.RemoveTags(t.Context(), outside, name, []string{"b", "nope"}))
	if got, err = w.Tags(t.Context(), outside, name); err != nil || fmt.Sprint(got) != "[{B 3} {a }]" {
		t.Errorf("tags are %v, %v", got, err)
	}
	many := func(n int) (tags []Tag) {
		for i := range n {
			tags = append(tags, Tag{fmt.Sprint("key", i), "v"})
		}
		return tags
	}
	for code, tags := range map[string][]Tag{
		"": many(48), "TagsLimitExceeded": many(49), "InvalidTagParameter": {{"x", "1"}, {"x", "2"}},
		"InvalidTagParameter ": {{"AWS:x", "1"}}, "InvalidTagParameter  ": {{"", "1"}}, "InvalidTagParameter   ": {{strings.Repeat("x", 129), ""}},
		"InvalidTagParameter    ": {{"x", strings.Repeat("x", 257)}}, "InvalidTagParameter     ": {{"a\n", ""}},
	} {
		_, err := withTags([]*records.Tag{{Key: "B"}, {Key: "a"}}, tags)
		w.judge("tags "+code, err, strings.TrimSpace(code))
	}
	for text, code := range map[string]string{
		"trail": "CloudTrailARNInvalid", "arn:aws:cloudtrail:us-east-1:444444444444:trail/nope": "ResourceNotFound", "arn:aws:s3:::b": "CloudTrailARNInvalid",
		"arn:aws:cloudtrail:us-east-1:444444444444:eventdatastore/x": "EventDataStoreNotFound", "arn:aws:cloudtrail:us-east-1:444444444444:channel/x": "ResourceNotFound",
		"arn:aws:cloudtrail:us-east-1:444444444444:dashboard/x": "ResourceNotFound", "arn:aws:cloudtrail:us-east-1:444444444444:query/x": "ResourceTypeNotSupported",
		"arn:aws:cloudtrail:us-east-1:222222222222:trail/x": "CloudTrailARNInvalid",
	} {
		_, err := w.Tags(t.Context(), outside, text)
		w.judge("tags of "+text, err, code)
		w.judge("tag "+text, w.AddTags(t.Context(), outside, text, nil), code)
		w.judge("untag "+text, w.RemoveTags(t.Context(), outside, text, nil), code)
	}
}

// TestSelectors: they are stored as they were given, and Custom tells whether they are others than those of a new
// trail.
func TestSelectors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(outside, "trail")
	basic := []selector.Basic{{ReadWriteType: selector.WriteOnly, IncludeManagementEvents: true, ExcludeManagementEventSources: []string{"kms.amazonaws.com"},
		DataResources: []selector.Resource{{Type: "AWS::S3::Object", Values: []string{"arn:aws:s3:::bucket/", "arn:aws:s3"}}}}}
	advanced := []selector.Advanced{{Name: "x", FieldSelectors: []selector.Field{
		{Field: "eventCategory", Equals: []string{"Data"}}, {Field: "resources.type", Equals: []string{"AWS::S3::Object"}},
		{Field: "eventName", Equals: []string{"1"}, StartsWith: []string{"2"}, EndsWith: []string{"3"}, NotEquals: []string{"4"}, NotStartsWith: []string{"5"}, NotEndsWith: []string{"6"}},
	}}}
	for _, c := range []struct {
		basic    []selector.Basic
		advanced []selector.Advanced
		custom   bool
	}{{basic, nil, true}, {nil, advanced, true}, {selector.Default(), nil, false}} {
		_, err := w.PutSelectors(t.Context(), outside, "trail", c.basic, c.advanced)
		w.must(err)
		got, err := w.Get(t.Context(), outside, "trail")
		w.must(err)
		if fmt.Sprintf("%+v%+v", got.Basic(), got.Advanced()) != fmt.Sprintf("%+v%+v", c.basic, c.advanced) || got.Custom() != c.custom {
			t.Errorf("got %+v, %+v, custom %t; want %+v, %+v", got.Basic(), got.Advanced(), got.Custom(), c.basic, c.advanced)
		}
	}
	_, err := w.PutSelectors(t.Context(), outside, "trail", nil, nil)
	w.refused(err, "InvalidEventSelectors", "")
	_, err = w.PutSelectors(t.Context(), ids.AccountID("444444444444"), "nope", basic, nil)
	w.refused(err, "TrailNotFound", "")
}
