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

func BenchmarkAppend(b *testing.B) {
	r := get()
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = Append(buffer[:0], r, "111111111111", "eu-west-1")
	}
	b.SetBytes(int64(len(buffer)))
}
