package md5lanes

import (
	"crypto/md5"
	"runtime"
	"sync"
)

// lanes is how many streams are hashed at once.
const lanes = 16

// state is the states of the lanes: a of all of them, then b, c and d.
type state [4][lanes]uint32

// Pool hashes chunks. Its zero value is ready, and its methods are safe for concurrent use.
type Pool struct {
	mu sync.Mutex // protects the fields below
	// waiting are the chunks that nobody hashes yet, in the order in which they came.
	waiting []job
	// workers is the number of goroutines that hash; at most one for each processor.
	workers int
}

// job is a chunk to be hashed.
type job struct {
	digest *Digest
	chunk  []byte
	done   *sync.WaitGroup
}

// Add hashes chunk into d, and calls done.Done when that is over; the caller has added it. Until then neither may be
// used. The chunks of one Digest have to wait for each other.
func (p *Pool) Add(d *Digest, chunk []byte, done *sync.WaitGroup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, job{d, chunk, done})
	if p.workers < p.most() {
		p.workers++
		go p.work()
	}
}

// most returns how many workers there may be now. Where there are lanes, few workers fill them better than many: another
// one comes in only where there are processors enough, or where it finds all lanes full.
func (p *Pool) most() int {
	processors := runtime.GOMAXPROCS(0)
	if !fast || len(p.waiting) >= lanes {
		return processors
	}
	return max(1, processors/4)
}

// work hashes what is waiting, until nothing is.
func (p *Pool) work() {
	for {
		if fast {
			// Whoever is about to bring a chunk does it now, and shares the work.
			runtime.Gosched()
		}
		jobs := p.take()
		if jobs == nil {
			return
		}
		run(jobs)
		for _, j := range jobs {
			j.done.Done()
		}
	}
}

// take returns the next chunks to hash together, or nil, and the worker is no longer counted.
func (p *Pool) take() []job {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.workers--
		p.waiting = nil
		return nil
	}
	n := 1
	if fast {
		n = min(len(p.waiting), lanes)
	}
	jobs := p.waiting[:n:n]
	p.waiting = p.waiting[n:]
	return jobs
}

// run hashes chunks of different digests.
func run(jobs []job) {
	if len(jobs) > 1 {
		together(jobs)
		return
	}
	for _, j := range jobs {
		j.digest.Write(j.chunk)
	}
}

// lane is a chunk that is hashed with others: what is left of it, a whole number of blocks first.
type lane struct {
	job
	form   [formSize]byte
	words  words
	rest   []byte
	hashed int // bytes of rest that were hashed into words
}

// together hashes chunks in lanes: as many blocks as all have left, then those of the longer ones.
func together(jobs []job) {
	all := make([]lane, len(jobs))
	active := make([]*lane, 0, len(jobs))
	for i := range all {
		l := &all[i]
		l.job, l.rest = jobs[i], jobs[i].chunk
		l.begin()
		if len(l.rest) >= md5.BlockSize {
			active = append(active, l)
		}
	}
	for len(active) > 0 {
		active = forward(active)
	}
	for i := range all {
		all[i].end()
	}
}

// begin fills the block that the digest has begun, and takes its state.
func (l *lane) begin() {
	l.digest.export(&l.form)
	if n := buffered(&l.form); n > 0 {
		n = min(md5.BlockSize-n, len(l.rest))
		l.digest.Write(l.rest[:n])
		l.rest = l.rest[n:]
		l.digest.export(&l.form)
	}
	l.words = wordsOf(&l.form)
}

// end gives the state back, and adds what is left, which is less than a block.
func (l *lane) end() {
	if l.hashed > 0 {
		advance(&l.form, l.words, l.hashed)
		l.digest.restore(&l.form)
	}
	l.digest.Write(l.rest)
}

// forward hashes as many blocks of the lanes as all of them have, and returns those that have more.
func forward(active []*lane) []*lane {
	var s state
	var data [lanes]*byte
	blocks := len(active[0].rest) / md5.BlockSize
	for _, l := range active {
		blocks = min(blocks, len(l.rest)/md5.BlockSize)
	}
	for i := range lanes {
		l := active[min(i, len(active)-1)] // lanes that nobody needs do what another one does
		data[i] = &l.rest[0]
		for j := range s {
			s[j][i] = l.words[j]
		}
	}
	blocks16(&s, &data, blocks)
	more := active[:0]
	for i, l := range active {
		for j := range s {
			l.words[j] = s[j][i]
		}
		l.hashed += blocks * md5.BlockSize
		if l.rest = l.rest[blocks*md5.BlockSize:]; len(l.rest) >= md5.BlockSize {
			more = append(more, l)
		}
	}
	return more
}
