package space

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/policy"
)

// test is a condition of a document, taken apart.
type test struct {
	policy.Condition
	version  string // of its document
	base     string // the operator without set operator and IfExists
	set      bool   // there is a set operator
	variable bool   // some value has a policy variable
	document *policy.Document
}

// newTest takes a condition apart.
func newTest(c policy.Condition, version string) *test {
	t := &test{Condition: c, version: version, base: strings.TrimSuffix(c.Operator, "IfExists")}
	if _, rest, ok := strings.Cut(t.base, ":"); ok {
		t.base, t.set = rest, true
	}
	t.variable = slices.ContainsFunc(c.Values, func(v string) bool { return hasVariable(v, version) })
	return t
}

// hasVariable reports whether a text may have a policy variable in it.
func hasVariable(s, version string) bool { return version == "2012-10-17" && strings.Contains(s, "${") }

// id is the same for conditions that always hold together.
func (t *test) id() string {
	parts := append([]string{t.Operator, strings.ToLower(t.Key), strconv.FormatBool(t.variable)}, distinct(t.Values)...)
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings cannot fail to be encoded
	}
	return string(b)
}

// same reports whether a condition on the same key, without policy variables, holds whenever this one does.
func (t *test) same(c policy.Condition) bool {
	return c.Operator == t.Operator && slices.Equal(distinct(c.Values), distinct(t.Values))
}

// distinct returns values in order, each once.
func distinct(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

// class is how the values of an operator are compared.
func (t *test) class() string {
	for _, class := range []string{"Numeric", "Date", "Binary", "IpAddress", "Null"} {
		if strings.Contains(t.base, class) {
			return class
		}
	}
	return "text"
}

// holds asks package policy whether the condition holds.
func (t *test) holds(o *option, key string) bool {
	if t.document == nil {
		t.document = alone(t.Condition, t.version)
	}
	c := new(policy.Context)
	o.put(c, key)
	q := policy.NewQuery(&policy.Request{Action: "s3:GetObject", Resource: "*", Context: c})
	return t.document.Evaluate(&q).Grant != policy.None
}

// alone returns a document that allows everything under one condition.
func alone(c policy.Condition, version string) *policy.Document {
	text, err := json.Marshal(map[string]any{"Version": version, "Statement": map[string]any{
		"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": map[string]any{c.Operator: map[string]any{c.Key: c.Values}},
	}})
	if version == "" {
		text = []byte(strings.Replace(string(text), `,"Version":""`, "", 1))
	}
	var d *policy.Document
	if err == nil {
		d, err = policy.Parse(policy.Session, text, policy.Stored())
	}
	if err != nil {
		panic(err) // it is of a document that was parsed
	}
	return d
}

// option is what a request may have for a condition key.
type option struct {
	absent, multi bool
	values        []string
}

func (o *option) put(c *policy.Context, key string) {
	switch {
	case o.absent:
	case o.multi:
		c.SetMulti(key, o.values)
	default:
		c.Set(key, o.values[0])
	}
}

func one(value string) option { return option{values: []string{value}} }

// key is a condition key with all conditions on it.
type key struct {
	name  string // in lower case
	tests []*test
	// options are values of which each combination of conditions that a value satisfies is satisfied by one. There are
	// none if the conditions are not told apart exactly; each then becomes a switch.
	options []option
	holds   [][]bool // by option and test
}

// maxSubset is of how many values, at most, all sets are gone through.
const maxSubset = 6

// tellApart fills in the options. extra are patterns that have to be told apart as well.
func (k *key) tellApart(extra []pattern, limit int) {
	classes := map[string]bool{}
	sets := false
	for _, t := range k.tests {
		if t.variable || t.class() == "Binary" {
			return
		}
		if t.class() != "Null" {
			classes[t.class()] = true
		}
		sets = sets || t.set
	}
	if len(classes) > 1 {
		return
	}
	values, ok := k.values(classes, extra, limit)
	if !ok {
		return
	}
	info, known := policy.KeyInfo(k.name)
	options := []option{{absent: true}}
	for _, v := range values {
		options = append(options, one(v))
	}
	if !known || info.Multivalued {
		options = append(options, option{multi: true}, option{multi: true, values: values[:1]})
		if sets && len(values) > maxSubset {
			return
		}
		if sets {
			options = append(options, subsets(values)...)
		}
	}
	if len(options)*len(k.tests) > maxCompared {
		return
	}
	k.options = options
	for i := range options {
		holds := make([]bool, len(k.tests))
		for j, t := range k.tests {
			holds[j] = t.holds(&options[i], k.name)
		}
		k.holds = append(k.holds, holds)
	}
}

// subsets returns all sets of values but the empty one.
func subsets(values []string) (sets []option) {
	for bits := 1; bits < 1<<len(values); bits++ {
		o := option{multi: true}
		for i, v := range values {
			if bits&(1<<i) != 0 {
				o.values = append(o.values, v)
			}
		}
		sets = append(sets, o)
	}
	return sets
}

// values returns single values that stand for all others; ok is false if they are not known.
func (k *key) values(classes map[string]bool, extra []pattern, limit int) (values []string, ok bool) {
	var policies []string
	for _, t := range k.tests {
		if t.class() != "Null" {
			policies = append(policies, t.Values...)
		}
	}
	switch {
	case classes["Numeric"]:
		return numbers(policies)
	case classes["Date"]:
		return dates(policies)
	case classes["IpAddress"]:
		return addresses(policies)
	}
	patterns := slices.Clone(extra)
	for _, t := range k.tests {
		patterns = append(patterns, t.patterns()...)
	}
	found, ok := cells(patterns, limit)
	for _, c := range found {
		values = append(values, c.text)
	}
	return values, ok
}

// patterns returns the patterns that a condition on text compares with.
func (t *test) patterns() (patterns []pattern) {
	for _, v := range t.Values {
		switch {
		case strings.HasPrefix(t.base, "Arn"):
			patterns = append(patterns, arnGlob(v), arnGlob("arn:*:*:*:*:*"))
		case strings.HasSuffix(t.base, "Like"):
			patterns = append(patterns, glob(v, false, false))
		case strings.HasSuffix(t.base, "IgnoreCase"):
			patterns = append(patterns, text(v, true))
		case t.base == "Bool":
			patterns = append(patterns, text("true", true), text("false", true))
		case t.base != "Null":
			patterns = append(patterns, text(v, false))
		}
	}
	return patterns
}

// noValue is of none of the types that have a form.
const noValue = "x"

// numbers returns the numbers that are listed, others between them, and what is none.
func numbers(listed []string) (values []string, ok bool) {
	var all []*big.Rat
	digits := 2
	for _, v := range listed {
		r, ok := new(big.Rat).SetString(strings.TrimPrefix(v, "+"))
		if !ok || strings.ContainsAny(v, "/eE_xX") || len(v) > 64 {
			return nil, false
		}
		all = append(all, r)
		if _, fraction, found := strings.Cut(v, "."); found {
			digits = max(digits, len(fraction)+2)
		}
	}
	slices.SortFunc(all, (*big.Rat).Cmp)
	unit := big.NewRat(1, 1)
	for i, r := range all {
		before := new(big.Rat).Sub(r, unit)
		if i > 0 {
			before = new(big.Rat).Quo(new(big.Rat).Add(all[i-1], r), big.NewRat(2, 1))
		}
		values = append(values, before.FloatString(digits), r.FloatString(digits))
	}
	if len(all) > 0 {
		values = append(values, new(big.Rat).Add(all[len(all)-1], unit).FloatString(digits))
	}
	return append(values, noValue), true
}

// dates is numbers for times.
func dates(listed []string) (values []string, ok bool) {
	for _, v := range listed {
		seconds, nanos, ok := policy.ParseDate(v)
		at := time.Unix(seconds, 0).UTC()
		if !ok || nanos != 0 || at.Year() < 1 || at.Year() > 9998 {
			return nil, false
		}
		for _, d := range []time.Duration{-time.Second / 2, 0, time.Second / 2} {
			values = append(values, at.Add(d).Format(time.RFC3339Nano))
		}
	}
	return append(values, noValue), true
}

// addresses returns, of the blocks that are listed, the addresses at which what contains an address changes.
func addresses(listed []string) (values []string, ok bool) {
	values = []string{"0.0.0.0", "::", noValue}
	for _, v := range listed {
		block, ok := policy.ParseNetwork(v)
		if !ok {
			return nil, false
		}
		values = append(values, block.Addr().String())
		if next := last(block).Next(); next.IsValid() {
			values = append(values, next.String())
		}
	}
	return values, true
}

// last returns the last address of a block.
func last(block netip.Prefix) netip.Addr {
	b := block.Addr().AsSlice()
	for i := block.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
