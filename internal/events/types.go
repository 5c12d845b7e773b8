package events

import "strings"

// support says what becomes of a type of event in a configuration.
type support uint8

const (
	unknownType support = iota
	told                // events of the type are told of
	unbuilt             // S3 has it, and nothing here makes such events: it is refused
)

// types are the event types of S3, without "s3:". That of a lost object of reduced redundancy is accepted:
// such a loss would be told, and never happens.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html#supported-notification-event-types
var types = map[string]support{
	"ObjectCreated:*": told, "ObjectCreated:Put": told, "ObjectCreated:Post": told, "ObjectCreated:Copy": told,
	"ObjectCreated:CompleteMultipartUpload": told,
	"ObjectRemoved:*":                       told, "ObjectRemoved:Delete": told, "ObjectRemoved:DeleteMarkerCreated": told,
	"ObjectRestore:*": told, "ObjectRestore:Post": told, "ObjectRestore:Completed": told,
	"LifecycleExpiration:*": told, "LifecycleExpiration:Delete": told, "LifecycleExpiration:DeleteMarkerCreated": told,
	"LifecycleTransition": told,
	"ObjectTagging:*":     told, "ObjectTagging:Put": told, "ObjectTagging:Delete": told,
	"ObjectAcl:Put":               told,
	"ReducedRedundancyLostObject": told,

	// A restored copy ceases to be readable without anything being done.
	"ObjectRestore:Delete": unbuilt,

	"Replication:*": unbuilt, "Replication:OperationFailedReplication": unbuilt, "Replication:OperationNotTracked": unbuilt,
	"Replication:OperationMissedThreshold": unbuilt, "Replication:OperationReplicatedAfterThreshold": unbuilt,
	"IntelligentTiering": unbuilt,
}

// supportOf returns what becomes of a type as a configuration writes it, with "s3:".
func supportOf(written string) support {
	name, ok := strings.CutPrefix(written, "s3:")
	if !ok {
		return unknownType
	}
	return types[name]
}

// covers reports whether a written type, such as "s3:ObjectCreated:*", covers an event, such as
// "ObjectCreated:Put".
func covers(written, event string) bool {
	name := strings.TrimPrefix(written, "s3:")
	if group, ok := strings.CutSuffix(name, "*"); ok {
		return strings.HasPrefix(event, group)
	}
	return name == event
}

// share reports whether some event is covered by both of two written types.
func share(a, b string) bool {
	return covers(a, strings.TrimPrefix(b, "s3:")) || covers(b, strings.TrimPrefix(a, "s3:"))
}
