package crash_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// api is what the clients use. Errors that wrap errDown say that nobody knows what became of the request.
type api interface {
	CreateBucket(bucket string, versioned bool) error
	DeleteBucket(bucket string) error
	HasBucket(bucket string) (bool, error)
	CreateUser(user string) error
	DeleteUser(user string) error
	HasUser(user string) (bool, error)
	// Put and the others that make an object return its version ID; empty in a bucket without versioning.
	Put(bucket, key string, body []byte, tag string) (version string, err error)
	Copy(bucket, from, to string) (version string, err error)
	// Delete removes a version or, if it is empty, the key; then it returns the ID of the delete marker.
	Delete(bucket, key, version string) (marker string, err error)
	SetTag(bucket, key, tag string) error
	Read(bucket, key, version string) (body []byte, tag string, err error)
	CreateUpload(bucket, key string) (id string, err error)
	PutPart(bucket, key, id string, number int, body []byte) (etag string, err error)
	// Complete returns errNoUpload if there is no such upload.
	Complete(bucket, key, id string, etags []string) (version string, err error)
	Abort(bucket, key, id string) error
	// Versions returns the versions of all keys, newest first; in a bucket without versioning the objects, with an empty
	// version ID.
	Versions(bucket string, versioned bool) (map[string][]object, error)
}

var (
	errDown     = errors.New("the server is down")
	errNoUpload = errors.New("there is no such upload")
)

const (
	plainBucket     = "plain"
	versionedBucket = "versioned"
	// keysEach is the number of keys of a client in each bucket, and namesEach that of its own buckets and users.
	keysEach  = 6
	namesEach = 3
	// mostVersions is how many versions of a key there are before one is deleted.
	mostVersions = 6
)

// sizes are those of what a client writes, in bytes.
type sizes struct {
	inline  int // largest that lies in the metadata
	largest int
	part    int // smallest part but the last
	uploads int // one in so many changes is of a multipart upload
}

// worker is a client that knows what it wrote.
type worker struct {
	api     api
	sizes   sizes
	rng     *rand.Rand
	slots   []*slot
	buckets []*name
	users   []*name
	done    int // changes that were acknowledged
}

func newWorker(id int, a api, s sizes, rng *rand.Rand) *worker {
	w := &worker{api: a, sizes: s, rng: rng}
	for i := range keysEach {
		for _, bucket := range []string{plainBucket, versionedBucket} {
			w.slots = append(w.slots, &slot{bucket: bucket, key: fmt.Sprintf("client-%d/key-%d", id, i), versioned: bucket == versionedBucket})
		}
	}
	for i := range namesEach {
		w.buckets = append(w.buckets, &name{name: fmt.Sprintf("client-%d-bucket-%d", id, i)})
		w.users = append(w.users, &name{name: fmt.Sprintf("client-%d-user-%d", id, i)})
	}
	return w
}

// draw returns content of a size that lies in the metadata, or in a blob.
func (w *worker) draw() content {
	size := w.rng.IntN(w.sizes.inline + 1)
	switch w.rng.IntN(4) {
	case 0:
		size = w.sizes.inline + 1 + w.rng.IntN(w.sizes.largest-w.sizes.inline)
	case 1:
		size = w.rng.IntN(100)
	}
	return content{w.rng.Uint64(), size}
}

func (w *worker) tag() string {
	if w.rng.IntN(3) > 0 {
		return ""
	}
	return fmt.Sprint("t", w.rng.IntN(1000))
}

// run changes things until an error, which it returns.
func (w *worker) run() error {
	for {
		if err := w.step(); err != nil {
			return err
		}
		w.done++
	}
}

// step makes one change.
func (w *worker) step() error {
	s := w.slots[w.rng.IntN(len(w.slots))]
	if w.rng.IntN(w.sizes.uploads) == 0 {
		return w.stepUpload(s)
	}
	switch n := w.rng.IntN(100); {
	case len(s.objects) >= mostVersions:
		return w.delete(s)
	case n < 55:
		return w.put(s)
	case n < 75:
		return w.delete(s)
	case n < 83:
		return w.copy(s)
	case n < 91:
		return w.setTag(s)
	case n < 96:
		return w.toggle(w.buckets[w.rng.IntN(namesEach)], func(n string) error { return w.api.CreateBucket(n, false) }, w.api.DeleteBucket)
	default:
		return w.toggle(w.users[w.rng.IntN(namesEach)], w.api.CreateUser, w.api.DeleteUser)
	}
}

func (w *worker) put(s *slot) error {
	o := object{parts: []content{w.draw()}, tags: w.tag()}
	s.begin(s.with(o))
	version, err := w.api.Put(s.bucket, s.key, o.bytes(), o.tags)
	if err == nil {
		s.acknowledge(version)
	}
	return err
}

// delete deletes the key or, in a bucket with versioning, sometimes a version.
func (w *worker) delete(s *slot) error {
	if s.versioned && len(s.objects) > 0 && (len(s.objects) >= mostVersions || w.rng.IntN(2) == 0) {
		i := w.rng.IntN(len(s.objects))
		version := s.objects[i].version
		s.begin(slices.Delete(slices.Clone(s.objects), i, i+1))
		_, err := w.api.Delete(s.bucket, s.key, version)
		if err == nil {
			s.acknowledge("")
		}
		return err
	}
	after := []object{}
	if s.versioned {
		after = s.with(object{marker: true})
	}
	s.begin(after)
	marker, err := w.api.Delete(s.bucket, s.key, "")
	if err == nil {
		s.acknowledge(marker)
	}
	return err
}

// copy copies another key of the same bucket to s.
func (w *worker) copy(s *slot) error {
	for _, from := range w.slots {
		o := from.current()
		if from == s || from.bucket != s.bucket || o == nil {
			continue
		}
		s.begin(s.with(object{parts: o.parts, tags: o.tags}))
		version, err := w.api.Copy(s.bucket, from.key, s.key)
		if err == nil {
			s.acknowledge(version)
		}
		return err
	}
	return nil
}

func (w *worker) setTag(s *slot) error {
	if s.current() == nil {
		return nil
	}
	after := slices.Clone(s.objects)
	after[0].tags = fmt.Sprint("set", w.rng.IntN(1000))
	s.begin(after)
	err := w.api.SetTag(s.bucket, s.key, after[0].tags)
	if err == nil {
		s.acknowledge("")
	}
	return err
}

// stepUpload goes on with the upload of s, or begins one.
func (w *worker) stepUpload(s *slot) error {
	switch u := s.upload; {
	case u == nil:
		id, err := w.api.CreateUpload(s.bucket, s.key)
		if err == nil {
			s.upload = &upload{id: id}
		}
		return err
	case len(u.parts) < 2:
		c := content{w.rng.Uint64(), w.sizes.part + w.rng.IntN(1000)}
		if len(u.parts) == 1 {
			c = w.draw()
		}
		etag, err := w.api.PutPart(s.bucket, s.key, u.id, len(u.parts)+1, c.bytes())
		if err == nil {
			u.parts, u.etags = append(u.parts, c), append(u.etags, etag)
		}
		return err
	case w.rng.IntN(5) == 0:
		err := w.api.Abort(s.bucket, s.key, u.id)
		s.upload = nil // whether it was aborted or not, nothing is wanted of it any more
		return err
	default:
		return w.complete(s)
	}
}

func (w *worker) complete(s *slot) error {
	s.begin(s.with(object{parts: s.upload.parts}))
	s.completing = true
	version, err := w.api.Complete(s.bucket, s.key, s.upload.id, s.upload.etags)
	if err == nil {
		s.acknowledge(version)
		s.upload, s.completing = nil, false
	}
	return err
}

// toggle makes what is not there and removes what is.
func (w *worker) toggle(n *name, create, remove func(name string) error) error {
	do := create
	if n.there {
		do = remove
	}
	n.maybe = true
	err := do(n.name)
	if err == nil {
		n.there, n.maybe = !n.there, false
	}
	return err
}

// verify compares what is there after a crash with what the client knows. all are the versions by bucket and key. Uploads
// whose parts were acknowledged have to be completed by the changes that follow.
func (w *worker) verify(all map[string]map[string][]object) error {
	for _, s := range w.slots {
		err := s.settle(all[s.bucket][s.key], func(o *object) ([]byte, string, error) {
			return w.api.Read(s.bucket, s.key, o.version)
		})
		if err != nil {
			return err
		}
		delete(all[s.bucket], s.key)
	}
	for _, group := range []struct {
		names []*name
		has   func(string) (bool, error)
	}{{w.buckets, w.api.HasBucket}, {w.users, w.api.HasUser}} {
		for _, n := range group.names {
			there, err := group.has(n.name)
			if err == nil {
				err = n.settle(there)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
