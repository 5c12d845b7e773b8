package access

// Capacity is how many entries the caches of one server hold, of each kind.
type Capacity struct {
	Accounts, Callers, Policies, Buckets int
}

// Capacities returns how many entries the caches of one server hold; bench/scale computes from them how often they hit.
func Capacities() Capacity {
	return Capacity{Accounts: maxAccounts, Callers: maxCallers, Policies: maxPolicies, Buckets: maxBuckets}
}
