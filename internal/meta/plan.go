package meta

import "bytes"

// Plan says what of a range will be read, so that an engine that is far away brings that, and no more, in one round trip.
// A plan that turns out to be wrong costs round trips, and changes nothing of what is read but for what Cut says.
type Plan struct {
	// Limit is how many entries will be read, in the order of the range but for those that Delimiter skips; 0 if it is not
	// known.
	Limit int
	// Cut is how many bytes of each value are needed; 0: all of them. An engine may yield the first Cut bytes of a value
	// that has more, so that one of Cut bytes may not be whole.
	Cut int
	// Delimiter, if it is not empty, says that of the keys that are alike up to and with the first Delimiter that follows
	// their first Under bytes, only the first is read: SeekGE moves past the others.
	Delimiter []byte
	Under     int
}

// Group returns the part of key that the other keys of its group begin with; nil if it belongs to none.
func (p Plan) Group(key []byte) []byte {
	if len(p.Delimiter) == 0 || len(key) < p.Under {
		return nil
	}
	i := bytes.Index(key[p.Under:], p.Delimiter)
	if i < 0 {
		return nil
	}
	return key[:p.Under+i+len(p.Delimiter)]
}

// After returns the smallest key that sorts after every key that begins with prefix; nil if there is none.
func After(prefix []byte) []byte {
	for n := len(prefix); n > 0; n-- {
		if prefix[n-1] != 0xff {
			after := bytes.Clone(prefix[:n])
			after[n-1]++
			return after
		}
	}
	return nil
}

// Planner is a Reader that can make use of a Plan.
type Planner interface {
	Reader
	// ScanPlan is Scan of a range of which what plan says will be read.
	ScanPlan(from, to []byte, plan Plan) Iterator
}

// Scan is r.Scan, with plan if r can make use of it.
func Scan(r Reader, from, to []byte, plan Plan) Iterator {
	if p, ok := r.(Planner); ok {
		return p.ScanPlan(from, to, plan)
	}
	return r.Scan(from, to)
}
