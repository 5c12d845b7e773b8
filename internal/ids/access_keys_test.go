package ids

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestAccountOfAccessKey: what was drawn for an account tells it, and published examples tell theirs.
// Sources: https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489 and
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
func TestAccountOfAccessKey(t *testing.T) {
	t.Parallel()
	for seed := range byte(50) {
		for _, account := range []AccountID{"000000000000", "000000000001", "123456789012", "999999999999"} {
			id, err := NewAccountKeyID(seeded(seed), TemporaryKey, account)
			if err != nil || len(id) != 20 || !strings.HasPrefix(string(id), "ASIA") {
				t.Fatalf("drew %q, %v", id, err)
			}
			if got, ok := id.Account(); !ok || got != account {
				t.Errorf("%s tells %q, %v, want %s", id, got, ok, account)
			}
		}
	}
	for id, want := range map[AccessKeyID]AccountID{
		"ASIAQNZGKIQY56JQ7WML":  "029608264753",
		"ASIAY34FZKBOKMUTVV7A":  "609629065308",
		"AKIAIOSFODNN7EXAMPLE":  "", // older
		"AKIA7777777777777777":  "", // of more than twelve digits
		"AROAQNZGKIQY56JQ7WML":  "", // no key
		"ASIAQNZGKIQY56JQ7WM":   "", // shorter
		"ASIAQNZGKIQY56JQ7WMLA": "",
		"ASIAqnzgkiqy56jq7wml":  "",
		"ASIA":                  "",
		"":                      "",
	} {
		if got, ok := id.Account(); got != want || ok != (want != "") {
			t.Errorf("%s tells %q, %v, want %q", id, got, ok, want)
		}
	}
	one, _ := NewAccountKeyID(seeded(1), AccessKey, "123456789012")
	two, _ := NewAccountKeyID(seeded(2), AccessKey, "123456789012")
	if one == two {
		t.Errorf("drew %s twice", one)
	}
	if _, err := NewAccountKeyID(seeded(1), AccessKey, "1"); err == nil {
		t.Error("drew a key for what is no account")
	}
	if _, err := NewAccountKeyID(bytes.NewReader([]byte("short")), AccessKey, "123456789012"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}
