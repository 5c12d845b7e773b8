package history

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/encoding/protowire"

	"crossgrant/internal/audit"
	"crossgrant/internal/journal"
	"crossgrant/internal/meta"
)

// maxText is how many bytes of entries a record of the store may have when it is decompressed: more than a segment of
// the journal has.
const maxText = 2 * journal.MaxEntry

// coders returns what compresses and decompresses entries. The decoder is safe for concurrent use.
func coders() (*zstd.Encoder, *zstd.Decoder) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic(err) // the options are constants
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxText))
	if err != nil {
		panic(err)
	}
	return encoder, decoder
}

// undecided appends to dst an entry of the journal without its decisions, which no event tells. They have policies, and
// condition keys of both sides: what the journal keeps for days is not to be kept for 90.
func undecided(dst, entry []byte) ([]byte, error) {
	for len(entry) > 0 {
		number, kind, n := protowire.ConsumeTag(entry)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		width := protowire.ConsumeFieldValue(number, kind, entry[n:])
		if width < 0 {
			return nil, protowire.ParseError(width)
		}
		if number != audit.DecisionsField {
			dst = append(dst, entry[:n+width]...)
		}
		entry = entry[n+width:]
	}
	return dst, nil
}

// pack returns entries one after the other, each behind its length, compressed.
func (s *Service) pack(entries [][]byte) []byte {
	var text []byte
	for _, e := range entries {
		text = journal.Join(text, e)
	}
	return s.encoder.EncodeAll(text, nil)
}

// unpack is the reverse of pack. The error wraps meta.ErrCorrupt.
func (s *Service) unpack(packed []byte) (entries [][]byte, size int, err error) {
	text, err := s.decoder.DecodeAll(packed, nil)
	size = len(text)
	if err == nil {
		entries, err = journal.Split(text)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read events: %w: %w", err, meta.ErrCorrupt)
	}
	return entries, size, nil
}
