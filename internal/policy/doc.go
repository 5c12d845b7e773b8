// Package policy is the policy language of IAM: it parses documents, validates them for the place
// where they are used, and matches their statements against a request.
//
//	policy      = { [Version] [Id] Statement }
//	Statement   = statement | [ statement, … ]
//	statement   = { [Sid] [Principal | NotPrincipal] Effect (Action | NotAction) (Resource | NotResource) [Condition] }
//	Principal   = "*" | { ("AWS" | "Federated" | "Service" | "CanonicalUser"): string | [ string, … ] }
//	Condition   = { operator: { key: value | [ value, … ] } }
//	value       = string | number | boolean
//
// Parsing is strict: an element that is not known is refused, never ignored, because a Condition
// that is dropped turns a conditional permission into an unconditional one.
//
// One document says which of its statements match; it does not decide. What an Allow is worth beside
// other policies, and what is missing, is package authz's to say. The package is pure: no clock, no
// network, no log. Time and addresses arrive in the Context, and callers in a Principal that holds
// every name by which a policy may mean them.
//
// A document goes through these files:
//
//	parse.go, json.go, read.go        text to Document
//	size.go                           what counts towards the limit of each Type
//	validate.go, validate_bucket.go,  the rules of each Type, in AWS's words
//	validate_values.go
//	query.go, index.go, evaluate.go,  Document and Request to Match
//	match_principal.go, condition.go, glob.go, …
//	explain.go                        what a statement has in common with a request, and what not
//	text.go, public.go                Document to canonical text; what S3 calls public
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
package policy
