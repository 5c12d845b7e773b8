package digest

import (
	"encoding/hex"
	"time"
)

// noPrevious stands for the signature of the digest file before the first of a chain.
const noPrevious = "null"

// StringToSign returns what is signed of a digest file that lies in bucket under key: its end, where it lies, the
// SHA-256 of its content, not compressed, and the signature, in hexadecimal, of the digest file before it; empty if there
// is none.
//
// That the first of a chain has the word null in place of a signature is not in the documentation: the AWS CLI verifies it so.
func StringToSign(end time.Time, bucket, key string, sha256 []byte, previousSignature string) []byte {
	if previousSignature == "" {
		previousSignature = noPrevious
	}
	return []byte(extended(end) + "\n" + bucket + "/" + key + "\n" + hex.EncodeToString(sha256) + "\n" + previousSignature)
}

// Metadata returns the user metadata of the object that is a digest file, by name without "x-amz-meta-". The signature is
// hexadecimal.
func Metadata(signature string) map[string]string {
	return map[string]string{"signature": signature, "signature-algorithm": SignatureAlgorithm}
}
