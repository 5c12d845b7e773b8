package expect

import "fmt"

const (
	// MaxFile is the largest file of tests, in bytes.
	MaxFile = 1 << 20
	// MaxChecks is how many checks one file may stand for.
	MaxChecks = 10_000
)

// Suite is a file of tests as it was read.
type Suite struct {
	// File is its name, as messages give it.
	File string
	// World is the path of the accounts to be tested; empty if the file names none. For an archive it is that of a
	// file or directory within.
	World string
	// Archive are the files of an archive beside the tests, by name; nil if it is none.
	Archive map[string]string
	// Checks are what is to be asked, in the order of the file. There is at least one.
	Checks []Check
}

// Check is one question with the answer that it must have.
type Check struct {
	File string
	Line int
	// Name is that of the test; empty if it has none.
	Name string
	// As and On are the principal and the resource as they are written, Principal and Resource what these stand for.
	// On and Resource are empty for an action without a resource.
	As, On, Principal, Resource string
	Action                      string
	// With are the condition keys that the test sets, in order. All checks of a test share them.
	With []Value
	// Allow says that it must be allowed.
	Allow bool
	// Because is what must have decided; its zero value is anything.
	Because Cause
}

// Value is a condition key and what a request has for it.
type Value struct {
	Key    string
	Values []string
}

// Cause is what must have decided. An empty field is anything.
type Cause struct {
	// Layer is the name of a layer, as AWS's messages give it, such as "identity-based policy".
	Layer string `json:",omitempty"`
	// Source is the name of a policy, the grant of an ACL or the name of a setting.
	Source string `json:",omitempty"`
	// Statement is a Sid.
	Statement string `json:",omitempty"`
}

// place is a position in a file, from 1.
type place struct {
	file         string
	line, column int
}

// errorf returns an error that begins with the place.
func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", p.file, p.line, p.column, fmt.Sprintf(format, args...))
}

// test is a test before its lists are multiplied.
type test struct {
	at          place
	name        string
	as, does    []word
	on          []word
	with        []Value
	allow       bool
	because     Cause
	asList      bool // as is written as a list
	doesList    bool
	onList      bool
	resolvedAs  []string
	resolvedOns []string
}

// word is a scalar with its place.
type word struct {
	text string
	at   place
}

// checks multiplies the lists of a test.
func (t *test) checks() []Check {
	on, resources := t.on, t.resolvedOns
	if len(on) == 0 {
		on, resources = []word{{}}, []string{""}
	}
	var out []Check
	for i, as := range t.as {
		for _, action := range t.does {
			for j, resource := range on {
				out = append(out, Check{
					File: t.at.file, Line: t.line(as, action, resource), Name: t.name, As: as.text, On: resource.text,
					Principal: t.resolvedAs[i], Resource: resources[j], Action: action.text,
					With: t.with, Allow: t.allow, Because: t.because,
				})
			}
		}
	}
	return out
}

// line returns the line that a check is told with.
func (t *test) line(as, action, on word) int {
	switch {
	case t.onList:
		return on.at.line
	case t.doesList:
		return action.at.line
	case t.asList:
		return as.at.line
	}
	return t.at.line
}
