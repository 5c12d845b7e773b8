package keys

// Naming is a range of keys whose records name blobs: records.Part if Parts is set, else records.Object.
type Naming struct {
	From, To []byte
	Parts    bool
}

// AllNaming returns the ranges of all keys whose records name blobs. What else a blob has a key of says where it stands:
// Blob, Garbage, Writing.
func AllNaming() []Naming {
	var all []Naming
	for _, b := range []byte{'O', 'V', 'P'} {
		from, to := space(b)
		all = append(all, Naming{from, to, b == 'P'})
	}
	return all
}
