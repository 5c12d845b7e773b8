package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
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

// deletionCheck asks for the deletion of a key as if the caller's own object were there, which an ACL
// grants most easily: what is there is known only inside the transaction that removes it, where the
// question is put again. ifMatch sets the condition key of requests that do not name a version.
func deletionCheck(c *httpapi.Call, b *access.Bucket, key string, version versionInput, ifMatch func(*policy.Context)) access.Check {
	action := version.action("s3:DeleteObject", "s3:DeleteObjectVersion")
	check := objectCheck(b, key, action, nil, func(k *policy.Context) {
		version.set(k)
		if !version.given {
			ifMatch(k)
		}
	})
	check.Object = &authz.Object{Owner: c.Caller.CanonicalID}
	if c.Caller.Kind == policy.Anonymous {
		check.Object.Owner = authz.AnonymousCanonicalID
	}
	return check
}

// deleteObject is DeleteObject. A key that is not there is deleted all the same.
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
		Run: func(ctx context.Context, c *httpapi.Call, in *deleteObjectInput) (*httpapi.Response, error) {
			if in.bypass {
				return nil, errNoObjectLock
			}
			guard := rejudge(ctx, c, in.bucket, c.Key, in.check(c), in.cond)
			_, err := s.objects.Delete(ctx, in.bucket.ID, c.Bucket, c.Key, noteOwner(c, in.bucket, guard))
			if err != nil {
				return nil, err
			}
			return noContent(), nil
		},
	}.Operation()
}

// noteOwner is guard, and puts the owner of what is removed into the request's record.
func noteOwner(c *httpapi.Call, b *access.Bucket, guard objects.Guard) objects.Guard {
	return func(existing *records.Object) error {
		if existing != nil {
			c.Record.ObjectOwner = ownerOf(b, existing)
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

type deleteObjectsInput struct {
	bucket *access.Bucket
	list   *deleteList
	bypass bool // x-amz-bypass-governance-retention
}

// deleteObjects is DeleteObjects. No permission on the bucket is asked for: each key is judged alone and
// the answer says what became of it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func (s *Service) deleteObjects() httpapi.Operation {
	return httpapi.Row[deleteObjectsInput]{
		Name:      "DeleteObjects",
		Unchecked: "each key is judged for itself while the list is run through",
		Decode: func(c *httpapi.Call) (*deleteObjectsInput, error) {
			body, digest, err := readBody(c, maxDeleteList)
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
			outcomes := s.deleteAll(ctx, c, in)
			for _, err := range outcomes {
				if errors.Is(err, errNoObjectLock) {
					return nil, err // the whole request is wrong, for whoever may make it
				}
				// The answer is 200 whatever became of the keys: this is the only place to tell the operator.
				if e := apierr.From(err); err != nil && e.Status >= http.StatusInternalServerError {
					c.Record.Fault = e.Error()
				}
			}
			return renderDeleted(in.list, outcomes), nil
		},
	}.Operation()
}

// deleteAll deletes the keys of a list, several at a time, and returns what became of each.
func (s *Service) deleteAll(ctx context.Context, c *httpapi.Call, in *deleteObjectsInput) []error {
	outcomes := make([]error, len(in.list.Objects))
	var judge sync.Mutex // a Call belongs to one goroutine: one question at a time
	var workers sync.WaitGroup
	next := make(chan int)
	for range min(deleteWorkers, len(outcomes)) {
		workers.Go(func() {
			for i := range next {
				outcomes[i] = s.deleteOne(ctx, c, in, &in.list.Objects[i], &judge)
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

// deleteOne deletes one key of a list. judge is held while the pipeline is asked.
func (s *Service) deleteOne(ctx context.Context, c *httpapi.Call, in *deleteObjectsInput, item *deleteItem, judge *sync.Mutex) error {
	b := in.bucket
	if err := checkKey(item.Key); err != nil {
		return err
	}
	version := versionInput{given: item.VersionID != nil}
	if version.given && *item.VersionID != "null" {
		return apierr.New(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.")
	}
	check := deletionCheck(c, b, item.Key, version, func(k *policy.Context) {
		if item.ETag != "" {
			k.Set("s3:if-match", item.ETag)
		}
	})
	judge.Lock()
	err := c.Authorize(ctx, &check)
	if err == nil && in.bypass {
		bypass := bypassCheck(b, item.Key)
		if err = c.Authorize(ctx, &bypass); err == nil {
			err = errNoObjectLock
		}
	}
	judge.Unlock()
	if err != nil {
		return err
	}
	cond := writeConditions{ifMatch: item.ETag}
	_, err = s.objects.Delete(ctx, b.ID, b.Record.Name, item.Key, func(existing *records.Object) error {
		judge.Lock()
		defer judge.Unlock()
		again := check
		again.Object = facts(b, existing)
		if err := c.Authorize(ctx, &again); err != nil {
			return err
		}
		return cond.judge(ctx, c, b, item.Key, existing)
	})
	return err
}

// renderDeleted renders the answer of DeleteObjects.
func renderDeleted(list *deleteList, outcomes []error) *httpapi.Response {
	d := restxml.New("DeleteResult")
	for i, err := range outcomes {
		item := &list.Objects[i]
		if err == nil && list.Quiet {
			continue
		}
		name := "Deleted"
		if err != nil {
			name = "Error"
		}
		d.Open(name)
		d.Text("Key", item.Key)
		if item.VersionID != nil {
			d.Text("VersionId", *item.VersionID)
		}
		if err != nil {
			e := apierr.From(err)
			d.Text("Code", e.Code)
			d.Text("Message", e.Message)
		}
		d.Close()
	}
	return document(d)
}
