package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
)

// chunkReader decodes aws-chunked:
//
//	body    = *chunk last-chunk ( trailer / CRLF )
//	chunk   = 1*16HEXDIG [ ";chunk-signature=" 64HEXDIG ] CRLF data CRLF
//	last    = "0" [ ";chunk-signature=" 64HEXDIG ] CRLF
//	trailer = *( name ":" value EOL ) [ "x-amz-trailer-signature:" 64HEXDIG EOL ] CRLF
//	EOL     = CRLF / LF
//
// Each chunk is signed together with the signature before it, the first with that of the request.
// Chunks up to maxHeld are held back until they are verified; larger ones are passed on, but for
// their last bytes, and end in an error if they do not verify.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html ,
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
type chunkReader struct {
	src       *bufio.Reader
	kind      payloadKind
	v         *Verified // nil unless kind is signed
	announced map[string]bool
	left      int64 // of the decoded length, after the chunk in hand
	err       error // final

	number    int // of the chunk in hand, from 1
	chunkSize int64
	chunkLeft int64  // not read from src yet
	chunkSig  string // as sent
	previous  string // signature before this chunk
	hash      hash.Hash
	held      []byte // verified data that was not read yet

	buffer  []byte
	trailer map[string]string
}

const (
	maxHeld       = 128 << 10
	minChunk      = 8 << 10 // of all chunks but the last
	maxChunkLine  = 128
	maxTrailer    = 8 << 10
	sigExtension  = ";chunk-signature="
	trailerSigKey = "x-amz-trailer-signature"
)

func newChunkReader(raw io.Reader, kind payloadKind, v *Verified, size int64, announced string) *chunkReader {
	c := &chunkReader{src: bufio.NewReaderSize(raw, 4<<10), kind: kind, left: size, announced: map[string]bool{}}
	if kind.signed() {
		c.v, c.previous, c.hash = v, v.Signed.Signature, sha256.New()
	}
	for name := range strings.SplitSeq(announced, ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			c.announced[name] = true
		}
	}
	return c
}

// Read implements io.Reader as Body.Read says.
func (c *chunkReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if len(c.held) > 0 {
			n := copy(p, c.held)
			c.held = c.held[n:]
			return n, nil
		}
		if c.err != nil {
			return 0, c.err
		}
		if c.chunkLeft > 0 {
			n, err := c.stream(p)
			if c.err = err; err == nil {
				return n, nil
			}
			continue
		}
		c.err = c.next()
	}
}

// next reads the header of the next chunk, and the whole chunk if it is small enough to be held. It
// returns io.EOF after the last one.
func (c *chunkReader) next() error {
	last := c.chunkSize
	if err := c.readHeader(); err != nil {
		return err
	}
	c.number++
	if c.chunkSize == 0 {
		return c.finish()
	}
	if c.number > 1 && last < minChunk {
		return apierr.New(403, "InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes").
			With("Chunk", strconv.Itoa(c.number)).With("BadChunkSize", strconv.FormatInt(last, 10))
	}
	if c.chunkSize > c.left {
		return incompleteBody()
	}
	c.left -= c.chunkSize
	c.chunkLeft = c.chunkSize
	if !c.kind.signed() || c.chunkSize > maxHeld {
		return nil
	}
	if int64(cap(c.buffer)) < c.chunkSize {
		c.buffer = make([]byte, c.chunkSize)
	}
	data := c.buffer[:c.chunkSize]
	if _, err := io.ReadFull(c.src, data); err != nil {
		return bodyError(err)
	}
	c.chunkLeft = 0
	c.hash.Write(data)
	if err := c.endChunk(); err != nil {
		return err
	}
	c.held = data
	return nil
}

// stream reads part of a chunk that is not held. It gives out no bytes that end a chunk which does
// not verify.
func (c *chunkReader) stream(p []byte) (int, error) {
	n, err := c.src.Read(p[:min(int64(len(p)), c.chunkLeft)])
	c.chunkLeft -= int64(n)
	if c.kind.signed() {
		c.hash.Write(p[:n])
	}
	if c.chunkLeft == 0 {
		return n, c.endChunk()
	}
	if err != nil {
		return 0, bodyError(err)
	}
	return n, nil
}

// readHeader reads the line before the data of a chunk.
func (c *chunkReader) readHeader() error {
	line, err := c.src.ReadSlice('\n')
	if err == bufio.ErrBufferFull || len(line) > maxChunkLine {
		return incompleteBody()
	}
	if err != nil {
		return bodyError(err)
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	size := text
	if c.kind.signed() && ok {
		size, c.chunkSig, ok = strings.Cut(text, sigExtension)
		ok = ok && isSHA256(c.chunkSig)
	}
	if !ok || len(size) == 0 || len(size) > 16 {
		return incompleteBody()
	}
	c.chunkSize = 0
	for i := range len(size) {
		d := unhex(size[i])
		if d > 15 || c.chunkSize > 1<<58 {
			return incompleteBody()
		}
		c.chunkSize = c.chunkSize<<4 | int64(d)
	}
	return nil
}

// endChunk reads what follows the data of a chunk and verifies the chunk.
func (c *chunkReader) endChunk() error {
	var crlf [2]byte
	if _, err := io.ReadFull(c.src, crlf[:]); err != nil {
		return bodyError(err)
	}
	if crlf != [2]byte{'\r', '\n'} {
		return incompleteBody()
	}
	return c.verifyChunk()
}

// emptySHA256 is the hash of nothing, which stands for the headers that a chunk does not have.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// verifyChunk compares the signature of a chunk whose data is hashed, and makes it the previous one.
func (c *chunkReader) verifyChunk() error {
	if !c.kind.signed() {
		return nil
	}
	toSign := c.appendChained(make([]byte, 0, 320), "AWS4-HMAC-SHA256-PAYLOAD")
	toSign = append(toSign, emptySHA256...)
	toSign = append(toSign, '\n')
	var sum [sha256.Size]byte
	toSign = hex.AppendEncode(toSign, c.hash.Sum(sum[:0]))
	c.hash.Reset()
	return c.verify(toSign, c.chunkSig)
}

// appendChained appends the lines of a string to sign that chunks and trailers have in common.
func (c *chunkReader) appendChained(dst []byte, name string) []byte {
	s := c.v.Signed
	dst = append(append(dst, name...), '\n')
	dst = append(s.Date.AppendFormat(dst, dateFormat), '\n')
	dst = append(s.Scope.append(dst), '\n')
	return append(append(dst, c.previous...), '\n')
}

func (c *chunkReader) verify(toSign []byte, signature string) error {
	if !sameSignature(hmacSum(c.v.key[:], toSign), signature) {
		return s3Mismatch(c.v.Signed, toSign, signature, c.v.canonical)
	}
	c.previous = signature
	return nil
}

// finish verifies the last chunk and reads all that follows it. It returns io.EOF if that is in order.
func (c *chunkReader) finish() error {
	if err := c.verifyChunk(); err != nil {
		return err
	}
	if c.left != 0 {
		return incompleteBody()
	}
	rest, err := io.ReadAll(io.LimitReader(c.src, maxTrailer+1))
	if err != nil {
		return bodyError(err)
	}
	if !c.kind.trailers() {
		if string(rest) != "\r\n" {
			return incompleteBody()
		}
		return io.EOF
	}
	if len(rest) > maxTrailer {
		return malformedTrailer()
	}
	return c.readTrailer(rest)
}

// readTrailer reads the trailing headers and verifies them. Empty lines are let through, because
// widespread clients send one before the signature and one more at the end.
func (c *chunkReader) readTrailer(rest []byte) error {
	if len(rest) == 0 {
		return incompleteBody()
	}
	if !bytes.HasSuffix(rest, []byte("\r\n")) {
		return malformedTrailer()
	}
	trailer := map[string]string{}
	signature := ""
	var signed []byte // "name:value\n" for each header
	for line := range strings.SplitSeq(string(rest), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.TrimSpace(value)
		switch {
		case !ok || signature != "" || !isPrintable(value):
			return malformedTrailer()
		case c.kind.signed() && name == trailerSigKey:
			if signature = value; !isSHA256(value) {
				return malformedTrailer()
			}
			continue
		case !c.announced[name]:
			return malformedTrailer()
		}
		if _, repeated := trailer[name]; repeated {
			return malformedTrailer()
		}
		trailer[name] = value
		signed = append(append(append(append(signed, name...), ':'), value...), '\n')
	}
	if len(trailer) != len(c.announced) {
		return malformedTrailer()
	}
	if c.kind.signed() {
		if signature == "" {
			return malformedTrailer()
		}
		sum := sha256.Sum256(signed)
		toSign := hex.AppendEncode(c.appendChained(nil, "AWS4-HMAC-SHA256-TRAILER"), sum[:])
		if err := c.verify(toSign, signature); err != nil {
			return err
		}
	}
	if len(trailer) > 0 {
		c.trailer = trailer
	}
	return io.EOF
}

// isPrintable reports whether s is visible ASCII and spaces.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// bodyError names the fault of a body that ended early, and passes other errors on.
func bodyError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return incompleteBody()
	}
	return fmt.Errorf("read body: %w", err)
}
