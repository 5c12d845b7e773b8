package s3blob

import "testing"

// TestPartBytes: parts are alike, none is smaller than what is configured, and there are never too many.
func TestPartBytes(t *testing.T) {
	t.Parallel()
	const least = 8 << 20
	s := &Store{opts: Options{PartBytes: least}}
	for _, c := range []struct{ size, part int64 }{
		{-1, least}, {0, least}, {1, least}, {least, least},
		{least + 1, least + 1}, {2*least - 1, 2*least - 1}, // one request
		{2 * least, least}, {2*least + 4096, least + 2048}, {2*least + 1, least + 1},
		{maxParts * least, least}, {5 << 40, (5<<40 + maxParts - 1) / maxParts},
	} {
		part := s.partBytes(c.size)
		if part != c.part {
			t.Errorf("%d bytes have parts of %d, want %d", c.size, part, c.part)
		}
		if parts := (c.size + part - 1) / part; parts > maxParts {
			t.Errorf("%d bytes have %d parts", c.size, parts)
		}
	}
}

// TestClasses: buffers have room for what they are asked for, and come back to where they were taken from.
func TestClasses(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 15, 16, 17, 1000, 64 << 10, 64<<10 + 4096, 64<<10 + 4097, 8 << 20, 8<<20 + 2048, 9 << 20, 17 << 20} {
		class := classOf(size)
		room := capacity(class)
		if room < size || class > 0 && capacity(class-1) >= size {
			t.Errorf("%d bytes get %d", size, room)
		}
		if again := classOf(room); again != class {
			t.Errorf("a buffer of class %d comes back to class %d", class, again)
		}
	}
}
