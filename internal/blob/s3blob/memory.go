package s3blob

import (
	"context"
	"math/bits"
	"sync"

	"golang.org/x/sync/semaphore"
)

// memory is what all writers hold blobs in until they are sent: bounded by a semaphore, first come, first served. A writer that
// waits for it holds none but what is being sent, so that it never waits for itself.
type memory struct {
	most  int64
	room  *semaphore.Weighted
	pools [48]sync.Pool // *[]byte, by the class of their capacity
}

func (m *memory) init(most int64) {
	m.most, m.room = most, semaphore.NewWeighted(most)
}

// buffer is the bytes of a part. It grows as they come.
type buffer struct {
	memory *memory
	data   []byte
	most   int64 // bytes it may have
	held   int64 // of memory.room
}

// smallest is the capacity in bytes that a buffer begins with, if it may have that many.
const smallest = 64 << 10

// take waits for room for a buffer of up to most bytes.
func (m *memory) take(ctx context.Context, most int64) (*buffer, error) {
	b := &buffer{memory: m, most: most, held: min(most, m.most)}
	if err := m.room.Acquire(ctx, b.held); err != nil {
		return nil, err
	}
	return b, nil
}

// write takes the first bytes of p, as many as there is room for, and returns how many.
func (b *buffer) write(p []byte) int {
	n := int(min(int64(len(p)), b.most-int64(len(b.data))))
	b.grow(len(b.data) + n)
	b.data = append(b.data, p[:n]...)
	return n
}

func (b *buffer) full() bool { return int64(len(b.data)) == b.most }

// grow makes the capacity at least size bytes.
func (b *buffer) grow(size int) {
	if size <= cap(b.data) {
		return
	}
	data := append(b.memory.get(max(size, min(smallest, int(b.most)))), b.data...)
	b.memory.put(b.data)
	b.data = data
}

// drop gives the room back. The bytes must not be used any more.
func (b *buffer) drop() {
	b.memory.put(b.data)
	b.memory.room.Release(b.held)
	b.data, b.held = nil, 0
}

// get returns no bytes, with a capacity of at least size.
func (m *memory) get(size int) []byte {
	class := classOf(size)
	if p, _ := m.pools[class].Get().(*[]byte); p != nil {
		return (*p)[:0]
	}
	return make([]byte, 0, capacity(class))
}

// capacity is that of the buffers of a class: a power of two, and a sixteenth more, for what encryption adds to contents, which
// often have a power of two.
func capacity(class int) int { return 1<<class + 1<<class>>4 }

// classOf returns the class of the smallest buffers that have room for size bytes.
func classOf(size int) int {
	class := bits.Len(uint(size - 1))
	if class > 0 && capacity(class-1) >= size {
		return class - 1
	}
	return class
}

func (m *memory) put(data []byte) {
	if cap(data) > 0 {
		data = data[:0]
		m.pools[classOf(cap(data))].Put(&data)
	}
}
