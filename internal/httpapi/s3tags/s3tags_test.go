package s3tags_test

import (
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi/s3tags"
	"crossgrant/internal/records"
)

// TestKeysThatDifferInCase: a condition on the tags of a request sees one of two such tags, so that a request cannot
// give a bucket both; an object's tags are always put whole, and judged anew.
func TestKeysThatDifferInCase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rules s3tags.Rules
		ok    bool
	}{
		{"a bucket", s3tags.Buckets, false},
		{"a request to S3 Control", s3tags.Requested, false},
		{"what a bucket then has", s3tags.Resources, true},
		{"an object", s3tags.Objects, true},
	} {
		_, err := c.rules.Check([]*records.Tag{{Key: "Team", Value: "admin"}, {Key: "team", Value: "dev"}})
		if c.ok != (err == nil) || !c.ok && !apierr.Is(err, "InvalidTag") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
