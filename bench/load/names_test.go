package load

import (
	"slices"
	"strings"
	"testing"
)

// TestNames holds that different numbers have different names that need no encoding, and which are in order.
func TestNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		names   names
		ordered bool
	}{"spread": {spread("a-1/"), false}, "sequential": {sequential("a-1/"), true}, "tree": {tree(25000).name, true}} {
		var all []string
		for n := range uint64(25000) {
			all = append(all, string(c.names(nil, n)))
		}
		if got := slices.IsSorted(all); got != c.ordered {
			t.Errorf("%s: in order: %v, want %v", name, got, c.ordered)
		}
		slices.Sort(all)
		if n := len(slices.Compact(all)); n != 25000 {
			t.Errorf("%s: 25000 numbers have %d names", name, n)
		}
		if rest := strings.Trim(strings.Join(all, ""), "abcdefghijklmnopqrstuvwxyz0123456789-/"); rest != "" {
			t.Errorf("%s: names have %q", name, rest[:1])
		}
	}
}

// TestTree counts the branches of limbs and the keys of leaves in trees of several sizes.
func TestTree(t *testing.T) {
	t.Parallel()
	for _, keys := range []uint64{100, 900, 1000, 1100, 10000, 10100, 25000} {
		grown := tree(keys)
		limbs, leaves := map[string]map[string]bool{}, map[string]int{}
		for n := range keys {
			key := string(grown.name(nil, n))
			parts := strings.SplitAfter(key, "/")
			limb := parts[0] + parts[1]
			if limbs[limb] == nil {
				limbs[limb] = map[string]bool{}
			}
			limbs[limb][parts[2]] = true
			leaves[key[:strings.LastIndexByte(key, '/')+1]]++
		}
		if got := grown.limbs(); got != uint64(len(limbs)) {
			t.Errorf("%d keys: %d limbs, want %d", keys, got, len(limbs))
		}
		for limb := range grown.limbs() {
			if got, want := grown.branches(limb), uint64(len(limbs[string(grown.appendLimb(nil, limb))])); got != want {
				t.Errorf("%d keys: limb %d has %d branches, want %d", keys, limb, got, want)
			}
		}
		for leaf := range keys / perLeaf {
			if n := leaves[string(grown.appendLeaf(nil, leaf))]; n != perLeaf {
				t.Errorf("%d keys: leaf %d has %d keys", keys, leaf, n)
			}
		}
	}
}
