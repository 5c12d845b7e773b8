package pebble

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// TestFilter holds that a table has no filter exactly if all of its keys are such as are looked for only where they are,
// and that a filter has every key of its table.
func TestFilter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		first string // bytes of the keys
		kept  bool
	}{
		{"c", false}, {"cd", false}, {"o", true}, {"co", true}, {"oc", true},
	} {
		f := newFilter([]byte("cd"))
		w := f.NewWriter(sstable.TableFilter)
		var keys [][]byte
		for i := range 100 {
			keys = append(keys, fmt.Appendf(nil, "%c%d", test.first[i%len(test.first)], i))
		}
		for _, k := range keys {
			w.AddKey(k)
		}
		text := w.Finish(nil)
		for _, k := range keys {
			if !f.MayContain(sstable.TableFilter, text, k) {
				t.Errorf("%s: the filter does not have %s", test.first, k)
			}
		}
		missed := 0
		for i := range 1000 {
			if !f.MayContain(sstable.TableFilter, text, fmt.Appendf(nil, "x%d", i)) {
				missed++
			}
		}
		if kept := missed > 900; kept != test.kept || !kept && missed > 0 {
			t.Errorf("%s: of 1000 other keys the filter knows that %d are not there", test.first, missed)
		}
	}
}

// TestFilterIsLonger holds that what stands for no filter is shorter than every filter.
func TestFilterIsLonger(t *testing.T) {
	t.Parallel()
	w := bloom.FilterPolicy(filterBits).NewWriter(sstable.TableFilter)
	w.AddKey(nil)
	if text := w.Finish(nil); len(text) <= len(noFilter) {
		t.Errorf("the filter of one key has %d bytes", len(text))
	}
}
