package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"crossgrant/internal/console/cli"
)

// maxAnswer is the largest answer of the APIs that are read here, in bytes.
const maxAnswer = 32 << 20

// Failure is an error that an API without a client in the SDK answered. It is a smithy.APIError, as those of the SDK are.
type Failure struct {
	smithy.GenericAPIError
	Status int
	ID     string
}

// ServiceRequestID returns the ID of the request.
func (f *Failure) ServiceRequestID() string { return f.ID }

// HTTPStatusCode returns the status of the answer.
func (f *Failure) HTTPStatusCode() int { return f.Status }

// Ask calls an operation of the API crossgrant, which the SDK does not know, signed as all others. in is encoded as
// JSON; the answer is decoded into out.
func (c *Client) Ask(ctx context.Context, operation string, in, out any) error {
	c.Show(cli.Of("crossgrant", operation, in))
	return c.call(ctx, "crossgrant", "Crossgrant_20261126."+operation, in, out)
}

// SignIn calls an operation of the sign-in API, unsigned.
func (c *Client) SignIn(ctx context.Context, operation string, in, out any) error {
	return c.call(ctx, "", "Signin_20261127."+operation, in, out)
}

// call sends a request of the JSON 1.1 protocol. An empty service sends it unsigned.
func (c *Client) call(ctx context.Context, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.options.Endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("User-Agent", "app/crossgrant-console")
	if service != "" {
		credentials, err := c.config.Credentials.Retrieve(ctx)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), service, c.config.Region, time.Now()); err != nil {
			return err
		}
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(text) > maxAnswer {
		return fmt.Errorf("the answer of %s is longer than %d bytes", target, maxAnswer)
	}
	if answer.StatusCode != http.StatusOK {
		return failure(answer, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", target, err)
	}
	return nil
}

// failure reads an error. Protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
func failure(answer *http.Response, text []byte) error {
	var told struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Other   string `json:"Message"`
	}
	if err := json.Unmarshal(text, &told); err != nil || told.Type == "" {
		return fmt.Errorf("the API answered %s without saying why", answer.Status)
	}
	if told.Message == "" {
		told.Message = told.Other
	}
	return &Failure{
		GenericAPIError: smithy.GenericAPIError{Code: told.Type, Message: told.Message},
		Status:          answer.StatusCode, ID: answer.Header.Get("X-Amzn-Requestid"),
	}
}
