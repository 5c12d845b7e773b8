package load

import (
	"testing"
)

// TestComparer gives bodies in pieces of several lengths, whole and with one byte changed: at the edges it is
// always seen, between them only if all is compared.
func TestComparer(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, edge, edge + 1, 2 * edge, 100, 4096} {
		body, _ := newContent(size).of(3)
		for _, piece := range []int{1, 7, 1000, size} {
			for _, all := range []bool{false, true} {
				for _, changed := range []int{-1, 0, edge - 1, edge, size / 2, size - edge - 1, size - edge, size - 1} {
					if changed >= size || changed < -1 {
						continue
					}
					got := append([]byte(nil), body...)
					if changed >= 0 {
						got[changed]++
					}
					seen := deliver(&comparer{want: body, all: all}, got, piece) != nil
					want := changed >= 0 && (all || changed < edge || changed >= size-edge)
					if seen != want {
						t.Errorf("size %d, pieces of %d, all %v, byte %d changed: seen %v, want %v", size, piece, all, changed, seen, want)
					}
				}
			}
		}
	}
}

// TestComparerRefusesMore holds that a body longer than what was put is an error.
func TestComparerRefusesMore(t *testing.T) {
	t.Parallel()
	body, _ := newContent(100).of(1)
	if err := deliver(&comparer{want: body}, append(body[:100:100], 0), 101); err == nil {
		t.Error("101 bytes are taken for 100")
	}
}

// TestComparerSkips holds that what may be skipped ends before the last edge.
func TestComparerSkips(t *testing.T) {
	t.Parallel()
	body, _ := newContent(1000).of(1)
	c := &comparer{want: body}
	if n := c.Skippable(); n != 0 {
		t.Errorf("%d bytes may be skipped at the begin", n)
	}
	if err := deliver(c, body[:20], 20); err != nil {
		t.Fatal(err)
	}
	n := int(c.Skippable())
	if n != 1000-20-edge {
		t.Errorf("%d bytes may be skipped after 20 of 1000", n)
	}
	c.Skip(n)
	wrong := append([]byte(nil), body[20+n:]...)
	wrong[0]++
	if err := deliver(c, wrong, len(wrong)); err == nil {
		t.Error("a wrong byte after what was skipped is not seen")
	}
}

func deliver(c *comparer, body []byte, piece int) error {
	for len(body) > 0 {
		n := min(piece, len(body))
		if _, err := c.Write(body[:n]); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}
