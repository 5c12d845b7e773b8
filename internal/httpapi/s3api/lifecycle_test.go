package s3api

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/apierr"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// Rules without an ID get one each, and none of them is that of another rule.
func TestRulesGetIDs(t *testing.T) {
	t.Parallel()
	const rule = "<Rule><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>"
	document := func(n int) []byte {
		return []byte("<LifecycleConfiguration>" + strings.Repeat(rule, n) + "</LifecycleConfiguration>")
	}
	l, err := decodeLifecycle(document(maxRules))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range l.Rules {
		seen[r.Id] = true
	}
	if len(seen) != maxRules || seen[""] {
		t.Errorf("%d rules have %d IDs", maxRules, len(seen))
	}
	if _, err := decodeLifecycle(document(maxRules + 1)); !apierr.Is(err, "InvalidRequest") {
		t.Errorf("%d rules: %v", maxRules+1, err)
	}
}

// The largest lifecycle that is taken fits into a record.
func TestLifecycleFits(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("<LifecycleConfiguration>")
	for i := range maxRules {
		fmt.Fprintf(&b, "<Rule><ID>%d%s</ID><Filter><Prefix>%s</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>",
			i, strings.Repeat("i", 200), strings.Repeat("p", 1000))
	}
	b.WriteString("</LifecycleConfiguration>")
	if b.Len() > maxLifecycle {
		t.Fatalf("%d bytes", b.Len())
	}
	if _, err := decodeLifecycle([]byte(b.String())); err != nil {
		t.Error(err)
	}
}

// A repeated header never counts as its first value alone.
func TestRepeatedStorageClass(t *testing.T) {
	t.Parallel()
	for headers, code := range map[string]string{
		"":                             "",
		"x-amz-storage-class: GLACIER": "",
		"x-amz-storage-class: STANDARD\nx-amz-storage-class: STANDARD": "InvalidStorageClass",
		"x-amz-storage-class: STANDARD\nx-amz-storage-class: GLACIER":  "InvalidStorageClass",
	} {
		_, err := decodeStorageClass(call("", headers, "").HTTP)
		if code == "" && err != nil || code != "" && !apierr.Is(err, code) {
			t.Errorf("%q: got %v, want %q", headers, err, code)
		}
	}
}

// FuzzRestore: what is taken has a number of days and a tier.
func FuzzRestore(f *testing.F) {
	for _, seed := range []string{
		"<RestoreRequest><Days>1</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters></RestoreRequest>",
		"<RestoreRequest><Days>1</Days><Tier>Standard</Tier><Description/></RestoreRequest>",
		"<RestoreRequest><Type>SELECT</Type><OutputLocation><S3/></OutputLocation></RestoreRequest>", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		days, tier, err := decodeRestore(body)
		if err == nil && (days < 1 || days > maxRestoreDays || !tiers[tier]) {
			t.Errorf("%q is %d days, tier %q", body, days, tier)
		}
	})
}

// FuzzLifecycle: what is taken is shown as it was, and its rules can be asked.
func FuzzLifecycle(f *testing.F) {
	for _, seed := range []string{
		`<LifecycleConfiguration><Rule><ID>a</ID><Filter><And><Prefix>x</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Status>Enabled</Status><Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition><Expiration><Days>31</Days></Expiration></Rule></LifecycleConfiguration>`,
		`<LifecycleConfiguration><Rule><Prefix/><Status>Disabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>`,
		`<LifecycleConfiguration><Rule><Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter><Status>Enabled</Status><NoncurrentVersionTransition><NoncurrentDays>0</NoncurrentDays><StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition><NoncurrentVersionExpiration><NoncurrentDays>2147483647</NoncurrentDays><NewerNoncurrentVersions>100</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>`,
		`<LifecycleConfiguration/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l, err := decodeLifecycle(body)
		if err != nil {
			return
		}
		d := restxml.New("LifecycleConfiguration")
		for _, rule := range l.Rules {
			d.Open("Rule")
			writeRule(d, rule)
			d.Close()
		}
		again, err := decodeLifecycle(d.Bytes())
		if err != nil {
			t.Fatalf("%q: %v", d.Bytes(), err)
		}
		if !proto.Equal(l, again) {
			t.Errorf("got %v, then %v", l, again)
		}
		rules := lifecycle.New(l)
		for _, rule := range l.Rules {
			v := lifecycle.VersionOf(rule.Prefix+"x", &records.Object{Tags: rule.Tags, Size: 1 << 20}, true, nanos(0))
			rules.Judge(&v, true, nanos(1<<62), lifecycle.Calendar{})
			rules.Abort(v.Key, nanos(0), lifecycle.Calendar{})
		}
	})
}
