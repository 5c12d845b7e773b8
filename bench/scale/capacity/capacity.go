// Package capacity is the arithmetic of a store: what an object takes in the metadata and in the blob store, what a request
// costs servers, database and network, and how many machines that is. Each figure says whether it is measured, and how, or
// assumed.
package capacity

// What the program writes, in bytes; TestRecordSizes holds them.
const (
	KeyBytes          = 49  // of the key of an object whose name has 40
	EmptyRecordBytes  = 320 // of an object without content
	InlineRecordBytes = 360 // of one with its content in the record, beside the content
	BlobRecordBytes   = 387 // of one whose content is one blob
	BlobKeyBytes      = 33  // of the key that says that a blob is named; its value is empty
)

// Row is what a row takes in PostgreSQL 15, in bytes. Measured by bench/scale/postgres.sh.
type Row struct {
	Value               int // of the value that was stored
	Table, Toast, Index int // on disk
	Log, LogImages      int // of write-ahead log for a commit of one row, without images of pages and with those soon after a checkpoint
	Again               int // likewise, of a commit that replaces the row
	Pages               int // of 8 KiB that a listing of 1,000 such rows looks at, its values cut to 512 bytes
}

// Total is all that the row takes on disk.
func (r Row) Total() int { return r.Table + r.Toast + r.Index }

// Rows were measured on 2026-11-27 with PostgreSQL 15.18.
var Rows = []Row{
	{Value: 320, Table: 431, Toast: 0, Index: 99, Log: 683, LogImages: 3578, Again: 764, Pages: 1017},
	{Value: 387, Table: 512, Toast: 0, Index: 101, Log: 759, LogImages: 3579, Again: 850, Pages: 1015},
	{Value: 4456, Table: 109, Toast: 5533, Index: 107, Log: 5240, LogImages: 5964, Again: 5367, Pages: 4038},
	{Value: 65898, Table: 109, Toast: 70410, Index: 116, Log: 71074, LogImages: 71196, Again: 72888, Pages: 5027},
}

// Class is a class of objects by size. Assumed: no two stores are alike.
type Class struct {
	Name     string
	Size     float64 // bytes
	Objects  float64 // share of all objects
	Requests float64 // share of the requests that read or write content
}

// Classes are all of them: many small objects and most requests for them, most bytes in large ones.
var Classes = []Class{
	{"4 KiB", 4 << 10, 0.55, 0.75},
	{"32 KiB", 32 << 10, 0.20, 0.18},
	{"1 MiB", 1 << 20, 0.20, 0.065},
	{"16 MiB", 16 << 20, 0.05, 0.005},
}

// Assumed about a sharded database, beside what a row has: bytes of versions, column encodings and checksums for each row,
// and how much larger a log-structured tree is than what lies in it.
const (
	shardedRow   = 32
	shardedSpace = 1.15
)

// Sharded is what a row with a value takes in one replica of a sharded database, in bytes, its revision included.
func Sharded(key, value float64) float64 { return (key + value + 8 + shardedRow) * shardedSpace }

// PerObject is what an object takes on average.
type PerObject struct {
	Inline     float64 // share of objects whose content is in the record
	Postgres   float64 // bytes of PostgreSQL
	Sharded    float64 // bytes of one replica in a sharded database
	Blobs      float64 // bytes in the blob store, before redundancy
	BlobsShare float64 // share of objects that have a blob
}

// Objects returns what an object takes if content of at most limit bytes lies in the record.
func Objects(limit float64) (p PerObject) {
	for _, c := range Classes {
		if c.Size <= limit {
			p.Inline += c.Objects
			p.Postgres += c.Objects * postgres(InlineRecordBytes+c.Size)
			p.Sharded += c.Objects * Sharded(KeyBytes, InlineRecordBytes+c.Size)
			continue
		}
		p.BlobsShare += c.Objects
		p.Postgres += c.Objects * (postgres(BlobRecordBytes) + postgresEmpty)
		p.Sharded += c.Objects * (Sharded(KeyBytes, BlobRecordBytes) + Sharded(BlobKeyBytes, 0))
		p.Blobs += c.Objects * c.Size
	}
	return p
}

// postgresEmpty is a row of a key of BlobKeyBytes without a value: what a row of 387 bytes takes, without those, and with the
// shorter key in table and index.
var postgresEmpty = float64(Rows[1].Total() - Rows[1].Value - 2*(KeyBytes-BlobKeyBytes))

// postgres is what a row takes in PostgreSQL, between and beyond what was measured by straight lines. Below the last row
// without TOAST it is that row with other bytes in it.
func postgres(value float64) float64 {
	inline, small, large := Rows[1], Rows[2], Rows[3]
	if value <= 2000 {
		return float64(inline.Total()) + value - float64(inline.Value)
	}
	slope := float64(large.Total()-small.Total()) / float64(large.Value-small.Value)
	return float64(small.Total()) + slope*(value-float64(small.Value))
}
