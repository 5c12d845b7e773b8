package stsapi

import (
	"crossgrant/internal/httpapi"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/trailjson"
)

// tell adds to the record what a session inherits from the one that asks for it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html#cloudtrail-integration_examples-sts-api
func (in *assumeRoleInput) tell(c *httpapi.Call) {
	more := map[string]any{}
	if len(in.tags.Inherited) > 0 {
		more["incomingTransitiveTags"] = byKey(in.tags.Inherited)
	}
	if in.sourceIdentity != "" {
		more["sourceIdentity"] = in.sourceIdentity
	}
	if len(more) > 0 {
		c.Record.Parameters = trailjson.With(c.Record.Parameters, more)
	}
}

// tell adds to the record what the assertion asks for, of which the record does not have the text.
//
// Source: as for assumeRoleInput.tell
func (in *samlInput) tell(c *httpapi.Call) {
	more := map[string]any{"sAMLAssertionID": in.assertion.ID, "roleSessionName": in.sessionName}
	if in.sourceIdentity != "" {
		more["sourceIdentity"] = in.sourceIdentity
	}
	if len(in.tags.Passed) > 0 {
		more["principalTags"] = byKey(in.tags.Passed)
	}
	if len(in.tags.Transitive) > 0 {
		more["transitiveTagKeys"] = in.tags.Transitive
	}
	c.Record.Parameters = trailjson.With(c.Record.Parameters, more)
}

// byKey returns the values of tags by their keys.
func byKey(tags []sts.Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		out[tag.Key] = tag.Value
	}
	return out
}
