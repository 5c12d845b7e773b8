package stsapi_test

import (
	"testing"

	"crossgrant/internal/httpapi/stsapi"
)

// TestNotOffered: what is not here is told to be so, for the list of operations.
func TestNotOffered(t *testing.T) {
	t.Parallel()
	want := map[string]string{"GetWebIdentityToken": "outbound web identity federation", "GetDelegatedAccessToken": "trade-in tokens"}
	for _, s := range stsapi.New(nil, stsapi.Deps{}).States() {
		if s.NotOffered != want[s.Name] {
			t.Errorf("%s: not offered %q", s.Name, s.NotOffered)
		}
	}
}
