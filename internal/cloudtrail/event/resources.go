package event

import (
	"encoding/json"

	"crossgrant/internal/ids"
)

// resources writes the resources of the event: an object and its bucket, or the role of a session. Most events of
// other services have none.
func (e *event) resources() {
	r := e.record
	switch on := e.operation.on; {
	case on == onNone, on != onRole && r.Bucket == "":
	case on == onRole:
		e.roles()
	case on == onBucket:
		e.Open("resources", '[')
		e.bucket()
		e.Close(']')
	default:
		e.Open("resources", '[')
		e.Open("", '{')
		e.String("type", objectType)
		name := "ARN"
		if on != onObject || r.Key == "" {
			name = "ARNPrefix"
		}
		e.arn(name)
		e.Close('}')
		e.bucket()
		if s := r.Source; s != nil && (s.Bucket != r.Bucket || s.Key != r.Key) {
			e.Open("", '{')
			e.String("type", objectType)
			e.Joined("ARN", s3ARN, s.Bucket, "/", s.Key)
			e.Close('}')
		}
		e.Close(']')
	}
}

// arn writes the ARN of the object that the event is about, as objectARN returns it, without making it.
func (e *event) arn(name string) {
	r := e.record
	if e.operation.on == onList {
		e.String(name, objectARN(r, onList))
		return
	}
	e.Joined(name, s3ARN, r.Bucket, "/", r.Key)
}

// bucket writes the bucket of the event.
func (e *event) bucket() {
	e.Open("", '{')
	if owner, known := e.owner(); known {
		e.String("accountId", string(owner))
	}
	e.String("type", bucketType)
	e.Joined("ARN", s3ARN, e.record.Bucket)
	e.Close('}')
}

// owner returns the account that the event tells as the bucket's, if it is known; it is empty, and told as such, for
// a caller of another account whose own account refused.
//
// Which account refused is to be seen in the message of the error at most. If it does not say that the bucket's did,
// the account is not told.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-receive-logs-from-multiple-accounts.html#cloudtrail-receive-logs-from-multiple-accounts-bucket-owner-redaction
func (e *event) owner() (account ids.AccountID, known bool) {
	r := e.record
	if r.ResourceOwner == "" {
		return "", false
	}
	if !e.foreign && r.CallerAccount != r.ResourceOwner && r.ErrorCode == accessDenied && !refusedByOwner(r) {
		return "", true
	}
	return r.ResourceOwner, true
}

// roles writes the role that a session was begun of, and the provider of SAML that vouched for who began it, as far as
// the event tells what was asked.
func (e *event) roles() {
	var in struct {
		Role     string `json:"roleArn"`
		Provider string `json:"principalArn"`
	}
	if text := asked(e.record); len(text) > maxObject || json.Unmarshal(text, &in) != nil || in.Role == "" {
		return
	}
	e.Open("resources", '[')
	e.iam(roleType, in.Role)
	if in.Provider != "" {
		e.iam("AWS::IAM::SAMLProvider", in.Provider)
	}
	e.Close(']')
}

func (e *event) iam(kind, arn string) {
	e.Open("", '{')
	e.String("accountId", string(accountOf(arn)))
	e.String("type", kind)
	e.String("ARN", arn)
	e.Close('}')
}
