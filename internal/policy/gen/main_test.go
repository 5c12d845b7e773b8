package main

import (
	"bytes"
	"os"
	"testing"
)

// The tables in the tree are what the service references give.
func TestTablesAreCurrent(t *testing.T) {
	for name, text := range tables(".") {
		want, err := text()
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what gen makes: run go generate ./internal/policy", name)
		}
	}
}

func TestEmptyReferencesAreRefused(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"actions":{}}`} {
		if _, err := generateS3([]byte(text)); err == nil {
			t.Errorf("generateS3(%q) succeeded", text)
		}
		if _, err := generateKnown([]byte(text)); err == nil {
			t.Errorf("generateKnown(%q) succeeded", text)
		}
	}
}

func TestContradictionsAreRefused(t *testing.T) {
	keys := func(typ string) []byte { return []byte(`{"conditionKeys":{"aws:x":"` + typ + `"}}`) }
	if _, err := generateKnown(keys("String"), keys("String")); err != nil {
		t.Error(err)
	}
	if _, err := generateKnown(keys("String"), keys("ArrayOfString")); err == nil {
		t.Error("a key of two types is accepted")
	}
	if _, err := generateKnown(keys("Text")); err == nil {
		t.Error("an unknown type is accepted")
	}
}

func TestKeyName(t *testing.T) {
	for key, want := range map[string]string{
		"aws:TagKeys":                "aws:tagkeys",
		"aws:RequestTag/${TagKey}":   "aws:requesttag/",
		"s3:ExistingObjectTag/<key>": "s3:existingobjecttag/",
		"agent.${Domain}.x.dev:y":    "",
		"x.com/${Path}:y":            "",
		"x-${Id}":                    "",
	} {
		if got, ok := keyName(key); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q %v, want %q", key, got, ok, want)
		}
	}
}
