package daemon

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// keeper starts a process again whenever it has ended, as systemd does with Restart=always.
type keeper struct {
	pause time.Duration
	stop  chan struct{}
	once  sync.Once
	group sync.WaitGroup
}

// Keep starts a process that is started again whenever it has ended, after a pause, until End.
func (g *Group) Keep(pause time.Duration, name string, args ...string) (*Process, error) {
	p, err := g.Start(name, args...)
	if err != nil {
		return nil, err
	}
	p.keeper = &keeper{pause: pause, stop: make(chan struct{})}
	p.keeper.group.Go(func() { p.keeper.run(p) })
	return p, nil
}

func (k *keeper) run(p *Process) {
	for {
		select {
		case <-k.stop:
			return
		case <-p.Exited():
		}
		select {
		case <-k.stop:
			return
		case <-time.After(k.pause):
		}
		if err := p.Restart(); err != nil {
			p.note(err)
		}
	}
}

// end stops it, and waits until it starts nothing any more.
func (k *keeper) end() {
	k.once.Do(func() { close(k.stop) })
	k.group.Wait()
}

// note appends to the log that a process could not be started.
func (p *Process) note(problem error) {
	log, err := os.OpenFile(p.LogPath(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer log.Close()
	fmt.Fprintf(log, "%s was not started again: %v\n", p.Name, problem)
}
