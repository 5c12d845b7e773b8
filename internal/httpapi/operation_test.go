package httpapi

import (
	"slices"
	"testing"
)

func TestStates(t *testing.T) {
	t.Parallel()
	got := States(map[string]*Operation{"GetKey": {Name: "GetKey"}, "GetCoin": {Name: "GetCoin", NotOffered: "coins"}})
	want := []State{{"GetCoin", "coins"}, {"GetKey", ""}}
	if !slices.Equal(got, want) {
		t.Errorf("states are %+v, want %+v", got, want)
	}
}
