package accesslog

import (
	"bytes"
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// kept is a value of lines and where it is.
type kept struct {
	key   []byte
	id    keys.BucketID
	lines *records.LogLines // nil: it cannot be read
}

// roll makes log objects of the lines that a server left which kept them itself, as those of format 5 and before did.
// Each step of it moves lines in one transaction.
func (s *Service) roll(ctx context.Context) error {
	for from, to := keys.AllLogLines(); ; {
		batch, err := s.nextLines(ctx, from, to)
		if err != nil || len(batch) == 0 {
			return err
		}
		if batch[0].lines == nil {
			s.opts.Log.Error("lines of the access log cannot be read", "bucket_id", fmt.Sprintf("%x", batch[0].id))
		} else if err := s.rollOne(ctx, batch); err != nil {
			return err
		}
		from = append(bytes.Clone(batch[len(batch)-1].key), 0)
	}
}

// nextLines reads the first lines of a range that go into one log object.
func (s *Service) nextLines(ctx context.Context, from, to []byte) (batch []kept, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		batch = nil
		size := 0
		it := r.Scan(from, to)
		for it.Next() {
			k := readLines(it.Key(), it.Value())
			size += len(it.Value())
			if len(batch) > 0 && (size > maxText || !together(&batch[0], &k)) {
				break
			}
			batch = append(batch, k)
		}
		return it.Close()
	})
	return batch, err
}

// readLines reads one value.
func readLines(key, value []byte) kept {
	k := kept{key: bytes.Clone(key), lines: new(records.LogLines)}
	var err error
	if k.id, _, err = keys.ParseLog(key); err == nil {
		err = records.Unmarshal(value, k.lines)
	}
	if err != nil {
		k.lines = nil
	}
	return k
}

// together reports whether the lines of two values go into one log object.
func together(a, b *kept) bool {
	return a.lines != nil && b.lines != nil && a.id == b.id && a.lines.Day == b.lines.Day && a.lines.Bucket == b.lines.Bucket && a.lines.Account == b.lines.Account &&
		proto.Equal(a.lines.Logging, b.lines.Logging)
}

// rollOne moves lines into a log object, unless another server has.
func (s *Service) rollOne(ctx context.Context, batch []kept) error {
	of := make([]*records.LogLines, len(batch))
	for i := range batch {
		of[i] = batch[i].lines
	}
	o, at := s.newObject(of), keys.LogObject(batch[0].id, s.place())
	return s.store.Update(ctx, func(tx meta.Tx) error {
		want := make([][]byte, len(batch))
		for i := range batch {
			want[i] = batch[i].key
		}
		values, err := tx.GetMany(want)
		if err != nil {
			return err
		}
		for i, key := range want {
			if values[i] == nil {
				return nil
			}
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
		return records.Put(tx, at, o)
	})
}
