package why

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

// selectors is the form in which event selectors are edited: members of PutEventSelectors.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
type selectors struct {
	EventSelectors         []types.EventSelector
	AdvancedEventSelectors []types.AdvancedEventSelector
}

func writeSelectors(basic []types.EventSelector, advanced []types.AdvancedEventSelector) string {
	return cli.JSON(&selectors{basic, advanced})
}

// readSelectors reads what writeSelectors writes. A member that there is not is an error: it would be lost.
func readSelectors(text string) (basic []types.EventSelector, advanced []types.AdvancedEventSelector, err error) {
	var in selectors
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, nil, page.Invalid("The event selectors are not JSON of the form that is needed: %v.", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, page.Invalid("Something follows the event selectors.")
	}
	return in.EventSelectors, in.AdvancedEventSelectors, nil
}
