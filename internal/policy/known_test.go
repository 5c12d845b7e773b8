package policy

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

// The tables are sorted and hold each name once, so that they can be searched.
func TestKnownTablesAreSorted(t *testing.T) {
	for i, a := range knownActions[1:] {
		if strings.ToLower(knownActions[i]) >= strings.ToLower(a) {
			t.Errorf("%s is not before %s", knownActions[i], a)
		}
	}
	for i, k := range knownKeys[1:] {
		if knownKeys[i].name >= k.name {
			t.Errorf("%s is not before %s", knownKeys[i].name, k.name)
		}
	}
	for _, k := range knownKeys {
		if k.name != strings.ToLower(k.name) {
			t.Errorf("%s is not in lower case", k.name)
		}
	}
}

func TestKnownKeys(t *testing.T) {
	for _, want := range []keyInfo{
		{"aws:principalarn", keyARN, false}, {"aws:securetransport", keyBool, false}, {"aws:sourceip", keyIP, false},
		{"aws:tokenissuetime", keyDate, false}, {"aws:tagkeys", keyString, true}, {"aws:principaltag/", keyString, false},
		{"s3:max-keys", keyNumeric, false}, {"s3:requestobjecttag/", keyString, false}, {"s3:requestobjecttagkeys", keyString, true},
		{"sts:requestcontext/", keyString, false}, {"iam:policyarn", keyARN, false},
	} {
		i, ok := slices.BinarySearchFunc(knownKeys[:], want.name, func(k keyInfo, name string) int { return cmp.Compare(k.name, name) })
		if !ok || knownKeys[i] != want {
			t.Errorf("no %v among the known keys", want)
		}
	}
}

func TestKeyInfo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		known, multi  bool
		good, refused string // values; empty: none is refused
	}{
		{"aws:SecureTransport", true, false, "true", "yes"},
		{"AWS:TAGKEYS", true, true, "anything", ""},
		{"aws:ResourceTag/team", true, false, "anything", ""},
		{"aws:ResourceTag/a/b", true, false, "anything", ""},
		{"aws:ResourceTag/", false, false, "", ""},
		{"aws:ResourceTag", false, false, "", ""},
		{"accounts.google.com:google/organization_number", true, false, "7", "seven"},
		{"aws:SourceIp", true, false, "192.0.2.1", "host"},
		{"aws:CurrentTime", true, false, "2026-01-02T03:04:05Z", "today"},
		{"iam:PolicyARN", true, false, "arn:aws:iam::aws:policy/a", "arn:aws:iam"},
		{"aws:Nothing", false, false, "", ""},
	} {
		k, ok := KeyInfo(c.name)
		if ok != c.known || ok && (k.Multivalued != c.multi || !k.Accepts(c.good) || c.refused != "" && k.Accepts(c.refused)) {
			t.Errorf("%s: got %v, %t", c.name, k, ok)
		}
	}
}
