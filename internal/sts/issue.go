package sts

import (
	"context"
	"errors"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
)

// Limits of a session.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	DefaultDuration = time.Hour
	// MaxChained is how long a session that is had with temporary credentials may last.
	MaxChained = time.Hour
	// MaxPolicyARNs is the number of managed policies that can be passed.
	MaxPolicyARNs = 10
	// MaxPolicies is the size in characters of all session policies together: the inline document,
	// white space included, and the ARNs.
	MaxPolicies = policy.MaxSessionSize
)

// Request is what Issue makes a session of. That the caller may assume the role has been decided.
type Request struct {
	Role        *Role
	SessionName string
	// Duration is how long the session lasts; 0 means DefaultDuration.
	Duration time.Duration
	// Chained says that the caller uses temporary credentials.
	Chained bool
	// Policy is the document of an inline session policy; empty for none.
	Policy string
	// PolicyARNs name managed policies of the role's account, or of AWS, as session policies.
	PolicyARNs []string
}

// Credentials are those of a new session.
type Credentials struct {
	AccessKeyID  ids.AccessKeyID
	Secret       string
	SessionToken string
	Expires      time.Time
	// AssumedRoleID and ARN are those of the session.
	AssumedRoleID string
	ARN           string
	// PackedSize is how much of the room for session policies is used, in per cent; 0 if none were
	// passed.
	PackedSize int
}

// Issue makes the credentials of a session. The error is a ValidationError for a duration that the
// role, or role chaining, does not allow; MalformedPolicyDocument or PackedPolicyTooLarge for session
// policies.
func (s *Service) Issue(ctx context.Context, in Request) (*Credentials, error) {
	if in.Duration == 0 {
		in.Duration = DefaultDuration
	}
	if in.Duration > in.Role.MaxSession {
		return nil, validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if in.Chained && in.Duration > MaxChained {
		return nil, validationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	packed, err := s.checkPolicies(ctx, in)
	if err != nil {
		return nil, err
	}
	id, err := ids.NewAccessKeyID(s.rand, ids.TemporaryKey)
	if err != nil {
		return nil, err
	}
	secret, err := ids.NewSecretAccessKey(s.rand)
	if err != nil {
		return nil, err
	}
	now := s.now().UTC().Truncate(time.Second)
	session := &Session{
		AccessKeyID: id, Secret: secret,
		Account: in.Role.Account, RoleName: in.Role.Name, RoleID: in.Role.ID, SessionName: in.SessionName,
		PolicyARNs: in.PolicyARNs, Issued: now, Expires: now.Add(in.Duration),
	}
	if in.Policy != "" {
		session.Policies = []string{in.Policy}
	}
	token, err := s.token(session)
	if err != nil {
		return nil, err
	}
	return &Credentials{
		AccessKeyID: id, Secret: secret, SessionToken: token, Expires: session.Expires,
		AssumedRoleID: string(in.Role.ID) + ":" + in.SessionName,
		ARN:           arn.AssumedRole(in.Role.Account, in.Role.Name, in.SessionName).String(),
		PackedSize:    packed,
	}, nil
}

// checkPolicies refuses session policies that cannot be, and returns their packed size in per cent.
func (s *Service) checkPolicies(ctx context.Context, in Request) (packed int, err error) {
	size := policy.Session.Size(in.Policy)
	for _, policyARN := range in.PolicyARNs {
		size += policy.Session.Size(policyARN)
	}
	packed = (size*100 + MaxPolicies - 1) / MaxPolicies
	if size > MaxPolicies {
		return 0, apierr.New(http.StatusBadRequest, "PackedPolicyTooLarge", "Packed policy consumes %d%% of allotted space, please use smaller policy.", packed)
	}
	if in.Policy != "" {
		if _, err := policy.Parse(policy.Session, []byte(in.Policy)); err != nil {
			return 0, malformed(err.Error()) // a *policy.Error, whose text is for the caller
		}
	}
	if len(in.PolicyARNs) > MaxPolicyARNs {
		return 0, validationError("At most %d session policies can be passed by ARN.", MaxPolicyARNs)
	}
	for _, policyARN := range in.PolicyARNs {
		if err := s.checkManaged(ctx, in.Role.Account, policyARN); err != nil {
			return 0, err
		}
	}
	return packed, nil
}

// checkManaged refuses a session policy that is not a managed policy of AWS or of the role's account.
func (s *Service) checkManaged(ctx context.Context, account ids.AccountID, policyARN string) error {
	if _, ok := managed.Lookup(policyARN); ok {
		return nil
	}
	missing := malformed("The policy " + policyARN + " does not exist or is not attachable.")
	a, err := arn.Parse(policyARN)
	if err != nil {
		return missing
	}
	err = s.store.View(ctx, func(r meta.Reader) error {
		_, err := managed.Customer(r, account, a)
		return err
	})
	if errors.Is(err, meta.ErrNotFound) {
		return missing
	}
	return err
}

func malformed(message string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "MalformedPolicyDocument", "%s", message)
}
