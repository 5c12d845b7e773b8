package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// List returns the snapshots of the target dir, oldest first.
func List(dir string) (infos []Info, err error) {
	t, err := openForReading(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	whole, _, err := t.snapshots()
	if err != nil {
		return nil, err
	}
	infos = []Info{}
	for _, id := range whole {
		m, err := t.readManifest(id)
		if err != nil {
			return nil, err
		}
		infos = append(infos, m.info())
	}
	return infos, nil
}

// Problem is a file of a target that is missing or damaged.
type Problem struct {
	Path      string // below the target
	Problem   string
	Snapshots []int // those that cannot be restored
}

// Verified is what Verify has looked at.
type Verified struct {
	Snapshots int
	Files     int // those of the metadata
	Blobs     int
	Bytes     int64
}

// verification is a Verify that is under way.
type verification struct {
	t      *target
	report func(Problem)
	meter  meter[Verified]
	chunk  []byte
}

// Verify reads everything that the snapshots of the target dir consist of and calls report for each file that is not what
// was written. tell is called with how far it has come. An error means that it could not go on.
func Verify(ctx context.Context, dir string, report func(Problem), tell func(Verified)) (_ Verified, err error) {
	t, err := openForReading(dir)
	if err != nil {
		return Verified{}, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	v := &verification{t: t, report: report, meter: meter[Verified]{tell: tell}, chunk: make([]byte, chunkSize)}
	whole, _, err := t.snapshots()
	if err != nil {
		return Verified{}, err
	}
	manifests := v.manifests(whole)
	if err := v.metadata(ctx, manifests); err != nil {
		return v.meter.at, err
	}
	err = v.blobs(ctx, manifests)
	return v.meter.at, err
}

// manifests returns the manifests that are whole, after looking at what else lies beside them.
func (v *verification) manifests(ids []int) (good []*manifest) {
	for _, id := range ids {
		v.meter.set(func(at *Verified) { at.Snapshots++ })
		m, err := v.t.readManifest(id)
		if err != nil {
			v.problem(filepath.Join(v.t.snapshot(id), manifestName), err, id)
			continue
		}
		if m.MasterKey != nil {
			path := filepath.Join(v.t.snapshot(id), masterName)
			if text, err := os.ReadFile(path); err != nil {
				v.problem(path, err, id)
			} else if sumOf(text) != m.MasterKey.SHA256 {
				v.problem(path, ErrDamaged, id)
			}
		}
		good = append(good, m)
	}
	return good
}

func (v *verification) problem(path string, err error, snapshots ...int) {
	text := err.Error()
	switch {
	case errors.Is(err, os.ErrNotExist):
		text = "it is missing"
	case errors.Is(err, ErrDamaged):
		text = "it is not what was written"
	}
	if below, err := filepath.Rel(v.t.dir, path); err == nil {
		path = below
	}
	v.report(Problem{path, text, snapshots})
}

// metadata verifies the files of the metadata, each once.
func (v *verification) metadata(ctx context.Context, manifests []*manifest) error {
	needs := map[string][]int{}
	sizes := map[string]int64{}
	for _, m := range manifests {
		for _, f := range m.Metadata {
			if of := needs[f.SHA256]; len(of) == 0 || of[len(of)-1] != m.ID {
				needs[f.SHA256] = append(of, m.ID)
			}
			sizes[f.SHA256] = f.Size
		}
	}
	sums := make([]string, 0, len(needs))
	for sum := range needs {
		sums = append(sums, sum)
	}
	slices.Sort(sums)
	for _, sum := range sums {
		v.meter.set(func(at *Verified) { at.Files++ })
		if err := v.check(ctx, v.t.pooled(sum), sizes[sum], sum, needs[sum]); err != nil {
			return err
		}
	}
	return nil
}

// blobs verifies the lists of blobs and the blobs, each once.
func (v *verification) blobs(ctx context.Context, manifests []*manifest) error {
	var readers []*listReader
	defer func() { closeLists(readers) }()
	var ids []int
	for _, m := range manifests {
		l, err := openList(v.t.list(m.ID))
		if err == nil {
			err = v.t.checkList(m)
		}
		if err != nil {
			if l != nil {
				l.close()
			}
			v.problem(v.t.list(m.ID), err, m.ID)
			continue
		}
		readers, ids = append(readers, l), append(ids, m.ID)
	}
	all, err := newMerge(readers)
	if err != nil {
		return err
	}
	for {
		entries, lists, err := all.next()
		if err != nil || len(entries) == 0 {
			return err
		}
		v.meter.set(func(at *Verified) { at.Blobs++ })
		needs := make([]int, len(lists))
		for i, l := range lists {
			needs[i] = ids[l]
		}
		if err := v.check(ctx, v.t.blob(entries[0].id), entries[0].size, entries[0].sum, needs); err != nil {
			return err
		}
	}
}

// check reads a file and reports it if it is not what was written.
func (v *verification) check(ctx context.Context, path string, size int64, sum string, snapshots []int) error {
	err := copyVerified(ctx, io.Discard, path, size, sum, v.chunk, func(n int) {
		v.meter.count(func(at *Verified) { at.Bytes += int64(n) })
	})
	if ctx.Err() != nil {
		return fmt.Errorf("verify: %w", ctx.Err())
	}
	if err != nil {
		v.problem(path, err, snapshots...)
	}
	return nil
}
