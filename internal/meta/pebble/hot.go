package pebble

import (
	"bytes"
	"hash/maphash"
)

const (
	// hotBytes bounds what hot holds, keys and values together.
	hotBytes = 1 << 20
	// hotValue is the largest value that it holds.
	hotValue = 32 << 10
)

// hot holds the values of keys that Updates read over and over and seldom write, such as the record of a bucket,
// which every PUT reads: to look for an old key, Pebble asks every newer table. It belongs to the holder of
// the turn. What it holds is the newest state, because whoever writes a key has the turn and forgets it first.
type hot struct {
	seed   maphash.Seed
	values map[string][]byte
	size   int         // bytes of keys and values
	once   [256]uint64 // hashes of keys that were read once, of late
}

func newHot() *hot { return &hot{seed: maphash.MakeSeed(), values: make(map[string][]byte)} }

// get returns a copy of the value of key; ok is false if it is not held.
func (h *hot) get(key []byte) (value []byte, ok bool) {
	held, ok := h.values[string(key)]
	if !ok {
		return nil, false
	}
	return append(make([]byte, 0, len(held)), held...), true // not nil, even if empty
}

// offer gives h the value that key has in the database. It is kept from the second time on: most keys are read once.
func (h *hot) offer(key, value []byte) {
	if len(value) > hotValue {
		return
	}
	sum := maphash.Bytes(h.seed, key)
	slot := &h.once[sum%uint64(len(h.once))]
	if *slot != sum {
		*slot = sum
		return
	}
	if h.size += len(key) + len(value); h.size > hotBytes {
		clear(h.values)
		h.size = len(key) + len(value)
	}
	h.values[string(key)] = bytes.Clone(value)
}

// forget drops key, which is about to be written. Whether it will be does not matter.
func (h *hot) forget(key []byte) {
	if value, ok := h.values[string(key)]; ok {
		h.size -= len(key) + len(value)
		delete(h.values, string(key))
	}
}
