package fsck

import (
	"fmt"
	"testing"
)

// TestNeighbours wants sets of IDs that are neighbours, as blobs in one file have, to be told apart by their sums: the sums
// of the IDs themselves are the same here, and all would be in one partition.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	var outer, inner tally
	for i := range 100 {
		pages := [2]int{4 * i, 4*i + 3}
		for k, set := range []*tally{&outer, &inner} {
			for _, page := range []int{pages[0] + k, pages[1] - k} {
				id, ok := rawOf(fmt.Sprintf("%016x%08x%08x", 0x5eed, page, 1<<17))
				if !ok {
					t.Fatal("not an ID")
				}
				set.add(id)
			}
		}
	}
	same, used := 0, 0
	for p := range outer {
		if outer[p].n+inner[p].n > 0 {
			used++
			if outer[p] == inner[p] {
				same++
			}
		}
	}
	if same > 0 || used < 64 {
		t.Errorf("of %d partitions %d have the same sums", used, same)
	}
}
