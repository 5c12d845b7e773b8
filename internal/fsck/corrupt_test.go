package fsck

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/keys"
)

// masks hide what differs from run to run.
var masks = []struct {
	expr *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`blob [0-9a-f]{32}`), "blob BLOB"},
	{regexp.MustCompile(`id "[0-9a-f]{32}x"`), `id "BLOBx"`},
	{regexp.MustCompile(`[0-9A-V]{32,}`), "VERSION"},
	{regexp.MustCompile(`the index from key to null version leads to "(?:\\.|[^"\\])*"`), "the index from key to null version leads to BYTES"},
	{regexp.MustCompile(`\b(A[A-Z]{3})[A-Z0-9]{12,20}`), "$1…"},
	{regexp.MustCompile(`\b(o|r|ou|p|h)-[a-z0-9-]{8,}`), "$1-…"},
	{regexp.MustCompile(`\br-[a-z0-9]{4}\b`), "r-…"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "CANONICAL"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{26,27}`), "UUID"},
	{regexp.MustCompile(`\b(ID|bucket) [0-9a-f]{16}\b`), "$1 ID"},
	{regexp.MustCompile(`upload with the ID \S+`), "upload with the ID UPLOAD"},
	{regexp.MustCompile(`\((".*?"|blob BLOB)\)(;|$)`), "(AT)$2"},
}

func show(found []Finding) string {
	lines := map[string]int{}
	var order []string
	for _, f := range found {
		at := "blob"
		if key, err := strconv.Unquote(f.At); err == nil {
			at = "key"
			if form, _, err := keys.Split([]byte(key)); err == nil {
				at = form
			}
		}
		f.At = `"x"`
		text := strings.ReplaceAll(f.String(), "\u00a0", " ") // the errors of package proto differ on purpose
		for _, m := range masks {
			text = m.expr.ReplaceAllString(text, m.with)
		}
		text = strings.ReplaceAll(text, "(AT)", "("+at+")")
		if lines[text]++; lines[text] == 1 {
			order = append(order, text)
		}
	}
	var b strings.Builder
	for _, text := range order {
		if n := lines[text]; n > 1 {
			fmt.Fprintf(&b, "%d× ", n)
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// TestCorruption shows what is found when an entry of each shape is lost, cut short, or put where it does not
// belong, and what of that is left after a repair.
func TestCorruption(t *testing.T) {
	sound := newWorld(t)
	datadriven.RunTest(t, "testdata/corruption", func(t *testing.T, d *datadriven.TestData) string {
		w := sound.copy(t)
		form := d.Input
		for _, e := range sound.all() {
			is, _, err := keys.Split(e.key)
			if err != nil || is != form {
				continue
			}
			switch d.Cmd {
			case "lose":
				w.remove(e.key)
			case "cut":
				if len(e.value) == 0 {
					e.value = []byte{1, 2, 3}
				}
				w.put(e.key, e.value[:len(e.value)-1])
			case "move":
				w.put(append(e.key, 'x'), e.value)
			default:
				d.Fatalf(t, "there is no command %s", d.Cmd)
			}
			break
		}
		found := show(w.run(false))
		w.run(true)
		left := show(w.run(false))
		if left != "" {
			left = "left:\n" + left
		}
		return found + left
	})
}
