package linear_test

import (
	"net/http"
	"slices"

	"github.com/anishathalye/porcupine"
)

// settle returns a history of objects in which fewer outcomes are unknown; any order that explains it explains the one that is given,
// too. The time that the search takes grows with each of them as the number of subsets does.
//
// A write whose content was seen has happened, before the first who saw it had their answer. Of others it is assumed that they have not
// happened, as they may.
func settle(history []porcupine.Operation) []porcupine.Operation {
	seen := map[string]int64{} // by tag: until when it was seen first
	for _, o := range history {
		in, out := o.Input.(objectInput), o.Output.(objectOutput)
		tags := append([]string{out.value}, out.found[:]...)
		if in.verb == putChanged && out.status == http.StatusOK {
			tags = append(tags, in.match)
		}
		for _, tag := range tags {
			if first, ok := seen[tag]; tag != "" && (!ok || o.Return < first) {
				seen[tag] = o.Return
			}
		}
	}
	var settled []porcupine.Operation
	for _, o := range slices.Clone(history) {
		in := o.Input.(objectInput)
		if until, ok := seen[in.value]; in.value != "" && o.Output.(objectOutput).status == 0 {
			if !ok {
				continue
			}
			o.Output, o.Return = objectOutput{status: http.StatusOK}, until
		}
		settled = append(settled, o)
	}
	return settled
}
