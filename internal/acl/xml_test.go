package acl

import (
	"reflect"
	"strings"
	"testing"

	"crossgrant/internal/ids"
)

const (
	open  = `<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	owner = `<Owner><ID>` + string(idA) + `</ID></Owner>`
	xsi   = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
)

func policyXML(grants ...string) string {
	return open + owner + `<AccessControlList>` + strings.Join(grants, "") + `</AccessControlList></AccessControlPolicy>`
}

func grantXML(kind, fields, permission string) string {
	return `<Grant><Grantee` + xsi + ` xsi:type="` + kind + `">` + fields + `</Grantee><Permission>` + permission + `</Permission></Grant>`
}

func TestParseXML(t *testing.T) {
	toB := grantXML("CanonicalUser", "<ID>"+string(idB)+"</ID>", "WRITE")
	all := grantXML("Group", "<URI>"+string(AllUsers)+"</URI>", "READ")
	want := ACL{Owner: idA, Grants: []Grant{to(idB, Write), toGroup(AllUsers, Read)}}
	for name, text := range map[string]string{
		"plain": policyXML(toB, all),
		"as the AWS CLI writes it": open + "<AccessControlList>" + toB + all + "</AccessControlList>" +
			"<Owner><DisplayName>awsseccookbook</DisplayName><ID>" + string(idA) + "</ID></Owner></AccessControlPolicy>",
		"declaration, layout, comment": `<?xml version="1.0" encoding="UTF-8"?>` + "\n<!-- x -->" + strings.ReplaceAll(policyXML(toB, all), "><", ">\n\t<") + "\n",
		"no namespace":                 strings.Replace(policyXML(toB, all), ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`, "", 1),
		"prefixes":                     strings.NewReplacer("</", "</s:", "<", "<s:", "xmlns=", "xmlns:s=").Replace(policyXML(toB, all)),
		"display name of a grantee":    policyXML(grantXML("CanonicalUser", "<ID>"+string(idB)+"</ID><DisplayName>b</DisplayName>", "WRITE"), all),
		"escapes and CDATA":            policyXML(strings.Replace(toB, "WRITE", "W&#82;<![CDATA[ITE]]>", 1), all),
	} {
		got, err := ParseXML([]byte(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v\n%s", name, got, err, text)
		}
	}
	if got, err := ParseXML([]byte(policyXML())); err != nil || !reflect.DeepEqual(got, ACL{Owner: idA}) {
		t.Errorf("no grants: got %v, %v", got, err)
	}
}

// Codes and messages are those recorded from AWS by
// https://github.com/localstack/localstack/blob/main/tests/aws/services/s3/test_s3_api.py
func TestParseXMLRefuses(t *testing.T) {
	b := "<ID>" + string(idB) + "</ID>"
	good := grantXML("CanonicalUser", b, "READ")
	plain := policyXML(good)
	badID := &Error{"InvalidArgument", "Invalid id", "CanonicalUser/ID", "x"}
	for name, c := range map[string]struct {
		text string
		want *Error
	}{
		"empty":                    {"", malformed()},
		"not XML":                  {"{}", malformed()},
		"unclosed":                 {plain[:len(plain)-5], malformed()},
		"another root":             {"<AccessControlList/>", malformed()},
		"two roots":                {plain + plain, malformed()},
		"text after":               {plain + "x", malformed()},
		"text between":             {strings.Replace(plain, "<Owner>", "x<Owner>", 1), malformed()},
		"text after an element":    {strings.Replace(plain, "</Owner>", "</Owner>x", 1), malformed()},
		"empty document":           {open + "</AccessControlPolicy>", malformed()},
		"no owner":                 {strings.Replace(plain, owner, "", 1), malformed()},
		"two owners":               {strings.Replace(plain, owner, owner+owner, 1), malformed()},
		"no id of the owner":       {strings.Replace(plain, owner, "<Owner><DisplayName>x</DisplayName></Owner>", 1), malformed()},
		"no list":                  {open + owner + "</AccessControlPolicy>", malformed()},
		"two lists":                {strings.Replace(plain, owner, owner+"<AccessControlList/>", 1), malformed()},
		"unknown element":          {strings.Replace(plain, owner, owner+"<Extra/>", 1), malformed()},
		"unknown element in owner": {strings.Replace(plain, "</Owner>", "<Extra/></Owner>", 1), malformed()},
		"not a grant":              {policyXML("<Deny/>"), malformed()},
		"empty grant":              {policyXML("<Grant/>"), malformed()},
		"no permission":            {policyXML(strings.Replace(good, "<Permission>READ</Permission>", "", 1)), malformed()},
		"bad permission":           {policyXML(strings.Replace(good, "READ", "READ_WRITE", 1)), malformed()},
		"permission in lower case": {policyXML(strings.Replace(good, "READ", "read", 1)), malformed()},
		"element in permission":    {policyXML(strings.Replace(good, "READ", "<x/>", 1)), malformed()},
		"element in id":            {policyXML(strings.Replace(good, b, "<ID><x/></ID>", 1)), malformed()},
		"no xsi:type":              {policyXML(strings.Replace(good, ` xsi:type="CanonicalUser"`, "", 1)), malformed()},
		"bad xsi:type":             {policyXML(strings.Replace(good, "CanonicalUser", "User", 1)), malformed()},
		"xsi:type twice":           {policyXML(strings.Replace(good, ` xsi:type`, ` xsi:type="Group" xsi:type`, 1)), malformed()},
		"xsi of another namespace": {policyXML(strings.Replace(good, "XMLSchema-instance", "XMLSchema", 1)), malformed()},
		"type without namespace":   {policyXML(strings.Replace(good, "xsi:type", "type", 1)), malformed()},
		"unknown attribute":        {strings.Replace(plain, "<Owner>", `<Owner x="y">`, 1), malformed()},
		"xsi:type elsewhere":       {strings.Replace(plain, "<Owner>", `<Owner`+xsi+` xsi:type="CanonicalUser">`, 1), malformed()},
		"another namespace":        {strings.Replace(plain, "s3.amazonaws.com", "example.com", 1), malformed()},
		"namespace of an element":  {strings.Replace(plain, "<Owner>", `<Owner xmlns="http://example.com/">`, 1), malformed()},
		"DOCTYPE":                  {`<!DOCTYPE x>` + plain, malformed()},
		"entity":                   {`<!DOCTYPE x [<!ENTITY e "` + string(idB) + `">]>` + strings.Replace(plain, string(idB), "&e;", 1), malformed()},
		"undeclared entity":        {strings.Replace(plain, string(idB), "&e;", 1), malformed()},
		"processing instruction":   {strings.Replace(plain, "<Owner>", `<?php x?><Owner>`, 1), malformed()},
		"late declaration":         {"\n" + `<?xml version="1.0"?>` + plain, malformed()},
		"another encoding":         {`<?xml version="1.0" encoding="latin1"?>` + plain, malformed()},
		"deep":                     {strings.Repeat("<x>", 100000), malformed()},
		"uri of a user":            {policyXML(grantXML("CanonicalUser", "<URI>"+string(AllUsers)+"</URI>", "READ")), malformed()},
		"id of a group":            {policyXML(grantXML("Group", b, "READ")), malformed()},
		"101 grants":               {policyXML(strings.Repeat(good, 101)), malformed()},
		"bad id":                   {policyXML(good, grantXML("CanonicalUser", "<ID>x</ID>", "READ")), badID},
		"bad id of the owner":      {strings.Replace(plain, string(idA), "x", 1), badID},
		"schema before values":     {strings.Replace(policyXML("<Deny/>"), string(idA), "x", 1), malformed()},
		"bad uri": {
			policyXML(grantXML("Group", "<URI>http://x</URI>", "READ")),
			&Error{"InvalidArgument", "Invalid group uri", "Group/URI", "http://x"},
		},
		"e-mail": {policyXML(grantXML("AmazonCustomerByEmail", "<EmailAddress>a@example.com</EmailAddress>", "READ")), emailRefused()},
	} {
		got, err := ParseXML([]byte(c.text))
		if e := refusal(t, err); !reflect.DeepEqual(e, c.want) {
			t.Errorf("%s: got %v, %v", name, got, e)
		}
	}
	if _, err := ParseXML([]byte(policyXML(strings.Repeat(good, 100)))); err != nil {
		t.Errorf("100 grants: %v", err)
	}
}

func TestXML(t *testing.T) {
	a := ACL{Owner: idA, Grants: []Grant{to(idB, Write), toGroup(LogDelivery, ReadACP)}}
	name := func(id ids.CanonicalUserID) string {
		if id == idA {
			return "a & <b>"
		}
		return ""
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + open +
		`<Owner><ID>` + string(idA) + `</ID><DisplayName>a &amp; &lt;b&gt;</DisplayName></Owner><AccessControlList>` +
		`<Grant><Grantee` + xsi + ` xsi:type="CanonicalUser"><ID>` + string(idB) + `</ID></Grantee><Permission>WRITE</Permission></Grant>` +
		`<Grant><Grantee` + xsi + ` xsi:type="Group"><URI>` + string(LogDelivery) + `</URI></Grantee><Permission>READ_ACP</Permission></Grant>` +
		`</AccessControlList></AccessControlPolicy>`
	if got := string(a.XML(name)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, name := range []func(ids.CanonicalUserID) string{name, nil} {
		if got, err := ParseXML(a.XML(name)); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("parsed again: %v, %v", got, err)
		}
	}
}

// FuzzParseXML checks that what parses is rendered to a document that means the same.
func FuzzParseXML(f *testing.F) {
	f.Add([]byte(policyXML()))
	f.Add([]byte(policyXML(grantXML("CanonicalUser", "<ID>"+string(idB)+"</ID>", "WRITE"), grantXML("Group", "<URI>"+string(AllUsers)+"</URI>", "READ"))))
	f.Add([]byte(policyXML(grantXML("AmazonCustomerByEmail", "<EmailAddress>a@b</EmailAddress>", "READ"))))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY e "x">]><AccessControlPolicy>&e;</AccessControlPolicy>`))
	f.Add([]byte("<?xml version=\"1.0\"?><a:AccessControlPolicy xmlns:a=\"\"><![CDATA[]]></a:AccessControlPolicy>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := ParseXML(text)
		if err != nil {
			refusal(t, err)
			return
		}
		if len(a.Grants) > MaxGrants {
			t.Errorf("%d grants", len(a.Grants))
		}
		again, err := ParseXML(a.XML(nil))
		if err != nil || !reflect.DeepEqual(a, again) {
			t.Errorf("got %v, then %v %v", a, again, err)
		}
	})
}
