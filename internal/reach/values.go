package reach

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/policy"
)

// value is what a request may have for a condition key: no such key for a nil list.
type value struct {
	list  []string
	multi bool
}

func (v value) set(k *policy.Context, key string) {
	switch {
	case v.list == nil:
		k.SetAbsent(key)
	case v.multi:
		k.SetMulti(key, v.list)
	default:
		k.Set(key, v.list[0])
	}
}

// operator is the name of a condition operator, taken apart.
type operator struct {
	set      string // "ForAnyValue", "ForAllValues", or empty
	base     string // without set operator and IfExists, such as "StringNotLike"
	ifExists bool
}

func operatorOf(name string) operator {
	var o operator
	if set, rest, ok := strings.Cut(name, ":"); ok {
		o.set, name = set, rest
	}
	o.base, o.ifExists = strings.CutSuffix(name, "IfExists")
	return o
}

// negated reports whether it holds for what none of the values match.
func (o operator) negated() bool { return strings.Contains(o.base, "Not") }

// patterns reports whether the values are patterns; plain, that they are texts.
func (o operator) patterns() bool {
	return strings.HasSuffix(o.base, "Like") || strings.HasPrefix(o.base, "Arn")
}

func (o operator) text() bool {
	return strings.HasPrefix(o.base, "String") || strings.HasPrefix(o.base, "Arn")
}

// samples are values of every type that a key may have.
var samples = []string{"x", "true", "1", "2030-01-01T00:00:00Z", "192.0.2.1", "arn:aws:iam::999999999999:user/x", "eA=="}

// candidates are the values to try for a key that conditions ask for. keys has those that are settled.
func (v *view) candidates(key string, conditions []*policy.Condition, keys *policy.Context) []value {
	var texts []string
	multi := false
	info, known := policy.KeyInfo(key)
	if known {
		multi = info.Multivalued
	}
	for _, c := range conditions {
		o := operatorOf(c.Operator)
		multi = multi || !known && o.set != ""
		for _, text := range c.Values {
			texts = append(texts, valuesNear(o, text, keys)...)
		}
	}
	texts = append(v.common(key, conditions, keys), texts...)
	for _, s := range samples {
		if !known || info.Accepts(s) {
			texts = append(texts, s)
		}
	}
	return valuesOf(texts, multi)
}

// valuesOf returns texts as values, and none of them; several at once if a key may have several.
func valuesOf(texts []string, multi bool) []value {
	var out []value
	var seen []string
	for _, s := range texts {
		if !slices.Contains(seen, s) {
			seen = append(seen, s)
			out = append(out, value{[]string{s}, multi})
		}
	}
	out = append(out, value{})
	if multi {
		out = append(out, value{seen, true}, value{[]string{}, true})
	}
	return out
}

// valuesNear returns values by which a comparison with a value of a policy holds, or not.
func valuesNear(o operator, text string, keys *policy.Context) []string {
	switch {
	case o.text():
		g, ok := policy.ValueGlob(text, !o.patterns(), keys)
		if !ok {
			return nil
		}
		s, _, _ := policy.FindText([]policy.Glob{g}, nil, nil)
		return []string{s, s + "x"}
	case o.base == "Bool":
		return []string{"true", "false"}
	case strings.HasPrefix(o.base, "Numeric"):
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil
		}
		f := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
		return []string{text, f(n - 1), f(n + 1)}
	case strings.HasPrefix(o.base, "Date"):
		return []string{text, "1990-01-01T00:00:00Z", "2100-01-01T00:00:00Z"}
	case strings.Contains(o.base, "IpAddress"):
		return addressesNear(text)
	case o.base == "Null":
		return nil
	default:
		return []string{text}
	}
}

// addressesNear returns an address in a block, those at its ends, and some elsewhere.
func addressesNear(block string) []string {
	elsewhere := []string{"203.0.113.7", "10.1.2.3", "198.51.100.7", "2001:db8::7"}
	p, err := netip.ParsePrefix(block)
	if err != nil {
		if a, err := netip.ParseAddr(block); err == nil {
			return append([]string{a.String(), a.Next().String()}, elsewhere...)
		}
		return elsewhere
	}
	first := p.Masked().Addr()
	out := []string{first.Next().String(), first.String()}
	if before := first.Prev(); before.IsValid() {
		out = append(out, before.String())
	}
	return append(out, elsewhere...)
}

// maxCommon bounds how many combinations of the values of several conditions are tried.
const maxCommon = 64

// common returns texts that a value of each condition matches that compares text, and that no value of those
// matches that are negated.
func (v *view) common(key string, conditions []*policy.Condition, keys *policy.Context) []string {
	rows := [][]policy.Glob{v.believable(key)}
	var not []policy.Glob
	for _, c := range conditions {
		o := operatorOf(c.Operator)
		if !o.text() {
			continue
		}
		var row []policy.Glob
		for _, text := range c.Values {
			if g, ok := policy.ValueGlob(text, !o.patterns(), keys); ok {
				row = append(row, g)
			}
		}
		if o.negated() {
			not = append(not, row...)
		} else if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	combinations := [][]policy.Glob{nil}
	for _, row := range rows {
		var next [][]policy.Glob
		for _, c := range combinations {
			for _, g := range row {
				next = append(next, append(slices.Clip(c), g))
			}
		}
		combinations = next[:min(len(next), maxCommon)]
	}
	var out []string
	for _, c := range combinations {
		if text, found, _ := policy.FindText(c, not, nil); found {
			out = append(out, text)
		}
	}
	return out
}

// believable returns what a key of the caller may hold that is not settled.
func (v *view) believable(key string) []policy.Glob {
	switch {
	case key == "aws:principalarn" && v.c.Account != "":
		return []policy.Glob{policy.ParseGlob("arn:aws:iam::" + string(v.c.Account) + ":*"), policy.ParseGlob("arn:aws:sts::" + string(v.c.Account) + ":*")}
	case key == "aws:userid" && v.c.Kind == Role:
		return []policy.Glob{policy.LiteralGlob(string(v.c.As.EntityID) + ":").Then(policy.ParseGlob("?*"))}
	default:
		return []policy.Glob{policy.AnyText()}
	}
}

// takenValues returns the values of a key that an account that is not served here cannot have: they are those of
// accounts and organizations that are. In an account's half it is any other account, of which none is known.
func (v *view) takenValues(key string) []policy.Glob {
	if v.c.Kind != AnyAccount {
		return nil
	}
	var out []policy.Glob
	for _, a := range v.world.Accounts {
		if v.world.For != "" && (v.world.For != a.ID || strings.HasPrefix(key, "aws:principalorg")) {
			continue
		}
		switch key {
		case "aws:principalaccount":
			out = append(out, policy.LiteralGlob(string(a.ID)))
		case "aws:principalarn":
			out = append(out, policy.ParseGlob("arn:aws:*::"+string(a.ID)+":*"))
		case "aws:principalorgid":
			out = append(out, policy.LiteralGlob(string(a.Organization)))
		case "aws:principalorgpaths":
			if a.Organization != "" {
				out = append(out, policy.ParseGlob(string(a.Organization)+"/*"))
			}
		}
	}
	return out
}

// impossible reports whether a condition cannot hold though its key is open, because the key cannot have such values
// for this caller.
func (v *view) impossible(d *policy.Document, i, j int) bool {
	c := &d.Statements[i].Conditions[j]
	o := operatorOf(c.Operator)
	if !o.text() || o.negated() || o.ifExists || o.set == "ForAllValues" || strings.HasSuffix(o.base, "IgnoreCase") || len(d.Variables(i, j)) > 0 {
		return false
	}
	key := strings.ToLower(c.Key)
	can, not := v.believable(key), v.takenValues(key)
	for _, text := range c.Values {
		g, ok := policy.ValueGlob(text, !o.patterns(), &v.settled)
		if !ok {
			return false
		}
		for _, b := range can {
			if v.some([]policy.Glob{b, g}, not) {
				return false
			}
		}
	}
	return true
}
