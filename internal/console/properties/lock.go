package properties

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

const noLock = "ObjectLockConfigurationNotFoundError"

func getLock(v *page.Visit) func(context.Context) (*types.ObjectLockConfiguration, error) {
	return func(ctx context.Context) (*types.ObjectLockConfiguration, error) {
		out, err := v.AWS.S3().GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: named(v)})
		if err != nil {
			return nil, err
		}
		return out.ObjectLockConfiguration, nil
	}
}

// lockPage is the page of object lock.
type lockPage struct {
	Bucket string
	Lock   bucket.Read[*types.ObjectLockConfiguration]
	// Mode, Period and Unit are the default retention; empty: none.
	Mode, Period, Unit string
}

func showLock(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &lockPage{Bucket: name(v), Unit: "days"}
	bucket.Reading(ctx, v, &d.Lock, getLock(v), noLock)()
	if err := bucket.Gone(d.Bucket, d.Lock.Problem); err != nil {
		return nil, err
	}
	if r := retention(d.Lock.Is); r != nil {
		d.Mode = string(r.Mode)
		switch {
		case r.Days != nil:
			d.Period = strconv.Itoa(int(*r.Days))
		case r.Years != nil:
			d.Period, d.Unit = strconv.Itoa(int(*r.Years)), "years"
		}
	}
	return view(v, "Object lock", "lock", d), nil
}

// retention is the default retention; nil: none.
func retention(c *types.ObjectLockConfiguration) *types.DefaultRetention {
	if c == nil || c.Rule == nil {
		return nil
	}
	return c.Rule.DefaultRetention
}

// saveLock turns object lock on, and sets the default retention.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
func saveLock(ctx context.Context, v *page.Visit) (*page.Done, error) {
	c, err := getLock(v)(ctx)
	if err != nil && !page.Absent(err, noLock) {
		return nil, err
	}
	if c == nil {
		c = &types.ObjectLockConfiguration{}
	}
	c.ObjectLockEnabled = types.ObjectLockEnabledEnabled
	if mode := types.ObjectLockRetentionMode(v.Form("mode")); mode == "" {
		c.Rule = nil
	} else {
		r := retention(c)
		if r == nil {
			r = &types.DefaultRetention{}
		}
		n, err := count(v, "period", "The period")
		if err != nil {
			return nil, err
		}
		if n == nil {
			return nil, page.Invalid("Type for how long objects are retained.")
		}
		r.Mode, r.Days, r.Years = mode, n, nil
		if v.Form("unit") == "years" {
			r.Days, r.Years = nil, n
		}
		c.Rule = &types.ObjectLockRule{DefaultRetention: r}
	}
	if _, err := v.AWS.S3().PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: named(v), ObjectLockConfiguration: c}); err != nil {
		return nil, err
	}
	return done(v, "Object lock of "+name(v)+" is saved."), nil
}

// count reads a whole number that is not negative; nil if the field is empty.
func count(v *page.Visit, field, label string) (*int32, error) { return whole(v.Text(field), label) }

func whole(text, label string) (*int32, error) {
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return nil, page.Invalid("%s has to be a whole number, not %q.", label, text)
	}
	return aws.Int32(int32(n)), nil
}
