// Package client calls the APIs for a visitor of the console, with the AWS SDK and the visitor's own credentials. What
// it calls is kept as commands of the AWS CLI, so that a page can show them.
//
// A dry client carries out what reads, and nothing that changes anything: of that it keeps the commands, and the
// operation returns an empty output. So the same code does what a form says, and tells what it would do.
package client

import (
	"context"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"crossgrant/internal/console/cli"
)

// Options are what a Client is made of.
type Options struct {
	API http.Handler
	// Endpoint is the URL of the API, without a path.
	Endpoint    string
	Region      string
	Visitor     Visitor
	Credentials aws.CredentialsProvider // nil: requests are not signed
	// Dry says that nothing is changed.
	Dry bool
}

// Client calls the APIs. It is for one request of a visitor, and safe for concurrent use.
type Client struct {
	options Options
	config  aws.Config
	http    *http.Client

	// mu protects commands.
	mu       sync.Mutex
	commands []cli.Command
}

// New returns a Client.
func New(o Options) *Client {
	c := &Client{options: o, http: &http.Client{Transport: &transport{api: o.API, visitor: o.Visitor}}}
	credentials := o.Credentials
	if credentials == nil {
		credentials = aws.AnonymousCredentials{}
	}
	c.config = aws.Config{
		Region: o.Region, Credentials: credentials, BaseEndpoint: &o.Endpoint, HTTPClient: c.http,
		// A page waits for the answer: an error is shown, not asked again.
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		AppID:      "crossgrant-console",
		APIOptions: []func(*middleware.Stack) error{c.observe},
	}
	return c
}

// S3 returns the client of S3.
func (c *Client) S3() *s3.Client {
	return s3.NewFromConfig(c.config, func(o *s3.Options) { o.UsePathStyle = true })
}

// S3Control returns the client of S3 Control.
func (c *Client) S3Control() *s3control.Client {
	return s3control.NewFromConfig(c.config, func(o *s3control.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				// The account's ID in front of the host would be in front of an address here.
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
		})
	})
}

// IAM returns the client of IAM.
func (c *Client) IAM() *iam.Client { return iam.NewFromConfig(c.config) }

// STS returns the client of STS.
func (c *Client) STS() *sts.Client { return sts.NewFromConfig(c.config) }

// Organizations returns the client of Organizations.
func (c *Client) Organizations() *organizations.Client {
	return organizations.NewFromConfig(c.config)
}

// CloudTrail returns the client of CloudTrail.
func (c *Client) CloudTrail() *cloudtrail.Client { return cloudtrail.NewFromConfig(c.config) }

// Analyzer returns the client of IAM Access Analyzer.
func (c *Client) Analyzer() *accessanalyzer.Client { return accessanalyzer.NewFromConfig(c.config) }

// Dry reports whether nothing is changed.
func (c *Client) Dry() bool { return c.options.Dry }

// Commands returns what was called, in order, each command once.
func (c *Client) Commands() []cli.Command {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []cli.Command
	seen := map[string]bool{}
	for _, each := range c.commands {
		if !seen[each.Text] {
			seen[each.Text] = true
			out = append(out, each)
		}
	}
	return out
}

// Changes returns the texts of those of Commands that change something, or would.
func (c *Client) Changes() []string {
	var out []string
	for _, each := range c.Commands() {
		if each.Writes {
			out = append(out, each.Text)
		}
	}
	return out
}

// Show adds a command that the page is about and that the SDK does not call, such as `aws s3 cp`.
func (c *Client) Show(command cli.Command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands = append(c.commands, command)
}

// observe keeps what is called, and keeps a dry client from changing anything.
func (c *Client) observe(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Console", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		command := cli.Of(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), in.Parameters)
		// What is only signed is sent by somebody else.
		if _, presigned := stack.Finalize.Get("PresignHTTPRequest"); presigned {
			return next.HandleInitialize(ctx, in)
		}
		c.Show(command)
		if command.Writes && c.options.Dry {
			ctx = context.WithValue(ctx, dryKey{}, true)
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// dryKey marks the context of a request that is not sent.
type dryKey struct{}

// emptyAnswer is the answer to a request that is not sent.
func emptyAnswer(r *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: r,
	}
}
