package cloudtrail

import (
	"fmt"
	"testing"
	"time"

	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

const orgTrail = "arn:aws:cloudtrail:us-east-1:111111111111:trail/all"

// TestWhoMakesOrganizationTrails holds who may make a trail for an organization, and when.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
func TestWhoMakesOrganizationTrails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(account ids.AccountID, name string) (*Trail, error) {
		return w.Create(t.Context(), account, name, Settings{Bucket: to(bucket), Organization: to(true)}, nil)
	}
	_, err := create(outside, "all")
	w.refused(err, "OrganizationsNotInUse", "")
	_, err = create(member, "all")
	w.refused(err, "NotOrganizationMasterAccount", "")
	w.organization(false)
	_, err = create(management, "all")
	w.refused(err, "CloudTrailAccessNotEnabled", "")
	w.put(keys.Organization(orgID), &records.Organization{Id: string(orgID), ManagementAccount: string(management), FeatureSet: "CONSOLIDATED_BILLING"})
	_, err = create(management, "all")
	w.refused(err, "OrganizationNotInAllFeaturesMode", "")
	w.organization(true)
	made, err := create(management, "all")
	w.must(err)
	if made.ARN != orgTrail || made.Record.Organization != string(orgID) {
		t.Errorf("the management account made %+v", made.Record)
	}
	// The management account owns what a delegated administrator makes.
	made, err = create(delegate, "delegated")
	w.must(err)
	if made.ARN != "arn:aws:cloudtrail:us-east-1:111111111111:trail/delegated" || made.Record.Account != string(management) {
		t.Errorf("the delegated administrator made %+v", made.Record)
	}
	for account, want := range map[ids.AccountID]ids.AccountID{management: management, delegate: management, member: member, outside: outside} {
		if got, err := w.Owner(t.Context(), account, true); err != nil || got != want {
			t.Errorf("the owner of a trail of %s is %s, %v, want %s", account, got, err, want)
		}
	}
	if got, err := w.Owner(t.Context(), delegate, false); err != nil || got != delegate {
		t.Errorf("the owner of a trail of the delegated administrator is %s, %v", got, err)
	}
}

// TestOrganizationTrailOfOthers holds what members, delegated administrators and strangers may do with the trail of an
// organization.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
func TestOrganizationTrailOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(management, "all", ofOrganization)
	w.create(management, "own")
	w.create(member, "mine")
	for account, c := range map[ids.AccountID]struct{ reading, changing, tagging string }{
		management: {}, delegate: {}, member: {"", "NotOrganizationMasterAccount", "CloudTrailARNInvalid"},
		outside: {"CloudTrailARNInvalid", "CloudTrailARNInvalid", "CloudTrailARNInvalid"},
	} {
		_, err := w.Get(t.Context(), account, orgTrail)
		w.judge(string(account)+" reads", err, c.reading)
		_, err = w.Status(t.Context(), account, orgTrail)
		w.judge(string(account)+" asks for the status", err, c.reading)
		w.judge(string(account)+" starts", w.StartLogging(t.Context(), account, orgTrail), c.changing)
		w.judge(string(account)+" stops", w.StopLogging(t.Context(), account, orgTrail), c.changing)
		_, err = w.Update(t.Context(), account, orgTrail, Settings{Prefix: to("p")})
		w.judge(string(account)+" updates", err, c.changing)
		_, err = w.PutSelectors(t.Context(), account, orgTrail, selector.Default(), nil)
		w.judge(string(account)+" puts selectors", err, c.changing)
		_, err = w.Tags(t.Context(), account, orgTrail)
		w.judge(string(account)+" lists tags", err, c.tagging)
		w.judge(string(account)+" tags", w.AddTags(t.Context(), account, orgTrail, []Tag{{"k", "v"}}), c.tagging)
		if c.changing != "" {
			w.judge(string(account)+" deletes", w.Delete(t.Context(), account, orgTrail), c.changing)
		}
		if account != management {
			// By its name alone, only the management account finds it.
			_, err = w.Get(t.Context(), account, "all")
			w.refused(err, "TrailNotFound", "")
			_, err = w.Get(t.Context(), account, "arn:aws:cloudtrail:us-east-1:111111111111:trail/own")
			w.refused(err, "CloudTrailARNInvalid", "")
		}
	}
	for account, want := range map[ids.AccountID]string{management: "[all own] [all own]", delegate: "[all] []", member: "[mine all] [mine]", outside: "[] []"} {
		with, err := w.List(t.Context(), account, true)
		w.must(err)
		without, err := w.List(t.Context(), account, false)
		w.must(err)
		if got := fmt.Sprint(namesOf(with), " ", namesOf(without)); got != want {
			t.Errorf("%s sees %s, want %s", account, got, want)
		}
	}
	w.must(w.Delete(t.Context(), delegate, orgTrail))
	_, err := w.Get(t.Context(), member, orgTrail)
	w.refused(err, "CloudTrailARNInvalid", "")
}

// TestConvert: only the management account makes an organization trail of a trail, and the other way round.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
func TestConvert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(management, "all")
	w.create(delegate, "own")
	w.create(outside, "own")
	w.must(w.StartLogging(t.Context(), management, "all"))
	update := func(account ids.AccountID, text string, organization bool) error {
		_, err := w.Update(t.Context(), account, text, Settings{Organization: to(organization)})
		return err
	}
	w.refused(update(delegate, "own", true), "NotOrganizationMasterAccount", "")
	w.refused(update(outside, "own", true), "OrganizationsNotInUse", "")
	w.must(update(outside, "own", false))
	w.logs(member)
	w.must(update(management, "all", true))
	w.logs(member, "all")
	w.refused(update(delegate, orgTrail, false), "NotOrganizationMasterAccount", "")
	w.must(update(delegate, orgTrail, true))
	w.organization(false)
	w.refused(update(management, "all", true), "CloudTrailAccessNotEnabled", "")
	w.must(update(management, "all", false))
	w.organization(true)
	w.logs(member)
	w.logs(management, "all")
}

// TestWhatOrganizationTrailsLog holds which accounts the trail of an organization logs, as the organization changes.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudtrail.html
func TestWhatOrganizationTrailsLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(management, "all", ofOrganization)
	w.create(member, "mine")
	w.create(outside, "their")
	for account, name := range map[ids.AccountID]string{management: "all", member: "mine", outside: "their"} {
		w.must(w.StartLogging(t.Context(), account, name))
	}
	w.logs(management, "all")
	w.logs(member, "all", "mine")
	w.logs(delegate, "all")
	w.logs(outside, "their")
	w.logs("999999999999")

	// Without trusted access it logs its own account, and all of them again once that is back.
	w.organization(false)
	w.logs(management, "all")
	if all, err := w.At(t.Context(), management, w.place(management), w.now.Add(time.Minute)); err != nil || all[0].Record.Organization != string(orgID) {
		t.Errorf("without trusted access the trail is another one: %+v, %v", all, err)
	}
	w.logs(member, "mine")
	if got, err := w.Get(t.Context(), management, "all"); err != nil || got.Record.Organization == "" {
		t.Errorf("without trusted access the trail is of no organization any more: %v", err)
	}
	_, err := w.Get(t.Context(), member, orgTrail)
	w.refused(err, "CloudTrailARNInvalid", "")
	w.organization(true)
	w.logs(member, "all", "mine")

	// An account that leaves is not logged any more, and one that joins is.
	w.remove(keys.Membership(member))
	w.logs(member, "mine")
	w.put(keys.Membership(outside), &records.Membership{Account: string(outside), Organization: string(orgID), Parent: "r-root"})
	w.logs(outside, "all", "their")

	// A closed account's trails log nothing.
	w.put(keys.Account(outside), &records.Account{Id: string(outside), Closed: 1})
	w.logs(outside, "all")
	w.put(keys.Account(management), &records.Account{Id: string(management), Closed: 1})
	w.logs(management)
	w.logs(outside)
	w.put(keys.Account(management), &records.Account{Id: string(management)})

	// When the organization is gone, the trail is one of its account alone, also of another organization that comes.
	w.remove(keys.Membership(management))
	w.remove(keys.Organization(orgID))
	w.remove(keys.Membership(outside))
	w.remove(keys.Membership(delegate))
	w.logs(management, "all")
	if all, err := w.At(t.Context(), management, w.place(management), w.now.Add(time.Minute)); err != nil || len(all) != 1 || all[0].Record.Organization != "" {
		t.Errorf("the organization is gone, and what logs is %+v, %v", all, err)
	}
	got, err := w.Get(t.Context(), management, "all")
	if err != nil || got.Record.Organization != "" {
		t.Errorf("the organization is gone, and the trail is %+v, %v", got, err)
	}
	w.put(keys.Organization("o-another"), &records.Organization{Id: "o-another", ManagementAccount: string(management), FeatureSet: "ALL", Services: []*records.TrustedService{{Principal: ServicePrincipal}}})
	for _, id := range []ids.AccountID{management, member} {
		w.put(keys.Membership(id), &records.Membership{Account: string(id), Organization: "o-another", Parent: "r-root"})
	}
	w.logs(management, "all")
	w.logs(member, "mine")
	if got, err = w.Get(t.Context(), management, "all"); err != nil || got.Record.Organization != "" {
		t.Errorf("the trail is one of another organization: %+v, %v", got, err)
	}
	// Only the management account has trails that log others.
	w.put(keys.Trail(delegate, "false"), &records.Trail{Account: string(delegate), Name: "false", Region: "us-east-1", Organization: "o-another", Logging: true, Created: 1, Started: 1})
	w.logs(member, "mine")
	_, err = w.Update(t.Context(), management, "all", Settings{Organization: to(true)})
	w.must(err)
	w.logs(member, "all", "mine")
}
