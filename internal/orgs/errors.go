package orgs

import (
	"net/http"

	"crossgrant/internal/apierr"
)

// The texts in this file are AWS's where they are known, else those of the API's model.

func failure(code, message string) *apierr.Error {
	return &apierr.Error{Status: http.StatusBadRequest, Code: code + "Exception", Message: message}
}

// Invalid returns an InvalidInputException with its reason.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html#API_CreateOrganization_Errors
func Invalid(reason, message string) *apierr.Error {
	return failure("InvalidInput", message).With("Reason", reason)
}

func constraint(reason, message string) *apierr.Error {
	return failure("ConstraintViolation", message).With("Reason", reason)
}

func handshakeConstraint(reason, message string) *apierr.Error {
	return failure("HandshakeConstraintViolation", message).With("Reason", reason)
}

// The errors of the API that have no parameter.
var (
	errNotInUse       = failure("AWSOrganizationsNotInUse", "Your account is not a member of an organization.")
	errNotManagement  = failure("AccessDenied", "You don't have permissions to access this resource.")
	errConcurrent     = failure("ConcurrentModification", "The target of the operation is currently being modified by a different request. Try again later.")
	errAlreadyIn      = failure("AlreadyInOrganization", "The provided account is already a member of an organization.")
	errNotEmpty       = failure("OrganizationNotEmpty", "To delete an organization you must first remove all member accounts (except the master).")
	errManagementStay = failure("MasterCannotLeaveOrganization", "You can't remove a management account from an organization. If you want the management account to become a member account in another organization, you must first delete the current organization of the management account.")

	errNoAccount     = failure("AccountNotFound", "You specified an account that doesn't exist.")
	errNoRoot        = failure("RootNotFound", "You specified a root that doesn't exist.")
	errNoUnit        = failure("OrganizationalUnitNotFound", "You specified an organizational unit that doesn't exist.")
	errNoParent      = failure("ParentNotFound", "You specified parent that doesn't exist.")
	errNoChild       = failure("ChildNotFound", "You specified a child that doesn't exist.")
	errNoSource      = failure("SourceParentNotFound", "You specified a source parent that doesn't exist.")
	errNoDestination = failure("DestinationParentNotFound", "You specified a destination parent that doesn't exist.")
	errNoTarget      = failure("TargetNotFound", "You specified a target that doesn't exist.")
	errNoPolicy      = failure("PolicyNotFound", "You specified a policy that doesn't exist.")
	errNoHandshake   = failure("HandshakeNotFound", "You specified a handshake that doesn't exist.")
	errNoRequest     = failure("CreateAccountStatusNotFound", "You specified a create account request that doesn't exist.")

	errUnitExists      = failure("DuplicateOrganizationalUnit", "An OU with the same name already exists.")
	errUnitNotEmpty    = failure("OrganizationalUnitNotEmpty", "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again.")
	errAccountThere    = failure("DuplicateAccount", "That account is already present in the specified destination.")
	errPolicyExists    = failure("DuplicatePolicy", "A policy with the same name already exists.")
	errPolicyInUse     = failure("PolicyInUse", "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.")
	errMalformed       = failure("MalformedPolicyDocument", "The provided policy document does not meet the requirements of the specified policy type.")
	errAttached        = failure("DuplicatePolicyAttachment", "The selected policy is already attached to the specified target.")
	errNotAttached     = failure("PolicyNotAttached", "The policy isn't attached to the specified target in the specified root.")
	errTypeEnabled     = failure("PolicyTypeAlreadyEnabled", "The specified policy type is already enabled.")
	errTypeUnavailable = failure("PolicyTypeNotAvailableForOrganization", "You can't use the specified policy type with the feature set currently enabled for this organization.")
	errNotEffective    = failure("EffectivePolicyNotFound", "If you ran this action on the management account, this policy type is not enabled. If you ran the action on a member account, the account doesn't have an effective policy of this type. Contact the administrator of your organization about attaching a policy of this type to the account.")
	errTargetKind      = Invalid("TARGET_NOT_SUPPORTED", "You can't perform the specified operation on that target entity.")
	errTypeDisabled    = failure("PolicyTypeNotEnabled", "This operation can be performed only for enabled policy types.")
	errInvited         = failure("DuplicateHandshake", "A handshake with the same action and target already exists.")
	errInState         = failure("HandshakeAlreadyInState", "The specified handshake is already in the requested state.")
	errTransition      = failure("InvalidHandshakeTransition", "You can't perform the operation on the handshake in its current state.")
	errImmutable       = Invalid("IMMUTABLE_POLICY", "You specified a policy that is managed by AWS and can't be modified.")
	errNotDetachable   = Invalid("NON_DETACHABLE_POLICY", "You can't detach this Amazon Web Services Managed Policy.")
	errNextToken       = Invalid("INVALID_NEXT_TOKEN", "Get the value for the NextToken parameter from the response to a previous call of the operation.")
	errParty           = Invalid("INVALID_PARTY_TYPE_TARGET", "You specified the wrong type of entity (account, organization, or email) as a party.")
	errPartyEmail      = Invalid("INVALID_EMAIL_ADDRESS_TARGET", "You specified an invalid email address for the invited account owner.")
	errAlreadyMember   = handshakeConstraint("ALREADY_IN_AN_ORGANIZATION", "The handshake request is invalid because the invited account is already a member of an organization.")

	errUnknownService = Invalid("UNRECOGNIZED_SERVICE_PRINCIPAL", "You specified an unrecognized service principal.")
	errRegistered     = failure("AccountAlreadyRegistered", "The provided account is already a delegated administrator for your organization.")
	errNotRegistered  = failure("AccountNotRegistered", "The provided account is not a registered delegated administrator for your organization.")

	errNoResourcePolicy  = failure("ResourcePolicyNotFound", "We can't find a resource policy request with the parameter that you specified.")
	errTagsOfExisting    = Invalid("TARGET_NOT_SUPPORTED", "You can't specify tags when you update a resource policy. Use TagResource instead.")
	errPrincipal         = Invalid("INVALID_PRINCIPAL", "You specified an invalid principal element in the policy.")
	errResourcePolicy    = Invalid("INVALID_RESOURCE_POLICY_JSON", "The provided resource policy isn't valid.")
	errDelegatedAction   = Invalid("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY", "The provided resource policy contains an action that isn't supported.")
	errDelegatedResource = Invalid("UNSUPPORTED_RESOURCE_IN_RESOURCE_POLICY", "The provided resource policy contains a resource that isn't supported.")
	errDelegatedType     = Invalid("UNSUPPORTED_POLICY_TYPE_IN_RESOURCE_POLICY", "The provided resource policy contains a policy type that isn't supported.")

	errAlreadyClosed   = failure("AccountAlreadyClosed", "You attempted to close an account that is already closed.")
	errCloseManagement = constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "You attempted to close the management account. To close the management account for the organization, you must first either remove or close all member accounts in the organization. Follow standard account closure process using root credentials.")
	errTooManyClosures = constraint("CLOSE_ACCOUNT_QUOTA_EXCEEDED", "You have exceeded close account quota for the past 30 days.")
	errClosedStays     = constraint("ACCOUNT_CANNOT_LEAVE_ORGANIZATION", "A closed account stays in the organization for 90 days.")

	errNotAllFeatures     = constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", "You attempted to perform an operation that requires the organization to be configured to support all features. An organization that supports only consolidated billing features can't perform this operation.")
	errServiceDisabled    = constraint("SERVICE_ACCESS_NOT_ENABLED", "You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first.")
	errHasDelegates       = constraint("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", "You attempted to disable service access for a service that has a delegated administrator. To complete this operation, you must first deregister any existing delegated administrators for this service.")
	errDelegateExists     = constraint("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", "You attempted to register an Amazon Web Services account as a delegated administrator for an Amazon Web Services service that already has a delegated administrator. To complete this operation, you must first deregister any existing delegated administrators for this service.")
	errTooManyDelegates   = constraint("MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED", "You attempted to register more delegated administrators than allowed for the service principal.")
	errManagementDelegate = constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", "You cannot register master account/yourself as delegated administrator for your organization.")
	errClosedDelegate     = constraint("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", "You cannot register a suspended account as a delegated administrator.")
	errDelegateStays      = constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", "You attempted to remove an account that is registered as a delegated administrator for a service integrated with your organization. To complete this operation, you must first deregister this account as a delegated administrator.")

	errHasAllFeatures = handshakeConstraint("ORGANIZATION_ALREADY_HAS_ALL_FEATURES", "The handshake request is invalid because the organization has already enabled all features.")
	errEnabling       = handshakeConstraint("ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION", "The handshake request is invalid because the organization has already started the process to enable all features.")
	errInviteDisabled = handshakeConstraint("INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES", "You can't issue new invitations to join an organization while it's in the process of enabling all features. You can resume inviting accounts after you finalize the process when all accounts have agreed to the change.")

	errNoTransfer = failure("ResponsibilityTransferNotFound", "We can't find a transfer that you specified.")
	errNoBilling  = constraint("UNSUPPORTED_PRICING", "Your organization has a pricing contract that is unsupported: nothing is billed here.")
	errNoGovCloud = constraint("MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED", "To complete this operation, the management account must have an associated account in the Amazon Web Services GovCloud (US-West) Region.")

	errTooManyAccounts = constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of AWS accounts.")
	errTooManyUnits    = constraint("OU_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of organizational units.")
	errTooDeep         = constraint("OU_DEPTH_LIMIT_EXCEEDED", "You attempted to create an OU tree that is too many levels deep.")
	errTooManyPolicies = constraint("POLICY_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of policies.")
	errPolicyTooLong   = constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "You attempted to create a policy that is larger than the maximum size.")
	errTooManyAttached = constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You have attached the maximum number of policies to the specified target.")
	errLastAttached    = constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.")
	errTooManyTags     = constraint("MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed on this resource.")
	errTooYoung        = constraint("WAIT_PERIOD_ACTIVE", "After you create an Amazon Web Services account, you must wait until at least four days after the account was created. Invited accounts aren't subject to this waiting period.")
)
