package keys

import (
	"bytes"
	"testing"

	"crossgrant/internal/ids"
)

// TestStampOf: what permissions are made of has a stamp, alike for all of an account, an organization or a bucket; what changes
// all the time has none.
func TestStampOf(t *testing.T) {
	t.Parallel()
	const a, b ids.AccountID = "111111111111", "222222222222"
	id := BucketID{1, 2, 3}
	account, bucket := []byte("sa"+a), []byte("sbname")
	for _, c := range []struct {
		name       string
		key, stamp []byte
	}{
		{"account", Account(a), account},
		{"user", Entity(a, UserKind, "ann"), account},
		{"inline index", UniqueID(a, "AIDAANN"), account},
		{"membership", Membership(a), account},
		{"another account", Account(b), []byte("sa" + b)},
		{"organization", Organization("o-1"), []byte("soo-1")},
		{"policy of one", OrganizationPolicy("o-1", "p-1"), []byte("soo-1")},
		{"bucket", Bucket("name"), bucket},
		{"setting", Setting(id, CORS), append([]byte("st"), id[:]...)},
		{"access key", AccessKey("AKIA1"), AccessKey("AKIA1")},
		{"canonical ID", CanonicalID("aa"), CanonicalID("aa")},
		{"trail", Trail(a, "main"), TrailsStamp()},
		{"object", Object(id, "k"), nil},
		{"journal", JournalState(), nil},
		{"fact", Meta("format"), nil},
		{"nothing", nil, nil},
	} {
		if got := StampOf(c.key); !bytes.Equal(got, c.stamp) {
			t.Errorf("%s: stamp %q, want %q", c.name, got, c.stamp)
		}
		written := StampedBy(c.key)
		if own := bytes.Equal(c.key, c.stamp); own && written != nil || !own && !bytes.Equal(written, c.stamp) {
			t.Errorf("%s: %q is written with it", c.name, written)
		}
	}
}
