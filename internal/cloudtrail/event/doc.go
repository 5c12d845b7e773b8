// Package event makes CloudTrail's events of records of requests: the JSON object that stands in a log file and is
// told by LookupEvents, for one account that gets it.
//
// An event has two readers at most: the account of the caller, and the account that owns what was asked for, which is
// told less of the caller (Recipients, Append). It is made from a record as it comes back from the journal
// (audit.Decode) and from nothing else, so that an event that is delivered twice is the same twice.
//
// What is a management event, what a data event, and what it is called, is data: operations.txt. Nothing here reads
// storage, and nothing a client sent can make an event that is no JSON, has a member twice, or is larger than AWS's
// maxima of its fields.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html,
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html; where they
// are silent, events that AWS delivered and others published (testdata/README.md).
package event
