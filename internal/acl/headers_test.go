package acl

import (
	"reflect"
	"strings"
	"testing"

	"crossgrant/internal/ids"
)

// Codes and messages are those recorded from AWS by
// https://github.com/localstack/localstack/blob/main/tests/aws/services/s3/test_s3_api.py
func TestParseGrantHeader(t *testing.T) {
	const h = "x-amz-grant-read"
	a, b := string(idA), string(idB)
	format := func(v string) *Error {
		return &Error{"InvalidArgument", "Argument format not recognized", h, v}
	}
	for _, c := range []struct {
		value string
		want  []Grant
		err   *Error
	}{
		{`id="` + a + `"`, []Grant{to(idA, Read)}, nil},
		{`id=` + a, []Grant{to(idA, Read)}, nil},
		{` id = "` + a + `" , uri="` + string(AllUsers) + `",id=` + b + " ", []Grant{to(idA, Read), toGroup(AllUsers, Read), to(idB, Read)}, nil},
		{`uri=` + string(AuthenticatedUsers) + `,uri="` + string(LogDelivery) + `"`, []Grant{toGroup(AuthenticatedUsers, Read), toGroup(LogDelivery, Read)}, nil},
		{`id="` + a + `",id="` + a + `"`, []Grant{to(idA, Read), to(idA, Read)}, nil},
		{``, nil, format(``)},
		{`xyz`, nil, format(`xyz`)},
		{`name="x"`, nil, format(`name="x"`)},
		{`ID="` + a + `"`, nil, format(`ID="` + a + `"`)},
		{`id="` + a, nil, format(`id="` + a)},
		{`id="` + a + `" x`, nil, format(`id="` + a + `" x`)},
		{`id="` + a + `",`, nil, format(`id="` + a + `",`)},
		{`,id="` + a + `"`, nil, format(`,id="` + a + `"`)},
		{`id="x"`, nil, &Error{"InvalidArgument", "Invalid id", "id", "x"}},
		{`id=`, nil, &Error{"InvalidArgument", "Invalid id", "id", ""}},
		{`id="` + strings.ToUpper(a) + `"`, nil, &Error{"InvalidArgument", "Invalid id", "id", strings.ToUpper(a)}},
		{`uri="http://acs.amazonaws.com/groups/global/Nobody"`, nil, &Error{"InvalidArgument", "Invalid group uri", "uri", "http://acs.amazonaws.com/groups/global/Nobody"}},
		{`emailAddress="a@example.com"`, nil, emailRefused()},
	} {
		got, err := ParseGrantHeader(h, c.value)
		if e := refusal(t, err); !reflect.DeepEqual(got, c.want) || !reflect.DeepEqual(e, c.err) {
			t.Errorf("%s:\ngot  %v, %v\nwant %v, %v", c.value, got, e, c.want, c.err)
		}
	}
	for i, name := range GrantHeaders {
		got, err := ParseGrantHeader(strings.ToUpper(name), "id="+a)
		if want := []Grant{to(idA, grantPermissions[i])}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := ParseGrantHeader("x-amz-grant-nothing", "id="+a); err == nil {
		t.Error("an unknown header is accepted")
	}
}

func TestFromHeaders(t *testing.T) {
	id := func(id ids.CanonicalUserID) string { return `id="` + string(id) + `"` }
	canned, _ := Canned("public-read", true, idA, idA)
	for _, c := range []struct {
		name    string
		headers map[string]string
		ok      bool
		want    ACL
		err     *Error
	}{
		{"none", nil, false, ACL{Owner: idA}, nil},
		{"canned", map[string]string{"x-amz-acl": "public-read"}, true, canned, nil},
		{
			"grants, without the owner's", map[string]string{"x-amz-grant-full-control": id(idB), "x-amz-grant-read": id(idC)},
			true, ACL{Owner: idA, Grants: []Grant{to(idC, Read), to(idB, FullControl)}}, nil,
		},
		{
			"both", map[string]string{"x-amz-acl": "private", "x-amz-grant-read": "nonsense"}, true, ACL{},
			&Error{Code: "InvalidRequest", Message: "Specifying both Canned ACLs and Header Grants is not allowed"},
		},
		{"empty canned", map[string]string{"x-amz-acl": ""}, true, ACL{}, &Error{Code: "InvalidArgument", ArgumentName: "x-amz-acl"}},
		{
			"bad grant", map[string]string{"x-amz-grant-write-acp": "x"}, true, ACL{},
			&Error{"InvalidArgument", "Argument format not recognized", "x-amz-grant-write-acp", "x"},
		},
		{
			"too many", map[string]string{"x-amz-grant-read": strings.Repeat(id(idB)+",", 50) + id(idB), "x-amz-grant-write": strings.Repeat(id(idB)+",", 49) + id(idB)},
			true, ACL{}, malformed(),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			get := func(name string) (string, bool) { v, ok := c.headers[name]; return v, ok }
			a, ok, err := FromHeaders(get, true, idA, idA)
			if e := refusal(t, err); ok != c.ok || !reflect.DeepEqual(a, c.want) || !reflect.DeepEqual(e, c.err) {
				t.Errorf("got %v %v %v", a, ok, e)
			}
		})
	}
}

// FuzzGrantHeader checks that what parses names valid grantees, and means the same written plainly.
func FuzzGrantHeader(f *testing.F) {
	for _, v := range []string{
		"", "id=" + string(idA), `id="` + string(idA) + `", uri="` + string(AllUsers) + `"`, `emailAddress="a@b"`, `id="a,b"`, "id==", `uri="`, "x=y,,",
	} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		grants, err := ParseGrantHeader("x-amz-grant-read", value)
		if err != nil {
			refusal(t, err)
			return
		}
		var plain []string
		for _, g := range grants {
			switch {
			case g.Grantee.Group == "":
				if _, err := ids.ParseCanonicalUserID(string(g.Grantee.ID)); err != nil {
					t.Error(err)
				}
				plain = append(plain, `id="`+string(g.Grantee.ID)+`"`)
			case g.Grantee.ID == "":
				plain = append(plain, `uri="`+string(g.Grantee.Group)+`"`)
			default:
				t.Errorf("grantee of two kinds: %v", g)
			}
		}
		again, err := ParseGrantHeader("x-amz-grant-read", strings.Join(plain, ","))
		if err != nil || !reflect.DeepEqual(again, grants) {
			t.Errorf("%q: got %v, then %v %v", value, grants, again, err)
		}
	})
}
