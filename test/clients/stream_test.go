package clients_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// streamSize is the size in bytes of what TestMemory sends: the most that one request takes.
var streamSize = flag.Int64("stream", 5<<30, "bytes of the object that is sent while the server's memory is measured")

const (
	maxMemory     = 256 * mebibyte // of the server, at its peak
	streamPart    = 64 * mebibyte
	streamUploads = 5 // parts that are sent at the same time, as the AWS SDKs and the CLI do or more
)

// unsignedPayload has requests signed without the hash of their bodies.
var unsignedPayload = v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware

// pattern is content of any size that is never held: a block that repeats. The block's length is prime,
// so that no two parts are the same.
type pattern struct{ block []byte }

func newPattern() pattern { return pattern{randomBytes(5, 1048583)} }

// ReadAt implements io.ReaderAt; the content has no end.
func (p pattern) ReadAt(out []byte, at int64) (int, error) {
	for n := 0; n < len(out); {
		n += copy(out[n:], p.block[(at+int64(n))%int64(len(p.block)):])
	}
	return len(out), nil
}

// TestMemory sends an object of 5 GiB by one request and by parts, reads both, and looks at how much
// memory the server had at its peak.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process is read from Linux's /proc")
	}
	own := newServer(t.TempDir())
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	}()
	who, err := newCaller(t.Context(), own, "streamer")
	if err != nil {
		t.Fatal(err)
	}
	bucket := who.newBucket(t)
	for _, way := range []struct {
		key  string
		send func(t *testing.T, who *caller, bucket, key string, content pattern)
	}{{"whole", sendWhole}, {"parts", sendParts}} {
		content := newPattern()
		way.send(t, &who, bucket, way.key, content)
		if err := checkStream(t, &who, bucket, way.key, content); err != nil {
			t.Fatalf("%s: %v", way.key, err)
		}
		if _, err := who.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &way.key}); err != nil {
			t.Fatal(err)
		}
	}
	peak, err := peakMemory(own.PID())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the server had at most %d MiB of memory", peak/mebibyte)
	if peak >= maxMemory {
		t.Errorf("the server had %d MiB of memory, want less than %d", peak/mebibyte, maxMemory/mebibyte)
	}
}

// sendWhole sends the content by one PutObject.
func sendWhole(t *testing.T, who *caller, bucket, key string, content pattern) {
	t.Helper()
	_, err := who.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: io.NewSectionReader(content, 0, *streamSize), ContentLength: streamSize,
	}, s3.WithAPIOptions(unsignedPayload))
	if err != nil {
		t.Fatal(err)
	}
}

// sendParts sends the content by a multipart upload, several parts at a time.
func sendParts(t *testing.T, who *caller, bucket, key string, content pattern) {
	t.Helper()
	ctx := t.Context()
	upload, err := who.s3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]types.CompletedPart, (*streamSize+streamPart-1)/streamPart)
	faults := make([]error, len(parts))
	next := make(chan int)
	var senders sync.WaitGroup
	for range streamUploads {
		senders.Go(func() {
			for i := range next {
				from := int64(i) * streamPart
				number := aws.Int32(int32(i + 1))
				out, err := who.s3.UploadPart(ctx, &s3.UploadPartInput{
					Bucket: &bucket, Key: &key, UploadId: upload.UploadId, PartNumber: number,
					Body: io.NewSectionReader(content, from, min(streamPart, *streamSize-from)),
				})
				if faults[i] = err; err == nil {
					parts[i] = types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}
				}
			}
		})
	}
	for i := range parts {
		next <- i
	}
	close(next)
	senders.Wait()
	if err := errors.Join(faults...); err != nil {
		t.Fatal(err)
	}
	_, err = who.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &bucket, Key: &key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkStream reads the object and compares it with the content.
func checkStream(t *testing.T, who *caller, bucket, key string, content pattern) error {
	t.Helper()
	out, err := who.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	got, want := make([]byte, mebibyte), make([]byte, mebibyte)
	var at int64
	for {
		n, err := io.ReadFull(out.Body, got)
		content.ReadAt(want[:n], at)
		if !bytes.Equal(got[:n], want[:n]) {
			return fmt.Errorf("other bytes than were sent between %d and %d", at, at+int64(n))
		}
		at += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if at != *streamSize {
		return fmt.Errorf("it has %d bytes, want %d", at, *streamSize)
	}
	return nil
}

// peakMemory returns the most bytes of memory that a process ever had at a time.
//
// Source: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
func peakMemory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(text), "\nVmHWM:")
	fields := strings.Fields(rest)
	if !found || len(fields) < 2 || fields[1] != "kB" {
		return 0, errors.New("/proc does not say what the peak was")
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	return kib << 10, err
}
