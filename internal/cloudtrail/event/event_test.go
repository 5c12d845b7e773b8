package event

import (
	"encoding/json"
	"testing"
	"time"

	"crossgrant/internal/audit"
)

// get is a GetObject of a user in its own account.
func get() *audit.Record {
	return &audit.Record{
		RequestID: "4442587FB7D0A2F9", HostID: "aaaa", Time: time.Date(2026, 11, 26, 10, 0, 0, 5, time.UTC), Service: "s3", Operation: "GetObject", Method: "GET",
		Path: "/walnut/a/b.txt", SourceIP: "192.0.2.1", UserAgent: "aws-cli/2.1", Host: "walnut.s3.example.com", TLSVersion: "TLSv1.3", CipherSuite: "TLS_AES_128_GCM_SHA256",
		Authentication: "AuthHeader", AccessKeyID: "AKIAIOSFODNN7EXAMPLE", CallerARN: "arn:aws:iam::111111111111:user/eng/ann", CallerAccount: "111111111111",
		CallerID: "AIDAANN", CallerEntityID: "AIDAANN", Bucket: "walnut", Key: "a/b.txt", ResourceOwner: "111111111111", Status: 200, BytesOut: 5,
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	r := get()
	const want = `{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAANN","arn":"arn:aws:iam::111111111111:user/eng/ann",` +
		`"accountId":"111111111111","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"ann"},"eventTime":"2026-11-26T10:00:00Z","eventSource":"s3.amazonaws.com",` +
		`"eventName":"GetObject","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"[aws-cli/2.1]",` +
		`"requestParameters":{"bucketName":"walnut","Host":"walnut.s3.example.com","key":"a/b.txt"},"responseElements":null,` +
		`"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader",` +
		`"x-amz-id-2":"aaaa","bytesTransferredOut":5},"requestID":"4442587FB7D0A2F9","eventID":"00ce5e49-a854-40a8-8d8e-937cfb3f8879","readOnly":true,` +
		`"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::walnut/a/b.txt"},{"accountId":"111111111111","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::walnut"}],` +
		`"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111111111111","eventCategory":"Data",` +
		`"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"walnut.s3.example.com"}}`
	got := Append([]byte("before"), r, "111111111111", "eu-west-1")
	if string(got) != "before"+want {
		t.Errorf("got\n%s\nwant\n%s", got[6:], want)
	}
	if !json.Valid(got[6:]) {
		t.Error("not JSON")
	}
}

// usual are the records of the most frequent requests, with keys of the usual length.
func usual() map[string]*audit.Record {
	with := func(operation, method string, change func(*audit.Record)) *audit.Record {
		r := get()
		r.Operation, r.Method, r.Key = operation, method, "backups/2026/11/26/host-0017.example.com/var/lib/data/segment-000000123456.zst"
		r.HostID = "MzRISOwyjmnup5EF9N0Yf1Tw2VGGZoRoZ1TJN0Cm3TxeOmzyHTXkZ4XPEHe0pGiCPDLyhCGvkAo="
		r.UserAgent = "aws-sdk-go-v2/1.41.0 ua/2.1 os/linux lang/go#1.26.8 md/GOOS#linux md/GOARCH#amd64 api/s3#1.114.10 m/E,e"
		change(r)
		return r
	}
	session := &audit.Session{
		Issued: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC), IssuerType: "Role", IssuerName: "backup", IssuerID: "AROAJQABLZS4A3QDU576Q", IssuerARN: "arn:aws:iam::111111111111:role/backup",
	}
	return map[string]*audit.Record{
		"get": with("GetObject", "GET", func(r *audit.Record) { r.Query = "x-id=GetObject" }),
		"put": with("PutObject", "PUT", func(r *audit.Record) {
			r.CallerARN, r.CallerID, r.Session = "arn:aws:sts::111111111111:assumed-role/backup/host-0017", "AROAJQABLZS4A3QDU576Q:host-0017", session
			r.Headers = []audit.Header{{Name: "x-amz-acl", Value: "bucket-owner-full-control"}, {Name: "x-amz-storage-class", Value: "STANDARD"}}
			r.Answered = []audit.Header{{Name: "x-amz-server-side-encryption", Value: "AES256"}, {Name: "x-amz-version-id", Value: "3sL4kqtJlcpXroDTDmJrmSpXd3dIbrHY"}}
			r.Query, r.BytesIn, r.RequestACL = "x-id=PutObject", 4096, "bucket-owner-full-control"
		}),
		"head":    with("HeadObject", "HEAD", func(r *audit.Record) { r.TLSVersion, r.CipherSuite = "", "" }),
		"foreign": with("GetObject", "GET", func(r *audit.Record) { r.ResourceOwner = theirs }),
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, r := range usual() {
		b.Run(name, func(b *testing.B) {
			var buffer []byte
			b.ReportAllocs()
			for b.Loop() {
				buffer = Append(buffer[:0], r, mine, "eu-west-1")
			}
			b.SetBytes(int64(len(buffer)))
		})
	}
}

func BenchmarkFactsOf(b *testing.B) {
	r := usual()["get"]
	b.ReportAllocs()
	for b.Loop() {
		FactsOf(r)
	}
}
