package keys

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// Place is the place of something that lies in the order of Sequence, as what waits to be delivered. Random tells those
// apart that several servers gave the same sequence.
type Place struct {
	Sequence uint64
	Random   [8]byte
}

func (p Place) appendTo(key []byte) []byte {
	return append(binary.BigEndian.AppendUint64(key, p.Sequence), p.Random[:]...)
}

// Bytes returns the place as ParsePlace takes it.
func (p Place) Bytes() []byte { return p.appendTo(nil) }

// ParsePlace returns the place whose Bytes are given.
func ParsePlace(b []byte) (Place, error) {
	if len(b) != 16 {
		return Place{}, errKey
	}
	return Place{binary.BigEndian.Uint64(b), [8]byte(b[8:])}, nil
}

// Sequence gives out the sequences of places, in their order whatever the clock says. The zero value is ready; any number of
// goroutines may call it.
type Sequence struct{ last atomic.Uint64 }

// Next returns now in nanoseconds since 1970, or one more than the last sequence if that is not before it.
func (s *Sequence) Next(now time.Time) uint64 {
	nanoseconds := uint64(max(now.UnixNano(), 0))
	for {
		last := s.last.Load()
		next := max(nanoseconds, last+1)
		if s.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// Follow makes all that is given out from now on higher than last, which an earlier run gave out.
func (s *Sequence) Follow(last uint64) {
	for next := s.last.Load(); next < last && !s.last.CompareAndSwap(next, last); next = s.last.Load() {
	}
}

// EventSpace is the first byte of the keys of events.
const EventSpace = 'Z'

// Event is the key of an event that is to be delivered to a destination, given by its ARN.
func Event(destination string, p Place) []byte {
	return p.appendTo(escape([]byte{'Z'}, destination))
}

// Events is the range of the events for one destination, in their order.
func Events(destination string) (from, to []byte) { return prefix(escape([]byte{'Z'}, destination)) }

// AllEvents is the range of all events that are to be delivered, by destination.
func AllEvents() (from, to []byte) { return space('Z') }

// ParseEvent returns destination and place from a key of AllEvents.
func ParseEvent(key []byte) (destination string, p Place, err error) {
	if len(key) < 1 || key[0] != 'Z' {
		return "", p, errKey
	}
	destination, rest, err := unescape(key[1:])
	if err != nil {
		return "", p, err
	}
	p, err = ParsePlace(rest)
	return destination, p, err
}

// LogLines is the key of lines of the access log of a bucket.
func LogLines(b BucketID, p Place) []byte { return p.appendTo(append([]byte{'F', 'l'}, b[:]...)) }

// AllLogLines is the range of the lines of all access logs, by bucket, in their order.
func AllLogLines() (from, to []byte) { return prefix([]byte{'F', 'l'}) }

// LogObject is the key of a log object that is to be delivered.
func LogObject(b BucketID, p Place) []byte { return p.appendTo(append([]byte{'F', 'o'}, b[:]...)) }

// AllLogObjects is the range of all log objects that are to be delivered, by bucket, in their order.
func AllLogObjects() (from, to []byte) { return prefix([]byte{'F', 'o'}) }

// ParseLog returns bucket and place from a key of AllLogLines or AllLogObjects.
func ParseLog(key []byte) (b BucketID, p Place, err error) {
	if len(key) != 2+len(b)+16 || key[0] != 'F' {
		return b, p, errKey
	}
	p, err = ParsePlace(key[2+len(b):])
	return BucketID(key[2:]), p, err
}
