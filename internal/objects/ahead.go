package objects

import (
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// What requests read ahead in a store that is shared (meta.Store.Ahead), so that they are answered after one round trip,
// and change after two. It is a guess: what else they read, they read later.

// AheadRead returns what reading a version, the current one if version is "", needs of the store: keys, and a range or nil.
func AheadRead(b *records.Bucket, key, version string) (wanted [][]byte, of *meta.Range) {
	id := keys.BucketID(b.Id)
	wanted = [][]byte{keys.Object(id, key)}
	switch place, ok := keys.ParseVersionID(version); {
	case ok:
		wanted = append(wanted, keys.Version(id, key, place))
	case version == NullVersion:
		wanted = append(wanted, keys.NullVersion(id, key))
	default:
		of = latest(id, key) // a delete marker, if the key has no current object
	}
	return wanted, of
}

// AheadWrite returns what the transaction reads that writes or deletes the current version of a key: keys, and a range or nil.
func AheadWrite(b *records.Bucket, key string) (wanted [][]byte, of *meta.Range) {
	id := keys.BucketID(b.Id)
	wanted = [][]byte{keys.Bucket(b.Name), keys.Object(id, key)}
	if b.Versioning == VersioningSuspended {
		wanted = append(wanted, keys.NullVersion(id, key))
	}
	if b.Notifies {
		wanted = append(wanted, keys.Setting(id, keys.Notification))
	}
	if b.Versioning != "" {
		of = latest(id, key)
	}
	return wanted, of
}

// AheadPart returns what the transaction reads that writes a part of an upload.
func AheadPart(b *records.Bucket, key, upload string, number int) [][]byte {
	if len(upload) > maxUploadID {
		return nil
	}
	return [][]byte{keys.Upload(keys.BucketID(b.Id), key, upload), keys.Part(upload, number)}
}

// latest is the range in which the latest of the versions is that are not under keys.Object.
func latest(id keys.BucketID, key string) *meta.Range {
	from, to := keys.VersionsOf(id, key)
	return &meta.Range{From: from, To: to, Plan: meta.Plan{Limit: 1}}
}
