package objects

import (
	"bytes"
	"context"
	"io"

	"crossgrant/internal/keys"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// oneKMS has one KMS key, whatever it is asked for.
type oneKMS struct{}

var kmsSecret = bytes.Repeat([]byte{9}, sse.KeySize)

func (oneKMS) Encrypt(_ context.Context, _ string, secret, context []byte) ([]byte, error) {
	return sse.Wrap(kmsSecret, secret, context)
}

func (oneKMS) Decrypt(_ context.Context, _ string, sealed, context []byte) ([]byte, error) {
	return sse.Unwrap(kmsSecret, sealed, context)
}

// source returns o as something to read. Where it lies is where its content key opens.
func (f *fixture) source(o *records.Object) Source {
	f.mu.Lock()
	defer f.mu.Unlock()
	for p := range f.places {
		if o.Encryption == nil {
			break
		}
		if _, err := f.opts.Keys.Open(f.t.Context(), o.Encryption, nil, p); err == nil {
			return Source{Bucket: p.Bucket, Key: p.Key, Object: o}
		}
	}
	return Source{Bucket: f.bucket, Object: o}
}

// Open is Service.Open for an object that no customer's key is needed for.
func (f *fixture) Open(ctx context.Context, o *records.Object, offset, length int64) (io.ReadCloser, error) {
	return f.Service.Open(ctx, f.source(o), offset, length)
}

// Copy is Service.Copy, likewise.
func (f *fixture) Copy(ctx context.Context, n NewObject, src *records.Object) (*records.Object, error) {
	return f.Service.Copy(ctx, n, f.source(src))
}

// CopyPart is Service.CopyPart, likewise.
func (f *fixture) CopyPart(ctx context.Context, n NewObject, upload string, number int, src *records.Object, offset, length int64) (*records.Part, error) {
	return f.Service.CopyPart(ctx, n, upload, number, f.source(src), offset, length)
}

// CreateUpload is Service.CreateUpload without a customer's key.
func (f *fixture) CreateUpload(ctx context.Context, b keys.BucketID, bucketName string, u *records.Upload) error {
	return f.Service.CreateUpload(ctx, b, bucketName, u, nil)
}
