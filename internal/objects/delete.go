package objects

import (
	"bytes"
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Deletion asks for a key, or one of its versions, to be deleted.
type Deletion struct {
	Bucket keys.BucketID
	// BucketName is verified inside the transaction: the bucket must still be the same one.
	BucketName string
	Key        string
	// Version is the ID of the version to remove; empty to delete the key.
	Version string
	// Bypass removes what governance mode retains.
	Bypass bool
	// Guard is asked with the version that is removed or that ceases to be the current one, nil if there is
	// none; a nil Guard allows everything.
	Guard Guard
	// Owner and OwnerAccount are those of a delete marker that is made; empty for an anonymous owner's account.
	Owner        ids.CanonicalUserID
	OwnerAccount ids.AccountID
	// Origin is told to Options.Changed, with "Delete" or "DeleteMarkerCreated" added to its Event; an empty
	// Event means that nobody is told.
	Origin Origin
}

// Deleted is what became of a Deletion.
type Deleted struct {
	// VersionID is the ID of the version that was removed or of the delete marker that was made; empty where
	// nothing was there, and in a bucket that never had versioning.
	VersionID string
	// Marker says that the version is a delete marker.
	Marker bool
	// Removed is the version that was removed; nil if there was none, or a delete marker was made.
	Removed *records.Object
}

// Delete deletes a key or a version. What is not there is deleted all the same. To delete a key removes the
// object of a bucket without versioning, and makes a delete marker in one with it. NoSuchBucket if the bucket
// is not the one with this ID; InvalidArgument for an ID that no version can have; AccessDenied if object
// lock protects the version; the error of d.Guard.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
func (s *Service) Delete(ctx context.Context, d Deletion) (Deleted, error) {
	if err := checkKey(d.Key); err != nil {
		return Deleted{}, err
	}
	var out Deleted
	var freed bool
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		out, freed = Deleted{}, false
		h, err := readHead(tx, d.Bucket, d.BucketName, d.Key)
		switch {
		case err != nil:
			return err
		case d.Version != "":
			out, freed, err = s.deleteVersion(tx, h, &d)
		case h.bucket.Versioning == "":
			out, freed, err = s.deleteCurrent(tx, h, &d)
		default:
			out, freed, err = s.deleteKey(tx, h, &d)
		}
		return err
	})
	if err == nil && freed {
		s.sweeper.wake()
	}
	return out, err
}

// judge asks the guard, if there is one.
func (d *Deletion) judge(o *records.Object) error {
	if d.Guard == nil {
		return nil
	}
	return d.Guard(o)
}

// told tells the observer of a deletion.
func (s *Service) told(tx meta.Tx, h *head, d *Deletion, o *records.Object, what string) error {
	origin := d.Origin
	if origin.Event != "" {
		origin.Event += what
	}
	return s.changed(tx, h.bucket, h.key, o, origin)
}

// deleteCurrent deletes the key in a bucket that never had versioning.
func (s *Service) deleteCurrent(tx meta.Tx, h *head, d *Deletion) (Deleted, bool, error) {
	if err := d.judge(h.current); err != nil || h.current == nil {
		return Deleted{}, false, err
	}
	f := &found{h.current, keys.Object(h.id, h.key)}
	if err := drop(tx, h.id, h.key, f); err != nil {
		return Deleted{}, false, err
	}
	return Deleted{Removed: h.current}, len(h.current.Segments) > 0, s.told(tx, h, d, h.current, "Delete")
}

// deleteKey makes a delete marker. It is made of a key that has no versions, too, as on S3.
func (s *Service) deleteKey(tx meta.Tx, h *head, d *Deletion) (Deleted, bool, error) {
	if err := d.judge(h.current); err != nil {
		return Deleted{}, false, err
	}
	marker := &records.Object{
		DeleteMarker: true, Owner: string(d.Owner), OwnerAccount: string(d.OwnerAccount), Modified: s.opts.Now().UnixNano(),
	}
	freed, err := s.add(tx, h, marker)
	if err != nil {
		return Deleted{}, false, err
	}
	return Deleted{VersionID: VersionID(marker), Marker: true}, freed, s.told(tx, h, d, marker, "DeleteMarkerCreated")
}

// deleteVersion removes a version, unless object lock protects it.
func (s *Service) deleteVersion(tx meta.Tx, h *head, d *Deletion) (Deleted, bool, error) {
	f, err := find(tx, h.id, h.key, d.Version)
	if err != nil {
		return Deleted{}, false, err
	}
	if f == nil {
		return Deleted{VersionID: d.Version}, false, d.judge(nil)
	}
	if err := d.judge(f.object); err != nil {
		return Deleted{}, false, err
	}
	if Protected(f.object, s.opts.Now(), d.Bypass) {
		return Deleted{}, false, objectLocked()
	}
	freed, err := s.remove(tx, h, d, f)
	return Deleted{VersionID: d.Version, Marker: f.object.DeleteMarker, Removed: f.object}, freed, err
}

// remove removes a version for good; if it was the current one, the one before it becomes current. It tells whether
// bytes were freed.
func (s *Service) remove(tx meta.Tx, h *head, d *Deletion, f *found) (freed bool, err error) {
	if err := drop(tx, h.id, h.key, f); err != nil {
		return false, err
	}
	if h.isCurrent(f) {
		if err := promote(tx, h.id, h.key); err != nil {
			return false, err
		}
	}
	return len(f.object.Segments) > 0, s.told(tx, h, d, f.object, "Delete")
}

// isCurrent reports whether f is the current version of h, which may be a delete marker.
func (h *head) isCurrent(f *found) bool {
	if h.current != nil {
		return bytes.Equal(f.at, keys.Object(h.id, h.key))
	}
	return h.marker != nil && placeOf(h.marker) == placeOf(f.object)
}
