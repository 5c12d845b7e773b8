package s3api

import (
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
)

// origin says that a change goes back to this request; event names it as S3's notifications do.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
func origin(c *httpapi.Call, event string) objects.Origin {
	return objects.Origin{
		Event: event, PrincipalID: c.Caller.UserID(), SourceIP: c.Record.SourceIP, RequestID: c.ID, HostID: c.HostID,
	}
}
