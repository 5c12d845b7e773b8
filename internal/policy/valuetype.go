package policy

// ValueType is the type that a caller of the policy simulator gives a context key.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html
type ValueType string

// The types of a single value. Each has a list type beside it.
const (
	StringValue  ValueType = "string"
	NumericValue ValueType = "numeric"
	BooleanValue ValueType = "boolean"
	IPValue      ValueType = "ip"
	BinaryValue  ValueType = "binary"
	DateValue    ValueType = "date"
)

// ValueTypes has the types of a single value.
var ValueTypes = []ValueType{StringValue, NumericValue, BooleanValue, IPValue, BinaryValue, DateValue}

// Accepts reports whether value, as the value of a key in a request, can be compared by the operators
// for this type. An address is one host's and not a block. It is false for what is no type.
func (t ValueType) Accepts(value string) (ok bool) {
	switch t {
	case StringValue:
		return true
	case NumericValue:
		_, ok = parseDecimal(value)
	case BooleanValue:
		_, ok = parseBool(value)
	case IPValue:
		_, ok = parseAddress(value)
	case BinaryValue:
		_, ok = parseBinary(value)
	case DateValue:
		_, ok = parseInstant(value)
	}
	return ok
}
