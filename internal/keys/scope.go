package keys

import "crossgrant/internal/ids"

// Scope is a part of the store that is cached together for authorization: a cache entry that was
// read from a scope is dropped when any key of that scope is written. Exactly one field is set.
type Scope struct {
	Account   ids.AccountID   // the account's record and its IAM entities
	AccessKey ids.AccessKeyID // one access key
	Bucket    string          // one bucket's record
}

// ScopeOf returns the scope that key belongs to; ok is false for keys that no permission is read
// from, such as objects. Because it works on the key itself, no writer can forget to say what it
// changed.
func ScopeOf(key []byte) (s Scope, ok bool) {
	if len(key) < 2 {
		return Scope{}, false
	}
	switch key[0] {
	case 'A':
		return Scope{Account: ids.AccountID(key[1:])}, true
	case 'I':
		if len(key) < 13 {
			return Scope{}, false
		}
		return Scope{Account: ids.AccountID(key[1:13])}, true
	case 'K':
		return Scope{AccessKey: ids.AccessKeyID(key[1:])}, true
	case 'B':
		return Scope{Bucket: string(key[1:])}, true
	}
	return Scope{}, false
}
