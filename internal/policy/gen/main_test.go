package main

import (
	"bytes"
	"os"
	"testing"
)

// The table in the tree is what the service reference gives.
func TestTableIsCurrent(t *testing.T) {
	text, err := os.ReadFile("s3.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../s3table.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("s3table.go is not what gen makes of s3.json: run go generate ./internal/policy")
	}
}

func TestGenerateRefusesEmptyReference(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"actions":{}}`} {
		if _, err := generate([]byte(text)); err == nil {
			t.Errorf("generate(%q) succeeded", text)
		}
	}
}
