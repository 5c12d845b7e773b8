package sts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/seal"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	s, other := newService(t), newService(t)
	c, err := s.Issue(context.Background(), request(t, s))
	if err != nil {
		t.Fatal(err)
	}
	id := c.Session.AccessKeyID
	seal := func(plain string) string {
		sealed, err := s.box.Seal([]byte(plain), sealContext(id))
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(sealed)
	}
	changed := []byte(c.SessionToken)
	changed[len(changed)/2] ^= 1
	old := `{"AccessKeyID":"` + string(id) + `","Secret":"s","Account":"111111111111","RoleName":"R","RoleID":"AROAR","SessionName":"sess","Issued":"2026-01-02T03:04:05Z","Expires":"2026-01-02T04:04:05Z"}`
	current := `{"Kind":"role","AccessKeyID":"` + string(id) + `","Secret":"s","Account":"111111111111","EntityName":"R","EntityID":"AROAR","SessionName":"sess","Issued":"2026-01-02T03:04:05Z","Expires":"2026-01-02T04:04:05Z"}`
	for name, try := range map[string]struct {
		service *Service
		id      ids.AccessKeyID
		token   string
	}{
		"another key":      {s, "ASIAIOSFODNN7EXAMPLE", c.SessionToken},
		"another server":   {other, id, c.SessionToken},
		"changed":          {s, id, string(changed)},
		"shortened":        {s, id, c.SessionToken[:len(c.SessionToken)-4]},
		"empty":            {s, id, ""},
		"not base64":       {s, id, "!"},
		"nothing":          {s, id, seal("")},
		"no format":        {s, id, seal(current)},
		"a later format":   {s, id, seal("\x03" + current)},
		"an older one":     {s, id, seal("\x01" + current)},
		"a newer one":      {s, id, seal("\x02" + old)},
		"an unknown field": {s, id, seal("\x02" + strings.Replace(current, "{", `{"NewLimit":1,`, 1))},
		"an unknown kind":  {s, id, seal("\x02" + strings.Replace(current, "role", "king", 1))},
		"two values":       {s, id, seal("\x02" + current + current)},
		"something behind": {s, id, seal("\x02" + current + "}")},
	} {
		if got, err := try.service.Open(try.id, try.token); err != ErrInvalidToken {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// Nothing but a user, or a root user, signs in with a password.
	for kind, want := range map[string]error{
		`"user","EntityName":"ann","EntityID":"AIDAANN"`: nil, `"root"`: nil,
		`"role","EntityName":"R","EntityID":"AROAR","SessionName":"s"`: ErrInvalidToken, `"federated","SessionName":"fay"`: ErrInvalidToken,
		`"assumed-root","PolicyARNs":["arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"]`: ErrInvalidToken,
	} {
		text := `{"Kind":` + kind + `,"Console":true,"AccessKeyID":"` + string(id) + `","Secret":"s","Account":"111111111111","Issued":"2026-01-02T03:04:05Z","Expires":"2026-01-02T15:04:05Z"}`
		if got, err := s.Open(id, seal("\x02"+text)); err != want || err == nil && !got.Console {
			t.Errorf("%s: %v, %v", kind, got, err)
		}
	}
	// Tokens of the first format are still good.
	for _, good := range []string{c.SessionToken, seal("\x01" + old), seal("\x02" + current)} {
		got, err := s.Open(id, good)
		if err != nil || got.Kind != RoleSession || got.UserID() != "AROAR:sess" || got.ARN() != "arn:aws:sts::111111111111:assumed-role/R/sess" {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// TestTokensFitIntoHeaders: no token is so long that S3 would refuse the headers of a request with it.
func TestTokensFitIntoHeaders(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, fill := range []string{" ", "\t", "ÿ", `"`} {
		in := request(t, s)
		in.Policy = `{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Allow","Action":"s3:*","Resource":"` + strings.Repeat(fill, 1900) + `"}}`
		in.Session.IssuedTo = "arn:aws:iam::111111111111:user/" + strings.Repeat("p", 500)
		c, err := s.Issue(context.Background(), in)
		if err == nil && len(c.SessionToken) > MaxToken {
			t.Errorf("%q: a token of %d characters", fill, len(c.SessionToken))
		}
		if err != nil && !apierr.Is(err, "PackedPolicyTooLarge") && !apierr.Is(err, "MalformedPolicyDocument") {
			t.Errorf("%q: %v", fill, err)
		}
	}
}

// FuzzOpen: nothing that was not issued is opened.
func FuzzOpen(f *testing.F) {
	box, err := seal.New()
	if err != nil {
		f.Fatal(err)
	}
	s := New(meta.New(memory.New()), box, Options{})
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if session, err := s.Open("ASIAIOSFODNN7EXAMPLE", token); err != ErrInvalidToken {
			t.Errorf("opened %v (%v)", session, err)
		}
	})
}

// FuzzDecodeSession: what is read is a session of a known kind that does not contradict itself, and reads the
// same again when it is written.
func FuzzDecodeSession(f *testing.F) {
	f.Add([]byte("\x01" + `{"AccessKeyID":"ASIAIOSFODNN7EXAMPLE","Secret":"s","Account":"111111111111","RoleName":"R","RoleID":"AROAR","SessionName":"s1","Issued":"2026-01-02T03:04:05Z","Expires":"2026-01-02T04:04:05Z"}`))
	f.Add([]byte("\x02" + `{"Kind":"user","AccessKeyID":"ASIAIOSFODNN7EXAMPLE","Secret":"s","Account":"111111111111","EntityName":"ann","EntityID":"AIDAANN","MFA":"2026-01-02T03:04:05Z","Issued":"2026-01-02T03:04:05Z","Expires":"2026-01-02T04:04:05Z"}`))
	f.Add([]byte("\x02" + `{"Kind":"federated","Account":"111111111111","SessionName":"fay","Tags":[{"k":"a","v":"b"}],"ProviderKeys":[{"Name":"x:y","Values":["z"]}]}`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		session, err := decodeSession(plain)
		if err != nil {
			return
		}
		if err := session.check(); err != nil {
			t.Fatalf("read what contradicts itself: %v", err)
		}
		text, err := json.Marshal(session)
		if err != nil {
			t.Skip() // a time of a year that cannot be written
		}
		again, err := decodeSession(append([]byte{sessionFormat}, text...))
		if err != nil {
			t.Fatalf("wrote what does not read: %v", err)
		}
		if more, err := json.Marshal(again); err != nil || string(more) != string(text) {
			t.Errorf("wrote %s and read %s", text, more)
		}
	})
}
