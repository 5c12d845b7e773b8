package main

import "crossgrant/bench/scale/capacity"

const (
	day = 24 * 60 * 60 // seconds
	// pace is how many versions a second a lifecycle pass reads at most (lifecycle/engine, Options.Pace and Page).
	pace = 100_000
	// listed is what a listing needs of a record, in bytes, where values are cut (objects, listCut).
	listed = 768
	// scrubDays is how long a pass of the scrub may take: assumed.
	scrubDays = 30
	// indexShard is how many entries a shard of a bucket's index has at most in Ceph, and indexShards how many shards
	// resharding makes, by default.
	indexShard, indexShards = 100_000, 1999
)

// background is what work in the background takes at 10¹² objects.
type background struct {
	PassDays     float64 // that one server needs for a lifecycle pass over all
	Walkers      float64 // that finish it in a day
	WalkBytes    float64 // a second that a daily pass is sent
	WalkStored   float64 // a second that the database reads for it, where values lie beside their keys
	ListStored   float64 // bytes that it reads for a page of a listing
	ListShort    float64 // likewise, if no content lay in records
	ScrubRecords float64 // bytes a second that verifying all metadata in scrubDays reads
	ScrubBlobs   float64 // likewise, all blobs
	Blobs        float64 // how many there are
	PerBucket    float64 // how many a bucket of Ceph takes with its index
	Buckets      float64 // that they take
}

func computeBackground(all []store) (b background) {
	now := all[len(all)-1]
	const objects = 1e12
	b.PassDays = objects / pace / day
	b.Walkers = b.PassDays
	b.WalkBytes = objects * (capacity.KeyBytes + listed) / day
	b.WalkStored = now.Metadata / day
	b.ListStored, b.ListShort = 1000*now.PerObject.Sharded, 1000*all[0].PerObject.Sharded
	b.ScrubRecords = now.Metadata / (scrubDays * day)
	b.ScrubBlobs = now.Machines.Blobs / (scrubDays * day)
	b.Blobs = objects * now.BlobsShare
	b.PerBucket = indexShard * indexShards
	b.Buckets = b.Blobs / b.PerBucket
	return b
}
