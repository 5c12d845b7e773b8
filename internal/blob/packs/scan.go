package packs

import (
	"io"
	"slices"
)

// contents are the extents of a pack, in order.
type contents struct {
	// blobs are where intact headers are.
	blobs []location
	// damaged are the pages at which there are damaged ones.
	damaged []uint32
}

// empty tells whether there is nothing.
func (c *contents) empty() bool { return len(c.blobs) == 0 && len(c.damaged) == 0 }

// scan returns what a pack has. Behind an extent is the next one, or pages without a blob, of which each could be the
// first of an extent. Contents of blobs are not taken for headers, since those have the ID of the pack, which is not told
// to anybody.
func scan(f *file, pack packID) (*contents, error) {
	size, err := f.size()
	if err != nil {
		return nil, err
	}
	found, s := new(contents), scanner{f: f}
	for page := uint32(0); int64(page)*pageSize < size; {
		h, err := s.header(page)
		if err != nil {
			return nil, err
		}
		switch l, what := parseHeader(h, pack, page); what {
		case intact:
			found.blobs = append(found.blobs, l)
			page += l.pages()
		case damaged:
			found.damaged = append(found.damaged, page)
			page++
		default:
			page++
		}
	}
	return found, nil
}

// scanner reads headers: one by one where extents lie side by side, and many pages at once where there are none.
type scanner struct {
	f      *file
	last   uint32           // the page that was asked for last
	window [64 * 1024]byte  // of the file
	from   int64            // where the window begins in it
	length int              // of what is in the window
	single [headerSize]byte // what is read alone
}

// header returns what lies where the header of an extent at page would lie, zeros behind the end of the file.
func (s *scanner) header(page uint32) ([]byte, error) {
	at := int64(page) * pageSize
	next := page == s.last+1
	s.last = page
	if at >= s.from && at+headerSize <= s.from+int64(s.length) {
		return s.window[at-s.from:][:headerSize], nil
	}
	if !next {
		clear(s.single[:])
		_, err := s.f.ReadAt(s.single[:], at)
		if err == io.EOF {
			err = nil
		}
		return s.single[:], err
	}
	clear(s.window[:])
	n, err := s.f.ReadAt(s.window[:], at)
	if err == io.EOF {
		n, err = len(s.window), nil
	}
	s.from, s.length = at, n
	return s.window[:headerSize], err
}

// zeroRest makes zeros of all but the blobs of c that are kept, and of what is behind damaged headers up to the next blob.
// c has kept, in order.
func zeroRest(f *file, c *contents, kept []location) error {
	size, err := f.size()
	if err != nil {
		return err
	}
	from, damaged := int64(0), c.damaged
	for _, l := range append(slices.Clip(kept), location{page: uint32((size + pageSize - 1) / pageSize)}) {
		to := l.offset()
		for ; len(damaged) > 0 && int64(damaged[0])*pageSize < l.offset(); damaged = damaged[1:] {
			to = min(to, int64(damaged[0])*pageSize)
		}
		if err := f.zero(from, to); err != nil {
			return err
		}
		from = l.end()
	}
	return nil
}
