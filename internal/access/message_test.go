package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/quick"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// TestEncodeMessage: what has no room is left out, the largest keys first, and it is said.
func TestEncodeMessage(t *testing.T) {
	t.Parallel()
	whole := Message{
		Principal: MessagePrincipal{ID: "AIDAANN", Name: "ann", ARN: "arn:aws:iam::111111111111:user/ann"}, Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k",
		Keys: []MessageKey{
			{"aws:useragent", []string{strings.Repeat("a", 300)}}, {"aws:username", []string{"ann"}}, {"aws:tagkeys", []string{strings.Repeat("a", 100), strings.Repeat("b", 100)}},
		},
		Statement: &MessageStatement{ID: "s", Actions: []string{strings.Repeat("s3:*", 50)}},
	}
	for _, c := range []struct {
		most, keys int
		statement  bool
	}{{2000, 3, true}, {800, 2, true}, {500, 1, true}, {380, 0, true}, {200, 0, false}} {
		text, err := whole.Encode(c.most)
		if err != nil || len(text) > c.most {
			t.Errorf("%d: %d bytes, %v", c.most, len(text), err)
			continue
		}
		got, err := DecodeMessage(text)
		if err != nil || len(got.Keys) != c.keys || got.LeftOut != 3-c.keys || (got.Statement != nil) != c.statement || got.NoStatement == c.statement {
			t.Errorf("%d: %s, %v", c.most, text, err)
		}
	}
	if text, err := whole.Encode(50); !errors.Is(err, ErrNoRoom) {
		t.Errorf("%s, %v", text, err)
	}
	if len(whole.Keys) != 3 || whole.Statement == nil {
		t.Error("encoding has changed the message")
	}
}

// TestMessageTellsNoMoreThanDenied: for whatever caller, check and finding, a message tells why only where the
// text of the denial does, and there is none where that is silent.
func TestMessageTellsNoMoreThanDenied(t *testing.T) {
	t.Parallel()
	document, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Sid":"secret","Effect":"Deny","Action":"*","Resource":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	asked := func(kind, layer, effect uint8, s3, own, organization, trust bool) bool {
		caller := &Caller{Principal: policy.Principal{Kind: policy.Kind(kind % 6), ARN: "arn:aws:iam::111111111111:user/ann", Name: "ann"}, member: outside}
		if caller.Kind != policy.Anonymous && caller.Kind != policy.Service {
			caller.Account = "111111111111"
		}
		check := &Check{Action: "iam:GetUser", Resource: "r", Owner: "222222222222", inOrganization: organization,
			Keys: func(k *policy.Context) { k.Set("aws:ResourceTag/secret", "value") }}
		if own {
			check.Owner = "111111111111"
		}
		if s3 {
			check.Action, check.Bucket = "s3:PutObject", &Bucket{Owner: check.Owner}
		} else if trust {
			check.Policy = new(authz.Source)
		}
		by := authz.Finding{Layer: authz.LayerKind(layer % 16), Effect: authz.Effect(effect % 2), Policy: &authz.Source{Name: "p", Document: document}}
		d := &authz.Decision{By: by, Effect: by.Effect}
		text := Denied(caller, check, d).Message
		request := caller.Context()
		m := NewMessage(caller, check, d, &request)
		if m == nil {
			return text == "Access Denied" || caller.Account == ""
		}
		encoded, err := json.Marshal(m)
		if err != nil {
			return false
		}
		reason := strings.Contains(text, " because ") || strings.Contains(text, " with an explicit deny ")
		ofOwner := by.Layer == authz.ResourcePolicy || by.Layer == authz.TrustPolicy
		ofOthers := by.Layer == authz.SCP || by.Layer == authz.RCP || ofOwner && !own
		switch {
		case text == "Access Denied",
			(m.ExplicitDeny != nil) != reason,
			reason && *m.ExplicitDeny != strings.Contains(text, "explicit deny"),
			m.Statement != nil && (!reason || ofOthers),
			!own && strings.Contains(string(encoded), "value"):
			t.Errorf("%s tells %s", text, encoded)
			return false
		}
		return true
	}
	if err := quick.Check(asked, &quick.Config{MaxCount: 20000}); err != nil {
		t.Error(err)
	}
}

// FuzzDecodeMessage: what is read can be written and reads the same again.
func FuzzDecodeMessage(f *testing.F) {
	f.Add([]byte(`{"d":true,"p":{"i":"AIDAANN","n":"ann","a":"arn"},"a":"s3:PutObject","r":"*","k":[{"k":"aws:username","v":["ann"]}],"s":{"i":"s","a":["*"],"c":[{"k":"a","v":["b"]}]}}`))
	f.Add([]byte(`{"p":{"i":"","a":""},"a":"","r":"","o":3,"n":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := DecodeMessage(text)
		if err != nil {
			return
		}
		again, err := m.Encode(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeMessage(again); err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", m) && !reflect.DeepEqual(got, m) {
			if more, _ := got.Encode(1 << 20); string(more) != string(again) {
				t.Errorf("%s reads as %s (%v)", again, more, err)
			}
		}
	})
}
