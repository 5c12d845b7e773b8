package simulator

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// Names of documents that were passed, as results give them.
const (
	resourcePolicyName = "ResourcePolicy"
	boundaryListName   = "PermissionsBoundaryPolicyInputList"
)

// policies parses the documents that were passed.
func (s *simulation) policies(r *Request) error {
	passed, err := identityLayer("PolicyInputList", r.Policies)
	if err != nil {
		return err
	}
	s.identity = slices.Concat(s.identity, passed)
	if len(r.Boundaries) > 1 {
		return invalid("The list of Permissions Boundary policies cannot exceed 1 items.")
	}
	if len(r.Boundaries) == 1 {
		boundary, err := identityLayer(boundaryListName, r.Boundaries)
		if err != nil {
			return err
		}
		s.boundary = &boundary
	}
	if r.ResourcePolicy != "" {
		s.resource, err = resourcePolicy(r.ResourcePolicy, s.resources)
	}
	return err
}

// identityLayer parses documents that were passed in a list of that name.
func identityLayer(list string, documents []string) (authz.Layer, error) {
	var layer authz.Layer
	for i, text := range documents {
		d, err := policy.Parse(policy.Identity, []byte(text))
		if err != nil {
			return nil, malformed(err)
		}
		layer = append(layer, authz.Source{Name: fmt.Sprintf("%s.%d", list, i+1), Document: d})
	}
	return layer, nil
}

// malformed refuses a document with IAM's words for it. Which words the simulator of AWS has is not known.
func malformed(err error) error { return invalid("%s", err) }

// resourcePolicy parses the policy that every resource is to have. If all are buckets and objects, it is a
// bucket policy, and they must be of one bucket: a policy has to be applicable to all resources.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
func resourcePolicy(text string, resources []string) (*authz.Source, error) {
	bucket, ok := bucketOf(resources[0])
	for _, resource := range resources[1:] {
		another, also := bucketOf(resource)
		if ok && also && another != bucket {
			return nil, invalid("The resource policy is not applicable to all of the resources.")
		}
		ok = ok && also
	}
	var d *policy.Document
	var err error
	if ok {
		d, err = policy.ParseBucket([]byte(text), bucket)
	} else {
		d, err = policy.Parse(policy.Resource, []byte(text))
	}
	if err != nil {
		return nil, malformed(err)
	}
	return &authz.Source{Name: resourcePolicyName, Document: d}, nil
}

// bucketOf returns the bucket that a resource is or lies in; ok is false for what is neither a bucket nor an
// object, or of which the bucket has a wildcard.
func bucketOf(resource string) (bucket string, ok bool) {
	a, err := arn.Parse(resource)
	if err != nil || a.Service != "s3" || a.Region != "" || a.Account != "" {
		return "", false
	}
	bucket, _, _ = strings.Cut(a.Resource, "/")
	return bucket, bucket != "" && !strings.ContainsAny(bucket, "*?")
}

// keysOf returns the condition keys that the policies of a layer use, as they are first written.
func keysOf(layer authz.Layer) []string {
	var names []string
	seen := map[string]bool{}
	for i := range layer {
		if layer[i].Document == nil {
			continue
		}
		for _, name := range layer[i].Document.Keys() {
			if lower := strings.ToLower(name); !seen[lower] {
				seen[lower] = true
				names = append(names, name)
			}
		}
	}
	return names
}
