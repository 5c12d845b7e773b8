package s3blob

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/sync/semaphore"
)

// newClient returns a client of the service at l, with the credentials that the SDK's default chain finds.
func newClient(ctx context.Context, l Location, opts *Options) (*s3.Client, error) {
	loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(l.Region), config.WithCredentialsProvider(opts.Credentials))
	if err != nil {
		return nil, fmt.Errorf("read the configuration of the AWS SDK: %w", err)
	}
	switch {
	case loaded.Region != "":
	case l.Endpoint == "":
		return nil, errors.New("no region is known: add region=REGION to the URL, or set AWS_REGION")
	default:
		loaded.Region = "us-east-1" // what services that have no regions call theirs
	}
	return s3.NewFromConfig(loaded, func(o *s3.Options) {
		if l.Endpoint != "" {
			o.BaseEndpoint = aws.String(l.Endpoint)
		}
		o.UsePathStyle = l.PathStyle
		o.HTTPClient = &carrier{
			transport: opts.Transport, stall: opts.Stall,
			requests: semaphore.NewWeighted(int64(opts.Requests)), readers: semaphore.NewWeighted(int64(opts.Readers)),
		}
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts = opts.Attempts
			r.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return opts.pause(attempt), nil })
		})
		// Checksums are sent as headers, which a service that does not know them overlooks. It would not overlook the trailers and
		// the encoding of bodies that the SDK uses when it is free to choose.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
		o.ContinueHeaderThresholdBytes = -1 // bodies are small enough to be sent in vain
	}), nil
}

// withMD5 has a request whose body must have a digest carry the one that all services know.
func withMD5(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		stack.Initialize.Remove("AWSChecksum:SetupInputContext")
		stack.Build.Remove("AWSChecksum:RequestMetricsTracking")
		stack.Finalize.Remove("AWSChecksum:ComputeInputPayloadChecksum")
		stack.Finalize.Remove("addInputChecksumTrailer")
		return smithyhttp.AddContentChecksumMiddleware(stack)
	})
}
