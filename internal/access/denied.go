package access

import (
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// Denied returns the error for a check that Authorize denied, in AWS's words. A caller outside the
// account that owns the resource is not told why: the policies that decided may not be its own. S3 tells
// callers of the same organization which type of policy decided, and never what it says.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func Denied(caller *Caller, check *Check, d *authz.Decision) *apierr.Error {
	if caller.Provider != "" {
		// Who presents what an identity provider says has no name, and is told nothing of the role.
		return apierr.AccessDenied("Not authorized to perform " + check.Action)
	}
	if silenced(caller, check, &d.By) {
		return apierr.AccessDenied("Access Denied")
	}
	resource := " on resource: " + check.Resource
	if isS3(check.Action) {
		resource = ` on resource: "` + check.Resource + `"`
	}
	message := "User: " + caller.ARN + " is not authorized to perform: " + check.Action + resource
	if !told(caller, check, &d.By) {
		return apierr.AccessDenied(message)
	}
	return apierr.AccessDenied(message + " " + reason(check.Action, &d.By, near(caller, check)))
}

// near reports whether the caller is of the account that owns the resource, or in one organization with it.
func near(caller *Caller, check *Check) bool {
	return caller.Account == check.ResourceOwner(caller) || check.inOrganization
}

// silenced reports whether the caller is told nothing at all. That a caller has to pay has no words of its own.
func silenced(caller *Caller, check *Check, by *authz.Finding) bool {
	return caller.Kind == policy.Anonymous || check.Bucket != nil && !near(caller, check) || by.Layer == authz.RequesterPays
}

// told reports whether the caller is told why it was denied.
func told(caller *Caller, check *Check, by *authz.Finding) bool {
	if silenced(caller, check, by) {
		return false
	}
	own := caller.Account == check.ResourceOwner(caller)
	return check.Bucket != nil || (own || !ownersSide(by.Layer)) && (near(caller, check) || !anyway(by))
}

// anyway reports whether a finding may have denied although the account that owns the resource grants
// nothing. A policy of the caller's own account can make such a finding depend on what it has no business to
// know of another account's role, such as a tag or whether there is one.
func anyway(by *authz.Finding) bool { return by.Effect == authz.ExplicitDeny || by.Layer == authz.SCP }

// ownersSide reports whether a layer belongs to the account that owns the resource: what its policies say, or
// that there is a role at all, is not for callers of other accounts to know.
func ownersSide(k authz.LayerKind) bool {
	return k == authz.RCP || k == authz.ResourcePolicy || k == authz.TrustPolicy
}

// reason words the finding that denied. near tells that the caller is of the account that owns the resource, or
// in one organization with it: it is then told which managed policy, or policy of the organization, denies
// explicitly.
//
// Source: https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns/
func reason(action string, by *authz.Finding, near bool) string {
	if by.Effect != authz.ExplicitDeny {
		return "because no " + by.Layer.String() + " allows the " + action + " action"
	}
	text := "with an explicit deny in " + article(by.Layer) + by.Layer.String()
	switch by.Layer {
	case authz.RCP, authz.SCP, authz.IdentityPolicy, authz.PermissionsBoundary, authz.SessionPolicy:
		if name := by.Source(); near && strings.HasPrefix(name, "arn:") {
			text += ": " + name
		}
	}
	return text
}

func article(k authz.LayerKind) string {
	switch k {
	case authz.IdentityPolicy:
		return "an "
	case authz.TrustPolicy:
		return "the "
	default:
		return "a "
	}
}

func isS3(action string) bool { return len(action) > 3 && action[:3] == "s3:" }
