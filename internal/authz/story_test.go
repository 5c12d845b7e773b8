package authz

import (
	"encoding/json"
	"fmt"
	"strings"
)

// disagreement describes a case on which the evaluators disagree, made as small as it gets.
func disagreement(c *plainCase) string {
	c = minimise(c, func(c *plainCase) bool {
		_, got, err := compare(c)
		return err == nil && got != ""
	})
	want, got, _ := compare(c)
	return fmt.Sprintf("Decide says %s, the naive evaluator %s by %s:\n\n%s", got, want.effect, want.why, c.story())
}

// wellFormed reports whether the case is one that newRandomWorld could have made: a request is about a
// bucket or about a role, and a single-valued key has a value.
func (c *plainCase) wellFormed() bool {
	for _, v := range c.Keys {
		if !v.Multi && len(v.Values) != 1 {
			return false
		}
	}
	return (c.Bucket == nil) == c.Trust
}

// minimise removes one thing after another from a case for as long as it stays interesting.
func minimise(c *plainCase, interesting func(*plainCase) bool) *plainCase {
	for smaller := true; smaller; {
		smaller = false
		for i := 0; ; i++ {
			candidate, done := without(c, i)
			if done {
				break
			}
			if candidate != nil && candidate.wellFormed() && interesting(candidate) {
				c, smaller = candidate, true
				i--
			}
		}
	}
	return c
}

// without returns a copy of the case without its i-th removable part: an element of a list, a key, what
// a pointer points to, or a setting. done tells that there are not so many.
func without(c *plainCase, i int) (candidate *plainCase, done bool) {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		panic(err)
	}
	if _, removed := remove(tree, &i); !removed {
		return nil, true
	}
	text, err = json.Marshal(tree)
	if err != nil {
		panic(err)
	}
	candidate = new(plainCase)
	if json.Unmarshal(text, candidate) != nil {
		return nil, false
	}
	return candidate, false
}

// remove takes the i-th part out of a tree, counting down, and returns the tree.
func remove(tree any, i *int) (any, bool) {
	take := func() bool { *i--; return *i < 0 }
	switch v := tree.(type) {
	case []any:
		for n := range v {
			if take() {
				return append(v[:n:n], v[n+1:]...), true
			}
			if smaller, ok := remove(v[n], i); ok {
				v[n] = smaller
				return v, true
			}
		}
	case map[string]any:
		for _, key := range sorted(v) {
			switch v[key].(type) {
			case nil, string, float64:
				continue
			}
			if v[key] != false && take() {
				delete(v, key)
				return v, true
			}
			if smaller, ok := remove(v[key], i); ok {
				v[key] = smaller
				return v, true
			}
		}
	}
	return tree, false
}

// story writes the case down as a file of testdata would, with Decide's answer.
func (c *plainCase) story() string {
	var out strings.Builder
	say := func(command, input, answer string) {
		out.WriteString(command + "\n")
		if input != "" {
			out.WriteString(input + "\n")
		}
		out.WriteString("----\n" + answer + "\n\n")
	}
	put := func(command string, policies []*plainPolicy) {
		if len(policies) == 0 {
			say(command, "", "ok")
		}
		for _, p := range policies {
			text := "unreadable"
			if !p.Unreadable {
				text = p.text()
			}
			say(command, text, "ok")
		}
	}
	say("reset", "", "ok")
	for i, level := range c.RCPs {
		put(fmt.Sprintf("rcp level=%d", i), level)
	}
	for i, level := range c.SCPs {
		put(fmt.Sprintf("scp account=%s level=%d", naiveCallerOf(c.Caller).account, i), level)
	}
	if c.Policy != nil {
		command := "bucket-policy"
		if c.Trust {
			command = "trust-policy"
		}
		put(command, []*plainPolicy{c.Policy})
	}
	put("identity-policy principal="+c.Caller, c.Identity)
	if c.Boundary != nil {
		put("boundary principal="+c.Caller, c.Boundary)
	}
	if c.Session != nil {
		put("session-policy principal="+c.Caller, c.Session)
	}
	question := fmt.Sprintf("decide as=%s action=%s on=%s", c.Caller, c.Action, c.Resource)
	if c.Bucket != nil {
		question += c.Bucket.story(say)
	}
	in, err := c.input()
	if err != nil {
		return out.String() + err.Error()
	}
	d := Decide(in)
	say(question, c.keys(), answer(&d))
	return out.String()
}

// story writes down the bucket's settings and returns the arguments that are the question's.
func (b *plainBucket) story(say func(command, input, answer string)) string {
	grants := func(argument string, grants []plainGrant) string {
		var names []string
		for _, g := range grants {
			names = append(names, g.To+":"+g.Permission)
		}
		if names == nil {
			return " private=no"
		}
		return " private=no " + argument + "=(" + strings.Join(names, ", ") + ")"
	}
	say("bucket-acl"+grants("grants", b.Grants), "", "ok")
	if b.Object != nil {
		say("object owner="+b.Object.Owner+grants("acl", b.Object.Grants), "", "ok")
	}
	if b.Enforced {
		say("ownership setting=BucketOwnerEnforced", "", "ok")
	}
	for _, s := range []struct {
		on   bool
		name string
	}{{b.IgnorePublicAcls, "IgnorePublicAcls"}, {b.RestrictPublicBuckets, "RestrictPublicBuckets"}} {
		if s.on {
			say("block settings="+s.name, "", "ok")
		}
	}
	arguments := ""
	if b.RequesterPays {
		say("requester-pays", "", "ok")
	}
	if b.Pays {
		arguments += " pays"
	}
	if b.NewOwner != "" {
		arguments += " new-owner=" + b.NewOwner
	}
	return arguments
}

// keys writes down the condition keys.
func (c *plainCase) keys() string {
	var lines []string
	for _, key := range sorted(c.Keys) {
		v := c.Keys[key]
		text := strings.Join(v.Values, "|")
		if v.Multi {
			text = "[" + text + "]"
		}
		lines = append(lines, key+"="+text)
	}
	return strings.Join(lines, "\n")
}
