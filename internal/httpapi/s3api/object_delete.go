package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

type deleteObjectInput struct {
	bucket  *access.Bucket
	version versionInput
	cond    writeConditions
	bypass  bool // x-amz-bypass-governance-retention
}

// check asks for the deletion of the key, as if the caller's own object were there.
func (in *deleteObjectInput) check(c *httpapi.Call) access.Check {
	return deletionCheck(c, in.bucket, c.Key, in.version, func(k *policy.Context) { fromHeaders(c.HTTP, k, "if-match") })
}

// deletionCheck asks for the deletion of a key or version as if the caller's own object were there, which an
// ACL grants most easily: what is there is known only inside the transaction that removes it, where the
// question is put again. ifMatch sets the condition key of requests that do not name a version.
func deletionCheck(c *httpapi.Call, b *access.Bucket, key string, version versionInput, ifMatch func(*policy.Context)) access.Check {
	action := version.action("s3:DeleteObject", "s3:DeleteObjectVersion")
	check := objectCheck(b, key, action, nil, func(k *policy.Context) {
		version.set(k)
		if !version.given() {
			ifMatch(k)
		}
	})
	check.Object = &authz.Object{Owner: callerOwner(c)}
	return check
}

// callerOwner returns the canonical user ID of what the caller makes.
func callerOwner(c *httpapi.Call) ids.CanonicalUserID {
	if c.Caller.Kind == policy.Anonymous {
		return authz.AnonymousCanonicalID
	}
	return c.Caller.CanonicalID
}

// deletion is what package objects is asked to do, without its guard.
func deletion(c *httpapi.Call, b *access.Bucket, key string, version versionInput, bypass bool) objects.Deletion {
	return objects.Deletion{
		Bucket: b.ID, BucketName: b.Record.Name, Key: key, Version: string(version), Bypass: bypass,
		Owner: callerOwner(c), OwnerAccount: c.Caller.Account, Origin: origin(c, "ObjectRemoved:"),
	}
}

// deleteObject is DeleteObject. A key or version that is not there is deleted all the same.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
func (s *Service) deleteObject() httpapi.Operation {
	return httpapi.Row[deleteObjectInput]{
		Name: "DeleteObject",
		Decode: func(c *httpapi.Call) (*deleteObjectInput, error) {
			version, err := decodeVersion(c)
			if err != nil {
				return nil, err
			}
			if has(c.HTTP, "If-None-Match") {
				return nil, refusedHeader("If-None-Match")
			}
			in := &deleteObjectInput{version: version, cond: writeConditions{ifMatch: header(c.HTTP, "If-Match")}}
			in.bypass, err = decodeBypass(c.HTTP)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *deleteObjectInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Checks: func(c *httpapi.Call, in *deleteObjectInput) []access.Check {
			checks := []access.Check{in.check(c)}
			if in.bypass {
				checks = append(checks, bypassCheck(in.bucket, c.Key))
			}
			return checks
		},
		Run: s.runDeleteObject,
	}.Operation()
}

func (s *Service) runDeleteObject(ctx context.Context, c *httpapi.Call, in *deleteObjectInput) (*httpapi.Response, error) {
	if in.bypass && in.bucket.Record.ObjectLock == nil {
		return nil, errNoObjectLock
	}
	if in.bucket.Record.MfaDelete && in.version.given() {
		if err := s.needMFA(ctx, c, in.bucket); err != nil {
			return nil, err
		}
	}
	d := deletion(c, in.bucket, c.Key, in.version, in.bypass)
	d.Guard = noteOwner(c, in.bucket, rejudge(ctx, c, in.bucket, c.Key, in.check(c), in.cond))
	done, err := s.objects.Delete(ctx, d)
	if err != nil {
		return nil, err
	}
	r := noContent()
	if done.VersionID != "" {
		r.Header.Set(versionHeader, done.VersionID)
	}
	if done.Marker {
		r.Header.Set("X-Amz-Delete-Marker", "true")
	}
	return r, nil
}

// noteOwner is guard, and puts the owner of what is removed into the request's record.
func noteOwner(c *httpapi.Call, b *access.Bucket, guard objects.Guard) objects.Guard {
	return func(existing *records.Object) error {
		if existing != nil {
			c.Record.ObjectOwner, c.Record.ObjectSize = b.ObjectOwner(existing), &existing.Size
		}
		return guard(existing)
	}
}

const (
	// maxDeleteList is the largest body of DeleteObjects, in bytes: a thousand keys of full length with
	// every second character escaped.
	maxDeleteList = 4 << 20
	maxDeleteKeys = 1000
	// deleteWorkers is how many keys of a request are deleted at a time, so that they share commits.
	deleteWorkers = 16
)

// deleteList is the body of DeleteObjects.
type deleteList struct {
	Objects []deleteItem `element:"Object,required"`
	Quiet   bool         `element:"Quiet"`
}

type deleteItem struct {
	Key       string  `element:"Key,required"`
	VersionID *string `element:"VersionId"`
	ETag      string  `element:"ETag"`
	// Conditions of directory buckets.
	LastModifiedTime restxml.Present `element:"LastModifiedTime"`
	Size             restxml.Present `element:"Size"`
}

// decodeDeleteList parses the body of DeleteObjects.
func decodeDeleteList(body []byte) (*deleteList, error) {
	list := new(deleteList)
	if err := restxml.Decode(body, "Delete", list); err != nil {
		return nil, err
	}
	if len(list.Objects) > maxDeleteKeys {
		return nil, restxml.Malformed(fmt.Errorf("%d keys", len(list.Objects)))
	}
	for _, item := range list.Objects {
		switch {
		case item.Key == "":
			return nil, restxml.Malformed(errors.New("empty key"))
		case bool(item.LastModifiedTime):
			return nil, apierr.NotImplemented("LastModifiedTime")
		case bool(item.Size):
			return nil, apierr.NotImplemented("Size")
		}
	}
	return list, nil
}

// versions reports whether the list names versions.
func (l *deleteList) versions() bool {
	return slices.ContainsFunc(l.Objects, func(item deleteItem) bool { return item.VersionID != nil })
}

// deleteOutcome is what became of one item of a list.
type deleteOutcome struct {
	objects.Deleted
	err error
}

type deleteObjectsInput struct {
	bucket *access.Bucket
	list   *deleteList
	bypass bool // x-amz-bypass-governance-retention
}

// deleteObjects is DeleteObjects. No permission on the bucket is asked for: each key is judged alone and
// the answer says what became of it. A retention may be bypassed in a bucket without object lock as well,
// where there is none: no error is documented for that, and clients that empty buckets of both kinds count
// on it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func (s *Service) deleteObjects() httpapi.Operation {
	return httpapi.Row[deleteObjectsInput]{
		Name:      "DeleteObjects",
		Unchecked: "each key is judged for itself while the list is run through",
		Decode: func(c *httpapi.Call) (*deleteObjectsInput, error) {
			body, digest, err := readKeys(c, maxDeleteList)
			if err != nil {
				return nil, err
			}
			if !digest.given() {
				return nil, invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
			}
			list, err := decodeDeleteList(body)
			if err != nil {
				return nil, err
			}
			in := &deleteObjectsInput{list: list}
			in.bypass, err = decodeBypass(c.HTTP)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *deleteObjectsInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *deleteObjectsInput) (*httpapi.Response, error) {
			if in.bucket.Record.MfaDelete && in.list.versions() {
				if err := s.needMFA(ctx, c, in.bucket); err != nil {
					return nil, err
				}
			}
			outcomes := s.deleteAll(ctx, c, in)
			c.Record.Deleted = deletedKeys(in.list, outcomes)
			for _, o := range outcomes {
				// The answer is 200 whatever became of the keys: this is the only place to tell the operator.
				if e := apierr.From(o.err); o.err != nil && e.Status >= http.StatusInternalServerError {
					c.Record.Failed(e)
				}
			}
			return renderDeleted(in.list, outcomes), nil
		},
	}.Operation()
}

// deletedKeys returns what became of the keys of a list, for the record of the request.
func deletedKeys(list *deleteList, outcomes []deleteOutcome) []audit.Deleted {
	deleted := make([]audit.Deleted, len(outcomes))
	for i := range outcomes {
		item, o := &list.Objects[i], &outcomes[i]
		deleted[i] = audit.Deleted{Key: item.Key, Status: http.StatusNoContent}
		if item.VersionID != nil {
			deleted[i].VersionID = *item.VersionID
		}
		if o.Removed != nil {
			deleted[i].Size = &o.Removed.Size
		}
		if o.err != nil {
			e := apierr.From(o.err)
			deleted[i].Status, deleted[i].ErrorCode = e.Status, e.Code
		}
	}
	return deleted
}

// deleteAll deletes the keys of a list, several at a time, and returns what became of each.
func (s *Service) deleteAll(ctx context.Context, c *httpapi.Call, in *deleteObjectsInput) []deleteOutcome {
	outcomes := make([]deleteOutcome, len(in.list.Objects))
	var judge sync.Mutex // a Call belongs to one goroutine: one question at a time
	var workers sync.WaitGroup
	next := make(chan int)
	for range min(deleteWorkers, len(outcomes)) {
		workers.Go(func() {
			for i := range next {
				outcomes[i].Deleted, outcomes[i].err = s.deleteOne(ctx, c, in, &in.list.Objects[i], &judge)
			}
		})
	}
	for i := range outcomes {
		next <- i
	}
	close(next)
	workers.Wait()
	return outcomes
}

// deleteOne deletes one key or version of a list. judge is held while the pipeline is asked.
func (s *Service) deleteOne(ctx context.Context, c *httpapi.Call, in *deleteObjectsInput, item *deleteItem, judge *sync.Mutex) (objects.Deleted, error) {
	b := in.bucket
	if err := checkKey(item.Key); err != nil {
		return objects.Deleted{}, err
	}
	var version versionInput
	if item.VersionID != nil {
		var err error
		if version, err = parseVersion(*item.VersionID); err != nil {
			return objects.Deleted{}, apierr.New(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.")
		}
	}
	check := deletionCheck(c, b, item.Key, version, func(k *policy.Context) {
		if item.ETag != "" {
			k.Set("s3:if-match", item.ETag)
		}
	})
	judge.Lock()
	err := in.judge(ctx, c, check, item.Key)
	judge.Unlock()
	if err != nil {
		return objects.Deleted{}, err
	}
	cond := writeConditions{ifMatch: item.ETag}
	d := deletion(c, b, item.Key, version, in.bypass)
	d.Guard = func(existing *records.Object) error {
		judge.Lock()
		defer judge.Unlock()
		again := check
		again.Object = b.Object(existing)
		if err := c.Authorize(ctx, &again); err != nil {
			return err
		}
		return cond.judge(ctx, c, b, item.Key, existing)
	}
	return s.objects.Delete(ctx, d)
}

// judge asks whether a key may be deleted, and protected versions of it if the request says so.
func (in *deleteObjectsInput) judge(ctx context.Context, c *httpapi.Call, check access.Check, key string) error {
	if err := c.Authorize(ctx, &check); err != nil || !in.bypass {
		return err
	}
	bypass := bypassCheck(in.bucket, key)
	return c.Authorize(ctx, &bypass)
}

// renderDeleted renders the answer of DeleteObjects.
func renderDeleted(list *deleteList, outcomes []deleteOutcome) *httpapi.Response {
	d := restxml.New("DeleteResult")
	for i := range outcomes {
		item, o := &list.Objects[i], &outcomes[i]
		switch {
		case o.err != nil:
			d.Open("Error")
			d.Text("Key", item.Key)
			writeVersion(d, item)
			e := apierr.From(o.err)
			d.Text("Code", e.Code)
			d.Text("Message", e.Message)
			d.Close()
		case !list.Quiet:
			d.Open("Deleted")
			d.Text("Key", item.Key)
			writeVersion(d, item)
			if o.Marker {
				d.Bool("DeleteMarker", true)
				d.Text("DeleteMarkerVersionId", o.VersionID)
			}
			d.Close()
		}
	}
	return document(d)
}

// writeVersion writes the version that an item of a list names, if it names one.
func writeVersion(d *restxml.Document, item *deleteItem) {
	if item.VersionID != nil {
		d.Text("VersionId", *item.VersionID)
	}
}
