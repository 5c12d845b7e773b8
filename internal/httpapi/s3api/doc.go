// Package s3api is the REST API of S3: a table of its operations, how each is addressed, decoded,
// judged, run and rendered. It stores nothing and decides nothing about access itself: the pipeline
// (package httpapi) asks the checks that a row declares, package objects keeps buckets and objects.
//
// # Addressing
//
//	[http://]host/bucket/key?sub-resource&parameter=…      path style
//	[http://]bucket.domain/key?sub-resource&parameter=…    virtual-hosted style
//
// The key is the rest of the path, percent-decoded once; a plus sign in it is a plus sign. Method,
// addressed thing and sub-resource select a row of the table (table.go). A sub-resource of S3 that is
// not built is refused as NotImplemented, never ignored: a request that says ?torrent is not a request
// for the object. The same holds for x-amz-* headers (headers.go), which may also come as parameters
// of the query, as they do in presigned URLs.
//
// # Judging
//
// The order is that of S3: a request that makes no sense is told so; then everybody is told of a
// bucket that does not exist; then the expected-owner headers are compared; then the permission checks
// are asked; then come refusals that depend on the bucket's settings. What a write replaces is known
// only inside the transaction that replaces it: there its objects.Guard asks the same question again,
// with the existing object.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
package s3api
