package load

import (
	"context"
	"fmt"
)

// Of a hundred operations of mixed load so many are these; the rest are DELETE. A client deletes what it has
// put itself, and puts where it has nothing to delete.
const (
	mixedGet  = 45
	mixedHead = 25
	mixedPut  = 14
	mixedList = 2
)

// beginMixed mixes the operations on objects of the size that is given.
func beginMixed(ctx context.Context, s *session, size int) (round, error) {
	n, name, err := s.objects(ctx, size)
	c, own := s.contents[size], spread(fmt.Sprintf("mixed-%d/", size))
	had := make([]pool, len(s.workers))
	return round{do: func(w *worker, _ uint64) error {
		mine := &had[w.index]
		switch p := w.random.Uint64N(100); {
		case p < mixedGet:
			return w.getObject(bucketObjects, name, w.random.Uint64N(n), c)
		case p < mixedGet+mixedHead:
			return w.headObject(bucketObjects, name, w.random.Uint64N(n))
		case p < mixedGet+mixedHead+mixedList:
			return w.listSome(size, min(n, 100))
		case p < mixedGet+mixedHead+mixedList+mixedPut || mine.put == mine.deleted:
			mine.put++
			return w.putObject(bucketObjects, own, w.own(mine.put-1), c)
		}
		mine.deleted++
		return w.deleteObject(bucketObjects, own, w.own(mine.deleted-1))
	}}, err
}

// own returns the number of the nth key of this client.
func (w *worker) own(n uint64) uint64 { return w.index<<40 | n }

// listSome lists the first objects of those that are there to be read.
func (w *worker) listSome(size int, want uint64) error {
	w.query = append(w.query[:0], "list-type=2&max-keys="...)
	w.query = appendDecimal(w.query, want, 1)
	w.query = append(w.query, "&prefix=read-"...)
	w.query = append(appendDecimal(w.query, uint64(size), 1), "%2F"...)
	return w.list(bucketObjects, elementKey, want)
}
