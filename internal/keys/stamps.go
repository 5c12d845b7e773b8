package keys

// Stamps
//
// A server that shares its store with others keeps what permissions are made of only as long as nobody has written to it,
// and asks the store for that in each request. It would be told by the revisions of all that it has read, which are
// dozens of keys. So each key belongs to a scope: an account, an organization, a bucket; and what writes a key of a scope
// writes its stamp as well, an entry without a value whose revision tells. A key of which few are read is its own stamp.
//
//	's' 'a' account      what belongs to an account
//	's' 'o' org          what belongs to an organization
//	's' 'b' bucket       the record of a bucket, by name
//	's' 't' bucket-id    its settings
//	's' 'T'              trails

// StampOf returns the key whose revision changes whenever key is written: a stamp, or key itself. It is nil for keys
// that change too often to be kept: those of objects, and what servers note for themselves.
func StampOf(key []byte) []byte {
	if len(key) == 0 || OfObjects(key) {
		return nil
	}
	switch key[0] {
	case 'A', 'I', 'D':
		if len(key) > accountWidth {
			return append([]byte("sa"), key[1:1+accountWidth]...)
		}
		return key // of AWS itself, which is no account with a number, but is asked about as one
	case 'R':
		if org, _, err := unescape(key[1:]); err == nil {
			return append([]byte("so"), org...)
		}
	case 'B':
		return append([]byte("sb"), key[1:]...)
	case 'T':
		if len(key) > len(BucketID{}) {
			return append([]byte("st"), key[1:1+len(BucketID{})]...)
		}
	case 't':
		if IsTrail(key) || IsTrailVersion(key) {
			return TrailsStamp()
		}
	case 'K', 'C', 'N':
		return key
	}
	return nil
}

// StampedBy returns the stamp that has to be written with key; nil for none.
func StampedBy(key []byte) []byte {
	stamp := StampOf(key)
	if len(stamp) == 0 || stamp[0] != 's' {
		return nil
	}
	return stamp
}

// TrailsStamp is the stamp of all trails.
func TrailsStamp() []byte { return []byte("sT") }

// IsStamp reports whether a key is the stamp of others, which is of no use in a copy of the store.
func IsStamp(key []byte) bool { return len(key) > 0 && key[0] == 's' }
