package clients_test

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

const writers = 64

// all runs do for every writer at the same time and returns what came of each.
func all(do func(writer int) error) []error {
	outcomes := make([]error, writers)
	var running sync.WaitGroup
	for writer := range writers {
		running.Go(func() { outcomes[writer] = do(writer) })
	}
	running.Wait()
	return outcomes
}

// lost reports whether err says that somebody else wrote first: 412 if that is done, 409 if it goes on
// at the same time.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func lost(err error) bool {
	var failure smithy.APIError
	return errors.As(err, &failure) && (failure.ErrorCode() == "PreconditionFailed" || failure.ErrorCode() == "ConditionalRequestConflict")
}

// TestOneOfManyCreates has many writers create the same key, each only if it is not there: one does.
func TestOneOfManyCreates(t *testing.T) {
	t.Parallel()
	bucket := first.newBucket(t)
	for _, size := range []int{0, 100 << 10} { // in the metadata, and in a blob
		key := fmt.Sprintf("created-%d", size)
		outcomes := all(func(writer int) error {
			body := strings.NewReader(fmt.Sprintf("%02d", writer) + strings.Repeat(".", size))
			_, err := first.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: body, IfNoneMatch: aws.String("*")})
			return err
		})
		winner, won := 0, 0
		for writer, err := range outcomes {
			switch {
			case err == nil:
				winner = writer
				won++
			case !lost(err):
				t.Errorf("writer %d: %v", writer, err)
			}
		}
		if won != 1 {
			t.Errorf("%d writers created %s, want 1", won, key)
		}
		if got := first.object(t, bucket, key); string(got[:2]) != fmt.Sprintf("%02d", winner) || len(got) != size+2 {
			t.Errorf("%s begins with %q, but writer %d created it", key, got[:2], winner)
		}
	}
}

// TestNoUpdateIsLost has many writers count in one object, each only if it is as it was read.
func TestNoUpdateIsLost(t *testing.T) {
	t.Parallel()
	bucket, key := first.newBucket(t), "counter"
	first.put(t, bucket, key, []byte("0"))
	count := func(int) error {
		for {
			out, err := first.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return err
			}
			text, err := io.ReadAll(out.Body)
			out.Body.Close()
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(text))
			if err != nil {
				return err
			}
			_, err = first.s3.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: &bucket, Key: &key, Body: strings.NewReader(strconv.Itoa(n + 1)), IfMatch: out.ETag,
			})
			if !lost(err) {
				return err
			}
		}
	}
	if err := errors.Join(all(count)...); err != nil {
		t.Fatal(err)
	}
	if got := string(first.object(t, bucket, key)); got != strconv.Itoa(writers) {
		t.Errorf("after %d writers the counter is %s", writers, got)
	}
}
