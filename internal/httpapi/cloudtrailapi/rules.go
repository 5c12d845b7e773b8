package cloudtrailapi

import (
	"net/http"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/wire/json11"
)

// codes are the errors about members that do not satisfy the API's model, without "Exception", by the member or what its
// path begins with. All others are InvalidParameterException.
//
// Sources: the errors of each operation, such as those of
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html, and
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
var codes = map[string]string{
	"LookupAttributes": "InvalidLookupAttributes", "EventCategory": "InvalidEventCategory", "MaxResults": "InvalidMaxResults", "NextToken": "InvalidNextToken",
	"TagsList": "InvalidTagParameter", "ResourceId": "CloudTrailARNInvalid", "ResourceIdList": "CloudTrailARNInvalid",
	"EventSelectors": "InvalidEventSelectors", "AdvancedEventSelectors": "InvalidEventSelectors",
}

// invalid words a violation of the API's model.
func invalid(v *json11.Violation) error {
	text := map[json11.Fault]string{
		json11.Missing: "must not be null", json11.TooShort: "is shorter than allowed", json11.TooLong: "is longer than allowed",
		json11.TooSmall: "is smaller than allowed", json11.TooLarge: "is larger than allowed", json11.BadPattern: "does not match the required pattern",
		json11.BadValue: "is not one of the allowed values",
	}[v.Fault]
	first, _, _ := strings.Cut(v.Member, ".")
	code := codes[first]
	switch {
	case first == "Type": // of ListDashboards, which has no error of its own for it
		return apierr.New(http.StatusBadRequest, "ValidationError", "The value of %s %s.", v.Member, text)
	case code == "":
		code = "InvalidParameter"
	}
	return cloudtrail.Error(code, "The value of %s %s.", v.Member, text)
}

// Rules of members, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/cloudtrail
var (
	attributes = []json11.Rule{json11.Enum("EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId")}
	categories = []json11.Rule{json11.Enum("insight")}
	tokens     = []json11.Rule{json11.Length(0, 8192)}
	accountIDs = []json11.Rule{json11.Length(12, 16), json11.Pattern(`\d+`)}
)

// on reads the member that says what the operation is about.
func on(member string) func(r *json11.Reader, in *input) {
	return func(r *json11.Reader, in *input) { in.on = []string{r.String(member)} }
}

// readTags reads the tags of TagsList. A tag may have a key only; an empty value is none, as in the model.
func readTags(r *json11.Reader, in *input) {
	for _, item := range r.Objects("TagsList") {
		in.tags = append(in.tags, cloudtrail.Tag{Key: item.Required("Key"), Value: item.String("Value", json11.Length(1, 0))})
	}
}
