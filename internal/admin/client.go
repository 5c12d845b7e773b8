package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"crossgrant/internal/apierr"
)

// ErrNoServer says that no server answers on the socket of a data folder.
var ErrNoServer = errors.New("admin: no server answers")

// timeout bounds one request; what an operator asks takes milliseconds.
const timeout = 30 * time.Second

// Client is the Operator that asks the server of a data folder.
type Client struct{ http http.Client }

var _ Operator = (*Client)(nil)

// Dial returns a client of the server that has the data folder dir open. The error wraps ErrNoServer if
// there is no socket, or nobody listens on it.
func Dial(dir string) (*Client, error) {
	path, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	conn, err := dial(context.Background(), "", "")
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w on %s", ErrNoServer, path)
	case err != nil:
		return nil, fmt.Errorf("reach the server: %w", err)
	}
	conn.Close()
	return &Client{http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: timeout}}, nil
}

// CreateAccount makes an account.
func (c *Client) CreateAccount(ctx context.Context, n NewAccount) (created Created, err error) {
	return created, c.do(ctx, http.MethodPost, "/accounts", nil, n, &created)
}

// ListAccounts returns a page of accounts.
func (c *Client) ListAccounts(ctx context.Context, after string) (list AccountList, err error) {
	return list, c.do(ctx, http.MethodGet, "/accounts", url.Values{"after": {after}}, nil, &list)
}

// ShowAccount returns one account.
func (c *Client) ShowAccount(ctx context.Context, who string) (a Account, err error) {
	return a, c.do(ctx, http.MethodGet, "/account", url.Values{"who": {who}}, nil, &a)
}

// Profiles returns the profiles.
func (c *Client) Profiles(ctx context.Context) (p Profiles, err error) {
	return p, c.do(ctx, http.MethodGet, "/profiles", nil, nil, &p)
}

// do sends one request and decodes its answer into out, or returns the error that it reports.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	response, err := c.ask(ctx, method, path, query, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return decode(response.Body, out)
	}
	var failure Failure
	if err := decode(response.Body, &failure); err != nil {
		return unexpected(response)
	}
	if failure.Code == "" {
		return errors.New(failure.Message)
	}
	return apierr.New(response.StatusCode, failure.Code, "%s", failure.Message)
}

// ask sends one request and returns the answer, whose body is to be closed.
func (c *Client) ask(ctx context.Context, method, path string, query url.Values, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	target := url.URL{Scheme: "http", Host: "admin", Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	return response, nil
}

// unexpected is the error of an answer that says nothing but its status.
func unexpected(response *http.Response) error {
	return fmt.Errorf("the server answered %s on its admin socket", response.Status)
}
