package httpapi

import (
	"slices"
	"testing"
)

func TestStates(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"GetKey": true, "GetCoin": true, "GetMoon": true}
	got := States(known, map[string]*Operation{"GetKey": {Name: "GetKey"}, "GetCoin": {Name: "GetCoin", NotOffered: "coins"}})
	want := []State{{"GetCoin", true, "coins"}, {"GetKey", true, ""}, {"GetMoon", false, ""}}
	if !slices.Equal(got, want) {
		t.Errorf("states are %+v, want %+v", got, want)
	}
}
