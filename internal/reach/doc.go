// Package reach computes who can reach what: not by trying requests, but from the policies. A Result has every
// Path by which a principal gets to a bucket or a role: what it may do there, on which resources, by which
// statements and grants, under which conditions, and what is excepted.
//
// It decides nothing. How the layers of policies work together is learnt from authz.Decide, which is asked about
// the same principal and target with policies of one statement that is bare of actions, resources and conditions
// (shape.go). What a statement is about is what package policy says. That a path exists is shown by a witness, a
// request that takes it and that authz.Decide allows on everything that there is (witness.go).
//
// A Result is complete: what the engine allows is on some path, and what is not possible is left out only where
// that is certain. A path without a witness is told as possible, and not proven.
//
// The package is pure: the World that it looks at is gathered by others.
package reach
