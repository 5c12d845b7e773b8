package linear_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// history is what clients asked for, and what came of it.
type history struct {
	start time.Time

	mu         sync.Mutex // protects what follows
	operations []porcupine.Operation
	open       []int // the operations whose outcome is unknown
	wrong      []error
}

// now returns the time of the history, in nanoseconds.
func (h *history) now() int64 { return int64(time.Since(h.start)) }

// add adds an operation that has ended now.
func (h *history) add(client int, call int64, input, output any, unknown bool) {
	end := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if unknown {
		h.open = append(h.open, len(h.operations))
	}
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: input, Call: call, Output: output, Return: end})
}

// fault notes an answer that nobody may get.
func (h *history) fault(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = append(h.wrong, err)
}

// end lets what has an unknown outcome happen until the end of the history.
func (h *history) end() {
	last := h.now()
	for _, i := range h.open {
		h.operations[i].Return = last
	}
}

// checkTime is how long the search for an order may take. A history for which none was found by then fails: it is not
// known to be right.
const checkTime = time.Minute

// check fails the test unless there is an order of all operations that a single server could have carried out one by one.
// Otherwise a picture of the history is written into the folder out.
func (h *history) check(t *testing.T, k kind, name string) {
	t.Helper()
	for _, err := range h.wrong {
		t.Errorf("%s: %v", name, err)
	}
	if porcupine.CheckOperationsTimeout(k.model, k.settle(h.operations), checkTime) == porcupine.Ok {
		return
	}
	// What was assumed of unknown outcomes may have been too much.
	result, info := porcupine.CheckOperationsVerbose(k.model, h.operations, checkTime)
	if result == porcupine.Ok {
		return
	}
	said := map[porcupine.CheckResult]string{
		porcupine.Illegal: "there is no order of the operations that explains what was answered",
		porcupine.Unknown: fmt.Sprintf("no order was found in %s that explains what was answered", checkTime),
	}[result]
	path := filepath.Join(*out, name+".html")
	if err := os.MkdirAll(*out, 0o700); err != nil {
		t.Error(err)
	}
	if err := porcupine.VisualizePath(k.model, info, path); err != nil {
		t.Error(err)
	}
	t.Errorf("%s: %s, of %d operations with %d unknown outcomes: see %s", name, said, len(h.operations), len(h.open), path)
}

// kind is a kind of history.
type kind struct {
	model porcupine.Model
	// settle returns a history that is easier to explain; what explains it explains the one that it is given.
	settle func([]porcupine.Operation) []porcupine.Operation
	record func(w *world, t *testing.T, seed uint64) *history
}

var (
	ofObjects     = kind{objectsModel, settle, (*world).recordObjects}
	ofPermissions = kind{permissionsModel, func(o []porcupine.Operation) []porcupine.Operation { return o }, (*world).recordPermissions}
)
