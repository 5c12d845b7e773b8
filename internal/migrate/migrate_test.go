package migrate_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/migrate"
	"crossgrant/internal/records"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		from, to := newPlace(t), newPlace(t)
		from.furnish()
		before := from.everything()
		o := options(from, to)
		o.Keep = keep
		report, err := migrate.Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, from, to)
		if report.Objects != 30 || report.Accounts != 1 || report.Buckets != 1 || report.Uploads != 1 || report.Identities != 40 ||
			report.Keys != int64(len(before)-1) || report.Blobs != int64(len(from.contents())) || report.Blobs < 20 || report.Differences != 0 {
			t.Errorf("report: %+v", report)
		}
		if err := to.servable(); err != nil || to.format() != "7" {
			t.Errorf("target: %v, format %q", err, to.format())
		}
		err = from.servable()
		if keep && (err != nil || from.format() != "7") {
			t.Errorf("source that is kept: %v, format %q", err, from.format())
		}
		if !keep && (err == nil || !strings.Contains(err.Error(), "was moved to there") || from.format() == "7") {
			t.Errorf("source: %v, format %q", err, from.format())
		}
	}
}

// TestThereAndBack moves to another store and from that to a third.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	a, b, c := newPlace(t), newPlace(t), newPlace(t)
	a.furnish()
	for _, o := range []migrate.Options{options(a, b), options(b, c)} {
		if _, err := migrate.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	wantEqual(t, a, c)
	report, err := migrate.Compare(t.Context(), options(a, c))
	if err != nil || report.Differences != 0 || report.Objects != 30 {
		t.Errorf("compare: %v, %+v", err, report)
	}
	if b.servable() == nil || c.servable() != nil {
		t.Errorf("servable: %v, %v", b.servable(), c.servable())
	}
}

// TestResume ends a migration at every transaction of both stores and at every blob, and goes on.
func TestResume(t *testing.T) {
	t.Parallel()
	source := newPlace(t)
	source.furnish()
	kinds := map[string]func(from, to *place, n int64){
		"target, not written": func(_, to *place, n int64) { to.failBefore.Store(n) },
		"target, written":     func(_, to *place, n int64) { to.failAfter.Store(n) },
		"source, not written": func(from, _ *place, n int64) { from.failBefore.Store(n) },
		"source, written":     func(from, _ *place, n int64) { from.failAfter.Store(n) },
		"blob":                func(_, to *place, n int64) { to.failBlob.Store(n) },
	}
	for name, fail := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := int64(1); ; n++ {
				from, to := source.copy(t), newPlace(t)
				fail(from, to, n)
				_, err := migrate.Run(t.Context(), options(from, to))
				if err == nil {
					if n < 3 {
						t.Fatalf("it failed only %d times", n-1)
					}
					return
				}
				if !errors.Is(err, errFault) {
					t.Fatalf("failure %d: %v", n, err)
				}
				if from.servable() == nil && to.servable() == nil && len(to.everything()) > 0 {
					t.Fatalf("failure %d: servers may use both", n)
				}
				from.failNowhere()
				to.failNowhere()
				if _, err := migrate.Run(t.Context(), options(from, to)); err != nil {
					t.Fatalf("after failure %d: %v", n, err)
				}
				wantEqual(t, from, to)
				if to.servable() != nil || from.servable() == nil {
					t.Fatalf("after failure %d: target: %v, source: %v", n, to.servable(), from.servable())
				}
			}
		})
	}
}

// TestResumeCopiesOnce wants that what was copied before a failure is not copied again.
func TestResumeCopiesOnce(t *testing.T) {
	t.Parallel()
	from, to := newPlace(t), newPlace(t)
	from.furnish()
	all, twin := int64(len(from.contents())), from.copy(t)
	to.failBlob.Store(all - 2)
	if _, err := migrate.Run(t.Context(), options(from, to)); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	to.failNowhere()
	if _, err := migrate.Run(t.Context(), options(from, to)); err != nil {
		t.Fatal(err)
	}
	if again := to.commits.Load(); again > 10 {
		t.Errorf("%d of %d blobs were copied by the run that went on", again, all)
	}
	went := to.updates.Load()
	other := newPlace(t)
	run(t, twin, other)
	if whole := other.updates.Load(); went > whole*2/3 {
		t.Errorf("the run that went on committed %d times, a whole one %d times", went, whole)
	}
}

// TestGiveUp gives a migration up after each transaction of the target: the source is what it was, the target is empty.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	source := newPlace(t)
	source.furnish()
	before := source.everything()
	for n := int64(1); ; n++ {
		from, to := source.copy(t), newPlace(t)
		to.failAfter.Store(n)
		if _, err := migrate.Run(t.Context(), options(from, to)); err == nil {
			break
		}
		ended := to.servable() == nil || strings.Contains(to.everything()[string(keys.Meta("migration"))], `"stage":"end"`)
		// Giving up can be interrupted as well.
		to.failNowhere()
		for k := int64(1); ; k++ {
			to.updates.Store(0)
			to.failBefore.Store(k)
			_, err := migrate.GiveUp(t.Context(), options(from, to))
			if err == nil || !errors.Is(err, errFault) {
				if ended && to.servable() != nil && err == nil {
					t.Errorf("after %d: what only lacks the last step was removed", n)
				}
				break
			}
		}
		if from.servable() != nil || len(from.everything()) != len(before) {
			t.Fatalf("after %d: source: %v", n, from.servable())
		}
		if !ended && (len(to.everything()) > 0 || len(to.contents()) > 0) {
			t.Fatalf("after %d: %d keys and %d blobs are left", n, len(to.everything()), len(to.contents()))
		}
	}
}

// TestShared moves to a store whose writes are stamped, gives up, moves again, and back.
func TestShared(t *testing.T) {
	t.Parallel()
	a, b, c := newPlace(t), newPlace(t), newPlace(t)
	b.shared = true
	a.furnish()
	begin(t, a, b)
	if _, err := migrate.GiveUp(t.Context(), options(a, b)); err != nil {
		t.Fatal(err)
	}
	if left := len(b.everything()); left > 0 {
		t.Errorf("%d keys are left", left)
	}
	run(t, a, b)
	if len(b.everything()) == len(a.everything()) {
		t.Error("nothing is stamped")
	}
	run(t, b, c)
	wantEqual(t, a, c)
	if len(c.everything()) != len(a.everything()) {
		t.Errorf("%d keys, want %d: stamps were copied", len(c.everything()), len(a.everything()))
	}
}

// TestCompare finds what is not alike.
func TestCompare(t *testing.T) {
	t.Parallel()
	source := newPlace(t)
	source.furnish()
	user := keys.Entity(account, keys.UserKind, "user7")
	for name, test := range map[string]struct {
		change func(t *testing.T, p *place)
		want   string
	}{
		"nothing":         {func(t *testing.T, p *place) {}, ""},
		"changed value":   {func(t *testing.T, p *place) { p.put(user, []byte("other")) }, "bytes in"},
		"missing key":     {func(t *testing.T, p *place) { p.put(user, nil) }, "is not in there"},
		"more keys":       {func(t *testing.T, p *place) { p.put(keys.Entity(account, keys.UserKind, "zz"), []byte("x")) }, "is not in here"},
		"last key":        {func(t *testing.T, p *place) { p.put([]byte{0xff, 0xff}, nil) }, "is not in there"},
		"format":          {func(t *testing.T, p *place) { p.put(keys.Meta("format"), []byte("6")) }, "is 7 in here and 6 in there"},
		"missing blob":    {func(t *testing.T, p *place) { p.blobs.Delete(t.Context(), p.anyBlob()) }, "is not in there"},
		"other bytes":     {func(t *testing.T, p *place) { p.changeBlob(func(b []byte) []byte { b[3]++; return b }) }, "other bytes"},
		"both damaged":    {func(t *testing.T, p *place) { p.changeBlob(func(b []byte) []byte { b[3]++; return b }) }, "is not what was written"},
		"fewer bytes":     {func(t *testing.T, p *place) { p.changeBlob(func(b []byte) []byte { return b[1:] }) }, "stored as"},
		"unnamed blob":    {func(t *testing.T, p *place) { p.put(keys.Blob(string(p.anyBlob())), nil) }, "is not in there"},
		"name of no blob": {func(t *testing.T, p *place) { p.put(keys.Blob(strings.Repeat("0", 32)), []byte{}) }, "names of blobs"},
		"lease":           {func(t *testing.T, p *place) { p.put(keys.Lease("work"), []byte("x")) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := source.copy(t)
			test.change(t, other)
			var found []migrate.Difference
			one := source.copy(t)
			if name == "both damaged" {
				one = other.copy(t)
			}
			o := options(one, other)
			o.Differs = func(d migrate.Difference) { found = append(found, d) }
			report, err := migrate.Compare(t.Context(), o)
			if test.want == "" {
				if err != nil || len(found) > 0 {
					t.Errorf("%v, %v", err, found)
				}
				return
			}
			if !errors.Is(err, migrate.ErrDiffer) || len(found) != 1 || report.Differences != 1 || !strings.Contains(found[0].What+found[0].At, test.want) {
				t.Errorf("%v, %v, want %q", err, found, test.want)
			}
		})
	}
}

// TestOldBlobs moves blobs that format 3 has written, to which no key gives a name.
func TestOldBlobs(t *testing.T) {
	t.Parallel()
	from, to := newPlace(t), newPlace(t)
	from.furnish()
	for key := range from.metadata() {
		if key[0] == 'b' {
			from.put([]byte(key), nil)
		}
	}
	report, err := migrate.Run(t.Context(), options(from, to))
	if err != nil || report.Differences != 0 {
		t.Fatal(err, report)
	}
	for id := range from.contents() {
		if _, named := to.metadata()[string(keys.Blob(id))]; to.contents()[id] == "" || !named {
			t.Errorf("blob %s is not there, or has no name", id)
		}
	}
}

// TestDamaged: what is known to be damaged is left out and counted, anything else that is damaged ends the migration.
func TestDamaged(t *testing.T) {
	t.Parallel()
	from, to := newPlace(t), newPlace(t)
	from.furnish()
	key, o := from.anyObject()
	id := blob.ID(o.Segments[0].Blob)
	content := from.contents()[string(id)]
	if err := from.blobs.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := migrate.Run(t.Context(), options(from, to)); !errors.Is(err, blob.ErrNotFound) || !strings.Contains(err.Error(), "crossgrant fsck") {
		t.Fatalf("a lost blob: %v", err)
	}
	from.putBlob(id, bytes.Repeat([]byte{7}, len(content)))
	if _, err := migrate.Run(t.Context(), options(from, to)); !errors.Is(err, blob.ErrCorrupt) || !strings.Contains(err.Error(), "crossgrant fsck") {
		t.Fatalf("a damaged blob: %v", err)
	}
	o.Segments[0].Damaged = 1
	if err := meta.New(from.engine).Update(t.Context(), func(tx meta.Tx) error { return records.Put(tx, key, o) }); err != nil {
		t.Fatal(err)
	}
	report, err := migrate.Run(t.Context(), options(from, to))
	if err != nil || report.Damaged != 1 {
		t.Errorf("a damaged blob that is known: %v, %+v", err, report)
	}
	if _, there := to.contents()[string(id)]; there {
		t.Error("a damaged blob was copied")
	}
}

// TestDifferenceStays: a difference is told by each run, also by one that goes on behind it.
func TestDifferenceStays(t *testing.T) {
	t.Parallel()
	from, to := newPlace(t), newPlace(t)
	from.furnish()
	o := options(from, to)
	once := false
	o.Tell = func(p migrate.Progress) {
		if p.Stage == "compare" && !once {
			once = true
			to.put(keys.Account(account), []byte("changed"))
		}
	}
	for range 2 {
		if _, err := migrate.Run(t.Context(), o); !errors.Is(err, migrate.ErrDiffer) {
			t.Errorf("%v, want a difference", err)
		}
	}
	if to.servable() == nil {
		t.Error("servers may use what is not equal")
	}
}

// TestRefused are pairs that cannot be migrated, with what is said about it.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(t *testing.T, from, to *place)
		want    string
	}{
		"nothing in the source": {func(t *testing.T, from, to *place) { from.put(keys.Meta("format"), nil) }, "nothing was ever stored in here"},
		"a key in the target":   {func(t *testing.T, from, to *place) { to.put([]byte("x"), []byte("x")) }, "not empty"},
		"a blob in the target": {func(t *testing.T, from, to *place) {
			w, err := to.blobs.New(t.Context(), -1)
			if err == nil {
				err = w.Commit()
			}
			if err != nil {
				t.Fatal(err)
			}
			to.blobs.Settle(w.ID())
		}, "not empty"},
		"a source that was moved":      {func(t *testing.T, from, to *place) { run(t, from, newPlace(t)) }, "was moved to there before"},
		"a source that goes elsewhere": {func(t *testing.T, from, to *place) { begin(t, from, newPlace(t)) }, "is being moved to there"},
		"a source that is not whole": {func(t *testing.T, from, to *place) {
			other := newPlace(t)
			other.furnish()
			from.clear()
			begin(t, other, from)
		}, "is not filled"},
		"a target of another source": {func(t *testing.T, from, to *place) { other := newPlace(t); other.furnish(); begin(t, other, to) }, "is not being moved"},
		"a target that is filled":    {func(t *testing.T, from, to *place) { other := newPlace(t); other.furnish(); run(t, other, to) }, "not empty"},
		"other blobs than before":    {func(t *testing.T, from, to *place) { begin(t, from, to); to.blobs = newPlace(t).blobs }, "not those that the migration began with"},
		"a mark that was changed":    {func(t *testing.T, from, to *place) { begin(t, from, to); to.put(keys.Meta("migration"), []byte("{")) }, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := newPlace(t), newPlace(t)
			from.furnish()
			test.arrange(t, from, to)
			if _, err := migrate.Run(t.Context(), options(from, to)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestTwoAtOnce: of two that fill the same target only one goes on.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	from, to := newPlace(t), newPlace(t)
	from.furnish()
	o := options(from, to)
	once := false
	o.Tell = func(p migrate.Progress) {
		if p.Stage == "copy" && !once {
			once = true
			begin(t, from, to) // comes further
		}
	}
	if _, err := migrate.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another crossgrant migrate") {
		t.Errorf("the first: %v", err)
	}
	run(t, from, to)
	wantEqual(t, from, to)
}

func run(t *testing.T, from, to *place) {
	t.Helper()
	if _, err := migrate.Run(t.Context(), options(from, to)); err != nil {
		t.Fatal(err)
	}
}

// begin begins a migration that ends in the middle.
func begin(t *testing.T, from, to *place) {
	t.Helper()
	to.failNowhere()
	to.failBefore.Store(10)
	if _, err := migrate.Run(t.Context(), options(from, to)); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	to.failNowhere()
}

// TestServers: a store that a server uses is refused, and one that servers have left behind is not.
func TestServers(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"here", "there"} {
		for _, alive := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				from, to := newPlace(t), newPlace(t)
				from.furnish()
				used := from
				if end == "there" {
					used = to
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var server sync.WaitGroup
				defer server.Wait()
				say := func(n uint64) {
					r := &records.Server{Address: "127.0.0.1:1", Count: n}
					if err := meta.New(used.engine).Update(t.Context(), func(tx meta.Tx) error { return records.Put(tx, keys.Server("s"), r) }); err != nil {
						t.Error(err)
					}
				}
				say(1)
				if alive {
					server.Go(func() {
						for n := uint64(2); background.Sleep(ctx, 5*time.Second); n++ {
							say(n)
						}
					})
				}
				_, err := migrate.Run(ctx, options(from, to))
				if !alive && err != nil {
					t.Errorf("%s, left behind: %v", end, err)
				}
				if want := "a server uses " + end + ", at 127.0.0.1:1"; alive && (err == nil || !strings.Contains(err.Error(), want)) {
					t.Errorf("%v, want %q", err, want)
				}
				cancel()
			})
		}
	}
}
