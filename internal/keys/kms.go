package keys

import "crossgrant/internal/ids"

// KMSKey is the key of a KMS key; id is its key ID.
func KMSKey(id string) []byte { return append([]byte("Sk"), id...) }

// KMSKeys is the range of all KMS keys, by key ID.
func KMSKeys() (from, to []byte) { return prefix([]byte("Sk")) }

// KMSAlias is the key that holds the ID of the KMS key that has this alias in its account.
func KMSAlias(account ids.AccountID, alias string) []byte {
	return append(append([]byte("Sa"), account...), alias...)
}
