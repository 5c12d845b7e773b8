// Package cloudtrailapi is the table of operations of CloudTrail: for each, how its members are read, what must be
// allowed, and what it answers. What trails are is package cloudtrail's concern; the history of events and the keys of
// digest files are handed in.
//
// An operation is authorized as the action of its name on the trail that it is about, or on "*". The trail of another
// account, such as one of the organization, is authorized in the caller's account: trails have no policies.
//
// Every operation that AWS has is in the table. Those about what there is not here list nothing, find nothing, and make
// nothing, once their caller was found to be allowed to ask.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/ and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
package cloudtrailapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/jsonapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
)

// targetPrefix begins the header that names the operation, as the CLI and the SDKs in Python and Java send it;
// shortPrefix as those do that are made of the model in Smithy, such as the one in Go. AWS takes both.
//
// Source: https://github.com/aws/aws-sdk-go-v2/blob/main/service/cloudtrail/serializers.go
const (
	targetPrefix = "com.amazonaws.cloudtrail.v20131101." + shortPrefix
	shortPrefix  = "CloudTrail_20131101."
)

// Deps are what the API is a table over.
type Deps struct {
	Trails        *cloudtrail.Service
	History       History
	Keys          Keys
	Organizations Organizations
	Now           func() time.Time // nil: time.Now
}

// History finds management events of the last 90 days; package history does.
type History interface {
	// Lookup returns the events of an account that a query finds, the latest first. The error is an *apierr.Error
	// InvalidNextTokenException for a token that is none of its own, or of another query.
	Lookup(ctx context.Context, q history.Query) (*history.Page, error)
}

// Keys has the key pairs that digest files are signed with; package signing does.
type Keys interface {
	// Public returns the public keys of those that signed in some of the time between from and to.
	Public(ctx context.Context, from, to time.Time) ([]signing.PublicKey, error)
}

// Organizations makes member accounts delegated administrators; package orgs does.
type Organizations interface {
	Targets(ctx context.Context, account ids.AccountID, refs []orgs.Ref) ([]orgs.Target, error)
	RegisterDelegate(ctx context.Context, account, member ids.AccountID, principal string) error
	DeregisterDelegate(ctx context.Context, account, member ids.AccountID, principal string) error
}

// New returns the API over deps. It panics, at start, if an operation is there twice, is not one of AWS's, or is missing.
func New(deps Deps) *jsonapi.Service {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	a := &api{deps}
	var operations []httpapi.Operation
	names := strings.Fields(known)
	for _, r := range slices.Concat(a.trails(), a.logging(), a.selectors(), a.events(), a.tags(), a.delegates(), a.notOffered()) {
		if !slices.Contains(names, r.name) {
			panic("cloudtrailapi: operation " + r.name + " is unknown")
		}
		operations = append(operations, a.operation(r))
	}
	if len(operations) != len(names) {
		panic("cloudtrailapi: an operation is missing, or there twice")
	}
	return jsonapi.New("cloudtrail", targetPrefix, "InternalFailure", operations...).Also(shortPrefix)
}

// api is the table; its methods return the rows of one family.
type api struct{ Deps }
