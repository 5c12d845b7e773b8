package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// patience is how long a process may take to end in good order before it is killed.
const patience = 20 * time.Second

// Process is a process of a group. All methods are safe for concurrent use.
type Process struct {
	Name string
	// Stop asks it to end; 0: SIGTERM. To be set before End.
	Stop syscall.Signal

	group  *Group
	args   []string
	keeper *keeper // nil: the process is started once

	mu     sync.Mutex
	run    *exec.Cmd     // the last that was started
	exited chan struct{} // closed when run has ended and was waited for
}

// start starts the process, also once more.
func (p *Process) start() error {
	log, err := os.OpenFile(p.LogPath(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	c := p.group.command(context.Background(), p.args)
	c.Stdout, c.Stderr = log, log
	setParentDeath(c.SysProcAttr)
	exited, started := make(chan struct{}), make(chan error)
	// The signal at the parent's death is tied to the thread that starts the process: it stays until the process has ended.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err == nil {
			c.Wait() // how it ended is in its log
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run, p.exited = c, exited
	return nil
}

// LogPath is the file of what the process writes to stdout and stderr.
func (p *Process) LogPath() string { return p.group.Path(p.Name + ".log") }

// PID is the ID of the process that was started last.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run.Process.Pid
}

// Exited is closed when the process that was started last has ended.
func (p *Process) Exited() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exited
}

// Running reports whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.Exited():
		return false
	default:
		return true
	}
}

// Restart starts the process again, which has to have ended.
func (p *Process) Restart() error {
	if p.Running() {
		return fmt.Errorf("start %s: it still runs", p.Name)
	}
	return p.start()
}

// Kill ends the process, and those of its process group, at once, and waits until it has ended.
func (p *Process) Kill() {
	p.signal(syscall.SIGKILL)
	<-p.Exited()
}

// End asks the process to end and kills it if it does not. What it has left of its process group is killed.
func (p *Process) End() {
	if p.keeper != nil {
		p.keeper.end()
	}
	if p.Running() {
		ask := p.Stop
		if ask == 0 {
			ask = syscall.SIGTERM
		}
		syscall.Kill(p.PID(), ask)
		select {
		case <-p.Exited():
		case <-time.After(patience):
		}
	}
	p.Kill()
}

// signal sends a signal to the whole process group, which may be gone. Nobody else gets its ID as long as one of the group is left.
func (p *Process) signal(s syscall.Signal) { syscall.Kill(-p.PID(), s) }

// Tail returns the end of the log, for an error message.
func (p *Process) Tail() string {
	text, _ := os.ReadFile(p.LogPath())
	return string(text[max(0, len(text)-4000):])
}

// ErrEnded is in the error of WaitFor if the process has ended.
var ErrEnded = errors.New("it has ended")

// WaitFor calls ready until it returns nil, or ctx ends, or the process does.
func (p *Process) WaitFor(ctx context.Context, ready func(context.Context) error) error {
	const pause = 100 * time.Millisecond
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.Exited():
			return fmt.Errorf("%s: %w before it was ready:\n%s", p.Name, ErrEnded, p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %w\n%s", p.Name, ctx.Err(), err, p.Tail())
		case <-time.After(pause):
		}
	}
}
