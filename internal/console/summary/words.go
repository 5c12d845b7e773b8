package summary

import (
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// who returns the principals of a statement in words, or nil if it names none.
func who(s *policy.Node) []string {
	except := ""
	named := s.Member("Principal")
	if named == nil {
		if named = s.Member("NotPrincipal"); named == nil {
			return nil
		}
		except = "everyone except "
	}
	if named.Kind != policy.ObjectNode {
		return []string{except + everyone(named.Text)}
	}
	out := []string{}
	for i := range named.Members {
		kind := named.Members[i].Name
		for _, name := range texts(&named.Members[i].Value) {
			out = append(out, except+principal(kind, name))
		}
	}
	return out
}

func everyone(name string) string {
	if name == "*" {
		return "everyone"
	}
	return name
}

// principal tells of one principal what it is.
func principal(kind, name string) string {
	switch kind {
	case "AWS":
		if account, ok := strings.CutPrefix(name, "arn:aws:iam::"); ok {
			if id, ok := strings.CutSuffix(account, ":root"); ok {
				return "account " + id
			}
			id, resource, _ := strings.Cut(account, ":")
			what, path, _ := strings.Cut(resource, "/")
			if what == "user" || what == "role" {
				return what + " " + path + " of account " + id
			}
		}
		if ids.IsAccountID(name) {
			return "account " + name
		}
		return everyone(name)
	case "Service":
		return "service " + name
	case "Federated":
		return "identities of " + name
	case "CanonicalUser":
		return "account with canonical ID " + name
	default:
		return kind + " " + name
	}
}

// resources returns the resources of a statement in words.
func resources(s *policy.Node) []Resource {
	named, not := s.Member("Resource"), false
	if named == nil {
		named, not = s.Member("NotResource"), true
	}
	var out []Resource
	for _, text := range texts(named) {
		out = append(out, Resource{Words: resource(text), Text: text, Not: not})
	}
	return out
}

// resource tells what an ARN or pattern stands for; empty if it says that best by itself.
func resource(text string) string {
	if text == "*" {
		return "all resources"
	}
	if name, ok := strings.CutPrefix(text, "arn:aws:s3:::"); ok {
		bucket, key, object := strings.Cut(name, "/")
		of := "bucket " + bucket
		switch {
		case bucket == "*":
			of = "every bucket"
		case strings.ContainsAny(bucket, "*?"):
			of = "buckets like " + bucket
		}
		switch {
		case !object && name == "*":
			return "every bucket and every object"
		case !object:
			return of
		case key == "*":
			return "all objects of " + of
		case strings.HasSuffix(key, "*") && strings.Count(key, "*") == 1 && !strings.ContainsAny(key, "?$"):
			return "objects below " + strings.TrimSuffix(key, "*") + " of " + of
		case strings.ContainsAny(key, "*?$"):
			return "objects like " + key + " of " + of
		default:
			return "object " + key + " of " + of
		}
	}
	if rest, ok := strings.CutPrefix(text, "arn:aws:iam::"); ok {
		account, what, _ := strings.Cut(rest, ":")
		kind, name, named := strings.Cut(what, "/")
		if !named {
			return ""
		}
		of := " of account " + account
		if strings.ContainsAny(account, "*?") || account == "" {
			of = " of any account"
		}
		if account == "aws" {
			of = " of AWS"
		}
		if name == "*" {
			return "every " + kind + of
		}
		return kind + " " + name + of
	}
	return ""
}

// verbs are what operators say between a key and its values.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var verbs = map[string]string{
	"StringEquals": "is", "StringNotEquals": "is not", "StringEqualsIgnoreCase": "is, in any letters,", "StringNotEqualsIgnoreCase": "is not, in any letters,",
	"StringLike": "is like", "StringNotLike": "is not like",
	"NumericEquals": "is", "NumericNotEquals": "is not", "NumericLessThan": "is less than", "NumericLessThanEquals": "is at most",
	"NumericGreaterThan": "is more than", "NumericGreaterThanEquals": "is at least",
	"DateEquals": "is", "DateNotEquals": "is not", "DateLessThan": "is before", "DateLessThanEquals": "is not after",
	"DateGreaterThan": "is after", "DateGreaterThanEquals": "is not before",
	"Bool": "is", "BinaryEquals": "is", "IpAddress": "is in", "NotIpAddress": "is not in",
	"ArnEquals": "is", "ArnLike": "is like", "ArnNotEquals": "is not", "ArnNotLike": "is not like",
}

// conditions returns the conditions of a statement in words. All must hold.
func conditions(n *policy.Node) []string {
	if n == nil {
		return nil
	}
	var out []string
	for i := range n.Members {
		for j := range n.Members[i].Value.Members {
			key := &n.Members[i].Value.Members[j]
			out = append(out, condition(n.Members[i].Name, key.Name, texts(&key.Value)))
		}
	}
	return out
}

func condition(operator, key string, values []string) string {
	plain, ifExists := strings.CutSuffix(operator, "IfExists")
	subject := key
	if rest, ok := strings.CutPrefix(plain, "ForAllValues:"); ok {
		plain, subject = rest, "each value of "+key
	}
	if rest, ok := strings.CutPrefix(plain, "ForAnyValue:"); ok {
		plain, subject = rest, "some value of "+key
	}
	if plain == "Null" && len(values) == 1 {
		if strings.EqualFold(values[0], "true") {
			return key + " is absent"
		}
		return key + " is there"
	}
	verb, known := verbs[plain]
	if !known {
		verb = plain
	}
	joint := " or "
	if strings.Contains(verb, " not") && verb != "is not after" && verb != "is not before" {
		joint = " nor "
	}
	text := subject + " " + verb + " " + strings.Join(values, joint)
	if ifExists {
		text += ", or it is absent"
	}
	return text
}
