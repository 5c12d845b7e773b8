package ids

import (
	"io"
	"regexp"
	"testing"
)

// Source: the patterns of https://github.com/boto/botocore/tree/develop/botocore/data/organizations
func TestNewOrganizationIDs(t *testing.T) {
	t.Parallel()
	for pattern, draw := range map[string]func(io.Reader) (string, error){
		`^o-[a-z0-9]{10,32}$`:                func(r io.Reader) (string, error) { id, err := NewOrganizationID(r); return string(id), err },
		`^r-[0-9a-z]{4,32}$`:                 NewOrganizationRoot,
		`^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$`: func(r io.Reader) (string, error) { return NewOrganizationalUnit(r, "r-ab12") },
		`^rp-[0-9a-zA-Z_]{4,128}$`:           NewOrganizationResourcePolicy,
		`^p-[0-9a-z]{10,32}$`:                NewOrganizationPolicy,
		`^h-[0-9a-z]{8,32}$`:                 NewHandshake,
		`^car-[a-z0-9]{8,32}$`:               NewCreateAccountRequest,
	} {
		id, err := draw(seeded(7))
		if err != nil || !regexp.MustCompile(pattern).MatchString(id) {
			t.Errorf("got %q, %v, want %s", id, err, pattern)
		}
	}
}
