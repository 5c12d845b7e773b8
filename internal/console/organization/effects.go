package organization

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/summary"
)

// effect is a policy with what it says.
type effect struct {
	attached
	Says []summary.Statement
}

// inWords tells what a document says, statement by statement; nil if it cannot be read, or is no policy of permissions.
func inWords(document *string) []summary.Statement {
	says, err := summary.Statements(aws.ToString(document))
	if err != nil {
		return nil
	}
	return says
}

// effects reads the policies that are attached to a level.
func effects(ctx context.Context, v *page.Visit, l *level) error {
	read := make([]effect, len(l.Attached))
	errs := make([]error, len(l.Attached))
	var ask []func()
	for i, a := range l.Attached {
		ask = append(ask, func() {
			read[i].attached = a
			var out *organizations.DescribePolicyOutput
			if out, errs[i] = v.AWS.Organizations().DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: aws.String(a.ID)}); errs[i] == nil {
				read[i].Says = inWords(out.Policy.Content)
			}
		})
	}
	v.Together(ask...)
	for i, e := range read {
		if errs[i] != nil {
			return errs[i]
		}
		if types.PolicyType(e.Type) == types.PolicyTypeResourceControlPolicy {
			l.RCPs = append(l.RCPs, e)
		} else {
			l.SCPs = append(l.SCPs, e)
		}
	}
	return nil
}
