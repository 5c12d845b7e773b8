package main

import (
	"testing"

	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/analyzerapi"
	"crossgrant/internal/httpapi/crossgrantapi"
	"crossgrant/internal/httpapi/iamapi"
	"crossgrant/internal/httpapi/orgsapi"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/httpapi/s3controlapi"
	"crossgrant/internal/httpapi/signinapi"
	"crossgrant/internal/httpapi/stsapi"
)

// TestEveryOperationHasAnEvent holds that CloudTrail's table of events has every operation that a service knows: what
// has none is logged as a write of management, which may not be what it is.
func TestEveryOperationHasAnEvent(t *testing.T) {
	known := map[string][]string{"s3-control": s3controlapi.New(nil, nil, nil).Operations(), "s3-website": {"GetObject", "HeadObject"}}
	for _, s := range s3api.New(nil, s3api.Deps{}).States() {
		known["s3"] = append(known["s3"], s.Name)
	}
	for service, states := range map[string][]httpapi.State{
		"iam": iamapi.New(nil, iamapi.Deps{}).States(), "sts": stsapi.New(nil, stsapi.Deps{}).States(), "organizations": orgsapi.New(nil).States(),
		"access-analyzer": analyzerapi.New(nil).States(), "crossgrant": crossgrantapi.New(nil, nil).States(), "signin": signinapi.New(signinapi.Deps{}).States(),
	} {
		for _, s := range states {
			known[service] = append(known[service], s.Name)
		}
	}
	for service, operations := range known {
		if len(operations) == 0 {
			t.Errorf("%s knows no operation", service)
		}
		for _, name := range operations {
			if !event.Knows(service, name) {
				t.Errorf("%s %s has no line in internal/cloudtrail/event/operations.txt", service, name)
			}
		}
	}
}
