package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// What takes long is answered by lines of JSON, each of which is sent when it is known.

// sendLines begins such an answer and returns what sends a line. It fails once the client is gone.
func sendLines[L any](w http.ResponseWriter) func(line L) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines, control := json.NewEncoder(w), http.NewResponseController(w)
	return func(line L) error {
		if err := lines.Encode(line); err != nil {
			return err
		}
		return control.Flush()
	}
}

// readLines posts a request, whose answer takes as long as it takes, and calls each with each line until one is the last
// or there is an error. ended makes the error of an answer that ends before.
func readLines[L any](ctx context.Context, c *Client, path string, query url.Values, in any, ended func(error) error, each func(line L) (last bool, err error)) error {
	response, err := c.patient().ask(ctx, http.MethodPost, path, query, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return unexpected(response)
	}
	lines := json.NewDecoder(response.Body)
	lines.DisallowUnknownFields()
	for {
		var line L
		if err := lines.Decode(&line); err != nil {
			return ended(err)
		}
		if last, err := each(line); last || err != nil {
			return err
		}
	}
}
