package cloudtrailapi

import (
	"context"
	"time"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/json11"
)

// logging returns the rows for what a trail does.
func (a *api) logging() []row {
	return []row{
		{
			name: "StartLogging", about: aTrail, decode: on("Name"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return nil, a.Trails.StartLogging(ctx, c.Caller.Account, in.first())
			},
		},
		{
			name: "StopLogging", about: aTrail, decode: on("Name"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return nil, a.Trails.StopLogging(ctx, c.Caller.Account, in.first())
			},
		},
		{
			name: "GetTrailStatus", about: aTrail, decode: on("Name"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				s, err := a.Trails.Status(ctx, c.Caller.Account, in.first())
				return statusOf(&s), err
			},
		},
	}
}

// statusShape is the answer of GetTrailStatus. The members at its end are no longer in use, but AWS still sends them.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
type statusShape struct {
	IsLogging                 bool
	LatestDeliveryError       string      `json:",omitempty"`
	LatestDeliveryTime        json11.Time `json:",omitzero"`
	StartLoggingTime          json11.Time `json:",omitzero"`
	StopLoggingTime           json11.Time `json:",omitzero"`
	LatestDigestDeliveryTime  json11.Time `json:",omitzero"`
	LatestDigestDeliveryError string      `json:",omitempty"`

	LatestDeliveryAttemptTime, LatestNotificationAttemptTime           string
	LatestNotificationAttemptSucceeded, LatestDeliveryAttemptSucceeded string
	TimeLoggingStarted, TimeLoggingStopped                             string
}

func statusOf(s *cloudtrail.Status) *statusShape {
	return &statusShape{
		IsLogging: s.Logging, LatestDeliveryError: s.DeliveryError, LatestDeliveryTime: json11.Time(s.Delivered),
		StartLoggingTime: json11.Time(s.Started), StopLoggingTime: json11.Time(s.Stopped),
		LatestDigestDeliveryTime: json11.Time(s.DigestDelivered), LatestDigestDeliveryError: s.DigestError,
		LatestDeliveryAttemptTime: textOf(s.Attempted), LatestDeliveryAttemptSucceeded: textOf(s.Delivered),
		TimeLoggingStarted: textOf(s.Started), TimeLoggingStopped: textOf(s.Stopped),
	}
}

// textOf writes a time as the old members do; "" for none.
func textOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
