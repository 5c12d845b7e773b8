package migrate

import "sync"

// bufferSize is how much of a blob is in memory, in bytes.
const bufferSize = 256 << 10

// buffers are pieces of memory that are used again.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, bufferSize)
}

func (b *buffers) put(p []byte) { b.pool.Put(&p) }
