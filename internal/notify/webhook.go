package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"crossgrant/internal/events"
)

// errRefused says that a webhook will not take this message, however often it is sent.
var errRefused = errors.New("the webhook refuses the message")

// maxAnswer is how much of an answer's body is read, in bytes, so that its connection can be used again.
const maxAnswer = 64 << 10

// send posts a message and returns nil if the webhook takes it, or an error that wraps errRefused if it never
// will.
func (s *Service) send(ctx context.Context, hook Webhook, message []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(message))
	if err != nil {
		return errors.New("the URL of the webhook cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "crossgrant")
	if hook.Authorization != "" {
		request.Header.Set("Authorization", hook.Authorization)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: it answers %d", errRefused, code)
	default:
		return fmt.Errorf("the webhook answers %d", code)
	}
}

// withoutURL takes the URL out of an error, which may hold a secret.
func withoutURL(err error) error {
	var failure *url.Error
	if errors.As(err, &failure) {
		return failure.Err
	}
	return err
}

// Test sends a test event to a destination. The error says, for the log, why it was not taken.
func (s *Service) Test(ctx context.Context, destination string, e events.TestEvent) error {
	hook, ok := s.opts.Webhooks[destination]
	if !ok {
		return fmt.Errorf("%s is not configured", destination)
	}
	return s.send(ctx, hook, e.Message())
}
