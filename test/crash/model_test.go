package crash_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
)

// content is the bytes of an object or a part, by the seed that they are drawn from.
type content struct {
	seed uint64
	size int
}

// bytes returns the bytes.
func (c content) bytes() []byte {
	random := rand.New(rand.NewPCG(c.seed, 1))
	b := make([]byte, c.size+7)
	for i := 0; i < c.size; i += 8 {
		word := random.Uint64()
		for j := i; j < i+8 && j < len(b); j++ {
			b[j] = byte(word)
			word >>= 8
		}
	}
	return b[:c.size]
}

// object is what lies under a key, or a version of it.
type object struct {
	version string // empty in a bucket without versioning, and where it is not known
	marker  bool   // a delete marker
	parts   []content
	tags    string // the value of the only tag; empty: none
}

func (o *object) bytes() []byte {
	var all []byte
	for _, c := range o.parts {
		all = append(all, c.bytes()...)
	}
	return all
}

// upload is a multipart upload in progress.
type upload struct {
	id    string
	parts []content
	etags []string
}

// slot is what a client, the only one that writes there, knows of a key.
type slot struct {
	bucket, key string
	versioned   bool
	// objects are the versions, newest first; at most one without versioning.
	objects []object
	// maybe are the versions as the change leaves them that was not acknowledged before the crash; nil: there is none.
	maybe *[]object
	// upload is the one that is open; nil: none. completing says that its completion was not acknowledged.
	upload     *upload
	completing bool
}

// begin notes what a change would leave, until it is acknowledged.
func (s *slot) begin(after []object) { s.maybe = &after }

// acknowledge makes the change the truth. version is that of the newest object; empty: it is as it was noted.
func (s *slot) acknowledge(version string) {
	s.objects, s.maybe = *s.maybe, nil
	if version != "" {
		s.objects[0].version = version
	}
}

// with returns the versions with one more.
func (s *slot) with(o object) []object {
	if !s.versioned {
		return []object{o}
	}
	return append([]object{o}, s.objects...)
}

// current returns the object that a GET returns; nil if there is none.
func (s *slot) current() *object {
	if len(s.objects) == 0 || s.objects[0].marker {
		return nil
	}
	return &s.objects[0]
}

// settle compares the slot with what is there after a crash: what was acknowledged, or that and the change that was not.
// read returns the bytes of a version that is there, and its tag.
func (s *slot) settle(there []object, read func(o *object) ([]byte, string, error)) error {
	reason := s.agree(there, s.objects, read)
	if reason != nil && s.maybe != nil {
		if other := s.agree(there, *s.maybe, read); other == nil {
			reason = nil
			s.objects = *s.maybe
		} else {
			reason = fmt.Errorf("%w; and with what was under way: %w", reason, other)
		}
	}
	if reason != nil {
		return fmt.Errorf("%s/%s: %w", s.bucket, s.key, reason)
	}
	if s.completing && s.maybe != nil && len(s.objects) == len(*s.maybe) && sameContent(s.objects, *s.maybe) {
		s.upload = nil
	}
	s.maybe, s.completing = nil, false
	for i := range s.objects {
		s.objects[i].version = there[i].version
	}
	return nil
}

// agree compares what is there with what should be.
func (s *slot) agree(there, want []object, read func(o *object) ([]byte, string, error)) error {
	if len(there) != len(want) {
		return fmt.Errorf("there are %d versions, want %d", len(there), len(want))
	}
	for i := range want {
		if there[i].marker != want[i].marker || want[i].version != "" && there[i].version != want[i].version {
			return fmt.Errorf("version %d is %+v, want %s, marker %t", i, there[i], want[i].version, want[i].marker)
		}
		if want[i].marker {
			continue
		}
		got, tags, err := read(&there[i])
		if err != nil {
			return err
		}
		if wanted := want[i].bytes(); !bytes.Equal(got, wanted) {
			return fmt.Errorf("version %d has %d bytes that are not the %d that were sent", i, len(got), len(wanted))
		}
		if tags != want[i].tags {
			return fmt.Errorf("version %d has tag %q, want %q", i, tags, want[i].tags)
		}
	}
	return nil
}

func sameContent(a, b []object) bool {
	return slices.EqualFunc(a, b, func(a, b object) bool {
		return a.marker == b.marker && a.tags == b.tags && slices.Equal(a.parts, b.parts)
	})
}

// name is a bucket or a user, of which a client knows whether it is there.
type name struct {
	name  string
	there bool
	// maybe says that making or removing it was not acknowledged.
	maybe bool
}

// settle compares the name with whether it is there.
func (n *name) settle(there bool) error {
	if there != n.there && !n.maybe {
		return fmt.Errorf("%s: there %t, want %t", n.name, there, n.there)
	}
	n.there, n.maybe = there, false
	return nil
}
