package cloudtrail

import (
	"errors"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// purpose is what somebody wants of a trail.
type purpose int

const (
	reading  purpose = iota // its settings and status, which all whom it logs may see
	changing                // for those who administer it
	tagging                 // its tags, which are theirs as well
)

// ref is what a request calls a trail: its name, for one of the caller's account whose home is here, or its ARN.
type ref struct {
	account ids.AccountID
	region  string
	name    string
	full    bool // an ARN
}

func (n ref) arn() string { return trailARN(n.region, string(n.account), n.name) }

// parse reads what a request calls a trail.
func (s *Service) parse(account ids.AccountID, text string) (ref, error) {
	if !strings.HasPrefix(text, "arn:") {
		return ref{account, s.Region, text, false}, checkName(text)
	}
	a, err := arn.Parse(text)
	owner, ownerErr := ids.ParseAccountID(a.Account)
	name, found := strings.CutPrefix(a.Resource, "trail/")
	if err != nil || ownerErr != nil || a.Partition != arn.Partition || a.Service != "cloudtrail" || a.Region == "" || !found || checkName(name) != nil {
		return ref{}, Error("CloudTrailARNInvalid", "The ARN is not that of a trail. Its format is %s.", trailARN("REGION", "ACCOUNT", "NAME"))
	}
	return ref{owner, a.Region, name, true}, nil
}

// ResourceOf returns the ARN that an operation on a trail is authorized on, and the account in it. What is not the
// name of a trail is taken for one: the operation refuses it.
func (s *Service) ResourceOf(account ids.AccountID, text string) (string, ids.AccountID) {
	if strings.HasPrefix(text, "arn:") {
		a, _ := arn.Parse(text)
		return text, ids.AccountID(a.Account)
	}
	return s.ARN(account, text), account
}

// find returns a trail for one of the purposes. Errors: InvalidTrailNameException, CloudTrailARNInvalidException,
// TrailNotFoundException, NotOrganizationMasterAccountException and InvalidHomeRegionException.
func (s *Service) find(r meta.Reader, account ids.AccountID, text string, p purpose) (*records.Trail, error) {
	n, err := s.parse(account, text)
	if err != nil {
		return nil, err
	}
	found := new(records.Trail)
	err = records.Get(r, keys.Trail(n.account, n.name), found)
	missing := errors.Is(err, meta.ErrNotFound)
	if err == nil {
		found, err = settled(r, found)
	}
	if err != nil && !missing {
		return nil, err
	}
	if n.account != account {
		if missing {
			return nil, errOtherAccount(account)
		}
		if err := mayUse(r, account, found, p); err != nil {
			return nil, err
		}
	}
	switch {
	case missing && n.region != s.Region:
		return nil, errOtherRegion(s.Region)
	case missing:
		return nil, errUnknown(n.arn(), account)
	}
	return found, s.atHome(found, n, p)
}

// mayUse refuses a trail of another account, unless it is one of the organization that the caller is in.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
func mayUse(r meta.Reader, account ids.AccountID, t *records.Trail, p purpose) error {
	at, err := placeOf(r, account)
	switch {
	case err != nil:
		return err
	case t.Organization == "" || at.organization.GetId() != t.Organization || at.trust() == nil:
		return errOtherAccount(account)
	case p == reading || at.administers():
		return nil
	case p == tagging:
		// That AWS answers this: https://github.com/cloudquery/cq-provider-aws/issues/405
		return errOtherAccount(account)
	}
	return errNotManagement
}

// atHome refuses a trail whose home is another Region. One for all Regions can be read here by its ARN.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html
func (s *Service) atHome(t *records.Trail, n ref, p purpose) error {
	switch {
	case t.Region == s.Region && n.region == s.Region:
		return nil
	case t.Region != s.Region && t.MultiRegion && p == changing:
		return errHome(t.Region)
	case t.Region != n.region || !t.MultiRegion || p == tagging:
		if n.full && n.region != s.Region {
			return errOtherRegion(s.Region)
		}
		return errUnknown(n.arn(), n.account)
	}
	return nil
}

// isMissing reports whether an error says that there is no such trail for the caller.
func isMissing(err error) bool { return apierr.Is(err, "TrailNotFoundException") }

// trailsOf returns the records of an account's trails, by name.
func trailsOf(r meta.Reader, account ids.AccountID) (all []*records.Trail, err error) {
	from, to := keys.Trails(account)
	it := r.Scan(from, to)
	for it.Next() {
		t := new(records.Trail)
		if err := records.Unmarshal(it.Value(), t); err != nil {
			return nil, errors.Join(err, it.Close())
		}
		all = append(all, t)
	}
	return all, it.Close()
}
