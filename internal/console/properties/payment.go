package properties

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

func getPayment(v *page.Visit) func(context.Context) (types.Payer, error) {
	return func(ctx context.Context) (types.Payer, error) {
		out, err := v.AWS.S3().GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: named(v)})
		if err != nil {
			return "", err
		}
		return out.Payer, nil
	}
}

// paymentPage is the page of Requester Pays.
type paymentPage struct {
	Bucket  string
	Payment bucket.Read[types.Payer]
}

func showPayment(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &paymentPage{Bucket: name(v)}
	bucket.Reading(ctx, v, &d.Payment, getPayment(v))()
	if err := bucket.Gone(d.Bucket, d.Payment.Problem); err != nil {
		return nil, err
	}
	return view(v, "Requester Pays", "payment", d), nil
}

func savePayment(ctx context.Context, v *page.Visit) (*page.Done, error) {
	payer := types.Payer(v.Form("payer"))
	if _, err := v.AWS.S3().PutBucketRequestPayment(ctx, &s3.PutBucketRequestPaymentInput{Bucket: named(v), RequestPaymentConfiguration: &types.RequestPaymentConfiguration{Payer: payer}}); err != nil {
		return nil, err
	}
	return done(v, "The payer of requests for "+name(v)+" is "+string(payer)+"."), nil
}
