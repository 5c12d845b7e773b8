//go:build !race

package authz

// defaultPairs is how many pairs of policies and request the random tests judge.
const defaultPairs = 1_000_000
