// Package postpolicy reads and judges the policies of browser forms: what the signer of a form allows
// whoever sends it to write into its fields.
//
//	policy    = base64 of {"expiration": "yyyy-mm-ddThh:mm:ss[.fraction]Z", "conditions": [condition, …]}
//	condition = {"name": "value"}                          the field is value
//	          | ["eq", "$name", "value"]                   the same
//	          | ["starts-with", "$name", "value"]          it begins with value
//	          | ["content-length-range", least, most]      the size of the file in bytes, inclusive
//
// The case of operators and names does not count, that of values does. Every field of a form has to be in a
// condition, except file, policy, x-amz-signature and what begins with x-ignore-; the bucket that the form is
// sent to counts as a field. The signature of a policy is package sigv4's matter, and what a form asks for
// besides is judged as for any other request: a policy takes away and gives nothing.
//
// It is a pure core. Every failure is an *apierr.Error of S3: InvalidPolicyDocument for a policy that is none,
// AccessDenied for a form that does not keep to it.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html; what S3 answers
// was recorded by https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.py,
// TestS3PresignedPost) and in the issues that are named where they count.
package postpolicy

import (
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/apierr"
)

// Field is a field of a form.
type Field struct{ Name, Value string }

// Policy is the policy of a form, made by Parse.
type Policy struct {
	expiration time.Time
	conditions []condition
	sizes      []sizeRange
}

// condition is what a policy demands of one field.
type condition struct {
	name   string // in lower case; of no field where the condition cannot hold
	prefix bool   // the value begins with want
	want   string
	text   string // as S3 shows it
}

// sizeRange is what a policy demands of the size of the file, in bytes; both ends are included.
type sizeRange struct{ least, most int64 }

// Judge returns AccessDenied unless fields, in which the variables are replaced and one is named bucket, are
// as the policy demands, and the policy has not expired. Each name stands for one field.
func (p *Policy) Judge(fields []Field, now time.Time) error {
	if !now.Before(p.expiration) {
		return denied("Policy expired.")
	}
	values := make(map[string]string, len(fields))
	for _, f := range fields {
		values[strings.ToLower(f.Name)] = f.Value
	}
	covered := map[string]bool{}
	for _, c := range p.conditions {
		if value, sent := values[c.name]; !sent || !c.holds(value) {
			return denied("Policy Condition failed: " + c.text)
		}
		covered[c.name] = true
	}
	var extra []string
	for _, f := range fields {
		if name := strings.ToLower(f.Name); !covered[name] && !exempt(name) {
			extra = append(extra, f.Name)
		}
	}
	if len(extra) > 0 {
		return denied("Extra input fields: " + strings.Join(extra, ", "))
	}
	return nil
}

// exempt reports whether a field need not be in a condition.
func exempt(name string) bool {
	return name == "file" || name == "policy" || name == "x-amz-signature" || strings.HasPrefix(name, "x-ignore-")
}

// holds reports whether the field of c may have a value. Where Content-Type is compared with a prefix and is
// a list, each of the list has to begin so.
func (c *condition) holds(value string) bool {
	switch {
	case !c.prefix:
		return value == c.want
	case c.name != "content-type":
		return strings.HasPrefix(value, c.want)
	}
	for one := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimSpace(one), c.want) {
			return false
		}
	}
	return true
}

// CheckSize returns EntityTooLarge if a file of which size bytes have come is larger than the policy allows, or
// EntityTooSmall if it is whole and smaller.
func (p *Policy) CheckSize(size int64, whole bool) error {
	for _, r := range p.sizes {
		switch {
		case size > r.most:
			return apierr.New(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size").
				With("ProposedSize", strconv.FormatInt(size, 10)).With("MaxSizeAllowed", strconv.FormatInt(r.most, 10))
		case whole && size < r.least:
			return apierr.New(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size").
				With("ProposedSize", strconv.FormatInt(size, 10)).With("MinSizeAllowed", strconv.FormatInt(r.least, 10))
		}
	}
	return nil
}

// denied is the error for a form that does not keep to its policy.
func denied(reason string) error {
	return apierr.AccessDenied("Invalid according to Policy: " + reason)
}
