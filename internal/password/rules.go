package password

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rules is what a password has to be like.
type Rules struct {
	// MinimumLength is in characters.
	MinimumLength int
	// Symbols, Numbers, Uppercase and Lowercase each ask for one character of the kind, if Kinds is 0.
	Symbols, Numbers, Uppercase, Lowercase bool
	// Kinds is how many of the four kinds of characters there have to be, whichever they are.
	Kinds int
	// Not are texts that the password may not be, in whatever letters.
	Not []string
}

// Default returns the rules of an account without a password policy, which forbid its name and its e-mail
// address as passwords.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html#default-policy-details
func Default(name, email string) Rules {
	return Rules{MinimumLength: 8, Kinds: 3, Not: []string{name, email}}
}

// kinds are the four kinds of characters with how a message asks for one, in the order of messages.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
var kinds = []struct {
	characters, asked string
	required          func(r *Rules) bool
}{
	{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Password should have at least one uppercase letter", func(r *Rules) bool { return r.Uppercase }},
	{"abcdefghijklmnopqrstuvwxyz", "Password should have at least one lowercase letter", func(r *Rules) bool { return r.Lowercase }},
	{"0123456789", "Password should have at least one number", func(r *Rules) bool { return r.Numbers }},
	{"!@#$%^&*()_+-=[]{}|'", "Password should have at least one symbol", func(r *Rules) bool { return r.Symbols }},
}

// Violation returns what a password lacks, in AWS's words, or "" if it obeys the rules. AWS was seen to answer
// so for a short password and for one of too few kinds of characters; how it puts several of them together, and
// names a password that is the account's name, is not known.
func (r *Rules) Violation(text string) string {
	var lacks []string
	if r.MinimumLength > utf8.RuneCountInString(text) {
		lacks = append(lacks, fmt.Sprintf("Password should have a minimum length of %d", r.MinimumLength))
	}
	var absent []string
	for _, k := range kinds {
		if strings.ContainsAny(text, k.characters) {
			continue
		}
		if absent = append(absent, k.asked); r.Kinds == 0 && k.required(r) {
			lacks = append(lacks, k.asked)
		}
	}
	if missing := r.Kinds - (len(kinds) - len(absent)); missing > 0 {
		lacks = append(lacks, fmt.Sprintf("Password should meet %d more of the following requirements: %s", missing, strings.Join(absent, ", ")))
	}
	if slices.ContainsFunc(r.Not, func(not string) bool { return strings.EqualFold(not, text) }) {
		lacks = append(lacks, "Password should not be the account name or email address")
	}
	return strings.Join(lacks, ", ")
}
