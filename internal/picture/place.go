package picture

import "slices"

// cell is a place in the grid of houses.
type cell struct{ col, row int }

// grid is where the houses of a scene stand.
type grid struct {
	cols, rows int
	cells      []cell // by house
}

// swaps bounds how often each pair of cells is looked at, and so the time that large maps take.
const swaps = 12

// place puts the houses of s into a grid of so many columns so that those with many links between them are
// near each other: first one after the other, the one with most links to those that stand before all others, then
// by swapping two cells as long as that makes the links shorter.
func place(s *scene, cols int) grid {
	n := len(s.houses)
	g := grid{cols: cols, rows: (n + cols - 1) / cols, cells: make([]cell, n)}
	weights := s.weights()
	at := g.settle(weights)
	for range swaps {
		if !g.improve(at, weights) {
			break
		}
	}
	return g
}

// weights returns for each house the others that it has links with, and how many.
func (s *scene) weights() []map[int]int {
	w := make([]map[int]int, len(s.houses))
	for i := range w {
		w[i] = map[int]int{}
	}
	for _, l := range s.links {
		a, b := s.rooms[l.from].house, s.rooms[l.to].house
		if a != b {
			w[a][b]++
			w[b][a]++
		}
	}
	return w
}

// settle places the houses one after the other. It returns the house in each cell, -1 if it is empty.
func (g *grid) settle(weights []map[int]int) []int {
	n := len(g.cells)
	at := slices.Repeat([]int{-1}, g.cols*g.rows)
	placed := make([]bool, n)
	for range n {
		h := next(weights, placed)
		best, least := -1, 0
		for c := range at {
			if at[c] >= 0 {
				continue
			}
			if cost := g.cost(g.cell(c), h, weights, placed); best < 0 || cost < least {
				best, least = c, cost
			}
		}
		at[best], g.cells[h], placed[h] = h, g.cell(best), true
	}
	return at
}

// next returns the house that is placed next: the one with most links to those that are placed, or with
// most links at all.
func next(weights []map[int]int, placed []bool) int {
	best, most := -1, [2]int{}
	for h, others := range weights {
		if placed[h] {
			continue
		}
		var links [2]int
		for o, n := range others {
			links[1] += n
			if placed[o] {
				links[0] += n
			}
		}
		if best < 0 || slices.Compare(links[:], most[:]) > 0 {
			best, most = h, links
		}
	}
	return best
}

func (g *grid) cell(c int) cell { return cell{c % g.cols, c / g.cols} }

// cost returns how long the links of h are from this cell to the houses that are placed, and a little for
// its distance from the middle.
func (g *grid) cost(c cell, h int, weights []map[int]int, placed []bool) int {
	sum := abs(2*c.col-g.cols+1) + abs(2*c.row-g.rows+1)
	for o, n := range weights[h] {
		if placed[o] {
			sum += 100 * n * distance(c, g.cells[o])
		}
	}
	return sum
}

// distance returns how long a link between two cells is, more or less: houses of neighbouring columns have a
// channel between them, others need two and one across.
func distance(a, b cell) int {
	cols := abs(a.col - b.col)
	far := 0
	if cols > 1 {
		far = 2
	}
	return 2*cols + abs(a.row-b.row) + far
}

// improve swaps what is in two cells wherever that makes links shorter, and reports whether it did.
func (g *grid) improve(at []int, weights []map[int]int) bool {
	better := false
	for a := range at {
		for b := a + 1; b < len(at); b++ {
			if at[a] < 0 && at[b] < 0 {
				continue
			}
			before := g.sum(at, weights, a, b)
			g.swap(at, a, b)
			if g.sum(at, weights, a, b) < before {
				better = true
				continue
			}
			g.swap(at, a, b)
		}
	}
	return better
}

func (g *grid) swap(at []int, a, b int) {
	at[a], at[b] = at[b], at[a]
	for _, c := range []int{a, b} {
		if at[c] >= 0 {
			g.cells[at[c]] = g.cell(c)
		}
	}
}

// sum returns how long the links of the houses in two cells are.
func (g *grid) sum(at []int, weights []map[int]int, a, b int) int {
	sum := 0
	for _, c := range []int{a, b} {
		if at[c] < 0 {
			continue
		}
		for o, n := range weights[at[c]] {
			sum += n * distance(g.cell(c), g.cells[o])
		}
	}
	return sum
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
