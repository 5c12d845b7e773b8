package acl

import (
	"reflect"
	"strings"
	"testing"
)

// What the CLI takes is what it would send as a document.
func TestFromMembers(t *testing.T) {
	t.Parallel()
	owner, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	got, err := FromMembers(owner, []Written{
		{Type: "CanonicalUser", ID: other, Permission: "WRITE"}, {Type: "Group", URI: string(AllUsers), Permission: "READ"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want, err := ParseXML(got.XML(nil)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, and of the document %+v, %v", got, want, err)
	}
	for _, g := range []Written{
		{}, {Type: "CanonicalUser", Permission: "READ"}, {Type: "CanonicalUser", ID: "x", Permission: "READ"}, {Type: "Group", URI: "x", Permission: "READ"},
		{Type: "CanonicalUser", ID: other, Permission: "READS"}, {Type: "CanonicalUser", ID: other, URI: "x", Permission: "READ"},
		{Type: "AmazonCustomerByEmail", EmailAddress: "a@example.com", Permission: "READ"},
	} {
		if list, err := FromMembers(owner, []Written{g}); err == nil {
			t.Errorf("%+v is taken for %+v", g, list)
		}
	}
}
