package sigv4_test

import (
	"fmt"
	"io"
	"strings"
	"time"

	"crossgrant/internal/sigv4"
)

func Example() {
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	secrets := map[string]sigv4.Secret{"AKIAIOSFODNN7EXAMPLE": sigv4.NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")}

	// The client.
	signer := sigv4.Signer{Dialect: sigv4.S3, AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: secrets["AKIAIOSFODNN7EXAMPLE"], Region: "us-east-1", Service: "s3"}
	r := &sigv4.Request{Method: "PUT", RawPath: "/bucket/greeting", Host: "s3.example.com", ContentLength: 5}
	signer.Sign(r, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", now)

	// The server.
	endpoint := &sigv4.Endpoint{Dialect: sigv4.S3, Service: "s3", Region: "us-east-1", Keys: sigv4.NewKeyCache(1000)}
	signed, err := endpoint.Parse(r)
	if err != nil || signed == nil {
		fmt.Println("refused or anonymous:", err)
		return
	}
	verified, err := endpoint.Verify(signed, r, secrets[signed.AccessKeyID], now)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, sent := range []string{"hello", "jello"} {
		body, err := sigv4.NewBody(r, verified, strings.NewReader(sent))
		if err != nil {
			fmt.Println(err)
			return
		}
		content, err := io.ReadAll(body)
		fmt.Printf("%s %s: %v\n", signed.AccessKeyID, content, err)
	}
	// Output:
	// AKIAIOSFODNN7EXAMPLE hello: <nil>
	// AKIAIOSFODNN7EXAMPLE jello: XAmzContentSHA256Mismatch (400): The provided 'x-amz-content-sha256' header does not match what was computed.
}
