// Package s3blob is a blob engine that keeps blobs in a bucket of any S3 service, which many servers share.
//
// A blob is an object, PREFIX/ab/ID, where ab are the first two digits of its ID; objects are never written over. What is
// up to a part long is one PutObject, what is longer a multipart upload whose parts are sent side by side.
//
// # What is verified where
//
// Bodies of blobs are sent with their CRC-32C, which is signed. Open looks whether the service refuses a wrong one. One that does not
// look at it, as older ones of Ceph, gets the SHA-256 of the body signed as well, which all S3 services verify; another one has the
// same bytes without both sides computing that. An answer with another CRC-32C is an error. What is
// read is verified above, by AES-GCM or a checksum of each segment (package objects); here only that a range is the one that was
// asked for, and that all of its bytes come.
//
// # Readers of blobs that are deleted
//
// A blob that is deleted while this process reads it is gone for every call that comes later, but its object stays until
// the last of these readers is closed. Of readers in other processes this one knows nothing. There the answer that is
// under way usually goes on; if its connection breaks it cannot be resumed, and the reader fails with blob.ErrNotFound. Never do
// bytes of two blobs mix, because a range is resumed only of the object with the same entity tag. Who shares a bucket therefore deletes
// what nobody names only some time after its name went.
//
// # What a crash leaves
//
// Nobody but the server that ended knows of the blobs that it was writing, or had written and not named. Recover therefore removes
// nothing: other servers write meanwhile. SweepOrphans looks through the whole bucket, now and then, for blobs and unfinished
// uploads that are older than any write may last (Options.OrphanAge, by the clock of the service alone) and that nothing names.
package s3blob
