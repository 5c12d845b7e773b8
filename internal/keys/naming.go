package keys

// Naming is a range of keys whose records name blobs: records.Part if Parts is set, else records.Object.
type Naming struct {
	From, To []byte
	Parts    bool
}

// AllNaming returns the ranges of all keys whose records name blobs. A blob is named by no other key, but for those
// of AllGarbage and AllWriting.
func AllNaming() []Naming {
	var all []Naming
	for _, b := range []byte{'O', 'V', 'P'} {
		from, to := space(b)
		all = append(all, Naming{from, to, b == 'P'})
	}
	return all
}
