package s3api

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed operations.txt
var operationsText string

// modelled are the operations that clients of S3 know, in alphabetic order.
var modelled = readModel(operationsText)

// modelledOperation is an operation that S3 has, whether or not it is built here.
type modelledOperation struct {
	name string
	now  string // the name that the operation has now; empty if name is it
	on   target // zero: it is asked elsewhere
}

// readModel reads the list of operations. It panics, at start, if the list is malformed.
func readModel(text string) []modelledOperation {
	var list []modelledOperation
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		o := modelledOperation{name: words[0]}
		switch {
		case len(words) == 3 && words[1] == "=":
			o.now = words[2]
		case len(words) == 2 && words[1] == "elsewhere":
		case len(words) >= 3 && len(words) <= 5:
			o.on = target{method: words[1], on: resource(words[2])}
			if len(words) > 3 && words[3] != "-" {
				o.on.sub = words[3]
			}
			o.on.copy = len(words) == 5
		default:
			panic("s3api: operation " + line)
		}
		list = append(list, o)
	}
	return list
}

// State is an operation of S3 and whether it is built. One that is not is refused as NotImplemented, unless it
// is asked elsewhere: at an endpoint that is not here.
type State struct {
	Name             string
	Built, Elsewhere bool
}

// States returns every operation that clients of S3 know, and those that are built beside, in alphabetic
// order. A name of old is built if the operation of today is, which has the same requests.
func (s *Service) States() []State {
	built := s.Operations()
	var states []State
	for _, o := range modelled {
		name := o.name
		if o.now != "" {
			name = o.now
		}
		states = append(states, State{o.name, slices.Contains(built, name), o.now == "" && o.on == target{}})
	}
	for _, name := range built {
		if !slices.ContainsFunc(modelled, func(o modelledOperation) bool { return o.name == name }) {
			states = append(states, State{Name: name, Built: true})
		}
	}
	slices.SortFunc(states, func(a, b State) int { return strings.Compare(a.Name, b.Name) })
	return states
}
