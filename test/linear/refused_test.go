package linear_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
)

// refused takes a history of each kind that was found to be linearizable, changes one answer into one that was right earlier, and
// holds that the check finds it.
func refused(t *testing.T, read, asked *history) {
	for _, c := range []struct {
		kind    kind
		history *history
		change  func([]porcupine.Operation) bool
	}{{ofObjects, read, stale}, {ofPermissions, asked, staleDecision}} {
		changed := c.kind.settle(slices.Clone(c.history.operations))
		if !c.change(changed) {
			t.Fatalf("none of %d operations can be changed into a wrong one", len(changed))
		}
		if got := porcupine.CheckOperationsTimeout(c.kind.model, changed, checkTime); got != porcupine.Illegal {
			t.Errorf("an answer that was right before a later change was acknowledged is found to be %s", got)
		}
	}
}

// stale lets a read find what was surely overwritten when it began. It reports whether there is such a read.
func stale(history []porcupine.Operation) bool {
	wrote := func(o porcupine.Operation, name int) bool {
		in := o.Input.(objectInput)
		return in.value != "" && in.name == name && o.Output.(objectOutput).status == http.StatusOK
	}
	for i, read := range history {
		in := read.Input.(objectInput)
		if in.verb != get || read.Output.(objectOutput).status != http.StatusOK {
			continue
		}
		for _, old := range history {
			if wrote(old, in.name) && slices.ContainsFunc(history, func(o porcupine.Operation) bool {
				return wrote(o, in.name) && o.Call > old.Return && o.Return < read.Call
			}) {
				history[i].Output = objectOutput{status: http.StatusOK, value: old.Input.(objectInput).value}
				return true
			}
		}
	}
	return false
}

// depends is the setting that a request depends on, and the values with which it is denied.
var depends = map[who]struct {
	setting setting
	denies  []string
}{member: {userPolicy, []string{"off"}}, guest: {bucketPolicy, []string{"", "Deny"}}, anyone: {objectACL, []string{"off"}}}

// staleDecision lets a request be allowed that a change has surely denied when it began. It reports whether there is one.
func staleDecision(history []porcupine.Operation) bool {
	for i, asked := range history {
		in := asked.Input.(permissionInput)
		if in.setting != "" || asked.Output.(permissionOutput).status != http.StatusForbidden {
			continue
		}
		on := depends[in.who]
		changes := slices.DeleteFunc(slices.Clone(history), func(o porcupine.Operation) bool { return o.Input.(permissionInput).setting != on.setting })
		for _, last := range changes {
			denies := slices.Contains(on.denies, last.Input.(permissionInput).to) && last.Output.(permissionOutput).status != 0
			if denies && last.Return < asked.Call && !slices.ContainsFunc(changes, func(o porcupine.Operation) bool {
				return o != last && o.Return >= last.Call && o.Call <= asked.Return
			}) {
				history[i].Output = permissionOutput{http.StatusOK}
				return true
			}
		}
	}
	return false
}
