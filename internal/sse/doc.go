// Package sse encrypts the content of objects at rest.
//
// It is not the protocol: it knows no header and asks no permission. It is not a key store either: where
// an object is encrypted under a KMS key, package kms has that key.
//
// # Keys
//
// The content of an object has a key of its own, drawn at random (Key). The record of the object holds it
// sealed (Keyring): for SSE-S3 under the master key, for SSE-KMS under a KMS key, for SSE-C under the key
// that the customer sends with each request and that is kept nowhere. Sealed keys are bound to bucket and
// object key (Place) and to what the record says of the encryption.
//
// Each run of bytes, which is one blob or the inline bytes of one record, is encrypted under a key of its
// own: HKDF-Expand (SHA-256) of the content key and a random salt, which lies beside the name of the run. Runs are not
// bound to a place, so that a copy can take them over with nothing but a new seal of the content key.
//
// # The form of a run
//
// A run is cut into packages of 64 KiB, the last one shorter. A package is AES-256-GCM of its bytes: as many
// bytes and a tag of 16. The nonce is not stored:
//
//	7 bytes 0, 4 bytes place of the package from 0 (big-endian), 1 byte: 1 for the last package, else 0
//
// It repeats under no key, because a run's key encrypts this run only. Of an empty run nothing is stored.
// With two layers (DSSE-KMS) a package is encrypted a second time under the second key, and has two tags.
//
// This is the STREAM construction (https://eprint.iacr.org/2015/189). Two libraries were considered for it:
// the streaming AEAD of Tink reads from the beginning only; github.com/minio/sio begins anywhere, but takes
// the nonce of the first package that it reads from that package, so that in a range whole packages can
// stand in for each other.
//
// # Whom it protects from
//
// Who can read the disk, the metadata included, and not the master key, learns sizes, names, metadata and
// checksums, and of objects with SSE-S3 the MD5 that is their ETag, and nothing else of any content.
//
// Who can also change blobs cannot have one byte of content delivered that was not written at this place of
// this run: packages that were changed, moved, left out or put in from elsewhere are errors. A reader gives
// bytes out package by package; what it gave out before it found a fault was intact.
//
// Who can also change records cannot have an object's content delivered under another bucket or key, nor
// under another kind of encryption than it was written with. Such a person can put back what was once in
// its own place (an earlier record, or the blobs that it names while they are there), can cut runs off the
// end of an object of several parts, and can change what is not content, such as ACLs and policies. Nothing
// protects from that.
package sse
