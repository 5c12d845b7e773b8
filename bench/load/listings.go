package load

import (
	"context"
	"strconv"
)

// pageKeys is how many keys a page of the flat listing has, which is the most that S3 gives.
const pageKeys = 1000

const (
	elementKey    = "<Key>"
	elementPrefix = "<CommonPrefixes>"
)

// beginList lists pages of a flat bucket, each after a key that is drawn.
func beginList(ctx context.Context, s *session, _ int) (round, error) {
	name := sequential("obj-")
	keys := max(s.options.Flat, 2)
	size := min(pageKeys, keys/2)
	return round{do: func(w *worker, _ uint64) error {
		w.key = name(w.key[:0], w.random.Uint64N(keys-size))
		w.query = append(w.query[:0], "list-type=2&max-keys="...)
		w.query = appendDecimal(w.query, size, 1)
		w.query = append(append(w.query, "&start-after="...), w.key...)
		return w.list(bucketFlat, elementKey, size)
	}}, s.keys(ctx, bucketFlat, name, keys)
}

// beginListObjects lists pages of the objects that GET and HEAD choose from, each after a place that is drawn
// from the first half, so that the page is full.
func beginListObjects(ctx context.Context, s *session, size int) (round, error) {
	n, _, err := s.objects(ctx, size)
	want := min(pageKeys, max(n/4, 1))
	prefix := "read-" + strconv.Itoa(size) + "%2F"
	return round{do: func(w *worker, _ uint64) error {
		w.query = append(w.query[:0], "list-type=2&max-keys="...)
		w.query = appendDecimal(w.query, want, 1)
		w.query = append(append(w.query, "&prefix="...), prefix...)
		w.query = append(append(w.query, "&start-after="...), prefix...)
		w.query = appendHex(w.query, w.random.Uint64()>>1)
		return w.list(bucketObjects, elementKey, want)
	}}, err
}

// beginListDelimiter lists the branches of a limb of the tree that is drawn.
func beginListDelimiter(ctx context.Context, s *session, _ int) (round, error) {
	t := s.options.tree()
	return round{do: func(w *worker, _ uint64) error {
		limb := w.random.Uint64N(t.limbs())
		w.key = t.appendLimb(w.key[:0], limb)
		w.query = append(w.query[:0], "delimiter=%2F&list-type=2&prefix="...)
		w.query = appendEscaped(w.query, w.key)
		return w.list(bucketTree, elementPrefix, t.branches(limb))
	}}, s.keys(ctx, bucketTree, t.name, uint64(t))
}

// beginListDeep lists the keys of a leaf of the tree that is drawn.
func beginListDeep(ctx context.Context, s *session, _ int) (round, error) {
	t := s.options.tree()
	return round{do: func(w *worker, _ uint64) error {
		w.key = t.appendLeaf(w.key[:0], w.random.Uint64N(uint64(t)/perLeaf))
		w.query = append(w.query[:0], "list-type=2&prefix="...)
		w.query = appendEscaped(w.query, w.key)
		return w.list(bucketTree, elementKey, perLeaf)
	}}, s.keys(ctx, bucketTree, t.name, uint64(t))
}

// tree returns the tree that is asked for, whole leaves.
func (o *Options) tree() tree { return tree(max(o.Keys/perLeaf, 1) * perLeaf) }
