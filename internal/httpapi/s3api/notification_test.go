package s3api_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

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

// TestRecordOfARefusedSignature holds that the record of a request whose caller is not known tells what it
// was about, so that it stands in the access log of the bucket.
func TestRecordOfARefusedSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t, new(datadriven.TestData))
	r := httptest.NewRequest("GET", "/walnut/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLEEXAMPLE00%2F20260102%2Fus-east-1%2Fs3%2Faws4_request"+
		"&X-Amz-Date=20260102T030000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature="+strings.Repeat("a", 64), nil)
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	if got := w.last; answer.Code != 403 || got.ErrorCode != "InvalidAccessKeyId" || got.Bucket != "walnut" || got.Key != "a b" || strings.Contains(got.Query, "aaaa") {
		t.Errorf("%d: the record is %+v", answer.Code, got)
	}
}
