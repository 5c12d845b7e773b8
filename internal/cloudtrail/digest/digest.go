// Package digest is the digest files of CloudTrail's log file validation: what is in one, what of it is signed, and
// where log files and digest files lie. It signs nothing and stores nothing.
//
// A digest file names the log files that were delivered in a span of time, with their hashes, and the digest file before
// it, with its hash and its signature: so a chain of them tells of every log file that is missing or changed, and of
// every digest file. Hashes are of contents as they are before they are compressed. Times are UTC, in whole seconds.
//
// Sources:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
package digest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"crossgrant/internal/ids"
)

// Algorithms as digest files name them: those of hashes and of signatures. A signature is RSASSA-PKCS1-v1_5.
const (
	HashAlgorithm      = "SHA-256"
	SignatureAlgorithm = "SHA256withRSA"
)

// LogFile is a log file that a digest file tells of.
type LogFile struct {
	Bucket, Key string
	SHA256      []byte // of the content, not compressed
	// Oldest and Newest are the times of the first and the last of its events.
	Oldest, Newest time.Time
}

// Previous is the digest file before another one.
type Previous struct {
	Bucket, Key string
	SHA256      []byte // of the content, not compressed
	Signature   string // hexadecimal
}

// Digest is a digest file.
type Digest struct {
	Account ids.AccountID // whose log files it tells of
	// Start and End are the span of time, of deliveries, whose log files it tells of. The key has the same End.
	Start, End  time.Time
	Bucket, Key string // where it lies
	Fingerprint string // of the public key
	Files       []LogFile
	// Previous is the digest file that was delivered before; nil for one that begins a chain.
	Previous *Previous
}

// file is the JSON of a digest file, in AWS's order. What is nil is null: it is there, because the AWS CLI calls a digest
// file without one of its members invalid.
type file struct {
	Account                     ids.AccountID `json:"awsAccountId"`
	Start                       string        `json:"digestStartTime"`
	End                         string        `json:"digestEndTime"`
	Bucket                      string        `json:"digestS3Bucket"`
	Object                      string        `json:"digestS3Object"`
	Fingerprint                 string        `json:"digestPublicKeyFingerprint"`
	SignatureAlgorithm          string        `json:"digestSignatureAlgorithm"`
	Newest                      *string       `json:"newestEventTime"`
	Oldest                      *string       `json:"oldestEventTime"`
	PreviousDigestBucket        *string       `json:"previousDigestS3Bucket"`
	PreviousDigestObject        *string       `json:"previousDigestS3Object"`
	PreviousDigestHash          *string       `json:"previousDigestHashValue"`
	PreviousDigestHashAlgorithm *string       `json:"previousDigestHashAlgorithm"`
	PreviousDigestSignature     *string       `json:"previousDigestSignature"`
	LogFiles                    []logFile     `json:"logFiles"`
}

type logFile struct {
	Bucket        string `json:"s3Bucket"`
	Object        string `json:"s3Object"`
	Hash          string `json:"hashValue"`
	HashAlgorithm string `json:"hashAlgorithm"`
	Newest        string `json:"newestEventTime"`
	Oldest        string `json:"oldestEventTime"`
}

// JSON returns the content of the digest file, with every member that AWS documents and no other, in its order. The same
// digest has the same content, byte for byte: it is hashed. The times of events are null where there is no log file.
func (d *Digest) JSON() []byte {
	f := file{
		Account: d.Account, Start: extended(d.Start), End: extended(d.End), Bucket: d.Bucket, Object: d.Key,
		Fingerprint: d.Fingerprint, SignatureAlgorithm: SignatureAlgorithm, LogFiles: []logFile{},
	}
	if p := d.Previous; p != nil {
		hash, algorithm := hex.EncodeToString(p.SHA256), HashAlgorithm
		f.PreviousDigestBucket, f.PreviousDigestObject = &p.Bucket, &p.Key
		f.PreviousDigestHash, f.PreviousDigestHashAlgorithm, f.PreviousDigestSignature = &hash, &algorithm, &p.Signature
	}
	for i := range d.Files {
		l := &d.Files[i]
		f.LogFiles = append(f.LogFiles, logFile{
			Bucket: l.Bucket, Object: l.Key, Hash: hex.EncodeToString(l.SHA256), HashAlgorithm: HashAlgorithm,
			Newest: extended(l.Newest), Oldest: extended(l.Oldest),
		})
	}
	if len(d.Files) > 0 {
		oldest, newest := d.span()
		f.Oldest, f.Newest = &oldest, &newest
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	// Keys are as they are: what JSON would have escaped for HTML is not.
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		panic(fmt.Sprintf("digest: encode strings: %v", err))
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// span returns the times of the first and the last event of all log files.
func (d *Digest) span() (oldest, newest string) {
	first, last := d.Files[0].Oldest, d.Files[0].Newest
	for i := range d.Files {
		if d.Files[i].Oldest.Before(first) {
			first = d.Files[i].Oldest
		}
		if d.Files[i].Newest.After(last) {
			last = d.Files[i].Newest
		}
	}
	return extended(first), extended(last)
}

// extended returns a time in the extended format of ISO 8601, as digest files have it.
func extended(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
