package orgs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// What an organization can enable for the root users of its member accounts, as the API of IAM does it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-enable-root-access.html
const (
	// RootCredentials lets the credentials of root users be managed centrally.
	RootCredentials = "RootCredentialsManagement"
	// RootSessions lets privileged tasks be performed in member accounts by sessions of their root users.
	RootSessions = "RootSessions"
)

// identityService is the service that the management of root users is trusted access for.
const identityService = "iam.amazonaws.com"

// Errors of the operations of IAM on root features. Their texts are those of the API's model.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootSessions.html
var (
	errFeaturesTrust      = failure("ServiceAccessNotEnabled", "The request was rejected because trusted access is not enabled for IAM in Organizations. For details, see IAM and Organizations in the Organizations User Guide.")
	errFeaturesCaller     = failure("AccountNotManagementOrDelegatedAdministrator", "The request was rejected because the account making the request is not the management account or delegated administrator account for centralized root access.")
	errFeaturesManagement = failure("CallerIsNotManagementAccount", "The request was rejected because the account making the request is not the management account for the organization.")
	errFeaturesNone       = failure("OrganizationNotFound", "The request was rejected because no organization is associated with your account.")
	errFeaturesAll        = failure("OrganizationNotInAllFeaturesMode", "The request was rejected because your organization does not have All features enabled. For more information, see Available feature sets in the Organizations User Guide.")
)

// RootFeatures is what an organization has enabled.
type RootFeatures struct {
	Organization ids.OrganizationID
	Enabled      []string // in the order of the alphabet
}

// rootFeatures returns what is in force: what was enabled since the organization trusts IAM, if it does.
func (v view) rootFeatures() (*records.RootFeatures, error) {
	none := new(records.RootFeatures)
	trusted := v.trusted(identityService)
	if trusted == nil {
		return none, nil
	}
	none.Trusted = trusted.Enabled
	features := new(records.RootFeatures)
	err := records.Get(v, keys.RootFeatures(v.id), features)
	if errors.Is(err, meta.ErrNotFound) || err == nil && features.Trusted != trusted.Enabled {
		return none, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read root features of organization %s: %w", v.id, err)
	}
	return features, nil
}

// managesRoots reports whether account may use what is enabled: it is the management account, or administers
// IAM for the organization.
func (v view) managesRoots(account ids.AccountID) bool {
	_, delegate := administers(v.trusted(identityService), account)
	return delegate || account == v.management()
}

// mayUseRootFeatures refuses an account that may not use them, and an organization that cannot have them.
func (v view) mayUseRootFeatures(account ids.AccountID) error {
	switch {
	case !v.managesRoots(account):
		return errFeaturesCaller
	case v.record.FeatureSet != AllFeatures:
		return errFeaturesAll
	case v.trusted(identityService) == nil:
		return errFeaturesTrust
	}
	return nil
}

// RootFeatures returns what is enabled, to the management account and the delegated administrator for IAM.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html
func (s *Service) RootFeatures(ctx context.Context, account ids.AccountID) (out RootFeatures, err error) {
	err = s.read(ctx, account, func(v view) error {
		if err := v.mayUseRootFeatures(account); err != nil {
			return err
		}
		features, err := v.rootFeatures()
		out = RootFeatures{v.id, features.GetEnabled()}
		return err
	})
	return out, ofNone(err)
}

// EnableRootFeature enables a feature for the whole organization. It does nothing if it is enabled. Only the
// management account may do so.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootSessions.html
func (s *Service) EnableRootFeature(ctx context.Context, account ids.AccountID, feature string) (RootFeatures, error) {
	return s.changeRootFeatures(ctx, account, func(c change, enabled []string) ([]string, error) {
		if account != c.management() {
			return nil, errFeaturesManagement
		}
		if !slices.Contains(enabled, feature) {
			enabled = append(enabled, feature)
			slices.Sort(enabled)
		}
		return enabled, nil
	})
}

// DisableRootFeature undoes EnableRootFeature; sessions that exist end with it. It does nothing if the feature
// is not enabled. AWS lets the delegated administrator do so too.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DisableOrganizationsRootSessions.html
func (s *Service) DisableRootFeature(ctx context.Context, account ids.AccountID, feature string) (RootFeatures, error) {
	return s.changeRootFeatures(ctx, account, func(_ change, enabled []string) ([]string, error) {
		return slices.DeleteFunc(enabled, func(e string) bool { return e == feature }), nil
	})
}

func (s *Service) changeRootFeatures(ctx context.Context, account ids.AccountID, edit func(c change, enabled []string) ([]string, error)) (out RootFeatures, err error) {
	err = s.write(ctx, func(tx meta.Tx) error {
		v, err := s.enter(tx, account)
		if err != nil {
			return err
		}
		if err := v.mayUseRootFeatures(account); err != nil {
			return err
		}
		features, err := v.rootFeatures()
		if err != nil {
			return err
		}
		if features.Enabled, err = edit(change{v, tx}, features.Enabled); err != nil {
			return err
		}
		out = RootFeatures{v.id, features.Enabled}
		return records.Put(tx, keys.RootFeatures(v.id), features)
	})
	return out, ofNone(err)
}

// ofNone words for the API of IAM that an account is in no organization.
func ofNone(err error) error {
	if apierr.Is(err, errNotInUse.Code) {
		return errFeaturesNone
	}
	return err
}

// RootAccess returns the features by which account may act as the root user of member; none if it may not.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
func (s *Service) RootAccess(ctx context.Context, account, member ids.AccountID) (enabled []string, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		enabled, err = RootAccess(r, account, member)
		return err
	})
	return enabled, err
}

// RootAccess is Service.RootAccess on one snapshot. It reads no range of keys: what rests on it can be kept until
// one of the keys is written.
func RootAccess(r meta.Reader, account, member ids.AccountID) (enabled []string, err error) {
	v, err := enter(r, account)
	if err != nil {
		return nil, inNone(err)
	}
	target, err := enter(r, member)
	if err != nil {
		return nil, inNone(err)
	}
	if target.id != v.id || member == v.management() || !v.managesRoots(account) || v.record.FeatureSet != AllFeatures {
		return nil, nil
	}
	features, err := v.rootFeatures()
	return features.GetEnabled(), err
}

// AllowsRootTask reports whether features allow a task, given by the name of its policy. Sessions are for all of
// them; the management of credentials, which is enabled apart from sessions, is for those of IAM.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
func AllowsRootTask(enabled []string, task string) bool {
	return slices.Contains(enabled, RootSessions) || slices.Contains(enabled, RootCredentials) && strings.HasPrefix(task, "IAM")
}
