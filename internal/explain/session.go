package explain

import (
	"encoding/json"
	"regexp"
)

// onlySession reports whether the viewer is told of a role that asks no more than the ARN of its session: that has
// the role's name and not its path.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html (Requester)
func (v View) onlySession(e *Explanation) bool {
	return e.Principal.Kind == "AssumedRole" && !v.sees(Identity)
}

// named returns statements of a remedy with the session in the place of its role where the viewer is not told the
// role's ARN; false if a condition has that, which no session can stand for.
func (v View) named(e *Explanation, statements []json.RawMessage) ([]json.RawMessage, bool) {
	if !v.onlySession(e) {
		return statements, true
	}
	// As it is written in JSON: names and paths of IAM have neither quotes nor backslashes.
	role := regexp.MustCompile(`"arn:aws:iam::` + regexp.QuoteMeta(e.Principal.Account) + `:role/[^"]+/` + regexp.QuoteMeta(e.Principal.Name) + `"`)
	var out []json.RawMessage
	for _, s := range statements {
		var elements struct{ Condition json.RawMessage }
		if !role.Match(s) {
			out = append(out, s)
			continue
		}
		if err := json.Unmarshal(s, &elements); err != nil || role.Match(elements.Condition) {
			return nil, false
		}
		out = append(out, role.ReplaceAllLiteral(s, []byte(`"`+e.Principal.ARN+`"`)))
	}
	return out, true
}
