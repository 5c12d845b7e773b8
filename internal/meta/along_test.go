package meta_test

import (
	"errors"
	"slices"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
)

// TestAlong: what goes along with changes commits with each that is made, in each run, and with nothing else.
func TestAlong(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	put := func(key string) func(meta.Tx) error {
		return func(tx meta.Tx) error { return tx.Put([]byte(key), []byte(key)) }
	}
	for name, c := range map[string]struct {
		script  []error
		update  func(tx meta.Tx) error
		along   func(tx meta.Tx) error
		err     error
		written []string
		runs    int
	}{
		"change":           {update: put("a"), along: put("z"), written: []string{"a", "z"}, runs: 1},
		"removal":          {update: func(tx meta.Tx) error { return tx.Delete([]byte("a")) }, along: put("z"), written: []string{"z"}, runs: 1},
		"nothing changed":  {update: func(meta.Tx) error { return nil }, along: put("z")},
		"change refused":   {update: func(tx meta.Tx) error { return errors.Join(put("a")(tx), refused) }, along: put("z"), err: refused},
		"along refused":    {update: put("a"), along: func(meta.Tx) error { return refused }, err: refused, runs: 1},
		"after a conflict": {script: []error{meta.ErrConflict}, update: put("a"), along: put("z"), written: []string{"a", "z"}, runs: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := meta.New(&scripted{Engine: memory.New(), script: c.script})
			var told []string
			store.OnCommit(func(written [][]byte) {
				for _, key := range written {
					told = append(told, string(key))
				}
			})
			runs := 0
			ctx := meta.Along(t.Context(), func(tx meta.Tx) error {
				runs++
				return c.along(tx)
			})
			if err := store.Update(ctx, c.update); !errors.Is(err, c.err) || err == nil && c.err != nil {
				t.Errorf("Update = %v", err)
			}
			var written []string
			err := store.View(ctx, func(r meta.Reader) error {
				found, err := meta.Keys(r, nil, nil, meta.All)
				for _, key := range found {
					written = append(written, string(key))
				}
				return err
			})
			if err != nil || !slices.Equal(written, c.written) || runs != c.runs {
				t.Errorf("%v is written, after %d runs, %v", written, runs, err)
			}
			if c.err == nil && len(c.written) > 0 && !slices.Contains(told, "z") {
				t.Errorf("observers are told of %v", told)
			}
		})
	}
}
