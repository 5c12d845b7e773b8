package s3blob

import (
	"context"
	"sync"

	"crossgrant/internal/blob"
)

// names is what this process knows of blobs beyond what the service says.
type names struct {
	mu        sync.Mutex // protects the fields below, and those of stage and use
	staged    map[blob.ID]*stage
	unsettled map[blob.ID]struct{} // committed, and not known to be named
	uses      map[blob.ID]*use
	released  []*use        // doomed, and no longer read: the remover's
	signal    chan struct{} // holds a token when there are released ones
}

// stage is a blob that is being written.
type stage struct {
	ended bool
	// committing is closed when the commit that is under way has ended; nil if none is.
	committing chan struct{}
}

// use is a blob that is read or deleted.
type use struct {
	id      blob.ID
	readers int
	doomed  bool // gone for every call that comes
	gone    bool // its object is deleted, and the use no longer in names
	// promised says that who deleted it was told that it is deleted.
	promised bool
	// busy is closed when the deletion that is under way has ended; nil if none is.
	busy chan struct{}
}

func (n *names) init() {
	n.staged, n.unsettled, n.uses = map[blob.ID]*stage{}, map[blob.ID]struct{}{}, map[blob.ID]*use{}
	n.signal = make(chan struct{}, 1)
}

func (n *names) settle(ids []blob.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		delete(n.unsettled, id)
	}
}

// stage begins a blob. It returns nil if one of that ID is being written.
func (n *names) stage(id blob.ID) *stage {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.staged[id] != nil {
		return nil
	}
	st := &stage{}
	n.staged[id] = st
	return st
}

// alive reports whether the blob may still be written and committed.
func (n *names) alive(st *stage) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !st.ended
}

// beginCommit reports whether the blob may be committed. Then endCommit follows, and deletions wait for it.
func (n *names) beginCommit(st *stage) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if st.ended {
		return false
	}
	st.ended, st.committing = true, make(chan struct{})
	return true
}

// endCommit ends a commit; ok says that the blob is there. Else it may be there, and is the remover's.
func (n *names) endCommit(id blob.ID, st *stage, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.staged, id)
	close(st.committing)
	if ok {
		n.unsettled[id] = struct{}{}
		return
	}
	u := n.uses[id]
	if u == nil {
		u = &use{id: id}
		n.uses[id] = u
	}
	u.doomed, u.promised = true, true
	if u.readers == 0 {
		n.releaseLocked(u)
	}
}

// unstage gives a blob up that no commit was begun of. It reports whether it was alive.
func (n *names) unstage(id blob.ID, st *stage) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.unstageLocked(id, st)
}

// unstageLocked is unstage. mu must be held.
func (n *names) unstageLocked(id blob.ID, st *stage) bool {
	if st.ended {
		return false
	}
	st.ended = true
	delete(n.staged, id)
	return true
}

// read begins to read a blob. It returns nil if it is gone.
func (n *names) read(id blob.ID) *use {
	n.mu.Lock()
	defer n.mu.Unlock()
	u := n.uses[id]
	if u == nil {
		u = &use{id: id}
		n.uses[id] = u
	}
	if u.doomed {
		return nil
	}
	u.readers++
	return u
}

// release ends what read began.
func (n *names) release(u *use) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if u.readers--; u.readers > 0 || u.gone {
		return
	}
	if !u.doomed {
		delete(n.uses, u.id)
		return
	}
	n.releaseLocked(u)
}

// releaseLocked gives a doomed blob to the remover. mu must be held.
func (n *names) releaseLocked(u *use) {
	n.released = append(n.released, u)
	select {
	case n.signal <- struct{}{}:
	default:
	}
}

// doom makes the blobs gone for calls that come. It returns those whose objects are to be deleted now, by the caller, who calls
// doomed then; and what to wait for before doom is asked again about the rest.
func (n *names) doom(ids []blob.ID) (mine []*use, rest []blob.ID, wait <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		if st := n.staged[id]; st != nil && !n.unstageLocked(id, st) {
			rest, wait = append(rest, id), st.committing
			continue
		} else if st != nil {
			continue // it never was visible
		}
		delete(n.unsettled, id)
		u := n.uses[id]
		switch {
		case u == nil:
			u = &use{id: id}
			n.uses[id] = u
			fallthrough
		case u.readers == 0 && u.busy == nil: // the remover's
			u.doomed, u.busy = true, make(chan struct{})
			mine = append(mine, u)
		case u.readers > 0:
			u.doomed, u.promised = true, true // the last reader has it deleted
		default:
			rest, wait = append(rest, id), u.busy
		}
	}
	return mine, rest, wait
}

// doomed ends deletions; ok says that the objects are deleted. Of those that may not be, promised ones stay gone for calls that
// come, and are the remover's.
func (n *names) doomed(uses []*use, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, u := range uses {
		close(u.busy)
		u.busy = nil
		switch {
		case ok:
			u.gone = true
			delete(n.uses, u.id)
		case u.promised && u.readers == 0:
			n.releaseLocked(u)
		case !u.promised:
			u.doomed = false
			delete(n.uses, u.id)
		}
	}
}

// takeReleased returns the blobs that the remover has to delete, and calls doomed of.
func (n *names) takeReleased() (mine []*use) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, u := range n.released {
		if !u.gone && u.busy == nil && u.readers == 0 {
			u.busy = make(chan struct{})
			mine = append(mine, u)
		}
	}
	n.released = nil
	return mine
}

// reclaim waits until the object of a blob that is gone can be deleted so that its ID can be used again, and returns it; nil if there
// is nothing to be deleted. Its readers go on with the answers that they have.
func (n *names) reclaim(ctx context.Context, id blob.ID) (*use, error) {
	for {
		n.mu.Lock()
		u := n.uses[id]
		if u == nil || !u.doomed {
			n.mu.Unlock()
			return nil, nil
		}
		busy := u.busy
		if busy == nil {
			u.busy = make(chan struct{})
			n.mu.Unlock()
			return u, nil
		}
		n.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// hidden reports whether a blob is one that Walk does not tell of: being written, not settled, or gone.
func (n *names) hidden(id blob.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, unsettled := n.unsettled[id]
	u := n.uses[id]
	return unsettled || n.staged[id] != nil || u != nil && u.doomed
}
