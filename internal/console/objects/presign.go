package objects

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/console/page"
)

// signedFor is how long the requests are good for that a page, or its script, sends by itself.
const signedFor = time.Hour

// presigner signs requests that the visitor's browser sends to the API itself. Checksums are not added: those of what
// the browser sends are the browser's to know.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
func presigner(v *page.Visit) *s3.PresignClient {
	return s3.NewPresignClient(v.AWS.S3(), s3.WithPresignClientFromClientOptions(func(o *s3.Options) {
		o.BaseEndpoint = aws.String(v.APIURL())
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}), s3.WithPresignExpires(signedFor))
}

// signed is a request for the script to send.
type signed struct {
	Method, URL string
	Headers     map[string]string
}

// forScript returns a signed request, without the header that browsers set themselves.
func forScript(r *v4.PresignedHTTPRequest) *signed {
	out := &signed{Method: r.Method, URL: r.URL, Headers: map[string]string{}}
	for name := range r.SignedHeader {
		if name != "Host" && name != "Content-Length" {
			out.Headers[name] = r.SignedHeader.Get(name)
		}
	}
	return out
}

// link returns a URL by which the object can be read, as it is, or else as a download.
func link(ctx context.Context, v *page.Visit, at *address, lasts time.Duration, download bool) (string, error) {
	in := &s3.GetObjectInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: at.version()}
	if download {
		in.ResponseContentDisposition = aws.String(disposition(nameOf(at.Key)))
	}
	out, err := presigner(v).PresignGetObject(ctx, in, s3.WithPresignExpires(lasts))
	if err != nil {
		return "", err
	}
	return out.URL, nil
}
