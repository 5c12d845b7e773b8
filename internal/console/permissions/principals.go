package permissions

import (
	"encoding/json"
	"regexp"
	"slices"
)

// account finds the ID of the account in a principal of a policy, which is an ID or an ARN.
var account = regexp.MustCompile(`^(?:arn:[^:]*:[^:]*::)?([0-9]{12})(?:$|:)`)

// principals returns whom the Allow statements of a policy name, in words, without those of the account own.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func principals(policy, own string) []string {
	var document struct{ Statement oneOrMore[statement] }
	if json.Unmarshal([]byte(policy), &document) != nil {
		return nil
	}
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, s := range document.Statement {
		if s.Effect != "Allow" {
			continue
		}
		if s.NotPrincipal != nil {
			add("everybody but a few (NotPrincipal)")
		}
		under := ""
		if len(s.Condition) > 0 {
			under = ", under conditions"
		}
		var everybody string
		if json.Unmarshal(s.Principal, &everybody) == nil && everybody == "*" {
			add("everybody" + under)
		}
		var named map[string]oneOrMore[string]
		if json.Unmarshal(s.Principal, &named) != nil {
			continue
		}
		for _, kind := range []string{"AWS", "CanonicalUser", "Federated", "Service"} {
			for _, who := range named[kind] {
				id := account.FindStringSubmatch(who)
				switch {
				case who == "*" && kind == "AWS":
					add("everybody" + under)
				case kind != "AWS" || id == nil:
					add(who + under)
				case id[1] == own:
				case who == id[1]:
					add("account " + id[1] + under)
				default:
					add(who + under)
				}
			}
		}
	}
	return out
}

type statement struct {
	Effect       string
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Condition    map[string]json.RawMessage
}

// oneOrMore is what a policy may write as a list or, if it is one, by itself.
type oneOrMore[T any] []T

// UnmarshalJSON reads either form.
func (o *oneOrMore[T]) UnmarshalJSON(text []byte) error {
	var list []T
	if json.Unmarshal(text, &list) == nil {
		*o = list
		return nil
	}
	var one T
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}
