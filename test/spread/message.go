package spread

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxHead is the size in bytes of a head beyond which its message is passed on unread.
const maxHead = 1 << 20

// errEndless says that a head has no end within maxHead.
var errEndless = errors.New("spread: the head of a message has no end")

// readHead returns the bytes of a head up to and with the empty line that ends it, or what there is of it and an error.
func readHead(r *bufio.Reader) ([]byte, error) {
	var head []byte
	for len(head) < maxHead {
		line, err := r.ReadSlice('\n')
		head = append(head, line...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return head, err
		case len(line) <= 2 && (len(line) == 1 || line[0] == '\r') && complete(head, line):
			return head, nil
		}
	}
	return head, errEndless
}

// complete reports whether line, the last of head, begins behind a line's end: it may be the rest of a line that is longer
// than the buffer.
func complete(head, line []byte) bool {
	before := head[:len(head)-len(line)]
	return len(before) == 0 || before[len(before)-1] == '\n'
}

// framing is how long a message is behind its head.
type framing struct {
	chunked bool
	length  int64 // in bytes; -1: until the connection ends
	last    bool  // no other message follows on the connection
}

var noBody = framing{}

// readRequest reads the head of a request.
func readRequest(head []byte) (*http.Request, framing, error) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return nil, noBody, err
	}
	if r.Method == http.MethodConnect || r.Header.Get("Upgrade") != "" {
		return nil, noBody, fmt.Errorf("spread: %s makes a tunnel", r.Method)
	}
	f := framing{last: r.Close, length: r.ContentLength, chunked: len(r.TransferEncoding) > 0}
	return r, f, nil
}

// readResponse reads the head of an answer to a request with a method. It reports whether it is an interim one.
func readResponse(head []byte, method string) (interim bool, f framing, err error) {
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: method})
	if err != nil {
		return false, noBody, err
	}
	if r.StatusCode == http.StatusSwitchingProtocols {
		return false, noBody, errors.New("spread: the answer makes a tunnel")
	}
	f = framing{last: r.Close, length: r.ContentLength, chunked: len(r.TransferEncoding) > 0}
	if method == http.MethodHead || r.StatusCode < 200 || r.StatusCode == http.StatusNoContent || r.StatusCode == http.StatusNotModified {
		f.length, f.chunked = 0, false
	}
	f.last = f.last || f.length < 0 && !f.chunked
	return r.StatusCode < 200, f, nil
}

// pass copies what is behind a head. An error of w is told from one of r by errWrite.
func (f framing) pass(w io.Writer, r *bufio.Reader) error {
	w = writer{w}
	if f.chunked {
		return passChunks(w, r)
	}
	if f.length < 0 {
		_, err := io.Copy(w, r)
		return err
	}
	_, err := io.CopyN(w, r, f.length)
	return err
}

// passChunks copies chunks as they are, up to and with the trailer behind them. What is not a chunk is copied with all that
// follows.
//
// Source: https://datatracker.ietf.org/doc/html/rfc9112#section-7.1
func passChunks(w io.Writer, r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if _, failed := w.Write(line); failed != nil {
			return failed
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		digits, _, _ := strings.Cut(string(line), ";")
		size, malformed := strconv.ParseUint(strings.TrimSpace(digits), 16, 62)
		if malformed != nil || err != nil {
			_, err := io.Copy(w, r)
			return errors.Join(errors.New("spread: malformed chunk"), err)
		}
		if size == 0 {
			trailer, err := readHead(r)
			_, failed := w.Write(trailer)
			return errors.Join(failed, err)
		}
		if _, err := io.CopyN(w, r, int64(size)+2); err != nil {
			return err
		}
	}
}

// errWrite wraps the errors of writing.
var errWrite = errors.New("spread: write")

// writer tells errors of writing from those of reading.
type writer struct{ io.Writer }

func (w writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", errWrite, err)
	}
	return n, err
}
