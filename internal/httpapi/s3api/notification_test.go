package s3api_test

import (
	"context"
	"errors"
	"strings"

	"crossgrant/internal/events"
	"crossgrant/internal/ids"
)

// webhooks are the destinations of the stories: those of account 111111111111 whose names begin with "taken"
// or "away". Those that are away take no test event.
type webhooks struct{}

func (*webhooks) Known(account ids.AccountID, destination string) bool {
	return account == "111111111111" && strings.Contains(destination, ":"+string(account)+":") &&
		(strings.Contains(destination, ":taken") || strings.Contains(destination, ":away"))
}

func (*webhooks) Test(_ context.Context, destination string, e events.TestEvent) error {
	if e.Bucket == "" || e.RequestID == "" || e.HostID == "" || strings.Contains(destination, ":away") {
		return errors.New("not taken")
	}
	return nil
}
