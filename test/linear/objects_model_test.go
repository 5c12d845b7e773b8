package linear_test

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/anishathalye/porcupine"
)

// names is the number of objects of a history.
const names = 3

// objects is the entity tag of each object; empty: there is none. Contents are never written twice, so tags tell them apart.
type objects [names]string

// verb is what is done with objects.
type verb string

const (
	put        verb = "PUT"
	putNew     verb = "PUT If-None-Match: *"
	putChanged verb = "PUT If-Match"
	get        verb = "GET"
	remove     verb = "DELETE"
	list       verb = "LIST"
)

// objectInput is an operation on objects.
type objectInput struct {
	verb  verb
	name  int
	value string // the tag of what is put
	match string // of If-Match
}

// objectOutput is what came of it.
type objectOutput struct {
	status int    // 0: unknown
	value  string // the tag of what GET found
	found  objects
}

// objectsModel is S3 as one server, with one request at a time.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
var objectsModel = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{objects{}} },
	Step: func(state, input, output any) []any {
		return stepObjects(state.(objects), input.(objectInput), output.(objectOutput))
	},
	DescribeOperation: func(input, output any) string {
		in, out := input.(objectInput), output.(objectOutput)
		return fmt.Sprintf("%s %d %.6s %.6s -> %d %.6s %.6s", in.verb, in.name, in.value, in.match, out.status, out.value, out.found)
	},
	DescribeState: func(state any) string { return fmt.Sprintf("%.6s", state) },
}).ToModel()

// stepObjects returns the states in which an operation may leave objects that are in a state s; none if its outcome is
// impossible then.
func stepObjects(s objects, in objectInput, out objectOutput) []any {
	next := s
	want := http.StatusOK
	switch in.verb {
	case put, putNew, putChanged:
		if want = conditional(s[in.name], in); want == http.StatusOK {
			next[in.name] = in.value
		}
	case remove:
		want, next[in.name] = http.StatusNoContent, ""
	case list:
		return only(s, out.found == s)
	case get:
		return only(s, out.value == s[in.name] && (out.status == http.StatusOK) == (s[in.name] != ""))
	}
	switch {
	case out.status == 0:
		return slices.Compact([]any{s, next})
	case out.status == http.StatusConflict && in.verb != put && in.verb != remove:
		return []any{s} // another write was under way: the client is to try again
	case out.status == want:
		return []any{next}
	}
	return nil
}

// only returns a state if something holds.
func only(s objects, holds bool) []any {
	if holds {
		return []any{s}
	}
	return nil
}

// conditional returns the status of a write to an object with a tag.
func conditional(tag string, in objectInput) int {
	switch {
	case in.verb == putNew && tag != "", in.verb == putChanged && tag != "" && tag != in.match:
		return http.StatusPreconditionFailed
	case in.verb == putChanged && tag == "":
		return http.StatusNotFound
	}
	return http.StatusOK
}
