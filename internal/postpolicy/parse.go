package postpolicy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/apierr"
)

// Parse reads a policy as a form carries it, strictly. The error is InvalidPolicyDocument.
//
// The messages beyond those that localstack recorded from S3 are from
// https://github.com/dwilkie/carrierwave_direct/pull/189 (expiration),
// https://github.com/dwilkie/carrierwave_direct/issues/230 and https://stackoverflow.com/q/77643928 (Invalid
// JSON), https://stackoverflow.com/q/31169349 (Unexpected), https://stackoverflow.com/q/43431505 (missing
// operation identifier), and where no recording is known from
// https://github.com/versity/versitygw/blob/main/s3err/post-object.go
func Parse(encoded string) (*Policy, error) {
	if encoded == "" {
		return nil, invalid("Expecting '{' but found End-of-Input")
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, invalid("invalid Base64 encoding.")
	}
	root, err := parseJSON(raw)
	if err != nil {
		return nil, err
	}
	document, ok := root.(object)
	if !ok {
		return nil, invalidJSON()
	}
	return parseDocument(document)
}

// parseDocument reads the document. S3 tells of members that it does not know before it misses others, and
// writes their names in lower case.
func parseDocument(document object) (*Policy, error) {
	known := map[string]any{}
	for _, m := range document {
		if m.name != "expiration" && m.name != "conditions" {
			return nil, invalid("Unexpected: '%s'", strings.ToLower(m.name))
		}
		if _, repeated := known[m.name]; repeated {
			return nil, invalidJSON()
		}
		known[m.name] = m.value
	}
	p := new(Policy)
	expiration, there := known["expiration"]
	if !there {
		return nil, invalid("Policy missing expiration.")
	}
	conditions, there := known["conditions"]
	if !there {
		return nil, invalid("Policy missing conditions.")
	}
	if err := p.setExpiration(expiration); err != nil {
		return nil, err
	}
	list, ok := conditions.([]any)
	if !ok {
		return nil, invalid("Invalid 'conditions' value: must be a List.")
	}
	for _, one := range list {
		if err := p.add(one); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// setExpiration reads the expiration: UTC, with Z and with or without a fraction of a second.
func (p *Policy) setExpiration(value any) error {
	text, ok := value.(string)
	if !ok {
		return invalidJSON()
	}
	at, err := time.Parse("2006-01-02T15:04:05Z", text) // a fraction is read where none stands in the layout
	if err != nil {
		return invalid("Invalid 'expiration' value: '%s'", text)
	}
	p.expiration = at
	return nil
}

// add reads a condition.
func (p *Policy) add(value any) error {
	switch v := value.(type) {
	case object:
		return p.addSimple(v)
	case []any:
		return p.addOperation(v)
	default:
		return invalid("Invalid condition test: must be a List or Object.")
	}
}

// addSimple reads {"name": "value"}, which S3 shows as an eq.
func (p *Policy) addSimple(o object) error {
	if len(o) != 1 {
		return invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
	}
	want, ok := o[0].value.(string)
	switch {
	case o[0].value == nil:
		return invalidJSON()
	case !ok:
		return invalid("Invalid Simple-Condition: value must be a string.")
	}
	p.conditions = append(p.conditions, condition{
		name: strings.ToLower(o[0].name), want: want, text: show([]any{"eq", "$" + o[0].name, want}),
	})
	return nil
}

// addOperation reads a condition that begins with an operator.
func (p *Policy) addOperation(list []any) error {
	if len(list) == 0 {
		return invalid("Invalid Condition: missing operation identifier.")
	}
	operator, ok := list[0].(string)
	if !ok {
		return invalidJSON()
	}
	known := strings.ToLower(operator)
	switch known {
	case "eq", "starts-with", "content-length-range":
	default:
		return invalid("Invalid Condition: unknown operation '%s'.", operator)
	}
	if len(list) != 3 {
		return invalid("Invalid %s: wrong number of arguments.", operator)
	}
	if known == "content-length-range" {
		return p.addRange(list)
	}
	return p.addComparison(list, known == "starts-with")
}

// addComparison reads eq and starts-with. A name without its dollar sign is that of no field.
func (p *Policy) addComparison(list []any, prefix bool) error {
	name, ok := list[1].(string)
	want, ok2 := list[2].(string)
	if number, isNumber := list[2].(json.Number); isNumber {
		want, ok2 = number.String(), true
	}
	if !ok || !ok2 {
		return invalidJSON()
	}
	c := condition{prefix: prefix, want: want, text: show(list)}
	if rest, dollar := strings.CutPrefix(name, "$"); dollar {
		c.name = strings.ToLower(rest)
	}
	p.conditions = append(p.conditions, c)
	return nil
}

// addRange reads content-length-range. Its numbers may be strings; a string that is no number makes a
// condition that does not hold.
func (p *Policy) addRange(list []any) error {
	var bounds [2]int64
	for i, v := range list[1:] {
		text, isText := v.(string)
		if number, ok := v.(json.Number); ok {
			text = number.String()
		} else if !isText {
			return invalidJSON()
		}
		var err error
		bounds[i], err = strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil && !isText:
			return invalidJSON()
		case err != nil:
			p.conditions = append(p.conditions, condition{text: show(list)})
			return nil
		}
	}
	p.sizes = append(p.sizes, sizeRange{bounds[0], bounds[1]})
	return nil
}

// show writes a condition as S3 does, whatever white space it was sent with. It is given strings and numbers.
func show(list []any) string {
	words := make([]string, len(list))
	for i, v := range list {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			panic(fmt.Sprintf("postpolicy: encode %T: %v", v, err))
		}
		words[i] = strings.TrimSuffix(b.String(), "\n")
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// invalid is the error for a policy that is none.
func invalid(format string, args ...any) *apierr.Error {
	return apierr.New(400, "InvalidPolicyDocument", "Invalid Policy: "+format, args...)
}

func invalidJSON() *apierr.Error { return invalid("Invalid JSON.") }
