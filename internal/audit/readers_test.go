package audit

import (
	"testing"
	"time"
)

// sample is a record of an entry of usual size.
func sample() *Record {
	size := int64(7)
	return &Record{
		RequestID: "R123456789012345", HostID: "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=",
		Time: time.Date(2026, 11, 26, 12, 0, 0, 5, time.UTC), Service: "s3", Operation: "CopyObject", Method: "PUT", Path: "/walnut/k", Protocol: "HTTP/1.1",
		SourceIP: "127.0.0.1", UserAgent: "aws-cli/2.0", Host: "127.0.0.1:9000", Authentication: "AuthHeader", AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
		CallerARN: "arn:aws:iam::111111111111:user/ann", Region: "us-east-1", Bucket: "walnut", Key: "k", ObjectSize: &size,
		Source: &Source{Bucket: "hazel", Key: "k"}, Status: 200,
	}
}

func encodeSample(t testing.TB, r *Record) []byte {
	return r.AppendTo(nil)
}

// TestReaders: an entry is for those that it says, and for all if it says nothing.
func TestReaders(t *testing.T) {
	t.Parallel()
	all := []Readers{ForAccessLog, ForHistory, ForTrails}
	for mask := range Readers(8) {
		entry := sample().AppendTo(AppendReaders(nil, mask))
		for _, r := range all {
			if got, want := IsFor(entry, r), mask&r != 0; got != want {
				t.Errorf("an entry for %b is for %b: %t", mask, r, got)
			}
		}
		if got, err := Decode(entry); err != nil || got.RequestID != sample().RequestID {
			t.Errorf("read is %+v, %v", got, err)
		}
	}
	for _, entry := range [][]byte{sample().AppendTo(nil), nil, {0xff}, {0x88, 0x03}, {0x88, 0x03, 0xff}} {
		if !IsFor(entry, ForTrails) {
			t.Errorf("%.10q is not for a reader, and does not say so", entry)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	entry := encodeSample(b, sample())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(entry); err != nil {
			b.Fatal(err)
		}
	}
}
