// Package query is the codec of the AWS query protocol, which IAM and STS speak: parameters in a
// form, answers in XML. It knows no operation.
//
//	Action=CreateUser&Version=2010-05-08&UserName=ann&Tags.member.1.Key=team&Tags.member.1.Value=x
//
// A list is X.member.1, X.member.2 and so on, in the order of the numbers, which may have gaps; an
// empty list is "X=". Members of a structure follow a dot. Booleans are "true" and "false".
//
// Reading is strict: a parameter that the operation does not ask for is refused, where AWS would
// ignore it, because a misspelt parameter that is dropped may have been meant to limit something.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
package query

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"crossgrant/internal/apierr"
)

// protocolParameters are those that belong to the protocol and to signatures in a query string, not
// to an operation.
var protocolParameters = []string{
	"Action", "Version",
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token",
	"X-Amz-Signature", "X-Amz-SignedHeaders",
}

// Reader reads the parameters of one request, or of one structure in a list. Its methods do not fail:
// what is wrong is collected, and Err tells it when everything has been read.
type Reader struct {
	*state
	prefix string // of parameter names, such as "Tags.member.1."
	path   string // of field names in messages, such as "tags.1.member."
}

// state is what a Reader shares with the readers of its lists.
type state struct {
	form       url.Values
	showValues bool
	secret     func(name string) bool
	asked      map[string]bool
	problems   []problem
}

// problem is something that is wrong, as it is told to the caller and as records have it.
type problem struct{ told, recorded string }

// Option changes how a Reader words what is wrong.
type Option func(*state)

// ShowValues makes messages repeat the value that was refused, as STS does. IAM does not.
func ShowValues() Option { return func(s *state) { s.showValues = true } }

// Secret says of which parameters messages may repeat the value to the caller only, not in records.
func Secret(is func(name string) bool) Option { return func(s *state) { s.secret = is } }

// NewReader returns a Reader of form, which it does not change.
func NewReader(form url.Values, opts ...Option) *Reader {
	s := &state{form: form, asked: map[string]bool{}, secret: func(string) bool { return false }}
	for _, name := range protocolParameters {
		s.asked[name] = true
	}
	for _, opt := range opts {
		opt(s)
	}
	return &Reader{state: s}
}

// Has reports whether the parameter was sent, be it empty.
func (r *Reader) Has(name string) bool {
	_, ok := r.lookup(name)
	return ok
}

// String returns the value of an optional parameter, or "" if it was not sent.
func (r *Reader) String(name string, rules ...Rule) string {
	value, ok := r.lookup(name)
	if ok {
		r.check(name, value, rules)
	}
	return value
}

// StringOr returns the value of an optional parameter, or absent if it was not sent.
func (r *Reader) StringOr(name, absent string, rules ...Rule) string {
	if !r.Has(name) {
		return absent
	}
	return r.String(name, rules...)
}

// Required returns the value of a parameter that must be sent.
func (r *Reader) Required(name string, rules ...Rule) string {
	if !r.Has(name) {
		r.null(name)
		return ""
	}
	return r.String(name, rules...)
}

// null notes that a parameter that must be sent was not.
func (r *Reader) null(name string) {
	value := "Value"
	if r.showValues {
		value = "Value null"
	}
	r.problem(value + " at '" + r.field(name) + "' failed to satisfy constraint: Member must not be null")
}

// Int returns the value of an optional integer between least and most, or absent if it was not sent.
func (r *Reader) Int(name string, absent, least, most int) int {
	value, ok := r.lookup(name)
	if !ok {
		return absent
	}
	n, err := strconv.Atoi(value)
	switch {
	case err != nil:
		r.refuse(name, value, "Member must be an integer")
	case n < least:
		r.refuse(name, value, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	case n > most:
		r.refuse(name, value, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
	return n
}

// Bool returns the value of an optional boolean, false if it was not sent.
func (r *Reader) Bool(name string) bool {
	value, ok := r.lookup(name)
	if ok && value != "true" && value != "false" {
		r.refuse(name, value, "Member must be true or false")
	}
	return value == "true"
}

// List returns a reader for each member of a list of structures, in order; none if the list was not
// sent or is empty. A list of more than most members is refused.
func (r *Reader) List(name string, most int) []*Reader {
	full := r.prefix + name
	var items []*Reader
	for _, n := range r.numbers(name, most) {
		items = append(items, &Reader{
			state:  r.state,
			prefix: fmt.Sprintf("%s.member.%d.", full, n),
			path:   fmt.Sprintf("%s.%d.member.", r.field(name), n),
		})
	}
	return items
}

// Strings returns the members of a list of strings, in order; nil if the list was not sent or is empty.
// A list of more than most members is refused.
func (r *Reader) Strings(name string, most int, rules ...Rule) []string {
	var values []string
	for _, n := range r.numbers(name, most) {
		member := &Reader{
			state:  r.state,
			prefix: r.prefix + name + ".member.",
			path:   r.field(name) + ".",
		}
		number := strconv.Itoa(n)
		// A number of which only members were sent is a structure where a string belongs.
		if !member.Has(number) {
			continue
		}
		values = append(values, member.String(number, rules...))
	}
	return values
}

// RequiredStrings returns the members of a list of strings that must have one.
func (r *Reader) RequiredStrings(name string, most int, rules ...Rule) []string {
	values := r.Strings(name, most, rules...)
	if len(values) == 0 {
		r.null(name)
	}
	return values
}

// numbers returns the numbers of the members of a list that were sent, in order.
func (r *Reader) numbers(name string, most int) []int {
	full := r.prefix + name
	if value, ok := r.lookup(name); ok && value != "" {
		r.refuse(name, value, "Member must be a list")
	}
	numbers := map[int]bool{}
	for parameter := range r.form {
		rest, ok := strings.CutPrefix(parameter, full+".member.")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		// A number that is written in another way, such as "01", is not asked for and so refused.
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && strconv.Itoa(n) == digits {
			numbers[n] = true
		}
	}
	if len(numbers) > most {
		r.problem("Value at '" + r.field(name) + "' failed to satisfy constraint: Member must have length less than or equal to " + strconv.Itoa(most))
	}
	return slices.Sorted(maps.Keys(numbers))
}

// Err returns nil, or the ValidationError that refuses the request with all that is wrong. It must be called once
// everything has been read, because it refuses the parameters that nobody asked for.
func (r *Reader) Err() error {
	for _, name := range slices.Sorted(maps.Keys(r.form)) {
		switch {
		case !r.asked[name]:
			// It may be anything: a body of another type is one long name.
			unknown := Invalid("Unknown parameter: " + printable(name))
			unknown.Recorded = "Unknown parameter"
			return unknown
		case len(r.form[name]) > 1:
			return apierr.New(http.StatusBadRequest, "ValidationError", "The parameter %s is given more than once.", name)
		}
	}
	if len(r.problems) == 0 {
		return nil
	}
	err := Invalid(r.summary(func(p problem) string { return p.told }))
	err.Recorded = r.summary(func(p problem) string { return p.recorded })
	return err
}

// summary puts the problems into one sentence.
func (r *Reader) summary(of func(problem) string) string {
	texts := make([]string, len(r.problems))
	for i, p := range r.problems {
		texts[i] = of(p)
	}
	if len(texts) == 1 {
		return "1 validation error detected: " + texts[0]
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(texts), strings.Join(texts, "; "))
}

// problem notes something that is wrong, which repeats no value.
func (r *Reader) problem(text string) { r.problems = append(r.problems, problem{text, text}) }

// Invalid returns a ValidationError with this message.
func Invalid(message string) *apierr.Error {
	return &apierr.Error{Code: "ValidationError", Status: http.StatusBadRequest, Message: message}
}

// lookup notes that the parameter is known and returns its value.
func (r *Reader) lookup(name string) (string, bool) {
	full := r.prefix + name
	r.asked[full] = true
	values, ok := r.form[full]
	if !ok || len(values) == 0 {
		return "", false
	}
	return values[0], true
}

func (r *Reader) check(name, value string, rules []Rule) {
	for _, rule := range rules {
		if constraint := rule(value); constraint != "" {
			r.refuse(name, value, constraint)
		}
	}
}

func (r *Reader) refuse(name, value, constraint string) {
	if !r.showValues && strings.HasPrefix(constraint, enumConstraint) {
		constraint = enumConstraint // a service that hides the value does not list the set either
	}
	rest := " at '" + r.field(name) + "' failed to satisfy constraint: " + constraint
	p := problem{"Value" + rest, "Value" + rest}
	if r.showValues {
		p.told = "Value '" + printable(value) + "'" + rest
	}
	if !r.secret(name) {
		p.recorded = p.told
	}
	r.problems = append(r.problems, p)
}

// field is the name of a parameter as messages write it: with a small first letter.
func (r *Reader) field(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return r.path + string(unicode.ToLower(first)) + name[size:]
}

// printable cuts what is repeated to the caller to a bearable length.
func printable(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
