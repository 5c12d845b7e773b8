package crash_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/cloudtrail/delivery"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/decisions"
	"crossgrant/internal/disktest"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/seal"
)

// workAccount is the account whose changes are logged.
const workAccount ids.AccountID = "111122223333"

// vault is a bucket that outlives the disk, as that of another server would.
type vault struct {
	mu    sync.Mutex
	files map[string][]byte
	fault error
}

// opened is a vault as services see it that run until the power is cut.
type opened struct {
	*vault
	cut *atomic.Bool
}

// Write implements delivery.Archive.
func (o opened) Write(_ context.Context, file *archive.Object) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cut.Load() {
		return errDown
	}
	if before, there := o.files[file.Key]; there && !bytes.Equal(before, file.Gzip) {
		o.fault = fmt.Errorf("log file %s is delivered twice, with other events", file.Key)
	}
	o.files[file.Key] = bytes.Clone(file.Gzip)
	return nil
}

// flat is a world without organizations, in which every account is open and takes every trail.
type flat struct{}

func (flat) Organization(context.Context, ids.AccountID, string) (ids.OrganizationID, ids.AccountID, bool, error) {
	return "", "", false, nil
}
func (flat) Open(context.Context, ids.AccountID) (bool, error) { return true, nil }
func (flat) Probe(context.Context, ids.AccountID, string, string, string, string) error {
	return nil
}

// uncounted is every Meter.
type uncounted struct{}

func (uncounted) JournalWrote(int, int)     {}
func (uncounted) JournalDropped(int)        {}
func (uncounted) HistoryKept(int)           {}
func (uncounted) HistoryDropped(int)        {}
func (uncounted) TrailDelivered(int)        {}
func (uncounted) TrailRefused()             {}
func (uncounted) TrailDropped(int)          {}
func (uncounted) TrailWaiting(int64, int64) {}

// recorder is the services between a change and its log file, on a disk in memory.
type recorder struct {
	store     *meta.Store
	journal   *journal.Journal
	history   *history.Service
	trails    *cloudtrail.Service
	delivery  *delivery.Service
	decisions *decisions.Service
	accounts  *accounts.Service
	cut       *atomic.Bool
}

// openRecorder opens the services as a server does, and takes up what was kept.
func openRecorder(ctx context.Context, disk disktest.Disk, box *seal.Box, out *vault) (*recorder, error) {
	engine, err := pebble.Open("/data/meta", pebble.Options{FS: disk})
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	r := &recorder{store: meta.New(engine), cut: new(atomic.Bool)}
	r.trails = cloudtrail.New(r.store, cloudtrail.Options{Region: "us-east-1", World: flat{}, Destination: flat{}})
	r.accounts = accounts.New(r.store, box, accounts.Options{})
	r.journal = journal.New(r.store, journal.Options{
		Flush: 3 * time.Millisecond, Readers: []string{history.Reader, delivery.Reader}, Meter: uncounted{}, Log: quiet,
	})
	r.history = history.New(r.store, r.journal, box, history.Options{Look: 2 * time.Millisecond, Region: "us-east-1", Meter: uncounted{}, Log: quiet})
	r.delivery = delivery.New(r.store, delivery.Deps{
		Journal: r.journal, Trails: r.trails, Archive: opened{out, r.cut}, Keys: signing.New(r.store, box, signing.Options{}),
	}, delivery.Options{Look: 2 * time.Millisecond, Interval: 7 * time.Millisecond, Region: "us-east-1", Meter: uncounted{}, Log: quiet})
	r.decisions = decisions.New(r.journal, nil, decisions.Options{
		Organizations: r.delivery.Organizations, Log: quiet, Readers: []decisions.Reader{
			{ID: audit.ForHistory, Wants: r.history.Wants, Lasting: true}, {ID: audit.ForTrails, Wants: r.delivery.Wants, Lasting: true},
		},
	})
	return r, r.journal.Recover(ctx)
}

func (r *recorder) start() {
	r.journal.Start()
	r.history.Start()
	r.delivery.Start()
}

func (r *recorder) close() error {
	r.delivery.Close()
	r.history.Close()
	r.journal.Close()
	return r.store.Close()
}

// change makes a change under the record of a request, and notes it if it was acknowledged. Sometimes nobody is told how it
// ended.
func (r *recorder) change(ctx context.Context, key string, rng *mathrand.Rand) (*noted, error) {
	now := time.Now().UTC()
	id, err := ids.NewRequestID(rand.Reader, now)
	if err != nil {
		return nil, err
	}
	record := &audit.Record{
		RequestID: id, Time: now, Service: "iam", Operation: "CreateUser", CallerAccount: workAccount, CallerARN: "arn:aws:iam::111122223333:root",
		CallerID: string(workAccount), Region: "us-east-1", Parameters: []byte(`{"userName":"` + key + `"}`),
	}
	along := meta.Along(ctx, func(tx meta.Tx) error { return r.decisions.Keep(tx, record) })
	err = r.store.Update(along, func(tx meta.Tx) error { return tx.Put([]byte("Mtest-"+key), []byte(id)) })
	if r.cut.Load() {
		return nil, errDown
	}
	if err != nil {
		return nil, err
	}
	if rng.IntN(5) > 0 {
		record.Status = 200
		r.decisions.Record(record)
	}
	return &noted{id, "CreateUser", true, now}, nil
}

// TestTrailPowerCut cuts the power at random moments between changes and the log files that tell of them: of what was not
// synced a random part is there afterwards. What was acknowledged has to be in the log files and in the event history.
func TestTrailPowerCut(t *testing.T) {
	t.Parallel()
	start := begin(t)
	rng := mathrand.New(mathrand.NewPCG(start, 7))
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	disk, out := disktest.New(), &vault{files: map[string][]byte{}}
	r, err := openRecorder(t.Context(), disk, box, out)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.furnish(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []noted
	for round := range *rounds {
		left, told, err := r.cutDuringWork(t.Context(), disk, rng, start+uint64(round))
		all = append(all, told...)
		if err == nil {
			disk = left
			r, err = openRecorder(t.Context(), disk, box, out)
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	if err := errors.Join(r.journal.Flush(t.Context()), r.history.Read(t.Context()), r.delivery.Deliver(t.Context()), out.fault); err != nil {
		t.Fatal(err)
	}
	files, err := out.book()
	if err != nil {
		t.Fatal(err)
	}
	looked, err := r.lookUp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []*book{files, looked} {
		n, first, err := b.missing(all, "", func(noted) bool { return true })
		if n > 0 || err != nil {
			t.Errorf("%s does not tell of %d changes of %d, such as %+v; %v", b.name, n, len(all), first, err)
		}
	}
	t.Logf("%d changes were acknowledged in %d rounds; %d log files tell of %d, %d twice, the history of %d, %d twice",
		len(all), *rounds, len(out.files), len(files.byID), files.twice, len(looked.byID), looked.twice)
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

// furnish makes the account and its trail.
func (r *recorder) furnish(ctx context.Context) error {
	bucket := "logs"
	_, _, err := r.accounts.Create(ctx, accounts.NewAccount{Name: "work", ID: string(workAccount)})
	if err == nil {
		_, err = r.trails.Create(ctx, workAccount, "main", cloudtrail.Settings{Bucket: &bucket}, nil)
	}
	if err == nil {
		err = r.trails.StartLogging(ctx, workAccount, "main")
	}
	return err
}

// cutDuringWork returns what is left of the disk when the power is cut in the middle of changes, and what was acknowledged.
func (r *recorder) cutDuringWork(ctx context.Context, disk disktest.Disk, rng *mathrand.Rand, seed uint64) (left disktest.Disk, told []noted, err error) {
	r.start()
	var mu sync.Mutex
	var working sync.WaitGroup
	for i := range clients {
		random := mathrand.New(mathrand.NewPCG(seed, uint64(i)))
		working.Go(func() {
			for n := 0; ; n++ {
				done, fault := r.change(ctx, fmt.Sprint(i, "-", n), random)
				mu.Lock()
				if fault != nil && !errors.Is(fault, errDown) {
					err = errors.Join(err, fault)
				}
				if done != nil {
					told = append(told, *done)
				}
				mu.Unlock()
				if fault != nil {
					return
				}
			}
		})
	}
	time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
	r.cut.Store(true)
	left = disk.Cut(rng.IntN(101), rng)
	working.Wait()
	return left, told, errors.Join(err, r.close())
}

// book reads the log files.
func (v *vault) book() (*book, error) {
	b := newBook("the trail")
	for key, text := range v.files {
		all, err := readLog(text)
		if err != nil {
			return nil, fmt.Errorf("log file %s: %w", key, err)
		}
		for _, e := range all {
			if err := b.add(e); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// lookUp reads the event history.
func (r *recorder) lookUp(ctx context.Context) (*book, error) {
	b := newBook("the event history")
	for token := ""; ; {
		page, err := r.history.Lookup(ctx, history.Query{Account: workAccount, Token: token})
		if err != nil {
			return nil, err
		}
		for _, found := range page.Events {
			e, err := readEvent([]byte(found.Text))
			if err == nil {
				err = b.add(e)
			}
			if err != nil {
				return nil, err
			}
		}
		if token = page.Token; token == "" {
			return b, nil
		}
	}
}
