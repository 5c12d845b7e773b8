package password

import (
	"crypto/rand"
	"regexp"
	"strings"
	"testing"
)

func TestGenerate(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^([` + letters + `]{6}-){3}[` + letters + `]{6}$`)
	seen := map[string]bool{}
	for range 100 {
		text, err := Generate(rand.Reader)
		if err != nil || !form.MatchString(text) || seen[text] {
			t.Fatalf("%q, %v", text, err)
		}
		seen[text] = true
	}
	if text, err := Generate(strings.NewReader("short")); err == nil {
		t.Errorf("drew %q of too little", text)
	}
}
