package policy

import "strings"

// family is the type that an operator compares as.
type family uint8

const (
	famString family = iota
	famStringFold
	famStringLike
	famNumeric
	famDate
	famBool
	famBinary
	famIP
	famARN
	famNull
)

// comparison is the relation of the request's value to the policy's.
type comparison uint8

const (
	cmpEqual comparison = iota
	cmpLess
	cmpLessEqual
	cmpGreater
	cmpGreaterEqual
)

// holds reports whether the relation holds for the sign of (request − policy).
func (c comparison) holds(sign int) bool {
	switch c {
	case cmpLess:
		return sign < 0
	case cmpLessEqual:
		return sign <= 0
	case cmpGreater:
		return sign > 0
	case cmpGreaterEqual:
		return sign >= 0
	default:
		return sign == 0
	}
}

// quantifier is the set operator of a condition operator.
type quantifier uint8

const (
	noQuantifier quantifier = iota
	forAnyValue
	forAllValues
)

// operator is a condition operator, taken apart.
type operator struct {
	family     family
	cmp        comparison
	negated    bool // true when the request's value matches none of the policy's
	quantifier quantifier
	ifExists   bool
}

// baseOperators are all operators without set operator and IfExists.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var baseOperators = map[string]operator{
	"StringEquals":              {family: famString},
	"StringNotEquals":           {family: famString, negated: true},
	"StringEqualsIgnoreCase":    {family: famStringFold},
	"StringNotEqualsIgnoreCase": {family: famStringFold, negated: true},
	"StringLike":                {family: famStringLike},
	"StringNotLike":             {family: famStringLike, negated: true},
	"NumericEquals":             {family: famNumeric},
	"NumericNotEquals":          {family: famNumeric, negated: true},
	"NumericLessThan":           {family: famNumeric, cmp: cmpLess},
	"NumericLessThanEquals":     {family: famNumeric, cmp: cmpLessEqual},
	"NumericGreaterThan":        {family: famNumeric, cmp: cmpGreater},
	"NumericGreaterThanEquals":  {family: famNumeric, cmp: cmpGreaterEqual},
	"DateEquals":                {family: famDate},
	"DateNotEquals":             {family: famDate, negated: true},
	"DateLessThan":              {family: famDate, cmp: cmpLess},
	"DateLessThanEquals":        {family: famDate, cmp: cmpLessEqual},
	"DateGreaterThan":           {family: famDate, cmp: cmpGreater},
	"DateGreaterThanEquals":     {family: famDate, cmp: cmpGreaterEqual},
	"Bool":                      {family: famBool},
	"BinaryEquals":              {family: famBinary},
	"IpAddress":                 {family: famIP},
	"NotIpAddress":              {family: famIP, negated: true},
	"ArnEquals":                 {family: famARN},
	"ArnLike":                   {family: famARN},
	"ArnNotEquals":              {family: famARN, negated: true},
	"ArnNotLike":                {family: famARN, negated: true},
	"Null":                      {family: famNull},
}

// parseOperator takes an operator's name apart. Names are case-sensitive: AWS documents no other
// spelling, and whether it accepts one is not known. Null takes neither set operator nor IfExists.
func parseOperator(name string) (op operator, ok bool) {
	base, quantifier, ifExists := name, noQuantifier, false
	if rest, found := strings.CutPrefix(base, "ForAnyValue:"); found {
		base, quantifier = rest, forAnyValue
	} else if rest, found := strings.CutPrefix(base, "ForAllValues:"); found {
		base, quantifier = rest, forAllValues
	}
	base, ifExists = strings.CutSuffix(base, "IfExists")
	op, ok = baseOperators[base]
	if !ok || op.family == famNull && (quantifier != noQuantifier || ifExists) {
		return operator{}, false
	}
	op.quantifier, op.ifExists = quantifier, ifExists
	return op, true
}

// takesVariables reports whether values of the family may hold policy variables. For Bool AWS's
// pages disagree; it is allowed here.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse
func (f family) takesVariables() bool {
	switch f {
	case famString, famStringFold, famStringLike, famARN, famBool:
		return true
	default:
		return false
	}
}
