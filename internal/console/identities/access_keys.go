package identities

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// accessKey is an access key and what it was last used for.
type accessKey struct {
	types.AccessKeyMetadata
	LastUsed *types.AccessKeyLastUsed
}

// Used reports whether the key was ever used, as far as is known.
func (k accessKey) Used() bool { return k.LastUsed != nil && k.LastUsed.LastUsedDate != nil }

// Active reports whether the key can be used.
func (k accessKey) Active() bool { return k.Status == types.StatusTypeActive }

// Other is the status that the key does not have.
func (k accessKey) Other() types.StatusType {
	if k.Active() {
		return types.StatusTypeInactive
	}
	return types.StatusTypeActive
}

// secretKey is an access key that was just made, with its secret, which is shown once.
type secretKey struct {
	User, ID, Secret, Back string
	// Sealed is the key for downloading it from the page that shows it.
	Sealed string
}

// downloading is how long a key can be downloaded from the page that shows it.
const downloading = 15 * time.Minute

func accessKeys(ctx context.Context, v *page.Visit, name string) ([]accessKey, error) {
	found, err := keysOf(ctx, v, name)
	keys := make([]accessKey, len(found))
	parts := make([]func(), len(found))
	for i, key := range found {
		keys[i].AccessKeyMetadata = key
		parts[i] = func() {
			out, err := v.AWS.IAM().GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKeyId})
			if err == nil { // or else it is not known
				keys[i].LastUsed = out.AccessKeyLastUsed
			}
		}
	}
	v.Together(parts...)
	return keys, err
}

func createKey(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("name")
	key, err := newKey(ctx, v, name)
	if err != nil || v.Dry() {
		return nil, err
	}
	return &page.Done{View: &page.View{Title: "Access key", Crumbs: users.crumbs(name, "Access key"), Template: "key-made", Data: key}}, nil
}

// newKey makes an access key; of a dry run it is empty.
func newKey(ctx context.Context, v *page.Visit, name string) (*secretKey, error) {
	out, err := v.AWS.IAM().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil || v.Dry() {
		return &secretKey{}, err
	}
	key := &secretKey{User: name, ID: aws.ToString(out.AccessKey.AccessKeyId), Secret: aws.ToString(out.AccessKey.SecretAccessKey), Back: credentialsTab(name)}
	key.Sealed, err = v.Seal("key", key, downloading)
	return key, err
}

// downloadKey sends a key that was just made in the form in which AWS's console does.
func downloadKey(_ context.Context, v *page.Visit) (*page.Done, error) {
	var key secretKey
	if err := v.Unseal("key", v.Form("sealed"), &key); err != nil {
		return nil, page.Invalid("It is too late to download this key. Make another one.")
	}
	return &page.Done{View: &page.View{Raw: &page.Raw{
		Type: "text/csv; charset=utf-8", Name: key.User + "_accessKeys.csv", Body: []byte("Access key ID,Secret access key\r\n" + key.ID + "," + key.Secret + "\r\n"),
	}}}, nil
}

func setKeyStatus(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, key, status := v.Path("name"), v.Form("key"), types.StatusType(v.Form("status"))
	if _, err := v.AWS.IAM().UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &name, AccessKeyId: &key, Status: status}); err != nil {
		return nil, err
	}
	return &page.Done{To: credentialsTab(name), Note: "The access key " + key + " is " + string(status) + " now."}, nil
}

func deleteKey(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, key := v.Path("name"), v.Form("key")
	if err := v.Confirmed(key); err != nil {
		return nil, err
	}
	if _, err := v.AWS.IAM().DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: &key}); err != nil {
		return nil, err
	}
	return &page.Done{To: credentialsTab(name), Note: "The access key " + key + " is deleted."}, nil
}
