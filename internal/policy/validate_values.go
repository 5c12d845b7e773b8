package policy

import "strings"

// checkValues refuses values in conditions that their operator cannot compare with anything, such as
// a number that is none: the condition would hold never, or with a negated operator always, whatever
// the request, which nobody means. Of dates and addresses AWS refuses them too, in the words given;
// of the other types its answer is not known, and S3 was seen to accept a number that is none. They
// are refused here all the same, in the words for dates, because what is not evaluated is not stored.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// https://github.com/scality/cloudserver/pull/5501 (S3 and numbers)
func (r *reader) checkValues(s *Statement, w *raw, badValue, badAddress string) error {
	variables := r.doc.Version == version2012
	for _, c := range s.Conditions {
		op, _ := parseOperator(c.Operator)
		for _, v := range c.Values {
			if op.family.evaluable(v, variables) {
				continue
			}
			message := badValue
			if op.family == famIP {
				message = badAddress
			}
			return refuse(w.at("Condition", 0), message, v)
		}
	}
	return nil
}

// evaluable reports whether v can be compared as the family compares.
func (f family) evaluable(v string, variables bool) (ok bool) {
	if variables && f.takesVariables() && parseTemplate(v, true).dynamic {
		return true // what a variable stands for is known only with the request
	}
	switch f {
	case famNumeric:
		_, ok = parseDecimal(v)
	case famDate:
		_, ok = parseInstant(v)
	case famBool, famNull:
		_, ok = parseBool(v)
	case famBinary:
		_, ok = parseBinary(v)
	case famIP:
		_, ok = parseNetwork(v)
	case famARN:
		ok = arnPattern(v)
	case famString, famStringFold, famStringLike:
		ok = true
	}
	return ok
}

// arnPattern reports whether v can match an ARN part by part: it is "*", or has the six parts.
func arnPattern(v string) bool {
	parts := strings.SplitN(v, ":", 6)
	return v == "*" || len(parts) == 6 && (parts[0] == "arn" || hasWildcard(parts[0]))
}
