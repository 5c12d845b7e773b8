package properties

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

const noLifecycle = "NoSuchLifecycleConfiguration"

// lifecycle is the lifecycle configuration of a bucket.
type lifecycle struct {
	Rules []types.LifecycleRule
	// Minimum is which size objects need to be transitioned; empty: the bucket says nothing.
	Minimum types.TransitionDefaultMinimumObjectSize
}

func getLifecycle(v *page.Visit) func(context.Context) (lifecycle, error) {
	return func(ctx context.Context) (lifecycle, error) {
		out, err := v.AWS.S3().GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: named(v)})
		if err != nil {
			return lifecycle{}, err
		}
		return lifecycle{out.Rules, out.TransitionDefaultMinimumObjectSize}, nil
	}
}

// put puts a configuration, or deletes that of the bucket if no rule is left.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
func (l *lifecycle) put(ctx context.Context, v *page.Visit) error {
	if len(l.Rules) == 0 {
		_, err := v.AWS.S3().DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: named(v)})
		return err
	}
	_, err := v.AWS.S3().PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: named(v), LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: l.Rules}, TransitionDefaultMinimumObjectSize: l.Minimum,
	})
	return err
}

// place returns where a rule is among those of the configuration; -1: nowhere.
func (l *lifecycle) place(id string) int {
	return slices.IndexFunc(l.Rules, func(r types.LifecycleRule) bool { return aws.ToString(r.ID) == id })
}

// existing reads the configuration, and where a rule of it is.
func existing(ctx context.Context, v *page.Visit, id string) (*lifecycle, int, error) {
	l, err := getLifecycle(v)(ctx)
	if err != nil && !page.Absent(err, noLifecycle) {
		return nil, 0, err
	}
	i := l.place(id)
	if i < 0 {
		return nil, 0, page.Invalid("There is no lifecycle rule %s any more.", id)
	}
	return &l, i, nil
}

// managementPage is the page of what happens to objects by and by.
type managementPage struct {
	Bucket    string
	Lifecycle bucket.Read[lifecycle]
}

// Rules are the rules in words.
func (m *managementPage) Rules() []told {
	var out []told
	for i := range m.Lifecycle.Is.Rules {
		out = append(out, tell(&m.Lifecycle.Is.Rules[i]))
	}
	return out
}

func showManagement(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &managementPage{Bucket: name(v)}
	bucket.Reading(ctx, v, &d.Lifecycle, getLifecycle(v), noLifecycle)()
	if err := bucket.Gone(d.Bucket, d.Lifecycle.Problem); err != nil {
		return nil, err
	}
	return &page.View{Title: "Management · " + d.Bucket, Crumbs: bucket.Crumbs(d.Bucket, "Management"), Template: "management", Data: d}, nil
}

// switchRule turns a rule on or off.
func switchRule(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id, status := v.Form("id"), types.ExpirationStatus(v.Form("status"))
	l, i, err := existing(ctx, v, id)
	if err != nil {
		return nil, err
	}
	l.Rules[i].Status = status
	if err := l.put(ctx, v); err != nil {
		return nil, err
	}
	return managed(v, "The lifecycle rule "+id+" is "+map[types.ExpirationStatus]string{"Enabled": "enabled", "Disabled": "disabled"}[status]+"."), nil
}

func removeRule(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id := v.Query("rule")
	if err := v.Confirmed(id); err != nil {
		return nil, err
	}
	l, i, err := existing(ctx, v, id)
	if err != nil {
		return nil, err
	}
	l.Rules = slices.Delete(l.Rules, i, i+1)
	if err := l.put(ctx, v); err != nil {
		return nil, err
	}
	return managed(v, "The lifecycle rule "+id+" is deleted."), nil
}

// lifecyclePage is the page of the whole configuration as a document.
type lifecyclePage struct {
	Bucket, Document, Start string
	Lifecycle               bucket.Read[lifecycle]
}

var lifecycleStart = cli.JSON(types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
	ID: aws.String("expire-logs"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
	Expiration: &types.LifecycleExpiration{Days: aws.Int32(365)}, NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(30)},
	AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(7)},
}}})

func showLifecycle(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &lifecyclePage{Bucket: name(v), Start: lifecycleStart}
	bucket.Reading(ctx, v, &d.Lifecycle, getLifecycle(v), noLifecycle)()
	if err := bucket.Gone(d.Bucket, d.Lifecycle.Problem); err != nil {
		return nil, err
	}
	if len(d.Lifecycle.Is.Rules) > 0 {
		d.Document = cli.JSON(types.BucketLifecycleConfiguration{Rules: d.Lifecycle.Is.Rules})
	}
	d.Document = v.Value("save", "lifecycle", d.Document)
	return bucket.View(v, "management", "Management", "Lifecycle as JSON", "lifecycle", d), nil
}

// saveLifecycle puts the rules that were typed; the smallest size of transitions stays as it is.
func saveLifecycle(ctx context.Context, v *page.Visit) (*page.Done, error) {
	var c types.BucketLifecycleConfiguration
	if err := bucket.Parse(v.Form("lifecycle"), &c); err != nil {
		return nil, err
	}
	if len(c.Rules) == 0 {
		return nil, page.Invalid("There is no rule in Rules. To have none, delete the lifecycle configuration.")
	}
	l, err := getLifecycle(v)(ctx)
	if err != nil && !page.Absent(err, noLifecycle) {
		return nil, err
	}
	l.Rules = c.Rules
	if err := l.put(ctx, v); err != nil {
		return nil, err
	}
	return managed(v, "The lifecycle rules of "+name(v)+" are saved."), nil
}

func deleteLifecycle(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(name(v)); err != nil {
		return nil, err
	}
	if err := (&lifecycle{}).put(ctx, v); err != nil {
		return nil, err
	}
	return managed(v, name(v)+" has no lifecycle rules any more: nothing is removed by itself."), nil
}

func checkLifecycle(_ context.Context, v *page.Visit) (*page.Done, error) {
	return bucket.Check(v.Form("lifecycle"), new(types.BucketLifecycleConfiguration)), nil
}
