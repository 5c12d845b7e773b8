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

// FuzzPeek holds that whatever Decode reads, Peek reads as well, and finds the same names.
func FuzzPeek(f *testing.F) {
	f.Add(encodeSample(f, sample()))
	f.Add(encodeSample(f, &Record{Service: "iam", CallerAccount: "111111111111", ResourceOwner: "222222222222"}))
	f.Add(append(encodeSample(f, sample()), encodeSample(f, &Record{Bucket: "later", Source: &Source{Key: "l"}})...))
	f.Add(encodeSample(f, &Record{Organizations: []Organization{{Account: "111111111111", ID: "o-abcdefghij", Management: "222222222222"}}}))
	f.Add([]byte{0x3a, 0x02, 's'})
	f.Fuzz(func(t *testing.T, entry []byte) {
		want, decodeErr := Decode(entry)
		got, err := Peek(entry)
		switch {
		case decodeErr != nil:
			return
		case err != nil:
			t.Fatalf("Peek says %v of what Decode reads", err)
		}
		source := ""
		if want.Source != nil {
			source = want.Source.Bucket
		}
		if string(got.Service) != want.Service || string(got.Bucket) != want.Bucket || string(got.Source) != source ||
			string(got.Caller) != string(want.CallerAccount) || string(got.Owner) != string(want.ResourceOwner) || got.Placed != (len(want.Organizations) > 0) {
			t.Errorf("Peek finds %+v, Decode %+v", got, want)
		}
	})
}

func BenchmarkPeek(b *testing.B) {
	entry := encodeSample(b, sample())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Peek(entry); err != nil {
			b.Fatal(err)
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
