package bootstrap

import (
	"context"
	"fmt"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/kms"
)

// keys makes the KMS keys of an account that are not there: by their IDs, or by their aliases where the file
// gives none.
func (r *run) keys(ctx context.Context, account ids.AccountID, a *Account) error {
	for _, k := range a.Keys {
		ref := k.ID
		if ref == "" {
			ref = "alias/" + strings.TrimPrefix(k.Alias, "alias/")
		}
		if _, err := r.KMS.Resolve(ctx, account, ref); !apierr.Is(err, kms.CodeNotFound) {
			if err != nil {
				return fmt.Errorf("key %s: %w", ref, err)
			}
			continue
		}
		made, err := r.KMS.Create(ctx, kms.NewKey{Account: account, ID: k.ID, Alias: k.Alias})
		if err != nil {
			return fmt.Errorf("key %s: %w", ref, err)
		}
		r.say("made key %s", made.ARN())
	}
	return nil
}
