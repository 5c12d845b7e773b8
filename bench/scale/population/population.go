// Package population makes the keys that a metadata store of many objects has, by the layout of package keys: keys of
// objects as users name them, and those of spaces that the program itself orders by time.
package population

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"crossgrant/bench/scale/zipf"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
)

// Population is a way to name things. It is not safe for concurrent use.
type Population struct {
	Name string
	// Recent says that mostly what was written last is read; otherwise reads go to a few popular keys of any age.
	Recent bool
	// Write returns the key of what is written at a time.
	Write func(r *rand.Rand, at time.Time) []byte
}

// All returns the populations, in the order in which they are told.
func All() []Population {
	one := bucket(0)
	object := func(name func(*rand.Rand, time.Time) string) func(*rand.Rand, time.Time) []byte {
		return func(r *rand.Rand, at time.Time) []byte { return keys.Object(one, name(r, at)) }
	}
	var count, counted uint64
	return []Population{
		{Name: "random names (UUIDv4, hashes)", Write: object(random)},
		{Name: "many buckets, Zipf 1.1, named in all ways", Write: tenants()},
		{Name: "host, then date", Recent: true, Write: object(hostDate)},
		{Name: "date, then host", Recent: true, Write: object(dateHost)},
		{Name: "ordered by time (UUIDv7)", Recent: true, Write: object(ordered)},
		{Name: "a counter", Recent: true, Write: object(func(*rand.Rand, time.Time) string { count++; return fmt.Sprintf("%012d", count) })},
		{Name: "a counter, bucket in 64 shards", Recent: true, Write: func(*rand.Rand, time.Time) []byte {
			counted++
			return Sharded(one, fmt.Sprintf("%012d", counted), 64)
		}},
		{Name: "content by time (space c)", Recent: true, Write: func(r *rand.Rand, at time.Time) []byte {
			p := keys.Place{Sequence: uint64(at.UnixNano()) + r.Uint64N(1000)}
			return keys.Content(p)
		}},
		{Name: "kept records by request ID (j k)", Recent: true, Write: func(r *rand.Rand, at time.Time) []byte {
			id, err := ids.NewRequestID(source{r}, at)
			if err != nil {
				panic(err) // source never fails
			}
			return keys.JournalKept(id)
		}},
	}
}

// Sharded is what the key of an object would be if a bucket's keys were spread over shards: a byte of the key's hash
// comes first. The layout has no such space; what it would be worth is computed with it.
func Sharded(b keys.BucketID, key string, shards int) []byte {
	hash := uint32(2166136261) // FNV-1a
	for i := range len(key) {
		hash = (hash ^ uint32(key[i])) * 16777619
	}
	hash ^= hash >> 15
	return keys.Object(b, string(rune(hash%uint32(shards)))+key)
}

// source makes a generator a reader of random bytes.
type source struct{ *rand.Rand }

// Read implements io.Reader.
func (s source) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return len(b), nil
}

// bucket returns the ID of the bucket of a rank: IDs are random, so that ranks are no order of keys.
func bucket(rank int) (id keys.BucketID) {
	r := rand.New(rand.NewPCG(uint64(rank), 0xb0c4e7))
	_, _ = source{r}.Read(id[:]) // never fails
	return id
}

func random(r *rand.Rand, _ time.Time) string {
	var b [16]byte
	_, _ = source{r}.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return hex.EncodeToString(b[:])
}

func ordered(r *rand.Rand, at time.Time) string {
	return fmt.Sprintf("%012x7%s", at.UnixMilli(), random(r, at)[13:])
}

// hosts is how many machines write logs.
const hosts = 500

func dateHost(r *rand.Rand, at time.Time) string {
	return fmt.Sprintf("logs/%s/host-%04d-%s.gz", at.Format("2006/01/02/15"), r.IntN(hosts), random(r, at)[:8])
}

func hostDate(r *rand.Rand, at time.Time) string {
	return fmt.Sprintf("logs/host-%04d/%s-%s.gz", r.IntN(hosts), at.Format("2006/01/02/15/04-05"), random(r, at)[:8])
}

// Tenants is how many buckets the population of many buckets has.
const Tenants = 20_000

// tenants has a few huge buckets and many small ones. Half of them are named at random, the others in the order of time.
func tenants() func(*rand.Rand, time.Time) []byte {
	z := zipf.New(Tenants, 1.1)
	names := []func(*rand.Rand, time.Time) string{random, hostDate, random, dateHost, random, ordered}
	return func(r *rand.Rand, at time.Time) []byte {
		rank := z.Draw(r)
		return keys.Object(bucket(rank), names[rank%len(names)](r, at))
	}
}
