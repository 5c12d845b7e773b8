// Package events holds what S3's event notifications are: the types of event, which of them a bucket's
// configuration asks for, and the messages that tell of them.
//
// A configuration is a list of rules. A rule names event types, may limit them to keys with a prefix and a
// suffix, and sends what matches to one destination. No event matches two rules of a bucket: configurations
// that would allow it are refused.
//
// The package is pure. Who puts a configuration, where it is kept and how messages travel is not its
// concern.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
package events
