package client

import (
	"bytes"
	"fmt"
	"io"
)

// head is what counts of the head of an answer.
type head struct {
	status  int
	length  int64 // of the body; -1 if not said
	chunked bool
	keep    bool // the connection can be used again
}

var endOfHead = []byte("\r\n\r\n")

// readHead reads up to the empty line.
func (c *Conn) readHead() (head, error) {
	from := 0 // of what is buffered, how much has no end of head
	for {
		if i := bytes.Index(c.buf[c.r+from:c.w], endOfHead); i >= 0 {
			end := c.r + from + i
			h, err := parseHead(c.buf[c.r:end])
			c.r = end + len(endOfHead)
			return h, err
		}
		from = max(c.w-c.r-len(endOfHead)+1, 0)
		if err := c.fill(); err != nil {
			return head{}, err
		}
	}
}

// parseHead parses a status line and the headers.
func parseHead(text []byte) (head, error) {
	line, rest := cutLine(text)
	h := head{length: -1, keep: true}
	if len(line) < 12 || string(line[:9]) != "HTTP/1.1 " || len(line) > 12 && line[12] != ' ' {
		return h, fmt.Errorf("%w: status line %q", ErrProtocol, line)
	}
	status, ok := number(line[9:12], 10)
	if !ok || status < 200 {
		return h, fmt.Errorf("%w: status line %q", ErrProtocol, line)
	}
	h.status = int(status)
	for len(rest) > 0 {
		line, rest = cutLine(rest)
		if err := h.header(line); err != nil {
			return h, err
		}
	}
	return h, nil
}

// header notes one header. Only the names of three matter, which their length and first letter tell apart
// from most.
func (h *head) header(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return fmt.Errorf("%w: header %q", ErrProtocol, line)
	}
	name := line[:colon]
	switch {
	case colon == 14 && equalFold(name, "content-length"):
		n, ok := number(bytes.TrimSpace(line[colon+1:]), 10)
		if !ok || h.length >= 0 && h.length != n {
			return fmt.Errorf("%w: header %q", ErrProtocol, line)
		}
		h.length = n
	case colon == 17 && equalFold(name, "transfer-encoding"):
		if !equalFold(bytes.TrimSpace(line[colon+1:]), "chunked") {
			return fmt.Errorf("%w: header %q", ErrProtocol, line)
		}
		h.chunked = true
	case colon == 10 && equalFold(name, "connection"):
		h.keep = !equalFold(bytes.TrimSpace(line[colon+1:]), "close")
	}
	return nil
}

// readBody reads a body into sink and returns its length.
func (c *Conn) readBody(h *head, sink io.Writer) (int64, error) {
	switch {
	case h.chunked:
		return c.readChunks(sink)
	case h.length >= 0:
		return c.readExactly(h.length, sink)
	}
	return 0, fmt.Errorf("%w: the body has no length", ErrProtocol)
}

func (c *Conn) readExactly(length int64, sink io.Writer) (int64, error) {
	var done int64
	skipper, _ := sink.(Skipper)
	for done < length {
		if c.r == c.w {
			if skipper != nil {
				n, err := c.skip(skipper, length-done)
				if done += int64(n); err != nil {
					return done, err
				}
				if n > 0 {
					continue
				}
			}
			if err := c.fill(); err != nil {
				return done, err
			}
		}
		n := int(min(int64(c.w-c.r), length-done))
		if _, err := sink.Write(c.buf[c.r : c.r+n]); err != nil {
			return done, err
		}
		c.r += n
		done += int64(n)
	}
	return done, nil
}

// skipped is how many bytes are worth skipping.
const skipped = 32 << 10

// skip throws away, of the next rest bytes of a body, some that the sink can do without.
func (c *Conn) skip(sink Skipper, rest int64) (int, error) {
	n := min(sink.Skippable(), rest)
	if n < skipped {
		return 0, nil
	}
	got, ok, err := c.drain.discard(n)
	if !ok || err != nil {
		return 0, err
	}
	sink.Skip(got)
	return got, nil
}

func (c *Conn) readChunks(sink io.Writer) (int64, error) {
	var done int64
	for {
		line, err := c.readLine()
		if err != nil {
			return done, err
		}
		size, ok := number(line, 16)
		if !ok {
			return done, fmt.Errorf("%w: size of a chunk %q", ErrProtocol, line)
		}
		if size > 0 {
			n, err := c.readExactly(size, sink)
			if done += n; err != nil {
				return done, err
			}
		}
		if line, err = c.readLine(); err != nil {
			return done, err
		}
		if len(line) > 0 {
			return done, fmt.Errorf("%w: %q behind a chunk", ErrProtocol, line)
		}
		if size == 0 {
			return done, nil
		}
	}
}

// readLine returns a line without its end, good until the next read.
func (c *Conn) readLine() ([]byte, error) {
	for {
		if i := bytes.IndexByte(c.buf[c.r:c.w], '\n'); i > 0 && c.buf[c.r+i-1] == '\r' {
			line := c.buf[c.r : c.r+i-1]
			c.r += i + 1
			return line, nil
		} else if i >= 0 {
			return nil, fmt.Errorf("%w: line without carriage return", ErrProtocol)
		}
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

// cutLine returns the first line of text and what follows it.
func cutLine(text []byte) (line, rest []byte) {
	i := bytes.IndexByte(text, '\n')
	if i < 0 {
		return text, nil
	}
	return bytes.TrimSuffix(text[:i], []byte{'\r'}), text[i+1:]
}

// number parses digits, at most 16.
func number(text []byte, base int64) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	for _, c := range text {
		var d int64
		switch {
		case c >= '0' && c <= '9':
			d = int64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = int64(c|0x20-'a') + 10
		default:
			return 0, false
		}
		if d >= base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}

// equalFold compares with lower, a text in lower case.
func equalFold(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
