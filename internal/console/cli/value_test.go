package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestValue holds that what JSON writes Parse reads.
func TestValue(t *testing.T) {
	t.Parallel()
	for _, want := range []types.BucketLifecycleConfiguration{
		{},
		{Rules: []types.LifecycleRule{{
			ID: aws.String("<&>"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
			Expiration:  &types.LifecycleExpiration{Date: aws.Time(time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC)), ExpiredObjectDeleteMarker: aws.Bool(false)},
			Transitions: []types.Transition{{Days: aws.Int32(0), StorageClass: types.TransitionStorageClassGlacier}},
		}}},
	} {
		text := JSON(want)
		var got types.BucketLifecycleConfiguration
		if err := Parse(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.BucketLifecycleConfiguration{}, types.LifecycleRule{}, types.LifecycleRuleFilter{}, types.LifecycleExpiration{}, types.Transition{})); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	var n types.NotificationConfiguration
	if err := Parse(`{"EventBridgeConfiguration": {}}`, &n); err != nil || n.EventBridgeConfiguration == nil || JSON(n) != "{\n  \"EventBridgeConfiguration\": {}\n}" {
		t.Errorf("%v, %s", err, JSON(n))
	}
}

// TestParseRefuses holds that what would be left out is refused, with its line.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		"":                                "Line 1: The document ends too early",
		"{\n\"Rules\": [\n{\"Id\": 1}]}":  `Line 3: Rules has no member "Id"`,
		"{\"Rules\": [],\n\"Rules\": []}": "Line 2: the document has Rules twice",
		"{\"Rules\": 3}":                  "Line 1: Rules has to be a list",
		"[]":                              "Line 1: the document has to be an object",
		"{\"Rules\": [{\"Expiration\": {\"Days\":\n1.5}}]}":     "Line 2: Days has to be a whole number",
		"{\"Rules\": [{\"Expiration\": {\"Date\": \"soon\"}}]}": "Line 1: Date has to be a date",
		"{\"Rules\": [{\"ID\": null}]}":                         "Line 1: ID has to be a text",
		"{\"Rules\": [}":                                        "Line 1: This is not JSON",
		"{} {}":                                                 "Line 1: There is something after the end",
	} {
		var into types.BucketLifecycleConfiguration
		if err := Parse(document, &into); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", document, err, want)
		}
	}
}
