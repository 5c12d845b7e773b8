package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/klauspost/compress/gzip"

	"crossgrant/internal/cloudtrail/digest"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// maxDigest is how many log files one digest file names at most: others come into the next one.
const maxDigest = 10_000

// due returns the end of the digest file that is due; zero if none is.
func (s *Service) due(c *chain) time.Time {
	end, now := time.Unix(0, c.record.End), s.opts.Now()
	if passed := now.Sub(end).Truncate(s.opts.DigestInterval); passed > 0 {
		return end.Add(passed)
	}
	return time.Time{}
}

// makeDigest returns the digest file of a chain up to and without end, signed, with log files, of which last is the
// sequence of the last one.
func (s *Service) makeDigest(ctx context.Context, c *chain, end time.Time, files []digest.LogFile, last uint64) (*records.TrailDigest, error) {
	key, err := s.keys.Current(ctx)
	if err != nil {
		return nil, err
	}
	home := s.opts.Region
	if c.trail != nil {
		home = c.trail.Region
	}
	d := digest.Digest{
		Account: c.member, Start: time.Unix(0, c.record.End).UTC(), End: end.UTC(), Bucket: c.record.ToBucket,
		Key:         digest.WithPrefix(c.record.ToPrefix, digest.DigestKey(c.record.Organization, c.member, s.opts.Region, c.name, home, end)),
		Fingerprint: key.Fingerprint(), Files: files,
	}
	if p := c.record; p.Bucket != "" {
		d.Previous = &digest.Previous{Bucket: p.Bucket, Key: p.Key, SHA256: p.Sha256, Signature: p.Signature}
	}
	text := d.JSON()
	sum := sha256.Sum256(text)
	signature, err := key.Sign(digest.StringToSign(d.End, d.Bucket, d.Key, sum[:], c.record.Signature))
	if err != nil {
		return nil, err
	}
	return &records.TrailDigest{
		Start: c.record.End, End: end.UnixNano(), Bucket: d.Bucket, Key: d.Key, Gzip: pack(text), Sha256: sum[:], Signature: hex.EncodeToString(signature),
		Last: last, Created: s.opts.Now().UnixNano(),
	}, nil
}

// pack compresses a text.
func pack(text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(text) // into memory: neither fails
	w.Close()
	return out.Bytes()
}

// delivered returns the log files of a chain that were delivered before end, and the sequence of the last.
func (s *Service) delivered(ctx context.Context, c *chain, end time.Time) (files []digest.LogFile, last uint64, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		files, last = nil, 0
		it := r.Scan(keys.TrailDeliveredUpTo(c.account, c.name, c.member, uint64(end.UnixNano()-1)))
		for len(files) < maxDigest && it.Next() {
			d := new(records.TrailDelivered)
			var err error
			if _, last, err = keys.ParseTrailDelivered(it.Key()); err == nil {
				err = records.Unmarshal(it.Value(), d)
			}
			if err != nil {
				return errors.Join(err, it.Close())
			}
			files = append(files, digest.LogFile{
				Bucket: d.Bucket, Key: d.Key, SHA256: d.Sha256, Oldest: time.Unix(0, d.Oldest).UTC(), Newest: time.Unix(0, d.Newest).UTC(),
			})
		}
		return it.Close()
	})
	return files, last, err
}
