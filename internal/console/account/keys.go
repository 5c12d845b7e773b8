package account

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// key is an access key of the visitor, with its last use.
type key struct {
	types.AccessKeyMetadata
	Used *types.AccessKeyLastUsed
}

// Active reports whether the key works.
func (k key) Active() bool { return k.Status == types.StatusTypeActive }

// keys returns the visitor's own.
func keys(ctx context.Context, v *page.Visit) ([]key, error) {
	out, err := v.AWS.IAM().ListAccessKeys(ctx, &iam.ListAccessKeysInput{})
	if err != nil {
		return nil, err
	}
	all := make([]key, len(out.AccessKeyMetadata))
	var ask []func()
	for i, k := range out.AccessKeyMetadata {
		all[i].AccessKeyMetadata = k
		ask = append(ask, func() {
			if used, err := v.AWS.IAM().GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId}); err == nil {
				all[i].Used = used.AccessKeyLastUsed
			}
		})
	}
	v.Together(ask...)
	return all, nil
}

// createKey makes an access key, whose secret is shown on the next page and never again.
func createKey(ctx context.Context, v *page.Visit) (*page.Done, error) {
	out, err := v.AWS.IAM().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{})
	if err != nil || v.Dry() {
		return nil, err
	}
	return &page.Done{View: &page.View{Title: "Access key", Crumbs: []page.Crumb{{Text: "Security credentials", To: "/me"}, {Text: "Access key"}}, Template: "my-key", Data: out.AccessKey}}, nil
}

func setKey(ctx context.Context, v *page.Visit, status types.StatusType, note string) (*page.Done, error) {
	_, err := v.AWS.IAM().UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{AccessKeyId: aws.String(v.Form("key")), Status: status})
	return &page.Done{To: "/me", Note: note}, err
}

func activateKey(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return setKey(ctx, v, types.StatusTypeActive, "The key works again.")
}

func deactivateKey(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return setKey(ctx, v, types.StatusTypeInactive, "The key does not work any more, until you activate it again.")
}

func deleteKey(ctx context.Context, v *page.Visit) (*page.Done, error) {
	id := v.Form("key")
	if err := v.Confirmed(id); err != nil {
		return nil, err
	}
	_, err := v.AWS.IAM().DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{AccessKeyId: &id})
	return &page.Done{To: "/me", Note: "The key is deleted."}, err
}
