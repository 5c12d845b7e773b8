package account

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	control "github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"crossgrant/internal/console/page"
)

// settings is the page.
type settings struct {
	ID, Name string
	// Canonical is the canonical user ID, by which ACLs name the account.
	Canonical        string
	CanonicalProblem *page.Problem
	Alias            string
	AliasProblem     *page.Problem
	// SignIn is the address at which users of the account sign in.
	SignIn       string
	Block        blocks
	BlockProblem *page.Problem
	// Version is that of the session tokens that the global endpoint of STS gives out.
	Version        string
	Quotas         []quota
	SummaryProblem *page.Problem
}

// blocks are the four settings of Block Public Access.
type blocks struct {
	ACLs, IgnoreACLs, Policy, Restrict bool
	// Set says that there is a configuration.
	Set bool
}

// All reports whether all are on.
func (b blocks) All() bool { return b.ACLs && b.IgnoreACLs && b.Policy && b.Restrict }

// quota is how much of something there is, and may be.
type quota struct {
	Name      string
	Used, Max int32
	// Limit says that it is a limit of each, of which the account has no sum.
	Limit bool
}

func show(ctx context.Context, v *page.Visit) (*page.View, error) {
	now := v.Session.Current()
	d := &settings{ID: now.AccountID, Name: now.AccountName}
	v.Together(func() {
		out, err := v.AWS.S3().ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)})
		if err != nil {
			d.CanonicalProblem = v.Problem(err)
		} else if out.Owner != nil {
			d.Canonical = aws.ToString(out.Owner.ID)
		}
	}, func() {
		out, err := v.AWS.IAM().ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
		if err != nil {
			d.AliasProblem = v.Problem(err)
		} else if len(out.AccountAliases) > 0 {
			d.Alias = out.AccountAliases[0]
		}
	}, func() {
		var err error
		d.Block, err = blocked(ctx, v)
		d.BlockProblem = v.Problem(err)
	}, func() {
		out, err := v.AWS.IAM().GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
		if err != nil {
			d.SummaryProblem = v.Problem(err)
			return
		}
		d.Quotas, d.Version = quotas(out.SummaryMap), "1"
		if out.SummaryMap["GlobalEndpointTokenVersion"] == 2 {
			d.Version = "2"
		}
	})
	d.SignIn = signInAddress(v, d)
	return &page.View{Title: "Account settings", Template: "account", Data: d}, nil
}

// signInAddress returns the address at which users of the account sign in to this console.
func signInAddress(v *page.Visit, d *settings) string {
	u := url.URL{Scheme: "http", Host: v.Request.Host, Path: "/signin"}
	if v.Request.TLS != nil {
		u.Scheme = "https"
	}
	account := d.Alias
	if account == "" {
		account = d.ID
	}
	u.RawQuery = url.Values{"account": {account}}.Encode()
	return u.String()
}

// quotas are those of IAM.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
func quotas(summary map[string]int32) []quota {
	var out []quota
	for _, q := range []struct{ name, used, max string }{
		{"Users", "Users", "UsersQuota"}, {"Groups", "Groups", "GroupsQuota"}, {"Roles", "Roles", "RolesQuota"},
		{"Policies", "Policies", "PoliciesQuota"}, {"Versions of policies in use", "PolicyVersionsInUse", "PolicyVersionsInUseQuota"},
		{"Instance profiles", "InstanceProfiles", "InstanceProfilesQuota"},
		{"Groups of a user", "", "GroupsPerUserQuota"}, {"Access keys of a user", "", "AccessKeysPerUserQuota"},
		{"Policies attached to a user", "", "AttachedPoliciesPerUserQuota"}, {"Policies attached to a group", "", "AttachedPoliciesPerGroupQuota"},
		{"Policies attached to a role", "", "AttachedPoliciesPerRoleQuota"}, {"Versions of a policy", "", "VersionsPerPolicyQuota"},
		{"Size of a policy, characters", "", "PolicySizeQuota"}, {"Size of a trust policy, characters", "", "AssumeRolePolicySizeQuota"},
		{"Size of the inline policies of a user, characters", "", "UserPolicySizeQuota"}, {"Size of the inline policies of a group, characters", "", "GroupPolicySizeQuota"},
		{"Size of the inline policies of a role, characters", "", "RolePolicySizeQuota"},
	} {
		out = append(out, quota{q.name, summary[q.used], summary[q.max], q.used == ""})
	}
	return out
}

// blocked returns the account's Block Public Access.
func blocked(ctx context.Context, v *page.Visit) (blocks, error) {
	out, err := v.AWS.S3Control().GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(v.Account())})
	if page.Absent(err, "NoSuchPublicAccessBlockConfiguration") {
		return blocks{}, nil
	}
	if err != nil {
		return blocks{}, err
	}
	c := out.PublicAccessBlockConfiguration
	return blocks{aws.ToBool(c.BlockPublicAcls), aws.ToBool(c.IgnorePublicAcls), aws.ToBool(c.BlockPublicPolicy), aws.ToBool(c.RestrictPublicBuckets), true}, nil
}

func setAlias(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if v.Text("alias") == "" {
		return nil, page.Invalid("Type an alias: 3 to 63 lower case letters, digits and hyphens.")
	}
	_, err := v.AWS.IAM().CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: aws.String(v.Text("alias"))})
	return &page.Done{To: "/account", Note: "The account is called " + v.Text("alias") + " now."}, err
}

func deleteAlias(ctx context.Context, v *page.Visit) (*page.Done, error) {
	alias := v.Form("alias")
	if err := v.Confirmed(alias); err != nil {
		return nil, err
	}
	_, err := v.AWS.IAM().DeleteAccountAlias(ctx, &iam.DeleteAccountAliasInput{AccountAlias: &alias})
	return &page.Done{To: "/account", Note: "The account has no alias any more."}, err
}

func block(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.S3Control().PutPublicAccessBlock(ctx, &s3control.PutPublicAccessBlockInput{AccountId: aws.String(v.Account()), PublicAccessBlockConfiguration: &control.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(v.Checked("BlockPublicAcls")), IgnorePublicAcls: aws.Bool(v.Checked("IgnorePublicAcls")),
		BlockPublicPolicy: aws.Bool(v.Checked("BlockPublicPolicy")), RestrictPublicBuckets: aws.Bool(v.Checked("RestrictPublicBuckets")),
	}})
	return &page.Done{To: "/account", Note: "Block Public Access of the account is saved. It holds for all of its buckets."}, err
}

func unblock(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(v.Account()); err != nil {
		return nil, err
	}
	_, err := v.AWS.S3Control().DeletePublicAccessBlock(ctx, &s3control.DeletePublicAccessBlockInput{AccountId: aws.String(v.Account())})
	return &page.Done{To: "/account", Note: "The account blocks no public access any more. What each bucket sets still holds."}, err
}

// setTokens chooses the version of the session tokens of the global endpoint of STS.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
func setTokens(ctx context.Context, v *page.Visit) (*page.Done, error) {
	version := types.GlobalEndpointTokenVersionV1Token
	if v.Form("version") == "2" {
		version = types.GlobalEndpointTokenVersionV2Token
	}
	_, err := v.AWS.IAM().SetSecurityTokenServicePreferences(ctx, &iam.SetSecurityTokenServicePreferencesInput{GlobalEndpointTokenVersion: version})
	return &page.Done{To: "/account", Note: "The version of session tokens is saved."}, err
}
