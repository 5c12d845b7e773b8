// Package trailjson writes what requests ask and what is answered as CloudTrail does: as one JSON object, in which the
// names of members begin with a small letter, lists are arrays and times are text. It takes the forms of the query
// protocol, the bodies of JSON, and results that are to become XML.
//
//	Action=CreateUser&UserName=ann&Tags.member.1.Key=team&Tags.member.1.Value=x
//	{"tags":[{"key":"team","value":"x"}],"userName":"ann"}
//
// Nothing gets into the object but members that the model of the service has (members/*.txt), so that what a client
// sent by mistake does not either, and of those no secret (secrets.go).
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html and
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
package trailjson

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxSize is the size of the largest object, in bytes: what is larger is left out, as CloudTrail does.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
const MaxSize = 100 << 10

// maxDepth bounds how deep objects and arrays may be nested: what is deeper is left out. No model needs more.
const maxDepth = 16

// kind is how the value of a member is written.
type kind uint8

const (
	plain   kind = iota + 1 // as it is: text, structures, lists, and whatever has several types
	integer                 // a number, in forms
	boolean                 // in forms
	moment                  // a time
	mapping                 // an object whose names are keys, and stay as they are
)

// kinds are the words of members/*.txt.
var kinds = map[string]kind{"": plain, "integer": integer, "boolean": boolean, "time": moment, "map": mapping}

// Members are the members that the model of a service has, by name, at whatever level. They are read only.
type Members struct {
	kinds  map[string]kind
	hidden map[string]string
	layout string // of times
}

// The layouts of times in the examples that AWS publishes: with a comma behind the year in the newer ones of STS, without
// in those of the other services.
const (
	layout    = "Jan 2, 2006 3:04:05 PM"
	layoutSTS = "Jan 2, 2006, 3:04:05 PM"
)

//go:embed members/*.txt
var files embed.FS

// For returns the members of a service, by its name in a credential scope. It panics, at start, if there is no list
// of them: what such a service is asked could not be recorded.
func For(service string) *Members {
	text, err := files.ReadFile("members/" + service + ".txt")
	if err != nil {
		panic(fmt.Sprintf("trailjson: the members of %s are not known: %v", service, err))
	}
	m := &Members{kinds: map[string]kind{}, hidden: hidden[service], layout: layout}
	if service == "sts" {
		m.layout = layoutSTS
	}
	for line := range strings.Lines(string(text)) {
		name, word, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" && name != "#" {
			m.kinds[name] = kinds[word]
		}
	}
	return m
}

// shown returns how a member is written, and whether it is: no unknown member and no secret is.
func (m *Members) shown(name string) (kind, bool) {
	k, known := m.kinds[name]
	return k, known && !secrets[name]
}

// veil returns what is written for the value of a member of parent, and whether something else than the value is. What
// lies in the value is hidden with it.
func (m *Members) veil(parent, name, value string) (string, bool) {
	mark := m.hidden[name]
	if own, ok := m.hidden[parent+"."+name]; ok {
		mark = own
	}
	if mark == mailOnly {
		return masked, strings.Contains(value, "@")
	}
	return mark, mark != ""
}

// clock writes a time as text.
func (m *Members) clock(t time.Time) string { return t.UTC().Format(m.layout) }

// lower returns the name of a member with a small first letter, the others as they are: "sAMLProviderArn".
func lower(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}

// With returns an object that this package has written, or nil, with more members, which have the names that CloudTrail
// gives them and no secret. It takes the place of members of the same names.
func With(object []byte, more map[string]any) []byte {
	all := map[string]any{}
	if object != nil {
		d := json.NewDecoder(bytes.NewReader(object))
		d.UseNumber()
		if err := d.Decode(&all); err != nil {
			panic(err) // it was written here
		}
	}
	maps.Copy(all, more)
	return encode(all)
}

// encode returns an object as text; nil if it has no members, or is too large. Characters that JSON cannot hold become
// U+FFFD.
func encode(object map[string]any) []byte {
	if len(object) == 0 {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil || b.Len() > MaxSize {
		return nil // a number that was sent cannot be written, or all of it is too much
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
