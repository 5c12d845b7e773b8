package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/blob"
	"crossgrant/internal/disktest"
	"crossgrant/internal/fsck"
	"crossgrant/internal/meta"
	"crossgrant/internal/seal"
)

// TestPowerCut cuts the power at random moments of the work of clients: of what was not synced, metadata and blobs alike,
// a random part is there afterwards. Sometimes it is cut while the services are closed, and sometimes they are closed in
// good order.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	start := begin(t)
	p := &plant{t: t, disk: disktest.New(), rng: rand.New(rand.NewPCG(start, 0))}
	if err := p.furnish(start); err != nil {
		t.Fatal(err)
	}
	for round := range *rounds {
		if err := p.round(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	if err := p.services.close(); err != nil {
		t.Error(err)
	}
	changes := 0
	for _, w := range p.workers {
		changes += w.done
	}
	t.Logf("%d changes were acknowledged in %d rounds", changes, *rounds)
}

// plant is services on a disk with their clients.
type plant struct {
	t        *testing.T
	disk     disktest.Disk
	rng      *rand.Rand
	box      *seal.Box
	services *services
	workers  []*worker
}

func (p *plant) furnish(start uint64) (err error) {
	if p.box, err = seal.New(); err != nil {
		return err
	}
	if p.services, err = openServices(p.t.Context(), p.disk, p.box, accounts.Account{}); err != nil {
		return err
	}
	if p.services.account, _, err = p.services.accounts.Create(p.t.Context(), accounts.NewAccount{Name: "plant"}); err != nil {
		return err
	}
	for i := range clients {
		p.workers = append(p.workers, newWorker(i, p.services, powerSizes, rand.New(rand.NewPCG(start, uint64(i)+1))))
	}
	return errors.Join(p.services.CreateBucket(plainBucket, false), p.services.CreateBucket(versionedBucket, true))
}

// round lets the clients work, cuts the power, opens the services on what is left and looks at it.
func (p *plant) round() error {
	left, err := p.cutDuringWork()
	if err != nil {
		return err
	}
	p.disk = left
	if p.services, err = openServices(p.t.Context(), left, p.box, p.services.account); err != nil {
		return err
	}
	for _, w := range p.workers {
		w.api = p.services
	}
	if err := verifyAll(p.workers); err != nil {
		return err
	}
	return p.check()
}

// cutDuringWork returns what is left of the disk after the clients were stopped by a power cut.
func (p *plant) cutDuringWork() (left disktest.Disk, err error) {
	old := p.services
	old.objects.Start()
	faults := make([]error, len(p.workers))
	var working sync.WaitGroup
	for i, w := range p.workers {
		working.Go(func() { faults[i] = w.run() })
	}
	time.Sleep(time.Duration(p.rng.IntN(120)) * time.Millisecond)
	orderly := p.rng.IntN(3)
	if orderly == 0 {
		left = p.cut()
	} else {
		old.cut.Store(true) // to the clients it is the same
	}
	working.Wait()
	closed := make(chan error, 1)
	go func() { closed <- old.close() }()
	switch orderly {
	case 1: // while they are closed, when blobs are moved
		time.Sleep(time.Duration(p.rng.IntN(3000)) * time.Microsecond)
		left = p.cut()
		err = <-closed
	case 2:
		err = <-closed
		left = p.cut()
	default:
		err = <-closed
	}
	for _, fault := range faults {
		if !errors.Is(fault, errDown) {
			err = errors.Join(err, fault)
		}
	}
	return left, err
}

// cut cuts the power. Nothing that is done is told to the clients afterwards: what they were told before it is on the
// disk, or there is an error to find.
func (p *plant) cut() disktest.Disk {
	p.services.cut.Store(true)
	return p.disk.Cut(p.rng.IntN(101), p.rng)
}

// check wants everything to be in order, and the blobs to be those that records name.
func (p *plant) check() error {
	var found []error
	_, err := fsck.Run(p.t.Context(), fsck.Options{
		Store: p.services.store, Blobs: p.services.blobs, Keys: p.services.keys(),
		Found: func(f fsck.Finding) { found = append(found, errors.New(f.String())) },
	})
	if err := errors.Join(append(found, err)...); err != nil {
		return fmt.Errorf("fsck: %w", err)
	}
	named, there := map[string]bool{}, map[string]bool{}
	err = p.services.store.View(p.t.Context(), func(r meta.Reader) error { return blobsNamed(r, named) })
	if err != nil {
		return err
	}
	err = p.services.blobs.Walk(context.Background(), func(id blob.ID, _ int64) error { there[string(id)] = true; return nil })
	if err != nil {
		return err
	}
	return sameBlobs(there, named)
}
