// Package iamapi is the table of operations of AWS Identity and Access Management: for each, how its
// parameters are read, what must be allowed, and what it answers. What the operations do is the concern
// of packages iam, simulator and reports.
//
// An operation is authorized as the action of its name on the entity that it is about, in the caller's
// account. Users, groups and roles of other accounts cannot be named; a policy or virtual MFA device of
// another account can be, by its ARN, and belongs to that account.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/ and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
package iamapi

import (
	"slices"

	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/keys"
	"crossgrant/internal/simulator"
)

// protocol is IAM on the wire.
var protocol = queryapi.Protocol{
	Name:      "iam",
	Version:   "2010-05-08",
	Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
	Known:     known,
}

// Deps are what the API asks of other services.
type Deps struct {
	Simulator    *simulator.Simulator
	Reports      Reports
	RootFeatures RootFeatures
}

// New returns the API over service.
func New(service *iam.Service, deps Deps) *queryapi.Service {
	a := &api{service, deps.Simulator, deps.Reports, deps.RootFeatures}
	return queryapi.New(protocol, slices.Concat(
		a.users(), a.groups(), a.accessKeys(), a.mfaDevices(), a.roles(), a.serviceLinkedRoles(), a.policies(), a.policyVersions(), a.providers(),
		a.attachments(keys.UserKind), a.attachments(keys.GroupKind), a.attachments(keys.RoleKind),
		a.inline(keys.UserKind), a.inline(keys.GroupKind), a.inline(keys.RoleKind),
		a.boundaries(keys.UserKind), a.boundaries(keys.RoleKind),
		a.simulations(), a.tags(), a.instanceProfiles(), a.accountReports(), a.advisor(),
		a.logins(), a.account(), a.rootFeatures(), a.notOffered(),
	)...)
}

// api is the table over the services; its methods return the rows of one family.
type api struct {
	iam       *iam.Service
	simulator *simulator.Simulator
	reports   Reports
	features  RootFeatures
}
