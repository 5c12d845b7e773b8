package audit

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

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
			Provider: "p\xff", ProviderKeys: []Header{{"sub", "s\xff"}}, SourceIdentity: "i\xff", Console: true,
		},
		SignIn: &SignIn{
			Account: "111111111111", Root: true, UserName: "ann", UserID: "AIDA", UserARN: "arn", Page: "p\xff", MFA: true, MFADevice: "d", Succeeded: true, Replaced: true,
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
	text := want.AppendTo(nil)
	want.Fault, want.Corrupt = "", false
	if got, err := Decode(text); err != nil || !reflect.DeepEqual(got, &want) {
		t.Errorf("kept is\n%+v, want\n%+v, %v", got, &want, err)
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Decisions" && name != "Kept" && name != "Fault" && name != "Corrupt" {
			t.Errorf("the test does not fill %s", name)
		}
	}
	// Each member is the field of its name.
	kept := new(records.RequestRecord)
	if err := proto.Unmarshal(text, kept); err != nil {
		t.Fatal(err)
	}
	if n := len(kept.ProtoReflect().GetUnknown()); n != 0 {
		t.Errorf("%d bytes are of no field", n)
	}
	fields := kept.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.Name() == "decisions" && f.Number() != DecisionsField {
			t.Errorf("decisions are field %d", f.Number())
		}
		if f.Name() == "decisions" || f.Name() == "readers" {
			continue
		}
		m, found := v.Type().FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, strings.ReplaceAll(string(f.Name()), "_", "")) })
		if !found || !kept.ProtoReflect().Has(f) {
			t.Errorf("field %s is of no member, or is not written", f.Name())
			continue
		}
		if !same(kept.ProtoReflect().Get(f), v.FieldByIndex(m.Index)) {
			t.Errorf("field %s is %v, member %s %v", f.Name(), kept.ProtoReflect().Get(f), m.Name, v.FieldByIndex(m.Index))
		}
	}
}

// same reports whether a field has the value of a member. Of messages and lists TestStored compares what is read back.
func same(field protoreflect.Value, member reflect.Value) bool {
	switch got := field.Interface().(type) {
	case string:
		return got == member.String()
	case []byte:
		return member.Kind() == reflect.String && string(got) == member.String() || member.Kind() == reflect.Slice && bytes.Equal(got, member.Bytes())
	case bool:
		return got == member.Bool()
	case int32:
		return int64(got) == member.Int()
	case int64:
		if at, ok := member.Interface().(time.Time); ok {
			return at.UnixNano() == got
		}
		if member.Kind() == reflect.Pointer {
			member = member.Elem()
		}
		return got == member.Int()
	}
	return true
}

// FuzzDecode holds that what is read is what the generated code reads.
func FuzzDecode(f *testing.F) {
	f.Add(sample().AppendTo(nil))
	size := int64(0)
	f.Add((&Record{
		Session: &Session{ProviderKeys: []Header{{"a", "b"}}}, Deleted: []Deleted{{Size: &size}}, Headers: []Header{{"h", ""}}, Time: time.Unix(1, 0),
	}).AppendTo(nil))
	f.Add([]byte{0x1a, 0x01, 'x', 0x30, 0x01, 0x1d, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, entry []byte) {
		kept := new(records.RequestRecord)
		if proto.Unmarshal(entry, kept) != nil {
			Decode(entry) // must not panic
			return
		}
		got, err := Decode(entry)
		if err != nil {
			t.Fatalf("the generated code reads it: %v", err)
		}
		again := new(records.RequestRecord)
		if err := proto.Unmarshal(got.AppendTo(nil), again); err != nil {
			t.Fatal(err)
		}
		kept.Decisions, kept.Readers, kept.ByAcl, again.ByAcl = nil, 0, false, false
		clean(kept.ProtoReflect())
		clean(again.ProtoReflect())
		if !proto.Equal(kept, again) {
			t.Errorf("read is\n%v, want\n%v", again, kept)
		}
	})
}

// clean removes fields that are not known, from a message and those in it.
func clean(m protoreflect.Message) {
	m.SetUnknown(nil)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				clean(v.List().Get(i).Message())
			}
		case f.Message() != nil && !f.IsMap():
			clean(v.Message())
		}
		return true
	})
}

func BenchmarkAppendTo(b *testing.B) {
	r := sample()
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = r.AppendTo(text[:0])
	}
}
