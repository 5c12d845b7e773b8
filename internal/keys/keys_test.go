package keys

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/quick"
	"time"

	"crossgrant/internal/ids"
)

// TestLayout holds the keys as bytes: they are a format on disk. A change here needs a new Format and
// a way to read the old one.
func TestLayout(t *testing.T) {
	t.Parallel()
	const account ids.AccountID = "380701114427"
	const org ids.OrganizationID = "o-ab"
	bucket := BucketID{0, 1, 2, 3, 4, 5, 6, 0xff}
	for _, c := range []struct {
		name string
		key  []byte
		want string
	}{
		{"Account", Account(account), `A380701114427`},
		{"CanonicalID", CanonicalID("e280"), `Ce280`},
		{"Email", Email("Ann@Example.com"), `Eann@example.com`},
		{"AccessKey", AccessKey("AKIAEXAMPLE"), `KAKIAEXAMPLE`},
		{"User", Entity(account, UserKind, "Ann"), `I380701114427uann`},
		{"Group", Entity(account, GroupKind, "Devs"), `I380701114427gdevs`},
		{"Role", Entity(account, RoleKind, "R"), `I380701114427rr`},
		{"Policy", Entity(account, PolicyKind, "P"), `I380701114427pp`},
		{"InstanceProfile", Entity(account, InstanceProfileKind, "P"), `I380701114427ip`},
		{"AccountAlias", AccountAlias("walnut"), `awalnut`},
		{"EntityCount", EntityCount(account, UserKind), `I380701114427cu`},
		{"UniqueID", UniqueID(account, "AIDAX"), `I380701114427nAIDAX`},
		{"EntityAccount", EntityAccount("AIDAX"), `NAIDAX`},
		{"Member", Member(account, "Devs", "Ann"), `I380701114427mdevs\x00\x01ann`},
		{"Attachment", Attachment(account, "arn:p", GroupKind, "Devs"), `I380701114427aarn:p\x00\x01gdevs`},
		{"RootFeatures", RootFeatures("o-abc"), `Ro-abc\x00\x01f`},
		{"RoleDeletion", RoleDeletion(account, "task/x/y/z"), `I380701114427ktask/x/y/z`},
		{"PolicyUses", PolicyUses(account, "arn:p"), `I380701114427tarn:p`},
		{"BoundaryUse", BoundaryUse(account, "arn:p", RoleKind, "R"), `I380701114427barn:p\x00\x01rr`},
		{"MFADevice", MFADevice(account, "/x/Ann"), `I380701114427d/x/Ann`},
		{"EnabledMFADevice", EnabledMFADevice(account, "AIDAX", "/x/Ann"), `I380701114427eAIDAX\x00\x01/x/Ann`},
		{"OIDCProvider", OIDCProvider(account, "idp.example.com/Path"), `I380701114427oidp.example.com/Path`},
		{"SAMLProvider", SAMLProvider(account, "Corp"), `I380701114427sCorp`},
		{"KMSKey", KMSKey("1234abcd"), `Sk1234abcd`},
		{"KMSAlias", KMSAlias(account, "alias/App"), `Sa380701114427alias/App`},
		{"Bucket", Bucket("b"), `Bb`},
		{"BucketOf", BucketOf(account, "b"), `L380701114427b`},
		{"Object", Object(bucket, "a/\x00b"), `O\x00\x01\x02\x03\x04\x05\x06\xffa/\x00b`},
		{"Version", Version(bucket, "a\x00b", NewVersionID(1, [12]byte{0: 'x', 11: 'y'})), `V\x00\x01\x02\x03\x04\x05\x06\xffa\x00\xffb\x00\x01` +
			`\xff\xff\xff\xff\xff\xff\xff\xfex\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00y`},
		{"NullVersion", NullVersion(bucket, "a"), `Y\x00\x01\x02\x03\x04\x05\x06\xffa`},
		{"Setting", Setting(bucket, CORS), `T\x00\x01\x02\x03\x04\x05\x06\xffc`},
		{"LifecycleBucket", LifecycleBucket("b"), `Xb`},
		{"Upload", Upload(bucket, "a\x00b", "id"), `U\x00\x01\x02\x03\x04\x05\x06\xffa\x00\xffb\x00\x01id`},
		{"Part", Part("id", 258), `Pid\x00\x01\x01\x02`},
		{"Content", Content(Place{1, [8]byte{7: 'r'}}), `c\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00r`},
		{"Garbage", Garbage("ff"), `Gff`},
		{"Blob", Blob("ff"), `bff`},
		{"Writing", Writing("ff"), `Wff`},
		{"Membership", Membership(account), `D380701114427`},
		{"Organization", Organization(org), `Ro-ab\x00\x01o`},
		{"OrganizationNode", OrganizationNode(org, "ou-ab12-xy"), `Ro-ab\x00\x01nou-ab12-xy`},
		{"OrganizationPolicy", OrganizationPolicy(org, "p-xy"), `Ro-ab\x00\x01pp-xy`},
		{"OrganizationAccount", OrganizationAccount(org, account), `Ro-ab\x00\x01m380701114427`},
		{"ChildUnit", ChildUnit(org, "r-ab12", "ou-ab12-xy"), `Ro-ab\x00\x01cr-ab12\x00\x01ou-ab12-xy`},
		{"ChildAccount", ChildAccount(org, "r-ab12", account), `Ro-ab\x00\x01br-ab12\x00\x01380701114427`},
		{"OpenInvitation", OpenInvitation(org, "h-xy"), `Ro-ab\x00\x01ih-xy`},
		{"OrganizationCounts", OrganizationCounts(org), `Ro-ab\x00\x01k`},
		{"UnitName", UnitName(org, "r-ab12", "Dev"), `Ro-ab\x00\x01ur-ab12\x00\x01Dev`},
		{"OrganizationPolicyName", OrganizationPolicyName(org, "T", "No"), `Ro-ab\x00\x01tT\x00\x01No`},
		{"PolicyTarget", PolicyTarget(org, "p-xy", "r-ab12"), `Ro-ab\x00\x01ap-xy\x00\x01r-ab12`},
		{"Handshake", Handshake("h-xy"), `Hh-xy`},
		{"HandshakeOfOrganization", HandshakeOfOrganization(org, "h-xy"), `Ro-ab\x00\x01hh-xy`},
		{"HandshakeOfAccount", HandshakeOfAccount(account, "h-xy"), `J380701114427h-xy`},
		{"CreateAccountRequest", CreateAccountRequest(org, "car-xy"), `Ro-ab\x00\x01qcar-xy`},
		{"UnfinishedRequest", UnfinishedRequest(org, "car-xy"), `Qo-ab\x00\x01car-xy`},
		{"OrganizationResourcePolicy", OrganizationResourcePolicy(org), `Ro-ab\x00\x01d`},
		{"Event", Event("arn:q", Place{Sequence: 258, Random: [8]byte{'x', 7: 'y'}}), `Zarn:q\x00\x01\x00\x00\x00\x00\x00\x00\x01\x02x\x00\x00\x00\x00\x00\x00y`},
		{"LogLines", LogLines(bucket, Place{Sequence: 1, Random: [8]byte{'x', 7: 'y'}}), `Fl\x00\x01\x02\x03\x04\x05\x06\xff\x00\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x00\x00\x00\x00y`},
		{"LogObject", LogObject(bucket, Place{Sequence: 1, Random: [8]byte{'x', 7: 'y'}}), `Fo\x00\x01\x02\x03\x04\x05\x06\xff\x00\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x00\x00\x00\x00y`},
		{"AccountDeletion", AccountDeletion(account), `da380701114427`},
		{"DeletedCanonicalID", DeletedCanonicalID("e280"), `dce280`},
		{"AccountUsage", AccountUsage(account), `u380701114427a`},
		{"PrincipalUsage", PrincipalUsage(account, "AIDAX"), `u380701114427pAIDAX`},
		{"KeyUsage", KeyUsage(account, "AKIAEXAMPLE"), `u380701114427kAKIAEXAMPLE`},
		{"AccessReport", AccessReport(account, "job"), `u380701114427jjob`},
		{"AccessedEntities", AccessedEntities(account, "job", "s3", 258), `u380701114427ejob\x00\x01s3\x00\x01\x00\x00\x01\x02`},
		{"CredentialReport", CredentialReport(account, 1), `u380701114427r\x00\x00\x00\x01`},
		{"JournalSegment", JournalSegment(258), `js\x00\x00\x00\x00\x00\x00\x01\x02`},
		{"JournalContent", JournalContent(258), `jd\x00\x00\x00\x00\x00\x00\x01\x02`},
		{"JournalReader", JournalReader("trail"), `jctrail`},
		{"JournalState", JournalState(), `jt`},
		{"Analyzer", Analyzer(account, "main"), `y380701114427amain`},
		{"ArchiveRule", ArchiveRule(account, "main", "ours"), `y380701114427rmain\x00\x01ours`},
		{"AnalyzerFinding", AnalyzerFinding(account, "main", "id"), `y380701114427fmain\x00\x01id`},
		{"JournalKept", JournalKept("R1"), `jkR1`},
		{"Lease", Lease("scrub"), `llscrub`},
		{"LeaseRenewal", LeaseRenewal("scrub"), `lrscrub`},
		{"Server", Server("ab"), `lsab`},
		{"ConsoleSession", ConsoleSession([32]byte{31: 'h'}), `w` + strings.Repeat(`\x00`, 31) + `h`},
		{"Trail", Trail(account, "main"), `tt380701114427main`},
		{"TrailState", TrailState(account, "main"), `ts380701114427main`},
		{"TrailVersion", TrailVersion(account, "main", 258), `tv380701114427main\x00\x01\x00\x00\x00\x00\x00\x00\x01\x02`},
		{"TrailFile", TrailFile(account, "main", Place{Sequence: 1, Random: [8]byte{'x', 7: 'y'}}), `tf380701114427main\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x00\x00\x00\x00y`},
		{"TrailContent", TrailContent(account, "main", Place{Sequence: 1, Random: [8]byte{'x', 7: 'y'}}), `tb380701114427main\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x00\x00\x00\x00y`},
		{"TrailDelivered", TrailDelivered(account, "main", "111111111111", 258), `td380701114427main\x00\x01111111111111\x00\x00\x00\x00\x00\x00\x01\x02`},
		{"TrailDigests", TrailDigests(account, "main", "111111111111"), `tg380701114427main\x00\x01111111111111`},
		{"TrailKey", TrailKey(258), `tk\x00\x00\x00\x00\x00\x00\x01\x02`},
		{"TrailHistory", TrailHistory(account), `th380701114427`},
		{"TrailEvents", TrailEvents(account, 258), `h380701114427\x00\x00\x00\x00\x00\x00\x01\x02`},
		{"Meta", Meta("format"), `Mformat`},
	} {
		if got := strings.Trim(fmt.Sprintf("%+q", c.key), `"`); got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
}

func TestRangesHoldTheirKeysAndNoOthers(t *testing.T) {
	t.Parallel()
	const account ids.AccountID = "380701114427"
	in := func(key []byte, from, to []byte) bool {
		return bytes.Compare(key, from) >= 0 && (to == nil || bytes.Compare(key, to) < 0)
	}
	from, to := Members(account, "dev")
	if !in(Member(account, "dev", "ann"), from, to) {
		t.Error("a group's range lacks its member")
	}
	if in(Member(account, "devs", "ann"), from, to) {
		t.Error("a group's range holds a member of a group whose name it begins")
	}
	for name, space := range map[string]struct {
		all func() (from, to []byte)
		key []byte
	}{
		"AllBuckets": {AllBuckets, Bucket("")},
		"AllUploads": {AllUploads, Upload(BucketID{}, "", "")},
		"AllBlobs":   {AllBlobs, Blob("")},
	} {
		from, to := space.all()
		rest := bytes.Repeat([]byte{0xff}, 100)
		if !in(space.key, from, to) || !in(append(space.key[:1:1], rest...), from, to) {
			t.Errorf("%s, %q to %q, lacks one of its keys", name, from, to)
		}
		if in([]byte{space.key[0] + 1}, from, to) || in(append([]byte{space.key[0] - 1}, rest...), from, to) {
			t.Errorf("%s, %q to %q, holds a key of another kind", name, from, to)
		}
	}
	last := BucketID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	from, to = Objects(last, "\xff\xff")
	if !in(Object(last, "\xff\xff\xffz"), from, to) || in([]byte{'P'}, from, to) {
		t.Errorf("the range of the last bucket is %q to %q", from, to)
	}
}

func TestParseReturnsWhatWasEncoded(t *testing.T) {
	t.Parallel()
	check := func(bucket BucketID, key, upload string) bool {
		object, id, err := ParseUpload(Upload(bucket, key, upload))
		if err != nil || object != key || id != upload {
			return false
		}
		object, err = ParseObject(Object(bucket, key))
		return err == nil && object == key
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

func TestParseLifecycleBucket(t *testing.T) {
	t.Parallel()
	if name, err := ParseLifecycleBucket(LifecycleBucket("walnut")); err != nil || name != "walnut" {
		t.Errorf("got %q, %v", name, err)
	}
	for _, key := range [][]byte{nil, []byte("X"), Bucket("walnut")} {
		if name, err := ParseLifecycleBucket(key); err == nil {
			t.Errorf("%q is read as %q", key, name)
		}
	}
}

func TestVersionIDsSortLatestFirst(t *testing.T) {
	t.Parallel()
	check := func(a, b int64, x, y [12]byte, key string) bool {
		a, b = a&(1<<62-1), b&(1<<62-1)
		v, w := NewVersionID(a, x), NewVersionID(b, y)
		object, parsed, err := ParseVersion(Version(BucketID{7}, key, v))
		again, ok := ParseVersionID(v.String())
		return (a == b || (a > b) == (v.String() < w.String())) && v.Time().UnixNano() == a && len(v.String()) == 32 &&
			err == nil && object == key && parsed == v && ok && again == v
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "null", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("a", 32), strings.Repeat("Z", 32)} {
		if _, ok := ParseVersionID(bad); ok {
			t.Errorf("ParseVersionID took %q", bad)
		}
	}
}

func TestParseEnabledMFADevice(t *testing.T) {
	t.Parallel()
	device, err := ParseEnabledMFADevice(EnabledMFADevice("380701114427", "AIDAX", "/x/Ann"))
	if err != nil || device != "/x/Ann" {
		t.Errorf("parsed %q, %v", device, err)
	}
	for _, key := range [][]byte{nil, MFADevice("380701114427", "/x/Ann"), EnabledMFADevice("380701114427", "AIDAX", ""), []byte("I380701114427eAIDAX")} {
		if _, err := ParseEnabledMFADevice(key); err == nil {
			t.Errorf("ParseEnabledMFADevice took %q", key)
		}
	}
}

// TestUploadsSortByKey holds that escaping keeps the order of object keys.
func TestUploadsSortByKey(t *testing.T) {
	t.Parallel()
	check := func(a, b string) bool {
		return sign(bytes.Compare(Upload(BucketID{}, a, "x"), Upload(BucketID{}, b, "x"))) == strings.Compare(a, b)
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
	for _, pair := range [][2]string{{"a", "a\x00"}, {"a\x00", "a\x00\x00"}, {"a\x00\xff", "a\x01"}, {"", "\x00"}} {
		if !check(pair[0], pair[1]) {
			t.Errorf("%q and %q sort in another order once escaped", pair[0], pair[1])
		}
	}
}

func sign(n int) int { return min(1, max(-1, n)) }

func TestParseRefusesForeignKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "O", "X123456789", "U1234567", "U12345678a\x00", "U12345678a\x00\x07", "U12345678a"} {
		if _, err := ParseObject([]byte(key)); err == nil {
			t.Errorf("ParseObject took %q", key)
		}
		if _, _, err := ParseUpload([]byte(key)); err == nil {
			t.Errorf("ParseUpload took %q", key)
		}
	}
}

// TestOfObjects holds that no key that a decision is read from passes for one of objects.
func TestOfObjects(t *testing.T) {
	t.Parallel()
	const account ids.AccountID = "380701114427"
	for _, key := range [][]byte{
		Account(account), CanonicalID("aa"), Setting(BucketID{}, CORS), Entity(account, UserKind, "ann"), Member(account, "devs", "ann"),
		Attachment(account, "arn:p", UserKind, "ann"), AccessKey("AKIAEXAMPLE"), Bucket("b"), Meta("format"), nil,
		KMSKey("k"), KMSAlias(account, "alias/a"),
		Membership(account), Organization("o-ab"), OrganizationNode("o-ab", "r-ab12"), OrganizationPolicy("o-ab", "p-xy"),
	} {
		if OfObjects(key) {
			t.Errorf("OfObjects(%q) = true", key)
		}
	}
	for _, key := range [][]byte{JournalKept("R1"), JournalContent(1), TrailEvents("111111111111", 1), Object(BucketID{}, "k"), Version(BucketID{}, "k", VersionID{}), NullVersion(BucketID{}, "k"), Upload(BucketID{}, "k", "u"), Part("u", 1), Garbage("x"), Writing("x"), AccountUsage(account)} {
		if !OfObjects(key) {
			t.Errorf("OfObjects(%q) = false", key)
		}
	}
}

func TestPlacesSortBySequence(t *testing.T) {
	t.Parallel()
	check := func(destination string, a, b Place) bool {
		x, y := Event(destination, a), Event(destination, b)
		name, place, err := ParseEvent(x)
		id, lines, err2 := ParseLog(LogLines(BucketID{7}, a))
		return err == nil && name == destination && place == a && err2 == nil && id == (BucketID{7}) && lines == a &&
			(a.Sequence == b.Sequence || (a.Sequence < b.Sequence) == (bytes.Compare(x, y) < 0))
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "Z", "Zarn\x00\x01", "Zarn\x00\x01123456789012345", "Fl", "Fo1234567"} {
		if _, _, err := ParseEvent([]byte(bad)); err == nil {
			t.Errorf("ParseEvent took %q", bad)
		}
		if _, _, err := ParseLog([]byte(bad)); err == nil {
			t.Errorf("ParseLog took %q", bad)
		}
	}
}

// TestSequenceRises: whatever the clock says, after what an earlier run gave out, and to many at once.
func TestSequenceRises(t *testing.T) {
	var s Sequence
	for _, step := range []struct{ now, want uint64 }{{100, 100}, {100, 101}, {50, 102}, {102, 103}, {200, 200}} {
		if got := s.Next(time.Unix(0, int64(step.now))); got != step.want {
			t.Errorf("at %d: got %d, want %d", step.now, got, step.want)
		}
	}
	s.Follow(150)
	if got := s.Next(time.Unix(0, 0)); got != 201 {
		t.Errorf("after one that is lower: got %d, want 201", got)
	}
	s.Follow(300)
	if got := s.Next(time.Unix(-5, 0)); got != 301 {
		t.Errorf("after one that is higher: got %d, want 301", got)
	}

	var all sync.WaitGroup
	given := make([][]uint64, 4)
	for i := range given {
		all.Go(func() {
			for range 1000 {
				given[i] = append(given[i], s.Next(time.Unix(0, 0)))
			}
		})
	}
	all.Wait()
	got := slices.Concat(given...)
	slices.Sort(got)
	if got = slices.Compact(got); len(got) != 4000 || got[0] != 302 || got[3999] != 4301 {
		t.Errorf("got %d different ones from %d", len(got), got[0])
	}
}

// TestSpacesAreApart holds that no two lines of the list of spaces begin with the same letters: what one wrote
// another would take for its own.
func TestSpacesAreApart(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("keys.go")
	if err != nil {
		t.Fatal(err)
	}
	var prefixes []string
	for _, line := range regexp.MustCompile(`(?m)^//\t('.*)$`).FindAllStringSubmatch(string(text), -1) {
		prefix := ""
		for _, word := range strings.Fields(line[1]) {
			if len(word) == 3 && word[0] == '\'' {
				prefix += word[1:2]
				continue
			}
			if strings.Contains(line[1], "' account '") || strings.Contains(line[1], `' org\0 '`) {
				continue // the letter after the account or organization tells
			}
			break
		}
		prefixes = append(prefixes, prefix)
	}
	if len(prefixes) < 30 {
		t.Fatalf("the list has %d spaces", len(prefixes))
	}
	slices.Sort(prefixes)
	for i := 1; i < len(prefixes); i++ {
		if strings.HasPrefix(prefixes[i], prefixes[i-1]) {
			t.Errorf("the spaces %q and %q overlap", prefixes[i-1], prefixes[i])
		}
	}
}

func TestParseUsage(t *testing.T) {
	t.Parallel()
	const account ids.AccountID = "380701114427"
	a, kind, rest, err := ParseUsage(AccessedEntities(account, "job\x00", "s3", 1))
	if err != nil || a != account || kind != AccessedEntitiesKind {
		t.Fatalf("got %s, %c, %v", a, kind, err)
	}
	if job, err := ParseAccessedEntities(rest); err != nil || job != "job\x00" {
		t.Errorf("got job %q, %v", job, err)
	}
	from, to := UsageOf(account)
	for _, key := range [][]byte{AccountUsage(account), CredentialReport(account, 1<<32-1), PrincipalUsage(account, "~")} {
		if bytes.Compare(key, from) < 0 || bytes.Compare(key, to) >= 0 {
			t.Errorf("the range of the account lacks %q", key)
		}
	}
	for _, bad := range []string{"", "u", "u380701114427", "I380701114427u"} {
		if _, _, _, err := ParseUsage([]byte(bad)); err == nil {
			t.Errorf("ParseUsage took %q", bad)
		}
	}
}
