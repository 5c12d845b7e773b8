package keys

// LifecycleBucket is the key of the progress of the passes over a bucket that has a lifecycle.
func LifecycleBucket(name string) []byte { return append([]byte{'X'}, name...) }

// LifecycleBuckets is the range of the buckets that have a lifecycle, by name.
func LifecycleBuckets() (from, to []byte) { return space('X') }

// ParseLifecycleBucket returns the bucket's name from a key of LifecycleBuckets.
func ParseLifecycleBucket(key []byte) (string, error) {
	if len(key) < 2 || key[0] != 'X' {
		return "", errKey
	}
	return string(key[1:]), nil
}
