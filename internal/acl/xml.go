package acl

import (
	"bytes"
	"encoding/xml"
	"io"

	"crossgrant/internal/ids"
)

const (
	s3Space  = "http://s3.amazonaws.com/doc/2006-03-01/"
	xsiSpace = "http://www.w3.org/2001/XMLSchema-instance"
)

// ParseXML parses an AccessControlPolicy document, the body of PutBucketAcl and PutObjectAcl. Names
// are in the namespace of S3 or in none; child elements may be in any order. DisplayName is accepted
// and ignored. Unknown or repeated elements, unknown attributes, text between elements, DOCTYPE and
// processing instructions are refused, and so are more than MaxGrants grants.
//
// The error is an *Error. That the owner is the resource's, and that accounts exist, is not checked.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
func ParseXML(text []byte) (ACL, error) {
	root, ok := readTree(text)
	if !ok {
		return ACL{}, malformed()
	}
	return fromTree(&root)
}

// fromTree is ParseXML for a document that was read.
func fromTree(root *element) (ACL, error) {
	if root.name != "AccessControlPolicy" || root.xsiType != "" || !root.only("Owner", "AccessControlList") {
		return ACL{}, malformed()
	}
	owner, list := root.child("Owner"), root.child("AccessControlList")
	if owner == nil || list == nil || !owner.only("ID", "DisplayName") || owner.child("ID") == nil {
		return ACL{}, malformed()
	}
	if list.text != "" || len(list.children) > MaxGrants {
		return ACL{}, malformed()
	}
	// The whole document is checked against the schema before any value of it is.
	for i := range list.children {
		if !validGrant(&list.children[i]) {
			return ACL{}, malformed()
		}
	}
	var a ACL
	g, err := accountGrantee(owner.child("ID").text, Body)
	if err != nil {
		return ACL{}, err
	}
	a.Owner = g.ID
	for i := range list.children {
		grant, err := readGrant(&list.children[i])
		if err != nil {
			return ACL{}, err
		}
		a.Grants = append(a.Grants, grant)
	}
	return a, nil
}

// validGrant reports whether e is a Grant of the schema.
func validGrant(e *element) bool {
	if e.name != "Grant" || e.xsiType != "" || !e.only("Grantee", "Permission") {
		return false
	}
	grantee, permission := e.child("Grantee"), e.child("Permission")
	if grantee == nil || permission == nil || len(permission.children) > 0 {
		return false
	}
	switch Permission(permission.text) {
	case Read, Write, ReadACP, WriteACP, FullControl:
	default:
		return false
	}
	switch grantee.xsiType {
	case "CanonicalUser":
		return grantee.only("ID", "DisplayName") && grantee.child("ID") != nil
	case "Group":
		return grantee.only("URI") && grantee.child("URI") != nil
	case "AmazonCustomerByEmail":
		return grantee.only("EmailAddress") && grantee.child("EmailAddress") != nil
	default:
		return false
	}
}

// readGrant returns what a valid Grant says.
func readGrant(e *element) (Grant, *Error) {
	grantee := e.child("Grantee")
	grant := Grant{Permission: Permission(e.child("Permission").text)}
	var err *Error
	switch grantee.xsiType {
	case "CanonicalUser":
		grant.Grantee, err = accountGrantee(grantee.child("ID").text, Body)
	case "Group":
		grant.Grantee, err = groupGrantee(grantee.child("URI").text, Body)
	default:
		err = emailRefused()
	}
	return grant, err
}

// element is an XML element. It has text or children, not both.
type element struct {
	name     string
	xsiType  string // the attribute xsi:type; empty if absent
	text     string
	children []element
}

// child returns the child of that name, or nil.
func (e *element) child(name string) *element {
	for i := range e.children {
		if e.children[i].name == name {
			return &e.children[i]
		}
	}
	return nil
}

// only reports whether e has no text, and no children but these, each at most once and without
// children of its own unless its name is that of a container.
func (e *element) only(names ...string) bool {
	seen := map[string]bool{}
	for i := range e.children {
		c := &e.children[i]
		known := false
		for _, n := range names {
			known = known || n == c.name
		}
		container := c.name == "Owner" || c.name == "AccessControlList" || c.name == "Grantee"
		if !known || seen[c.name] || !container && len(c.children) > 0 || c.xsiType != "" && c.name != "Grantee" {
			return false
		}
		seen[c.name] = true
	}
	return e.text == ""
}

// maxDepth is how deep elements of an ACL are nested, the root included.
const maxDepth = 5

// readTree reads a document of elements only; ok is false if it is anything else.
func readTree(text []byte) (root element, ok bool) {
	d := xml.NewDecoder(bytes.NewReader(text))
	stack := []element{{}} // the innermost element last, below it a parent of the root
	for {
		offset := d.InputOffset()
		token, err := d.Token()
		if err == io.EOF {
			if len(stack) != 1 || len(stack[0].children) != 1 {
				return element{}, false
			}
			return stack[0].children[0], true
		}
		if err != nil {
			return element{}, false
		}
		top := &stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e, ok := startElement(t)
			if !ok || len(stack) > maxDepth || top.text != "" {
				return element{}, false
			}
			stack = append(stack, e)
		case xml.EndElement:
			e := *top
			stack = stack[:len(stack)-1]
			parent := &stack[len(stack)-1]
			parent.children = append(parent.children, e)
		case xml.CharData:
			if layout(t) {
				continue
			}
			if len(top.children) > 0 || len(stack) == 1 {
				return element{}, false
			}
			top.text += string(t)
		case xml.Comment:
		case xml.ProcInst:
			if t.Target != "xml" || offset != 0 {
				return element{}, false
			}
		default: // DOCTYPE and other directives
			return element{}, false
		}
	}
}

func layout(text []byte) bool { return len(bytes.Trim(text, " \t\r\n")) == 0 }

// startElement checks the names of an element and its attributes.
func startElement(t xml.StartElement) (e element, ok bool) {
	if t.Name.Space != "" && t.Name.Space != s3Space {
		return element{}, false
	}
	e.name = t.Name.Local
	typed := false
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Space == xsiSpace && a.Name.Local == "type" && !typed:
			e.xsiType, typed = a.Value, true
		default:
			return element{}, false
		}
	}
	return e, true
}

// XML renders the ACL as an AccessControlPolicy document. name returns the display name of an
// account; where it is empty, or name is nil, DisplayName is left out.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html
func (a ACL) XML(name func(ids.CanonicalUserID) string) []byte {
	var b bytes.Buffer
	account := func(id ids.CanonicalUserID) {
		writeElement(&b, "ID", string(id))
		if name != nil {
			if n := name(id); n != "" {
				writeElement(&b, "DisplayName", n)
			}
		}
	}
	b.WriteString(xml.Header + `<AccessControlPolicy xmlns="` + s3Space + `"><Owner>`)
	account(a.Owner)
	b.WriteString("</Owner><AccessControlList>")
	for _, g := range a.Grants {
		kind := "CanonicalUser"
		if g.Grantee.Group != "" {
			kind = "Group"
		}
		b.WriteString(`<Grant><Grantee xmlns:xsi="` + xsiSpace + `" xsi:type="` + kind + `">`)
		if g.Grantee.Group != "" {
			writeElement(&b, "URI", string(g.Grantee.Group))
		} else {
			account(g.Grantee.ID)
		}
		b.WriteString("</Grantee>")
		writeElement(&b, "Permission", string(g.Permission))
		b.WriteString("</Grant>")
	}
	b.WriteString("</AccessControlList></AccessControlPolicy>")
	return b.Bytes()
}

// writeElement writes an element of text. A buffer takes everything, so there is no error to check.
func writeElement(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(text))
	b.WriteString("</" + name + ">")
}
