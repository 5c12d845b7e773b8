package keys

import (
	"bytes"
	"testing"

	"crossgrant/internal/ids"
)

// TestStampOfNoAccount holds that what belongs to an owner without a number, as managed policies do, has a stamp as well.
func TestStampOfNoAccount(t *testing.T) {
	t.Parallel()
	for account, want := range map[ids.AccountID]string{"111122223333": "sa111122223333", "aws": "Daws"} {
		if got := StampOf(Membership(account)); !bytes.Equal(got, []byte(want)) {
			t.Errorf("the stamp of the organization of %s is %q, want %q", account, got, want)
		}
	}
}
