package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// Message is an authorization message: what principals of the caller's account may be told of a denial, who
// have the permission to decode it. It says no more than Denied does about policies of other accounts and of
// the organization, and there is none where Denied says nothing. Its keys are those that the request and the
// caller brought with them, unless the resource is of their own account.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
type Message struct {
	// ExplicitDeny says whether a statement denied. It is nil if the caller is not told why it was denied.
	ExplicitDeny *bool `json:"d,omitempty"`
	// Principal is the caller: its aws:userid, its name if it is a user, and its ARN.
	Principal MessagePrincipal `json:"p"`
	Action    string           `json:"a"`
	Resource  string           `json:"r"`
	// Keys are the condition keys of the request, by name in lower case.
	Keys []MessageKey `json:"k,omitempty"`
	// Statement is the one that denied, if it is of a policy of the caller's account; nil otherwise.
	Statement *MessageStatement `json:"s,omitempty"`
	// LeftOut is how many keys had no room, and NoStatement that the statement had none.
	LeftOut     int  `json:"o,omitempty"`
	NoStatement bool `json:"n,omitempty"`
}

// MessagePrincipal names a caller. Name is empty for who is no user.
type MessagePrincipal struct {
	ID   string `json:"i"`
	Name string `json:"n,omitempty"`
	ARN  string `json:"a"`
}

// MessageKey is a condition key with its values.
type MessageKey struct {
	Name   string   `json:"k"`
	Values []string `json:"v"`
}

// MessageStatement is a statement of a policy.
type MessageStatement struct {
	ID         string       `json:"i,omitempty"`
	Principals []string     `json:"p,omitempty"`
	Actions    []string     `json:"a"`
	Resources  []string     `json:"r,omitempty"`
	Conditions []MessageKey `json:"c,omitempty"`
}

// NewMessage returns the message about a check that Authorize denied; nil for a caller who is told nothing, and
// for one without an account, to which nobody belongs. request is what Authorize was given.
func NewMessage(caller *Caller, check *Check, d *authz.Decision, request *policy.Context) *Message {
	if caller.Account == "" || silenced(caller, check, &d.By) {
		return nil
	}
	m := &Message{Action: check.Action, Resource: check.Resource, Principal: MessagePrincipal{ID: caller.UserID(), ARN: caller.ARN}}
	if caller.Kind == policy.User {
		m.Principal.Name = caller.Name
	}
	own := caller.Account == check.ResourceOwner(caller)
	keys := policy.Over(request)
	if own {
		ResourceKeys(&keys, check.ResourceOwner(caller), check.Action)
		if check.Keys != nil {
			check.Keys(&keys)
		}
	}
	for _, name := range slices.Sorted(slices.Values(keys.Keys())) {
		values, _, _ := keys.Lookup(name)
		m.Keys = append(m.Keys, MessageKey{name, values})
	}
	if told(caller, check, &d.By) {
		explicit := d.By.Effect == authz.ExplicitDeny
		m.ExplicitDeny = &explicit
		m.Statement = statement(&d.By, own)
	}
	return m
}

// statement returns the statement that denied, if it is of a policy of the caller's account. Those of its
// organization are not.
func statement(by *authz.Finding, own bool) *MessageStatement {
	switch by.Layer {
	case authz.IdentityPolicy, authz.PermissionsBoundary, authz.SessionPolicy:
	case authz.ResourcePolicy, authz.TrustPolicy:
		if !own {
			return nil
		}
	default:
		return nil
	}
	i := int(by.Statement)
	if by.Effect != authz.ExplicitDeny || by.Policy == nil || by.Policy.Document == nil || i < 0 || i >= len(by.Policy.Document.Statements) {
		return nil
	}
	s := &by.Policy.Document.Statements[i]
	out := &MessageStatement{ID: s.Sid, Actions: s.Actions, Resources: s.Resources}
	if s.Principals != nil {
		for _, p := range s.Principals.Names {
			out.Principals = append(out.Principals, p.Value)
		}
		if s.Principals.Any {
			out.Principals = []string{"*"}
		}
	}
	for _, c := range s.Conditions {
		out.Conditions = append(out.Conditions, MessageKey{c.Key, c.Values})
	}
	return out
}

// ErrNoRoom says that a message is too long without all that could be left out.
var ErrNoRoom = errors.New("access: authorization message is too long")

// Encode returns the message as text of at most most bytes. What has no room is left out: the largest keys
// first, then the statement. The error is ErrNoRoom if that is not enough.
func (m Message) Encode(most int) ([]byte, error) {
	text, err := json.Marshal(m)
	for err == nil && len(text) > most {
		switch {
		case len(m.Keys) > 0:
			m.Keys, m.LeftOut = withoutLargest(m.Keys), m.LeftOut+1
		case m.Statement != nil:
			m.Statement, m.NoStatement = nil, true
		default:
			return nil, ErrNoRoom
		}
		text, err = json.Marshal(m)
	}
	return text, err
}

// withoutLargest returns the keys without the one that takes the most room.
func withoutLargest(keys []MessageKey) []MessageKey {
	largest, size := 0, -1
	for i, key := range keys {
		if n := len(key.Name) + len(strings.Join(key.Values, "")); n > size {
			largest, size = i, n
		}
	}
	return slices.Concat(keys[:largest], keys[largest+1:])
}

// DecodeMessage reads what Encode wrote.
func DecodeMessage(text []byte) (*Message, error) {
	m := new(Message)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("decode authorization message: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("access: something behind an authorization message")
	}
	return m, nil
}
