package policy

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/arn"
)

// validateBucket applies the rules of bucket policies, statement by statement. S3 documents neither
// the messages nor the order of its checks; the messages are those that users report.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
func (r *reader) validateBucket(o *options) error {
	for i := range r.doc.Statements {
		s, w := &r.doc.Statements[i], &r.raws[i]
		b := &bucketStatement{Statement: s, raw: w, reader: r, name: s.Sid, bucket: o.bucket}
		if b.name == "" {
			b.name = fmt.Sprintf("NO_ID-%d", i)
		}
		for _, check := range []func() error{
			b.checkPrincipals, b.checkActions, b.checkResources, b.checkActionsFit, b.checkConditions,
		} {
			if err := check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// bucketStatement is a statement of a bucket policy under validation.
type bucketStatement struct {
	*Statement
	*raw
	reader *reader
	name   string // by which messages call it
	bucket string // empty for any

	actions []s3Pattern    // after checkActions
	kinds   []ResourceKind // of the resources named, after checkResources
}

// s3Pattern is an entry of Action with the S3 actions that it matches.
type s3Pattern struct {
	text    string
	actions []*s3Action
}

func (b *bucketStatement) checkPrincipals() error {
	if b.NotPrincipal && b.Effect == Allow {
		// S3 refuses it; its message is not known.
		return refuse(b.at("NotPrincipal", 0), "Invalid policy syntax.", "NotPrincipal")
	}
	for _, n := range b.Principals.Names {
		if !validPrincipal(n) {
			return invalidPrincipal(Bucket, n, b.json.pos)
		}
	}
	return nil
}

// checkActions requires that every entry matches an action of S3. CreateBucket is none, because
// there is no bucket yet whose policy could speak.
func (b *bucketStatement) checkActions() error {
	for i, v := range b.Actions {
		actions := slices.DeleteFunc(matchS3(v), func(a *s3Action) bool { return a.Name == "s3:CreateBucket" })
		if len(actions) == 0 {
			return refuse(b.at(b.actionElement(), i), "Policy has invalid action", v)
		}
		b.actions = append(b.actions, s3Pattern{v, actions})
	}
	return nil
}

// checkResources requires that every entry is the bucket or lies in it.
func (b *bucketStatement) checkResources() error {
	for i, v := range b.Resources {
		kind, ok := bucketResource(v, b.bucket)
		if !ok {
			return refuse(b.at(b.resourceElement(), i), "Policy has invalid resource", v)
		}
		b.kinds = append(b.kinds, kind)
	}
	if b.NotResource {
		b.kinds = []ResourceKind{OnBucket, OnObject} // what is left may be of either kind
	}
	return nil
}

// bucketResource tells whether v is the ARN of the bucket, or a pattern of its objects.
func bucketResource(v, bucket string) (ResourceKind, bool) {
	a, err := arn.Parse(v)
	if err != nil || a.Partition != arn.Partition || a.Service != "s3" || a.Region != "" || a.Account != "" {
		return OnNothing, false
	}
	name, _, object := strings.Cut(a.Resource, "/")
	if name == "" || strings.ContainsAny(name, "*?$") || bucket != "" && name != bucket {
		return OnNothing, false
	}
	if object {
		return OnObject, true
	}
	return OnBucket, true
}

// checkActionsFit requires that every entry has an action for some resource of the statement. What
// NotAction leaves over always has.
func (b *bucketStatement) checkActionsFit() error {
	if b.NotAction {
		return nil
	}
	for i := range b.actions {
		p := &b.actions[i]
		p.actions = slices.DeleteFunc(p.actions, func(a *s3Action) bool { return !slices.Contains(b.kinds, a.Resource) })
		if len(p.actions) == 0 {
			return refuse(b.at("Action", i), "Action does not apply to any resource(s) in statement",
				fmt.Sprintf("Action %q in Statement %q", p.text, b.name))
		}
	}
	return nil
}

// checkConditions requires that condition keys exist and go with the statement: with each action
// that is named, and with at least one of those that a wildcard stands for.
//
// Keys that begin with aws: are accepted whatever follows, as S3 does. This does not store what is
// not evaluated: a key that this server never fills is a key that AWS would leave absent from such a
// request too, and absent it evaluates as on AWS.
func (b *bucketStatement) checkConditions() error {
	pos := b.at("Condition", 0)
	for _, c := range b.Conditions {
		if !strings.HasPrefix(strings.ToLower(c.Key), "s3:") {
			if !foreignKey(c.Key) {
				return refuse(pos, "Policy has an invalid condition key", c.Key)
			}
			continue
		}
		key, ok := s3Key(c.Key)
		if !ok {
			return refuse(pos, "Policy has an invalid condition key", c.Key)
		}
		if !b.keyFits(key) {
			return refuse(pos, "Conditions do not apply to combination of actions and resources in statement",
				fmt.Sprintf("Condition key %q in Statement %q", c.Key, b.name))
		}
	}
	return b.reader.checkValues(b.Statement, b.raw, "Invalid policy syntax.", "Invalid IP address in Conditions")
}

// keyFits reports whether the condition key goes with the statement's actions.
func (b *bucketStatement) keyFits(key string) bool {
	if b.NotAction {
		return true
	}
	for _, p := range b.actions {
		if !slices.ContainsFunc(p.actions, func(a *s3Action) bool { return a.takes(key) }) {
			return false
		}
	}
	return true
}

// foreignKey reports whether a condition key that is not S3's own may be in an S3 request: a global
// key, or one that a session brings along from how it was obtained.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
func foreignKey(key string) bool {
	vendor, name, ok := strings.Cut(strings.ToLower(key), ":")
	if !ok || name == "" {
		return false
	}
	switch vendor {
	case "aws", "saml", "identitystore":
		return true
	case "ec2":
		return name == "roledelivery" || name == "sourceinstancearn"
	case "glue":
		return name == "roleassumedby" || name == "credentialissuingservice"
	case "lambda":
		return name == "sourcefunctionarn"
	case "ssm":
		return name == "sourceinstancearn"
	}
	return strings.Contains(vendor, ".") // the host of an OpenID Connect provider
}
