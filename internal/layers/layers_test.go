package layers

import (
	"slices"
	"testing"
)

func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	broken, err := Crossgrant.Check("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range broken {
		t.Error(sentence)
	}
}

// TestCheckFindsWhatIsWrong is the test of the test: a small tree that breaks every rule once.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	rules := Rules{
		Module:     "example",
		Layers:     [][]string{{"low"}, {"middle", "beside"}, {"high"}},
		Pure:       []string{"low", "beside"},
		Impure:     map[string]string{"os": "no files"},
		Restricted: map[string][]string{"beside": {"none"}},
	}
	got, err := rules.Check("testdata/upward")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"beside imports middle, which is not below it",
		"high imports beside, which only none may",
		"low imports high, which is not below it",
		"low is pure and imports os: no files",
		"low is pure and calls time.Now: the time is an argument",
		"unknown is in no layer: add it to the rules",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Check found\n%q\nwant\n%q", got, want)
	}
}
