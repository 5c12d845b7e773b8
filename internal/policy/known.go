package policy

import (
	"cmp"
	"slices"
	"strings"
)

// keyType is what the values of a condition key are. It says which operators compare them.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type keyType uint8

const (
	keyString keyType = iota
	keyARN
	keyBool
	keyNumeric
	keyDate
	keyIP
	keyBinary
)

// keyInfo describes a condition key. Its name is in lower case; one that ends in '/' is what precedes
// the key of a tag.
type keyInfo struct {
	name  string
	typ   keyType
	multi bool // it may have several values
}

// Key is a condition key as AWS's service references describe it.
type Key struct {
	// Multivalued says that it may have several values in one request.
	Multivalued bool

	typ keyType
}

// KeyInfo returns the condition key of this name, in any letters; a tag's key, such as
// "aws:ResourceTag/team", is one too. It tells false of names that are not in the references of the services
// that are served, and of the keys of identity providers whose host varies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func KeyInfo(name string) (Key, bool) {
	name = strings.ToLower(name)
	if i := strings.IndexByte(name, '/'); i >= 0 {
		if k, ok := knownKey(name[:i+1]); ok {
			return k, i+1 < len(name) // a tag's key is not empty
		}
	}
	return knownKey(name)
}

func knownKey(name string) (Key, bool) {
	i, ok := slices.BinarySearchFunc(knownKeys[:], name, func(k keyInfo, name string) int { return cmp.Compare(k.name, name) })
	if !ok {
		return Key{}, false
	}
	return Key{Multivalued: knownKeys[i].multi, typ: knownKeys[i].typ}, true
}

// Accepts reports whether value, as the key's value in a request, is of the key's type.
func (k Key) Accepts(value string) bool {
	switch k.typ {
	case keyString:
		return true
	case keyARN:
		return strings.HasPrefix(value, "arn:") && strings.Count(value, ":") >= 5
	default:
		return valueTypes[k.typ].Accepts(value)
	}
}

// valueTypes gives the types that are checked as the policy simulator checks them.
var valueTypes = map[keyType]ValueType{
	keyBool: BooleanValue, keyNumeric: NumericValue, keyDate: DateValue, keyIP: IPValue, keyBinary: BinaryValue,
}

// KeyKind is what the values of a condition key are.
type KeyKind uint8

// The kinds of condition key.
const (
	StringKey  = KeyKind(keyString)
	ARNKey     = KeyKind(keyARN)
	BoolKey    = KeyKind(keyBool)
	NumericKey = KeyKind(keyNumeric)
	DateKey    = KeyKind(keyDate)
	IPKey      = KeyKind(keyIP)
	BinaryKey  = KeyKind(keyBinary)
)

// Kind returns what the key's values are.
func (k Key) Kind() KeyKind { return KeyKind(k.typ) }
