package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// upload is a request with a body in chunks, as a client encodes it.
type upload struct {
	r    *Request
	v    *Verified
	body []byte
}

const (
	streamSigned        = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamTrailer       = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// encode signs an upload of data in chunks of this size.
func encode(t testing.TB, payload string, data []byte, chunk int, trailer map[string]string) upload {
	t.Helper()
	r := exampleRequest("PUT", "/key", "x-amz-decoded-content-length: "+strconv.Itoa(len(data)), "content-encoding: aws-chunked")
	names := slices.Sorted(maps.Keys(trailer))
	if len(names) > 0 {
		r.Header[headerTrailer] = []string{strings.Join(names, ",")}
	}
	s := exampleSigner.Sign(r, payload, exampleTime)
	key, previous := deriveKey(exampleSecret, s.Scope), s.Signature
	sign := func(name string, lines ...string) string {
		toSign := strings.Join(append([]string{name, exampleDate, s.Scope.String(), previous}, lines...), "\n")
		sum := hmacSum(key[:], []byte(toSign))
		previous = hex.EncodeToString(sum[:])
		return previous
	}
	signed := payload != streamTrailer
	var b bytes.Buffer
	for rest := data; ; {
		part := rest[:min(chunk, len(rest))]
		rest = rest[len(part):]
		fmt.Fprintf(&b, "%x", len(part))
		if signed {
			sum := sha256.Sum256(part)
			b.WriteString(sigExtension + sign("AWS4-HMAC-SHA256-PAYLOAD", emptySHA256, hex.EncodeToString(sum[:])))
		}
		b.WriteString("\r\n")
		b.Write(part)
		if len(part) == 0 {
			break
		}
		b.WriteString("\r\n")
	}
	lines := ""
	for _, name := range names {
		lines += name + ":" + trailer[name] + "\n"
	}
	b.WriteString(strings.ReplaceAll(lines, "\n", "\r\n"))
	if payload == streamSignedTrailer {
		b.WriteString(trailerSigKey + ":" + sign("AWS4-HMAC-SHA256-TRAILER", sha(lines)) + "\r\n")
	}
	b.WriteString("\r\n")
	return upload{r, verifyExample(t, r), b.Bytes()}
}

func (u upload) decode(body []byte) ([]byte, map[string]string, error) {
	b, err := NewBody(u.r, u.v, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	content, err := io.ReadAll(b)
	return content, b.Trailer(), err
}

func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return data
}

var checksumTrailer = map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}

func TestChunkedRoundTrip(t *testing.T) {
	for _, payload := range []string{streamSigned, streamSignedTrailer, streamTrailer} {
		for _, size := range []int{0, 1, minChunk, 3*minChunk + 5, maxHeld, 2*maxHeld + 9} {
			for _, chunk := range []int{minChunk, 64 << 10, maxHeld, maxHeld + 1, 1 << 20} {
				trailer := checksumTrailer
				if payload == streamSigned {
					trailer = nil
				}
				u := encode(t, payload, pattern(size), chunk, trailer)
				for name, wrap := range map[string]func(io.Reader) io.Reader{"plain": func(r io.Reader) io.Reader { return r }, "half": iotest.HalfReader, "data with error": iotest.DataErrReader} {
					b, err := NewBody(u.r, u.v, wrap(bytes.NewReader(u.body)))
					if err != nil {
						t.Fatal(err)
					}
					content, err := io.ReadAll(b)
					if err != nil || !bytes.Equal(content, pattern(size)) || !maps.Equal(b.Trailer(), trailer) || b.Size() != int64(size) || !b.Chunked() {
						t.Errorf("%s %d/%d %s: %d bytes, trailer %v, %v", payload, size, chunk, name, len(content), b.Trailer(), err)
					}
					if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
						t.Errorf("read after the end: %d, %v", n, err)
					}
				}
			}
		}
	}
}

// TestChunkedFaults edits bodies of two chunks and 100 bytes.
func TestChunkedFaults(t *testing.T) {
	const incomplete = "IncompleteBody 400 The request body terminated unexpectedly"
	const trailerFault = "MalformedTrailerError 400 The request contained trailing data that was not well-formed or did not conform to our published schema."
	const mismatch = "SignatureDoesNotMatch 403"
	tooSmall := func(chunk, size int) string {
		return fmt.Sprintf("InvalidChunkSizeError 403 Only the last chunk is allowed to have a size less than 8192 bytes [Chunk=%d] [BadChunkSize=%d]", chunk, size)
	}
	data := pattern(2*minChunk + 100)
	signed := func() upload { return encode(t, streamSigned, data, minChunk, nil) }
	signedTrailer := func() upload { return encode(t, streamSignedTrailer, data, minChunk, checksumTrailer) }
	unsigned := func() upload { return encode(t, streamTrailer, data, minChunk, checksumTrailer) }
	replace := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }
	last := func(b []byte) []byte { // breaks the signature of the last chunk
		b[bytes.Index(b, []byte("\r\n0;"))+len("\r\n0"+sigExtension)] ^= 1
		return b
	}
	for _, test := range []struct {
		name string
		u    upload
		edit func([]byte) []byte
		want string
	}{
		{"data", signed(), func(b []byte) []byte { b[200]++; return b }, mismatch},
		{"first signature", signed(), replace(sigExtension, sigExtension+"0"), incomplete},
		{"last signature", signed(), last, mismatch},
		{"chunks swapped", signed(), func(b []byte) []byte {
			n := bytes.Index(b[1:], []byte("\r\n2000;")) + 3
			return slices.Concat(b[n:2*n], b[:n], b[2*n:])
		}, mismatch},
		{"no signature", signed(), func(b []byte) []byte { return append([]byte("2000\r\n"), b[bytes.IndexByte(b, '\n')+1:]...) }, incomplete},
		{"no last chunk", signed(), func(b []byte) []byte { return b[:bytes.Index(b, []byte("\r\n0;"))+2] }, incomplete},
		{"no end", signed(), cut(2), incomplete},
		{"more after the end", signed(), func(b []byte) []byte { return append(b, '\n') }, incomplete},
		{"cut in the data", signed(), cut(400), incomplete},
		{"empty", signed(), func([]byte) []byte { return nil }, incomplete},
		{"bare line feed", signed(), replace("\r\n", "\n"), incomplete},
		{"space before the size", signed(), replace("2000", " 2000"), incomplete},
		{"plus before the size", unsigned(), replace("2000", "+2000"), incomplete},
		{"size too large for its bytes", unsigned(), replace("2000", "2001"), incomplete},
		{"size of 17 digits", unsigned(), replace("2000", "00000000000002000"), incomplete},
		{"enormous size", unsigned(), replace("2000", "ffffffffffffffff"), incomplete},
		{"larger than declared", unsigned(), replace("2000", "7fffffffffffffff"), incomplete},
		{"endless line", unsigned(), func([]byte) []byte { return bytes.Repeat([]byte("0"), 1<<16) }, incomplete},
		{"extension where none is", unsigned(), replace("2000", "2000;a=b"), incomplete},
		{"small chunk", encode(t, streamSigned, data, minChunk-1, nil), nil, tooSmall(2, minChunk-1)},
		{"small chunk, unsigned", encode(t, streamTrailer, data, 100, nil), nil, tooSmall(2, 100)},
		{"trailer value", signedTrailer(), replace("AAAAAA==", "AAAAAB=="), mismatch},
		{"trailer signature", signedTrailer(), replace(trailerSigKey+":", trailerSigKey+":0"), trailerFault},
		{"no trailer signature", signedTrailer(), func(b []byte) []byte { return append(b[:bytes.Index(b, []byte(trailerSigKey))], "\r\n"...) }, trailerFault},
		{"header after the signature", signedTrailer(), func(b []byte) []byte { return append(b[:len(b)-2], "x-amz-checksum-crc32:AAAAAA==\r\n\r\n"...) }, trailerFault},
		{"trailer gone", unsigned(), replace("x-amz-checksum-crc32:AAAAAA==\r\n", ""), trailerFault},
		{"trailer twice", unsigned(), replace("x-amz-checksum-crc32:AAAAAA==\r\n", strings.Repeat("x-amz-checksum-crc32:AAAAAA==\r\n", 2)), trailerFault},
		{"another trailer", unsigned(), replace("crc32:", "sha1:"), trailerFault},
		{"no colon", unsigned(), replace("crc32:", "crc32"), trailerFault},
		{"control letters", unsigned(), replace("AAAAAA", "A\x00A"), trailerFault},
		{"cut in the trailer", unsigned(), cut(5), trailerFault},
		{"no trailer part", unsigned(), func(b []byte) []byte { return b[:bytes.Index(b, []byte("\r\n0\r\n"))+5] }, incomplete},
		{"huge trailer", unsigned(), replace("AAAAAA", strings.Repeat("A", maxTrailer)), trailerFault},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := test.u.body
			if test.edit != nil {
				body = test.edit(body)
			}
			content, trailer, err := test.u.decode(body)
			if got := describe(err); got != test.want && !(test.want == mismatch && strings.HasPrefix(got, mismatch)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if trailer != nil {
				t.Errorf("trailer %v of a bad body", trailer)
			}
			if test.u.v.Signed.PayloadHash != streamTrailer && !bytes.HasPrefix(data, content) {
				t.Error("released data that did not verify")
			}
		})
	}
}

// TestLargeChunk wants a chunk that is too large to be held to end in an error if it was changed.
func TestLargeChunk(t *testing.T) {
	u := encode(t, streamSigned, pattern(4*maxHeld), 4*maxHeld, nil)
	u.body[len(u.body)/2]++
	content, _, err := u.decode(u.body)
	if !strings.HasPrefix(describe(err), "SignatureDoesNotMatch") || len(content) >= 4*maxHeld {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

func TestNewBody(t *testing.T) {
	const notMatch = "XAmzContentSHA256Mismatch 400 The provided 'x-amz-content-sha256' header does not match what was computed. "
	for _, test := range []struct {
		name, payload, body, want string
		lines                     []string
	}{
		{"hash", sha("abc"), "abc", "ok", nil},
		{"hash in upper case", strings.ToUpper(sha("abc")), "abc", "ok", nil},
		{"another body", sha("abc"), "abd", notMatch + "[ClientComputedContentSHA256=" + sha("abc") + "] [S3ComputedContentSHA256=" + sha("abd") + "]", nil},
		{"unsigned", unsignedPayload, "abd", "ok", nil},
		{"no decoded length", streamTrailer, "", "MissingContentLength 411 You must provide the Content-Length HTTP header.", nil},
		{"bad decoded length", streamTrailer, "", "MissingContentLength 411 You must provide the Content-Length HTTP header.", []string{"x-amz-decoded-content-length: -1"}},
		{"decoded length above", streamTrailer, "3\r\nabc\r\n0\r\n\r\n", "IncompleteBody 400 The request body terminated unexpectedly", []string{"x-amz-decoded-content-length: 4"}},
		{"decoded length below", streamTrailer, "3\r\nabc\r\n0\r\n\r\n", "IncompleteBody 400 The request body terminated unexpectedly", []string{"x-amz-decoded-content-length: 2"}},
		{"line ends of another client", streamTrailer, "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n\r\n", "ok", []string{"x-amz-decoded-content-length: 3", "x-amz-trailer: x-amz-checksum-crc32"}},
		{"trailer of a body that has none", unsignedPayload, "", "MalformedTrailerError 400 The request contained trailing data that was not well-formed or did not conform to our published schema.", []string{"x-amz-trailer: x-amz-checksum-crc32"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := exampleRequest("PUT", "/key", test.lines...)
			exampleSigner.Sign(r, test.payload, exampleTime)
			content, err := readBody(r, verifyExample(t, r), []byte(test.body))
			if got := describe(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if want := test.body; test.want == "ok" && test.payload != streamTrailer && string(content) != want {
				t.Errorf("content %q, want %q", content, want)
			}
		})
	}
}

// TestAnonymousBody wants what unsigned clients send to be decoded, and no signed chunks from them.
func TestAnonymousBody(t *testing.T) {
	const chunks = "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
	for _, test := range []struct {
		name, body, want string
		lines            []string
	}{
		{"plain", "abc", "ok", nil},
		{"hash", "abc", "ok", []string{"x-amz-content-sha256: " + sha("abc")}},
		{"chunks", chunks, "ok", []string{"x-amz-content-sha256: " + streamTrailer, "x-amz-decoded-content-length: 3", "x-amz-trailer: x-amz-checksum-crc32"}},
		{"chunks without the header", chunks, "ok", []string{"content-encoding: gzip, aws-chunked", "x-amz-decoded-content-length: 3", "x-amz-trailer: x-amz-checksum-crc32"}},
		{"signed chunks", chunks, "InvalidArgument 400 Signed chunks need a signed request. [ArgumentName=x-amz-content-sha256] [ArgumentValue=" + streamSigned + "]",
			[]string{"x-amz-content-sha256: " + streamSigned, "x-amz-decoded-content-length: 3"}},
	} {
		content, err := readBody(exampleRequest("PUT", "/key", test.lines...), nil, []byte(test.body))
		if got := describe(err); got != test.want || err == nil && string(content) != "abc" {
			t.Errorf("%s: got %q, %s\nwant %s", test.name, content, got, test.want)
		}
	}
}

// TestBodyPassesErrorsOn wants the errors of the reader below to be told from a short body.
func TestBodyPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	for _, payload := range []string{streamSigned, unsignedPayload, emptySHA256} {
		u := encode(t, payload, pattern(100), 100, nil)
		for _, cause := range []error{broken, io.ErrUnexpectedEOF} {
			b, err := NewBody(u.r, u.v, io.MultiReader(bytes.NewReader(u.body[:50]), iotest.ErrReader(cause)))
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(b)
			if cause == broken && !errors.Is(err, broken) || cause != broken && !strings.HasPrefix(describe(err), "IncompleteBody") {
				t.Errorf("%s: %v gives %v", payload, cause, err)
			}
		}
	}
}

// FuzzChunked wants that no change to a signed body is taken for the whole body, that what is
// released of it is what was signed, and that nothing panics.
func FuzzChunked(f *testing.F) {
	f.Add(uint8(0), uint32(100), uint32(50), []byte("x"), uint8(1))
	f.Add(uint8(1), uint32(2*minChunk+9), uint32(minChunk+20), []byte{}, uint8(200))
	f.Add(uint8(2), uint32(0), uint32(3), []byte("\r\n"), uint8(0))
	f.Add(uint8(1), uint32(5), uint32(1000), []byte("x-amz-checksum-crc32:\n"), uint8(0))
	f.Add(uint8(0), uint32(maxHeld+minChunk), uint32(maxHeld), []byte("a"), uint8(1))
	f.Fuzz(func(t *testing.T, kind uint8, size, at uint32, insert []byte, remove uint8) {
		payload := []string{streamSigned, streamSignedTrailer, streamTrailer}[kind%3]
		trailer := checksumTrailer
		if payload == streamSigned {
			trailer = nil
		}
		rnd := rand.New(rand.NewPCG(uint64(size), 1))
		data := pattern(int(size % (2 * maxHeld)))
		u := encode(t, payload, data, minChunk+rnd.IntN(2*maxHeld), trailer)
		if content, got, err := u.decode(u.body); err != nil || !bytes.Equal(content, data) || !maps.Equal(got, trailer) {
			t.Fatalf("round trip: %d bytes of %d, %v, %v", len(content), len(data), got, err)
		}
		i := int(at) % (len(u.body) + 1)
		j := min(i+int(remove), len(u.body))
		changed := slices.Concat(u.body[:i], insert, u.body[j:])
		content, got, err := u.decode(changed)
		if payload == streamTrailer {
			return
		}
		if !bytes.HasPrefix(data, content) && len(data) <= maxHeld {
			t.Fatal("released data that was not signed")
		}
		if err == nil && (!bytes.Equal(content, data) || !maps.Equal(got, trailer)) {
			t.Fatalf("took %q for a whole body", changed)
		}
	})
}

func BenchmarkChunked(b *testing.B) {
	u := encode(b, streamSigned, pattern(8<<20), 64<<10, nil)
	b.SetBytes(8 << 20)
	b.ReportAllocs()
	for b.Loop() {
		body, err := NewBody(u.r, u.v, bytes.NewReader(u.body))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			b.Fatal(err)
		}
	}
}
