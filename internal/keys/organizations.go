package keys

import "crossgrant/internal/ids"

// Membership is the key of an account's membership in an organization. An account has at most one.
func Membership(account ids.AccountID) []byte { return append([]byte{'D'}, account...) }

// Organization is the key of an organization.
func Organization(org ids.OrganizationID) []byte { return inOrganization(org, 'o') }

// Organizations is the range of everything that belongs to organizations and to nothing else, by organization.
func Organizations() (from, to []byte) { return space('R') }

// ParseOrganization returns the organization from a key of Organizations.
func ParseOrganization(key []byte) (ids.OrganizationID, error) {
	if len(key) < 2 || key[0] != 'R' {
		return "", errKey
	}
	org, _, err := unescape(key[1:])
	return ids.OrganizationID(org), err
}

// InOrganization is the range of everything that belongs to an organization and to nothing else.
func InOrganization(org ids.OrganizationID) (from, to []byte) {
	return prefix(escape([]byte{'R'}, string(org)))
}

// OrganizationNode is the key of the root of an organization or of an OU.
func OrganizationNode(org ids.OrganizationID, node string) []byte {
	return append(inOrganization(org, 'n'), node...)
}

// OrganizationNodes is the range of the root and the OUs of an organization, by ID.
func OrganizationNodes(org ids.OrganizationID) (from, to []byte) {
	return prefix(inOrganization(org, 'n'))
}

// OrganizationPolicy is the key of a policy of an organization.
func OrganizationPolicy(org ids.OrganizationID, policy string) []byte {
	return append(inOrganization(org, 'p'), policy...)
}

// Memberships is the range of all memberships, by account.
func Memberships() (from, to []byte) { return space('D') }

// OrganizationAccount is the key that lists an account under its organization.
func OrganizationAccount(org ids.OrganizationID, account ids.AccountID) []byte {
	return append(inOrganization(org, 'm'), account...)
}

// OrganizationAccounts is the range of an organization's accounts, by ID.
func OrganizationAccounts(org ids.OrganizationID) (from, to []byte) {
	return prefix(inOrganization(org, 'm'))
}

// ChildUnit is the key that lists an OU under its parent.
func ChildUnit(org ids.OrganizationID, parent, unit string) []byte {
	return append(escape(inOrganization(org, 'c'), parent), unit...)
}

// ChildUnits is the range of the OUs right below a root or OU, by ID.
func ChildUnits(org ids.OrganizationID, parent string) (from, to []byte) {
	return prefix(escape(inOrganization(org, 'c'), parent))
}

// ChildAccount is the key that lists an account below its parent, a root or OU.
func ChildAccount(org ids.OrganizationID, parent string, account ids.AccountID) []byte {
	return append(escape(inOrganization(org, 'b'), parent), account...)
}

// ChildAccounts is the range of the accounts below a root or OU, by ID.
func ChildAccounts(org ids.OrganizationID, parent string) (from, to []byte) {
	return prefix(escape(inOrganization(org, 'b'), parent))
}

// OpenInvitation is the key that lists an invitation that was not answered.
func OpenInvitation(org ids.OrganizationID, id string) []byte {
	return append(inOrganization(org, 'i'), id...)
}

// OpenInvitations is the range of the invitations of an organization that were not answered, by ID.
func OpenInvitations(org ids.OrganizationID) (from, to []byte) {
	return prefix(inOrganization(org, 'i'))
}

// OrganizationCounts is the key of the numbers of what an organization has.
func OrganizationCounts(org ids.OrganizationID) []byte { return inOrganization(org, 'k') }

// UnitName is the key of the index from parent and name to the ID of an OU.
func UnitName(org ids.OrganizationID, parent, name string) []byte {
	return append(escape(inOrganization(org, 'u'), parent), name...)
}

// OrganizationPolicyName is the key of the index from type and name to the ID of a policy.
func OrganizationPolicyName(org ids.OrganizationID, policyType, name string) []byte {
	return append(escape(inOrganization(org, 't'), policyType), name...)
}

// OrganizationPolicyNames is the range of the names of the policies of a type.
func OrganizationPolicyNames(org ids.OrganizationID, policyType string) (from, to []byte) {
	return prefix(escape(inOrganization(org, 't'), policyType))
}

// PolicyTarget is the key that records that a policy is attached to a root, OU or account.
func PolicyTarget(org ids.OrganizationID, policy, target string) []byte {
	return append(escape(inOrganization(org, 'a'), policy), target...)
}

// PolicyTargets is the range of what a policy is attached to, by ID.
func PolicyTargets(org ids.OrganizationID, policy string) (from, to []byte) {
	return prefix(escape(inOrganization(org, 'a'), policy))
}

// OrganizationResourcePolicy is the key of the resource policy of an organization.
func OrganizationResourcePolicy(org ids.OrganizationID) []byte { return inOrganization(org, 'd') }

// Handshake is the key of a handshake.
func Handshake(id string) []byte { return append([]byte{'H'}, id...) }

// Handshakes is the range of all handshakes, by ID.
func Handshakes() (from, to []byte) { return space('H') }

// HandshakeOfOrganization is the key that lists a handshake under the organization that began it.
func HandshakeOfOrganization(org ids.OrganizationID, id string) []byte {
	return append(inOrganization(org, 'h'), id...)
}

// HandshakesOfOrganization is the range of the handshakes that an organization began, by ID.
func HandshakesOfOrganization(org ids.OrganizationID) (from, to []byte) {
	return prefix(inOrganization(org, 'h'))
}

// HandshakeOfAccount is the key that lists a handshake under the account that it is offered to.
func HandshakeOfAccount(account ids.AccountID, id string) []byte {
	return append(append([]byte{'J'}, account...), id...)
}

// HandshakesOfAccount is the range of the handshakes that are offered to an account, by ID.
func HandshakesOfAccount(account ids.AccountID) (from, to []byte) {
	return prefix(append([]byte{'J'}, account...))
}

// CreateAccountRequest is the key of a request to make an account.
func CreateAccountRequest(org ids.OrganizationID, id string) []byte {
	return append(inOrganization(org, 'q'), id...)
}

// CreateAccountRequests is the range of an organization's requests to make accounts, by ID.
func CreateAccountRequests(org ids.OrganizationID) (from, to []byte) {
	return prefix(inOrganization(org, 'q'))
}

// UnfinishedRequest is the key that lists a request to make an account that is in progress.
func UnfinishedRequest(org ids.OrganizationID, id string) []byte {
	return append(escape([]byte{'Q'}, string(org)), id...)
}

// UnfinishedRequests is the range of all requests that are in progress, in every organization.
func UnfinishedRequests() (from, to []byte) { return space('Q') }

// UnfinishedRequestsOf is the range of the requests of one organization that are in progress, by ID.
func UnfinishedRequestsOf(org ids.OrganizationID) (from, to []byte) {
	return prefix(escape([]byte{'Q'}, string(org)))
}

// ParseUnfinishedRequest returns organization and ID from a key of UnfinishedRequests.
func ParseUnfinishedRequest(key []byte) (org ids.OrganizationID, id string, err error) {
	if len(key) < 2 || key[0] != 'Q' {
		return "", "", errKey
	}
	name, rest, err := unescape(key[1:])
	return ids.OrganizationID(name), string(rest), err
}

// RootFeatures is the key of what an organization has enabled for the root users of its member accounts.
func RootFeatures(org ids.OrganizationID) []byte { return inOrganization(org, 'f') }

// LastOf returns the last component of a key of one of the ranges that list IDs: what follows from,
// the range's beginning.
func LastOf(from, key []byte) string { return string(key[min(len(from), len(key)):]) }

// inOrganization begins a key of an organization.
func inOrganization(org ids.OrganizationID, kind byte) []byte {
	return append(escape([]byte{'R'}, string(org)), kind)
}
