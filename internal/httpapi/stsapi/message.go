package stsapi

import (
	"context"
	"encoding/json"
	"fmt"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

type messageInput struct{ encoded string }

type decodedMessage struct{ DecodedMessage string }

// decodeAuthorizationMessage opens what the header of a denial carries, for principals of the account whose
// caller was denied.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
func (a *api) decodeAuthorizationMessage() httpapi.Operation {
	return queryapi.Row[messageInput]{
		Name: "DecodeAuthorizationMessage",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*messageInput, error) {
			return &messageInput{q.Required("EncodedMessage", messageRules...)}, nil
		},
		Checks: onEverything[messageInput]("sts:DecodeAuthorizationMessage"),
		Run: func(_ context.Context, c *httpapi.Call, in *messageInput) (any, error) {
			text, err := a.sts.DecodeMessage(c.Caller.Account, in.encoded)
			if err != nil {
				return nil, err
			}
			m, err := access.DecodeMessage(text)
			if err != nil {
				return nil, sts.ErrInvalidMessage.Because(err) // of another version of this program
			}
			shown, err := json.Marshal(showMessage(m))
			if err != nil {
				return nil, fmt.Errorf("encode authorization message: %w", err)
			}
			return &decodedMessage{string(shown)}, nil
		},
	}.Operation(protocol)
}

// The decoded message, as AWS writes it. ExplicitDeny is absent where the caller is not told why it was denied.
//
// Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html and
// https://github.com/vmware-archive/terraforming-aws/pull/73 (observed)
type (
	shownMessage struct {
		Allowed           bool                  `json:"allowed"`
		ExplicitDeny      *bool                 `json:"explicitDeny,omitempty"`
		MatchedStatements items[shownStatement] `json:"matchedStatements"`
		// Failures say what is left out of the message.
		Failures items[shownValue] `json:"failures"`
		Context  shownContext      `json:"context"`
	}
	shownStatement struct {
		StatementID     string            `json:"statementId"`
		Effect          string            `json:"effect"`
		Principals      items[shownValue] `json:"principals"`
		PrincipalGroups items[shownValue] `json:"principalGroups"`
		Actions         items[shownValue] `json:"actions"`
		Resources       items[shownValue] `json:"resources"`
		Conditions      items[shownKey]   `json:"conditions"`
	}
	shownContext struct {
		Principal  shownPrincipal  `json:"principal"`
		Action     string          `json:"action"`
		Resource   string          `json:"resource"`
		Conditions items[shownKey] `json:"conditions"`
	}
	shownPrincipal struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
		ARN  string `json:"arn"`
	}
	shownKey struct {
		Key    string            `json:"key"`
		Values items[shownValue] `json:"values"`
	}
	shownValue struct {
		Value string `json:"value"`
	}
	items[T any] struct {
		Items []T `json:"items"`
	}
)

func showMessage(m *access.Message) *shownMessage {
	out := &shownMessage{
		ExplicitDeny: m.ExplicitDeny,
		Context: shownContext{
			Principal: shownPrincipal(m.Principal), Action: m.Action, Resource: m.Resource, Conditions: showKeys(m.Keys),
		},
	}
	var failures []string
	if m.ExplicitDeny == nil {
		failures = append(failures, "The account that owns the resource does not tell why it denies.")
	}
	if m.LeftOut > 0 {
		failures = append(failures, fmt.Sprintf("There was no room for %d condition keys.", m.LeftOut))
	}
	if m.NoStatement {
		failures = append(failures, "There was no room for the statement.")
	}
	out.Failures = showValues(failures)
	out.MatchedStatements.Items = []shownStatement{}
	if s := m.Statement; s != nil {
		out.MatchedStatements.Items = append(out.MatchedStatements.Items, shownStatement{
			StatementID: s.ID, Effect: "DENY", Principals: showValues(s.Principals), PrincipalGroups: showValues(nil),
			Actions: showValues(s.Actions), Resources: showValues(s.Resources), Conditions: showKeys(s.Conditions),
		})
	}
	return out
}

func showKeys(keys []access.MessageKey) items[shownKey] {
	out := []shownKey{}
	for _, key := range keys {
		out = append(out, shownKey{key.Name, showValues(key.Values)})
	}
	return items[shownKey]{out}
}

func showValues(values []string) items[shownValue] {
	out := []shownValue{}
	for _, value := range values {
		out = append(out, shownValue{value})
	}
	return items[shownValue]{out}
}
