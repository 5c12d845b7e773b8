// Package json11 is the codec of the AWS JSON 1.1 protocol, which Organizations speaks: a JSON object
// as the body of a request and of its answer. It knows no operation.
//
//	POST /
//	Content-Type: application/x-amz-json-1.1
//	X-Amz-Target: AWSOrganizationsV20161128.CreatePolicy
//
//	{"Name":"deny","Tags":[{"Key":"team","Value":"x"}]}
//
// Reading is strict: a member that the operation does not ask for, or that is there twice, is refused,
// where AWS would ignore it, because a misspelt member that is dropped may have been meant to limit
// something. A member that is null counts as not sent.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
package json11

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"crossgrant/internal/apierr"
)

// MediaType is that of requests and answers.
const MediaType = "application/x-amz-json-1.1"

// Fault is a way in which a member does not satisfy its constraints.
type Fault int

// The faults.
const (
	Missing  Fault = iota + 1 // required and not sent
	TooShort                  // fewer characters, or items, than allowed
	TooLong
	TooSmall
	TooLarge
	BadPattern
	BadValue // not one of the values that are allowed
)

// Violation is the first fault of a request. Each service has its own error for it.
type Violation struct {
	// Member is the path of the member, such as "Target.Id".
	Member string
	Fault  Fault
}

// Error describes the violation for a log.
func (v *Violation) Error() string { return fmt.Sprintf("member %s: fault %d", v.Member, v.Fault) }

// Reader reads the members of one object. Its methods do not fail: the first thing that is wrong is
// kept, and Err tells it when everything has been read.
type Reader struct {
	*state
	members map[string]value
	asked   map[string]bool
	path    string // of the object, with a dot at its end
}

// state is what a Reader shares with the readers of objects below it.
type state struct {
	malformed error
	violation *Violation
	readers   []*Reader
}

// NewReader returns a Reader of the object that body holds. Nothing at all is an empty object. The error
// is a SerializationException.
func NewReader(body []byte) (*Reader, error) {
	if len(body) == 0 {
		body = []byte("{}")
	}
	v, err := parse(body)
	if err != nil {
		return nil, err
	}
	if v.kind != objectKind {
		return nil, malformed("Start of structure or map found where not expected.")
	}
	return new(state).reader(v.members, ""), nil
}

func (s *state) reader(members map[string]value, path string) *Reader {
	r := &Reader{state: s, members: members, asked: map[string]bool{}, path: path}
	s.readers = append(s.readers, r)
	return r
}

// Has reports whether the member was sent, and is not null.
func (r *Reader) Has(name string) bool {
	r.asked[name] = true
	v, ok := r.members[name]
	return ok && v.kind != nullKind
}

// String returns the value of an optional member, or "" if it was not sent.
func (r *Reader) String(name string, rules ...Rule) string {
	if !r.Has(name) {
		return ""
	}
	return r.text(name, r.members[name], rules)
}

// Optional is String for a member whose absence differs from an empty value: it returns nil.
func (r *Reader) Optional(name string, rules ...Rule) *string {
	if !r.Has(name) {
		return nil
	}
	text := r.String(name, rules...)
	return &text
}

// Required returns the value of a member that must be sent.
func (r *Reader) Required(name string, rules ...Rule) string {
	if !r.Has(name) {
		r.refuse(name, Missing)
		return ""
	}
	return r.String(name, rules...)
}

func (r *Reader) text(name string, v value, rules []Rule) string {
	if v.kind != stringKind {
		r.wrongType(name, "String")
		return ""
	}
	for _, rule := range rules {
		if fault := rule(v.text); fault != 0 {
			r.refuse(name, fault)
		}
	}
	return v.text
}

// Int returns the value of an optional integer between least and most, or absent if it was not sent.
func (r *Reader) Int(name string, absent, least, most int) int {
	if !r.Has(name) {
		return absent
	}
	v := r.members[name]
	n, ok := v.integer()
	switch {
	case v.kind != numberKind || !ok:
		r.wrongType(name, "Integer")
	case n < least:
		r.refuse(name, TooSmall)
	case n > most:
		r.refuse(name, TooLarge)
	}
	return n
}

// Time returns the value of an optional timestamp, or the zero time if it was not sent.
func (r *Reader) Time(name string) time.Time {
	if !r.Has(name) {
		return time.Time{}
	}
	v := r.members[name]
	seconds, err := strconv.ParseFloat(v.text, 64)
	if v.kind != numberKind || err != nil || math.Abs(seconds) > maxTime {
		r.wrongType(name, "Timestamp")
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

// maxTime is the end of the year 9999, in seconds since 1970.
const maxTime = 253402300799

// Object returns a reader of an optional structure; an empty one if it was not sent.
func (r *Reader) Object(name string) *Reader {
	if !r.Has(name) {
		return r.reader(nil, r.path+name+".")
	}
	return r.object(name, r.members[name])
}

// RequiredObject is Object for a member that must be sent.
func (r *Reader) RequiredObject(name string) *Reader {
	if !r.Has(name) {
		r.refuse(name, Missing)
	}
	return r.Object(name)
}

func (r *Reader) object(name string, v value) *Reader {
	if v.kind != objectKind {
		r.wrongType(name, "Structure")
	}
	return r.reader(v.members, r.path+name+".")
}

// Objects returns a reader for each item of an optional list of structures, in order.
func (r *Reader) Objects(name string) []*Reader {
	var out []*Reader
	for _, item := range r.items(name) {
		out = append(out, r.object(name, item))
	}
	return out
}

// Strings returns the items of an optional list of strings, in order.
func (r *Reader) Strings(name string, rules ...Rule) []string {
	var out []string
	for _, item := range r.items(name) {
		out = append(out, r.text(name, item, rules))
	}
	return out
}

// Need refuses the request unless the member was sent; it is for lists that are required.
func (r *Reader) Need(name string) {
	if !r.Has(name) {
		r.refuse(name, Missing)
	}
}

func (r *Reader) items(name string) []value {
	if !r.Has(name) {
		return nil
	}
	v := r.members[name]
	if v.kind != arrayKind {
		r.wrongType(name, "List")
	}
	return v.items
}

// Err returns nil, a SerializationException, or a *Violation. It must be called once everything has
// been read, because it refuses the members that nobody asked for.
func (r *Reader) Err() error {
	if r.malformed != nil {
		return r.malformed
	}
	for _, reader := range r.readers {
		for _, name := range slices.Sorted(maps.Keys(reader.members)) {
			if !reader.asked[name] {
				unknown := malformed("Unknown member: " + printable(reader.path+name))
				unknown.Recorded = "Unknown member" // it may be anything
				return unknown
			}
		}
	}
	if r.violation != nil {
		return r.violation
	}
	return nil
}

func (r *Reader) refuse(name string, f Fault) {
	if r.violation == nil {
		r.violation = &Violation{Member: r.path + name, Fault: f}
	}
}

func (r *Reader) wrongType(name, want string) {
	if r.malformed == nil {
		r.malformed = malformed("The value of member " + printable(r.path+name) + " cannot be converted to " + want)
	}
}

func malformed(message string) *apierr.Error {
	return &apierr.Error{Code: "SerializationException", Status: http.StatusBadRequest, Message: message}
}

// printable cuts what is repeated to the caller to a bearable length.
func printable(s string) string {
	const most = 128
	if len(s) > most {
		s = s[:most] + "..."
	}
	return fmt.Sprintf("%q", s)
}
