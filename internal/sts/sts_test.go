package sts

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/enginetest"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

const (
	account  ids.AccountID = "111111111111"
	closed   ids.AccountID = "333333333333"
	roleARN                = "arn:aws:iam::111111111111:role/path/R"
	allowAll               = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	ownARN                 = "arn:aws:iam::111111111111:policy/mine"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 987, time.UTC)

func newService(t *testing.T) *Service {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(enginetest.New(t))
	t.Cleanup(func() { store.Close() })
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`
	role := &records.Role{Name: "R", Id: "AROAR", Path: "/path/", Trust: trust, MaxSessionSeconds: 7200, Tags: []*records.Tag{{Key: "k", Value: "v"}}}
	err = store.Update(context.Background(), func(tx meta.Tx) error {
		return errors.Join(
			records.Put(tx, keys.Account(account), &records.Account{Id: string(account)}),
			records.Put(tx, keys.Account(closed), &records.Account{Id: string(closed), Closed: 1}),
			records.Put(tx, keys.Entity(account, keys.RoleKind, "R"), role),
			records.Put(tx, keys.Entity(closed, keys.RoleKind, "R"), role),
			records.Put(tx, keys.Entity(account, keys.RoleKind, "broken"), &records.Role{Name: "broken", Path: "/", Trust: "{"}),
			records.Put(tx, keys.Entity(account, keys.PolicyKind, "mine"), &records.ManagedPolicy{Name: "mine", Path: "/"}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(store, box, Options{Now: func() time.Time { return now }})
}

func findRole(t *testing.T, s *Service) *Role {
	t.Helper()
	r, err := readRole(s, roleARN)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readRole(s *Service, roleARN string) (role *Role, err error) {
	err = s.store.View(context.Background(), func(r meta.Reader) error {
		role, err = ReadRole(r, roleARN)
		return err
	})
	return role, err
}

func code(err error) string {
	var e *apierr.Error
	if errors.As(err, &e) {
		return e.Code + ": " + e.Message
	}
	return fmt.Sprint(err)
}

func TestReadRole(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := findRole(t, s)
	if r.Account != account || r.ID != "AROAR" || r.MaxSession != 2*time.Hour || len(r.Tags) != 1 || r.Trust.Document == nil || len(r.Trust.Document.Statements) != 1 {
		t.Errorf("found %+v", r)
	}
	for _, missing := range []string{
		"arn:aws:iam::111111111111:role/R",       // without its path
		"arn:aws:iam::111111111111:role/path/r",  // in another case
		"arn:aws:iam::111111111111:role/path/S",  // another name
		"arn:aws:iam::222222222222:role/path/R",  // no such account
		"arn:aws:iam::333333333333:role/path/R",  // a closed one
		"arn:aws:iam::111111111111:role//path/R", // another path
	} {
		if r, err := readRole(s, missing); r != nil || !errors.Is(err, meta.ErrNotFound) {
			t.Errorf("%s: role %v, error %v", missing, r, err)
		}
	}
	for _, other := range []string{"", "R", "arn:aws:iam::111111111111:user/R", "arn:aws:sts::111111111111:role/R", "arn:aws:iam::1:role/R", "arn:aws:iam::111111111111:role/"} {
		if _, err := readRole(s, other); code(err) != "ValidationError: "+other+" is invalid" {
			t.Errorf("%q: %v", other, err)
		}
	}
	broken, err := readRole(s, "arn:aws:iam::111111111111:role/broken")
	if err != nil || broken.Trust.Document != nil || broken.Trust.Fault == nil {
		t.Errorf("a trust policy that cannot be read is %+v (%v), want a fault", broken, err)
	}
	if d := NoTrust(roleARN).Document; d == nil || len(d.Statements) != 0 {
		t.Errorf("no trust is %+v", d)
	}
}

// request is one for a session of the role.
func request(t *testing.T, s *Service) Request {
	return Request{Session: findRole(t, s).Session("sess", "arn:aws:iam::111111111111:user/ann"), Duration: time.Hour}
}

func TestIssueAndOpen(t *testing.T) {
	t.Parallel()
	s := newService(t)
	in := request(t, s)
	in.Duration, in.Policy, in.PolicyARNs = 15*time.Minute, allowAll, []string{ownARN, "arn:aws:iam::aws:policy/ReadOnlyAccess"}
	in.Tags = Tags{
		Passed:     []Tag{{"team", "<blue & red>"}, {"Project", ""}},
		Transitive: []string{"TEAM"},
		Inherited:  []Tag{{"Star", "1"}},
	}
	in.Session.SourceIdentity, in.Session.Provider = "ann", "arn:aws:iam::111111111111:oidc-provider/example.com"
	in.Session.ProviderKeys = []ProviderKey{{Name: "example.com:sub", Values: []string{"s"}}, {Name: "example.com:amr", Values: []string{"a", "b"}, Multi: true}}
	c, err := s.Issue(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	issued, id := now.Truncate(time.Second), c.Session.AccessKeyID
	if account, ok := id.Account(); !ok || account != "111111111111" || len(c.Session.Secret) != 40 || c.PackedSize < 1 || c.PackedSize > 100 {
		t.Errorf("issued %+v", c)
	}
	got, err := s.Open(id, c.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	want := in.Session
	want.AccessKeyID, want.Secret = id, c.Session.Secret
	want.Policies, want.PolicyARNs = []string{allowAll}, in.PolicyARNs
	want.Tags = []Tag{{"team", "<blue & red>"}, {"Project", ""}, {"Star", "1"}}
	want.TransitiveKeys = []string{"Star", "team"}
	want.Issued, want.Expires = issued, issued.Add(15*time.Minute)
	if !reflect.DeepEqual(*got, want) || !reflect.DeepEqual(*c.Session, want) {
		t.Errorf("opened %#v", got)
	}
	if inherited := got.Inherited(); !reflect.DeepEqual(inherited, []Tag{{"team", "<blue & red>"}, {"Star", "1"}}) {
		t.Errorf("inherited %v", inherited)
	}
	for _, text := range []string{fmt.Sprintf("%v", got), fmt.Sprintf("%+v", *got), fmt.Sprintf("%#v", got), fmt.Sprint(*got)} {
		if strings.Contains(text, c.Session.Secret) {
			t.Errorf("the secret is printed: %s", text)
		}
	}
}

// TestKindsOfSession: what each kind is called, and that none passes for another.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func TestKindsOfSession(t *testing.T) {
	t.Parallel()
	s := newService(t)
	task := []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
	user := Session{Account: account, EntityName: "ann", EntityID: "AIDAANN"}
	kind := func(s Session, k Kind, name string) Session { s.Kind, s.SessionName = k, name; return s }
	mfa := func(s Session) Session { s.MFA = now; return s }
	key := func(s Session, k ProviderKey) Session { s.ProviderKeys = []ProviderKey{k}; return s }
	root, role := Session{Account: account}, Session{Account: account, EntityName: "R", EntityID: "AROAR"}
	for name, c := range map[string]struct {
		session Session
		arns    []string
		id, arn string // empty: refused
	}{
		"role":                        {session: kind(role, RoleSession, "sess"), id: "AROAR:sess", arn: "arn:aws:sts::111111111111:assumed-role/R/sess"},
		"user":                        {session: mfa(kind(user, UserSession, "")), id: "AIDAANN"},
		"root user":                   {session: mfa(kind(root, RootUserSession, "")), id: "111111111111", arn: "arn:aws:iam::111111111111:root"},
		"federated by a user":         {session: kind(user, FederatedUser, "fay"), arns: task, id: "111111111111:fay", arn: "arn:aws:sts::111111111111:federated-user/fay"},
		"federated by root":           {session: kind(root, FederatedUser, "fay"), id: "111111111111:fay", arn: "arn:aws:sts::111111111111:federated-user/fay"},
		"assumed root":                {session: kind(root, AssumedRoot, ""), arns: task, id: "111111111111", arn: "arn:aws:iam::111111111111:root"},
		"no kind":                     {session: kind(root, "", "")},
		"unknown kind":                {session: kind(user, "group", "")},
		"role without name":           {session: kind(role, RoleSession, "")},
		"role without a role":         {session: kind(root, RoleSession, "sess")},
		"role with MFA":               {session: mfa(kind(role, RoleSession, "sess"))},
		"user with a policy":          {session: kind(user, UserSession, ""), arns: task},
		"user that is root":           {session: kind(root, UserSession, "")},
		"root that is a user":         {session: kind(user, RootUserSession, "")},
		"root with a policy":          {session: kind(root, RootUserSession, ""), arns: task},
		"root with a half entity":     {session: kind(Session{Account: account, EntityName: "ann"}, RootUserSession, "")},
		"federated without name":      {session: kind(user, FederatedUser, "")},
		"federated with half entity":  {session: kind(Session{Account: account, EntityID: "AIDAANN"}, FederatedUser, "fay")},
		"assumed root without a task": {session: kind(root, AssumedRoot, "")},
		"no account":                  {session: kind(Session{EntityName: "R", EntityID: "AROAR"}, RoleSession, "sess")},
		"a provider's own key":        {session: key(kind(role, RoleSession, "sess"), ProviderKey{"aws:SourceVpc", []string{"v"}, false})},
		"a provider's key of STS":     {session: key(kind(role, RoleSession, "sess"), ProviderKey{"STS:ExternalId", []string{"v"}, false})},
		"a provider's empty key":      {session: key(kind(role, RoleSession, "sess"), ProviderKey{"example.com:sub", nil, false})},
	} {
		issued, err := s.Issue(context.Background(), Request{Session: c.session, Duration: time.Hour, PolicyARNs: c.arns})
		if c.id == "" {
			if err == nil {
				t.Errorf("%s: issued %v", name, issued.Session)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := s.Open(issued.Session.AccessKeyID, issued.SessionToken)
		if err != nil || got.UserID() != c.id || got.ARN() != c.arn {
			t.Errorf("%s: %v is %s, %s (%v)", name, got, got.UserID(), got.ARN(), err)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	missing := func(arn string) string {
		return "MalformedPolicyDocument: The policy " + arn + " does not exist or is not attachable."
	}
	inherited := []Tag{{"Star", "1"}}
	room := strings.Repeat(" ", MaxPacked-len(allowAll)-len(ownARN))
	for name, c := range map[string]struct {
		in   Request
		want string
	}{
		"policy is not JSON":                {Request{Policy: "x"}, "MalformedPolicyDocument: Syntax errors in policy."},
		"policy with a principal":           {Request{Policy: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`}, "MalformedPolicyDocument: Policy document should not specify a principal."},
		"largest policies":                  {Request{Policy: allowAll + room, PolicyARNs: []string{ownARN}}, "<nil>"},
		"policies too large":                {Request{Policy: allowAll + room + " ", PolicyARNs: []string{ownARN}}, "PackedPolicyTooLarge: Packed policy consumes 101% of allotted space, please use smaller policy."},
		"policies and tags too large":       {Request{Policy: allowAll + room, PolicyARNs: []string{ownARN}, Tags: Tags{Passed: []Tag{{"k", ""}}}}, "PackedPolicyTooLarge: Packed policy consumes 101% of allotted space, please use smaller policy."},
		"tags too large":                    {Request{Tags: Tags{Passed: []Tag{{"k", strings.Repeat("v", MaxPacked)}}}}, "PackedPolicyTooLarge: Packed size of session tags consumes 101% of allotted space."},
		"inherited tags too large":          {Request{Tags: Tags{Inherited: []Tag{{"k", strings.Repeat("v", MaxPacked)}}}}, "PackedPolicyTooLarge: Packed size of session tags consumes 101% of allotted space."},
		"policy that does not exist":        {Request{PolicyARNs: []string{ownARN + "x"}}, missing(ownARN + "x")},
		"policy under another path":         {Request{PolicyARNs: []string{"arn:aws:iam::111111111111:policy/x/mine"}}, missing("arn:aws:iam::111111111111:policy/x/mine")},
		"policy of another account":         {Request{PolicyARNs: []string{"arn:aws:iam::333333333333:policy/mine"}}, missing("arn:aws:iam::333333333333:policy/mine")},
		"policy that is none":               {Request{PolicyARNs: []string{"mine"}}, missing("mine")},
		"more policies than there may":      {Request{PolicyARNs: slicesOf(ownARN, 11)}, "ValidationError: At most 10 session policies can be passed by ARN."},
		"the same tag twice":                {Request{Tags: Tags{Passed: []Tag{{"k", "1"}, {"K", "2"}}}}, "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"transitive but not passed":         {Request{Tags: Tags{Passed: []Tag{{"k", "1"}}, Transitive: []string{"l"}}}, "InvalidParameterValue: The specified transitive tag key must be included in the requested tags."},
		"transitive and inherited":          {Request{Tags: Tags{Passed: []Tag{{"STAR", "2"}}, Transitive: []string{"star"}, Inherited: inherited}}, "InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
		"replacing what is inherited":       {Request{Tags: Tags{Passed: []Tag{{"star", "2"}}, Inherited: inherited}}, "InvalidParameterValue: One of the specified tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
		"another case of a key":             {Request{Tags: Tags{Passed: []Tag{{"i", "1"}, {"İ", "2"}}}}, "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"another case of what is inherited": {Request{Tags: Tags{Passed: []Tag{{"İ", "2"}}, Inherited: []Tag{{"i", "1"}}}}, "InvalidParameterValue: One of the specified tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
		"a reserved key":                    {Request{Tags: Tags{Passed: []Tag{{"AWS:x", "1"}}}}, "InvalidParameterValue: Tag keys and values that begin with aws: are reserved."},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.Session, c.in.Duration = findRole(t, s).Session("sess", ""), time.Hour
			if _, err := s.Issue(context.Background(), c.in); code(err) != c.want {
				t.Errorf("got %s\nwant %s", code(err), c.want)
			}
		})
	}
}

// TestDurations: which durations a role allows, and what GetSessionToken makes of those that it is asked for.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html#stsapi_comparison
func TestDurations(t *testing.T) {
	t.Parallel()
	const tooLong = "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
	const tooLongChained = "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
	role := &Role{MaxSession: 2 * time.Hour}
	for _, c := range []struct {
		asked   time.Duration
		chained bool
		want    time.Duration
		err     string
	}{
		{0, false, time.Hour, "<nil>"}, {0, true, time.Hour, "<nil>"}, {2 * time.Hour, false, 2 * time.Hour, "<nil>"},
		{2*time.Hour + time.Second, false, 0, tooLong}, {2*time.Hour + time.Second, true, 0, tooLong},
		{time.Hour, true, time.Hour, "<nil>"}, {time.Hour + time.Second, true, 0, tooLongChained},
	} {
		if got, err := role.Duration(c.asked, c.chained); got != c.want || code(err) != c.err {
			t.Errorf("%v, chained %v: %v, %v", c.asked, c.chained, got, err)
		}
	}
	for _, c := range []struct {
		asked time.Duration
		root  bool
		want  time.Duration
	}{
		{0, false, 12 * time.Hour}, {0, true, time.Hour}, {36 * time.Hour, false, 36 * time.Hour}, {36 * time.Hour, true, time.Hour}, {15 * time.Minute, true, 15 * time.Minute},
	} {
		if got := UserDuration(c.asked, c.root); got != c.want {
			t.Errorf("%v, root %v: %v", c.asked, c.root, got)
		}
	}
}

func slicesOf(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}
