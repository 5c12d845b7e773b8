package audit

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/records"
)

// TestStored fills every member of a record with something else, bytes that are no UTF-8 included, and holds that all
// but what is not kept comes back.
func TestStored(t *testing.T) {
	t.Parallel()
	size := int64(7)
	want := Record{
		Time: time.Date(2026, 11, 26, 12, 0, 0, 5, time.UTC), ObjectSize: &size, byACL: true,
		Parameters: []byte("{}\xff"), Elements: []byte("{}"), Document: []byte("<a/>\xff"),
		Headers: []Header{{"x-amz-acl", "v\xff"}}, Answered: []Header{{"x-amz-version-id\xff", "v"}},
		Session: &Session{
			Issued: time.Date(2026, 11, 26, 11, 0, 0, 0, time.UTC), MFA: true, IssuerType: "Role", IssuerName: "r", IssuerID: "AROA", IssuerARN: "arn",
			Provider: "p\xff", ProviderKeys: []Header{{"sub", "s\xff"}}, SourceIdentity: "i\xff",
		},
		Organizations: []Organization{{Account: "111111111111", ID: "o-abcdefghij", Management: "222222222222"}},
		Source:        &Source{Bucket: "b\xff", Key: "k\xff", VersionID: "v\xff", Size: &size},
		Deleted:       []Deleted{{Key: "k\xff", VersionID: "v", Size: &size, Status: 204}, {Key: "l", Status: 403, ErrorCode: "AccessDenied"}},
	}
	clients := map[string]bool{"Path": true, "Query": true, "UserAgent": true, "Referer": true, "Host": true, "Region": true, "Bucket": true, "Key": true,
		"RequestACL": true, "AccessKeyID": true, "Protocol": true, "ErrorMessage": true}
	v := reflect.ValueOf(&want).Elem()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		switch {
		case !f.IsZero():
		case f.Kind() == reflect.String:
			text := fmt.Sprintf("%s %d", name, i)
			if clients[name] {
				text += "\xff\xfe"
			}
			f.SetString(text)
		case f.CanInt():
			f.SetInt(int64(100 + i))
		}
	}
	text, err := proto.Marshal(want.Stored())
	if err != nil {
		t.Fatal(err)
	}
	kept := new(records.RequestRecord)
	if err := proto.Unmarshal(text, kept); err != nil {
		t.Fatal(err)
	}
	want.Fault = ""
	if got := FromStored(kept); !reflect.DeepEqual(got, &want) {
		t.Errorf("kept is\n%+v, want\n%+v", got, &want)
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Decisions" && name != "Kept" && name != "Fault" && name != "Corrupt" {
			t.Errorf("the test does not fill %s", name)
		}
	}
}
