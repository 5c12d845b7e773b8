package simulator

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/policy"
)

const (
	// DefaultPage is how many results a page has if the caller does not say.
	DefaultPage = 100
	// maxStatements bounds the work for one page, and the size of the answer: how many statements may be
	// compared, for all actions and resources of the page. It may have fewer results than were asked for.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html (MaxItems)
	maxStatements = 100000
	// maxText bounds the work for one page where statements are long: how many bytes of actions, resources
	// and values may be compared.
	maxText = 1 << 26
)

// Page is a part of the results. Marker asks for the next one; it is empty on the last one.
type Page struct {
	Results []Result
	Marker  string
}

// page simulates the actions of one page, of which there is at least one.
func (s *simulation) page(r *Request) (*Page, error) {
	from, ok := position(r.Marker, len(r.Actions))
	if !ok {
		return nil, apierr.New(http.StatusBadRequest, "ValidationError", "Invalid Marker.")
	}
	size := r.Max
	if size <= 0 {
		size = DefaultPage
	}
	statements, text := s.work()
	if statements > maxStatements {
		return nil, invalid("The policies have too many statements for so many resources.")
	}
	if text > maxText {
		return nil, invalid("The policies are too long for so many resources.")
	}
	fit := min(maxStatements/statements, maxText/text)
	size = min(size, fit, len(r.Actions)-from)
	p := &Page{}
	for _, action := range r.Actions[from : from+size] {
		each := make([]ResourceResult, len(s.resources))
		for i, resource := range s.resources {
			each[i] = s.decide(action, resource)
		}
		p.Results = append(p.Results, newResult(action, each))
	}
	if from+size < len(r.Actions) {
		p.Marker = marker(from + size)
	}
	return p, nil
}

// work returns how many statements are compared for one action, and how many bytes of them; each at least one.
func (s *simulation) work() (statements, text int) {
	statements, text = 1, 1
	for _, p := range s.sources() {
		if p.Document == nil {
			continue
		}
		statements += len(p.Document.Statements)
		for i := range p.Document.Statements {
			text += s.length(&p.Document.Statements[i])
		}
	}
	return statements * len(s.resources), text * len(s.resources)
}

// perKey is what a condition key counts beside its name: it may be looked for in vain, and be told.
const perKey = 32

// perStep is how many bytes of a value that was given are compared at the cost of one of a statement's.
const perStep = 16

// length returns the number of bytes of a statement that a request is compared with. What is looked up counts
// for each key that was given, and what is compared for each value of one, more for long ones.
func (s *simulation) length(statement *policy.Statement) int {
	widest := 1
	for _, v := range s.given {
		n := 0
		for _, value := range v.Values {
			n += 1 + len(value)/perStep
		}
		widest = max(widest, n)
	}
	n := 0
	add := func(values []string, times int) {
		for _, v := range values {
			n += times * (1 + len(v) + strings.Count(v, "${")*len(s.given))
		}
	}
	add(statement.Actions, 1)
	add(statement.Resources, 1)
	for i := range statement.Conditions {
		n += perKey + len(statement.Conditions[i].Key) + len(s.given)
		add(statement.Conditions[i].Values, widest)
	}
	return n
}

// markerPrefix tells a marker of the simulator from those of lists.
const markerPrefix = "action "

// marker returns the marker of the page that begins with the action at a place from 0. The same request with
// the marker gives that page.
func marker(place int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(markerPrefix + strconv.Itoa(place)))
}

// position returns the place that a marker stands for among n actions; ok is false if it is none of theirs.
func position(text string, n int) (place int, ok bool) {
	if text == "" {
		return 0, true
	}
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	digits, found := strings.CutPrefix(string(decoded), markerPrefix)
	place, numberErr := strconv.Atoi(digits)
	ok = err == nil && found && numberErr == nil && place > 0 && place < n && marker(place) == text
	return place, ok
}
