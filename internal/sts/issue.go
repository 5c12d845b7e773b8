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

// Limits of session policies and tags.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	// MaxPolicyARNs is the number of managed policies that can be passed.
	MaxPolicyARNs = 10
	// MaxPacked is the size of all session policies and tags together. AWS packs them, in a way that it has
	// not published, below a limit that it has not published either. Here the inline document counts its
	// characters, white space included, as do the ARNs, which AWS limits to this size before it packs them;
	// and tags count the bytes of their keys and values.
	MaxPacked = policy.MaxSessionSize
)

// Request is what Issue makes a session of. That it may be made has been decided.
type Request struct {
	// Session says whose session it is. Access key, secret, policies, tags and times are for Issue to fill in.
	Session Session
	// Duration is how long the session lasts; what limits it has been looked at.
	Duration time.Duration
	// Policy is the document of an inline session policy; empty for none.
	Policy string
	// PolicyARNs name managed policies of the session's account, or of AWS, as session policies.
	PolicyARNs []string
	// Tags are the session tags.
	Tags Tags
}

// Credentials are those of a new session.
type Credentials struct {
	Session      *Session
	SessionToken string
	// PackedSize is how much of the room for session policies and tags is used, in per cent; 0 if there are
	// none.
	PackedSize int
}

// Issue makes the credentials of a session. All operations that do so share it. The error is
// MalformedPolicyDocument or PackedPolicyTooLarge for session policies, PackedPolicyTooLarge or
// InvalidParameterValue for tags; any other error is internal.
//
// The access key ID tells the account, since nobody remembers the session.
func (s *Service) Issue(ctx context.Context, in Request) (*Credentials, error) {
	packed, err := s.checkRequest(ctx, &in)
	if err != nil {
		return nil, err
	}
	session := in.Session
	session.Tags, session.TransitiveKeys = in.Tags.all()
	session.Policies, session.PolicyARNs = nil, in.PolicyARNs
	if in.Policy != "" {
		session.Policies = []string{in.Policy}
	}
	if err := s.draw(&session); err != nil {
		return nil, err
	}
	session.Issued = s.now().UTC().Truncate(time.Second)
	session.Expires = session.Issued.Add(in.Duration)
	if err := session.check(); err != nil {
		return nil, err
	}
	token, err := s.token(&session)
	if err != nil {
		return nil, err
	}
	if len(token) > MaxToken {
		return nil, tooLarge(&in, max(packed, (len(token)*100+MaxToken-1)/MaxToken))
	}
	return &Credentials{Session: &session, SessionToken: token, PackedSize: packed}, nil
}

// draw gives a session its access key.
func (s *Service) draw(session *Session) (err error) {
	if session.AccessKeyID, err = ids.NewAccountKeyID(s.rand, ids.TemporaryKey, session.Account); err != nil {
		return err
	}
	session.Secret, err = ids.NewSecretAccessKey(s.rand)
	return err
}

// checkRequest refuses session policies and tags that cannot be, and returns their packed size in per cent.
func (s *Service) checkRequest(ctx context.Context, in *Request) (packed int, err error) {
	if err := in.Tags.Check(); err != nil {
		return 0, err
	}
	size := packedSize(in)
	packed = (size*100 + MaxPacked - 1) / MaxPacked
	if size > MaxPacked {
		return 0, tooLarge(in, packed)
	}
	return packed, s.checkPolicies(ctx, in)
}

func packedSize(in *Request) int {
	size := policy.Session.Size(in.Policy)
	for _, policyARN := range in.PolicyARNs {
		size += policy.Session.Size(policyARN)
	}
	tags, _ := in.Tags.all()
	for _, tag := range tags {
		size += len(tag.Key) + len(tag.Value)
	}
	return size
}

// tooLarge says that policies and tags take this much of their room. The words for tags alone were observed
// on AWS, https://github.com/aws-actions/configure-aws-credentials/issues/92.
func tooLarge(in *Request, percent int) *apierr.Error {
	text := "Packed policy consumes %d%% of allotted space, please use smaller policy."
	if in.Policy == "" && len(in.PolicyARNs) == 0 {
		text = "Packed size of session tags consumes %d%% of allotted space."
	}
	return apierr.New(http.StatusBadRequest, "PackedPolicyTooLarge", text, percent)
}

// checkPolicies refuses session policies that cannot be.
func (s *Service) checkPolicies(ctx context.Context, in *Request) error {
	if in.Policy != "" {
		if _, err := policy.Parse(policy.Session, []byte(in.Policy)); err != nil {
			return malformed(err.Error()) // a *policy.Error, whose text is for the caller
		}
	}
	if len(in.PolicyARNs) > MaxPolicyARNs {
		return validationError("At most %d session policies can be passed by ARN.", MaxPolicyARNs)
	}
	for _, policyARN := range in.PolicyARNs {
		if err := s.checkManaged(ctx, in.Session.Account, policyARN); err != nil {
			return err
		}
	}
	return nil
}

// checkManaged refuses a session policy that is not a managed policy of AWS or of the session's account.
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
