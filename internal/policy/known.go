package policy

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
