//go:build race

package authz

// defaultPairs is smaller than without the race detector, under which everything is slow.
const defaultPairs = 50_000
