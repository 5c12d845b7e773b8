// Package signinapi is the API by which people sign in with a password, as they do to AWS's console: SignIn, and
// ReplacePassword for a password that has to be replaced first. AWS has pages for it and no API. It speaks the AWS JSON
// 1.1 protocol, and its requests are not signed: they show who asks. Model describes it as the AWS CLI and the SDKs want it.
//
// What comes of it is temporary credentials of the user, or of the root user, that are good for everything the user may
// do (package sts, Session.Console). They end after twelve hours at most, and before that with the user, the account, or
// what denies them by aws:TokenIssueTime; not with the password, as other sessions do not end with the access key that
// they were had with.
//
// Whoever cannot show to be somebody is answered always the same, at times that tell nothing either, and is turned away
// who asks too often. Guesses at one password are counted by package iam.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/console.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
package signinapi

import (
	"context"
	_ "embed" // of Model
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/background"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/jsonapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/limits"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/json11"
)

// Model is the model of the API, as botocore reads it.
//
//go:embed model.json
var Model []byte

// targetPrefix begins the header that names the operation.
const targetPrefix = "Signin_20261127."

// maxBody is the largest body of a request, in bytes.
const maxBody = 8 << 10

// Users knows who has which password; package iam does.
type Users interface {
	ClaimedUser(ctx context.Context, account, user string) (iam.Claimed, error)
	ClaimedRoot(ctx context.Context, email string) (iam.Claimed, error)
	SignIn(ctx context.Context, account ids.AccountID, c iam.Claim) (iam.SignIn, error)
}

// Sessions issues credentials; package sts does.
type Sessions interface {
	Issue(ctx context.Context, in sts.Request) (*sts.Credentials, error)
}

// Deps are what the API is over.
type Deps struct {
	Users    Users
	Sessions Sessions
	// Pace is between the times at which failures are answered, counted from the request; 0: DefaultPace.
	Pace time.Duration
}

// DefaultPace is longer than it takes to make a hash and to count a guess.
const DefaultPace = 250 * time.Millisecond

// Service is the API.
type Service struct {
	*jsonapi.Service
	Deps
	admission admission
}

var _ httpapi.Unsigned = (*Service)(nil)

// New returns the API over deps.
func New(deps Deps) *Service {
	if deps.Pace == 0 {
		deps.Pace = DefaultPace
	}
	s := &Service{Deps: deps, admission: newAdmission()}
	s.Service = jsonapi.New("signin", targetPrefix, "InternalFailure", s.operation("SignIn", false), s.operation("ReplacePassword", true))
	return s
}

// Unsigned returns true: requests show by their parameters who asks.
func (s *Service) Unsigned(*http.Request) bool { return true }

// input is what both operations are asked: the parameters of a user, or the address of a root user.
type input struct {
	account, user, email string
	claim                iam.Claim
	duration             time.Duration
}

// credentials are as other services show them.
type credentials struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      json11.Time
}

// output is who has signed in.
type output struct {
	Credentials      credentials
	Arn              string
	AccountID        string `json:"AccountId"`
	AccountAlias     string `json:",omitempty"`
	AccountName      string
	UserName         string `json:",omitempty"` // of an IAM user
	MFAAuthenticated bool
}

func (s *Service) operation(name string, replaces bool) httpapi.Operation {
	o := httpapi.Row[input]{
		Name:      name,
		Decode:    func(c *httpapi.Call) (*input, error) { return decode(c, replaces) },
		Unchecked: "whoever signs in shows to be somebody, and has no permissions before that",
		Run: func(ctx context.Context, c *httpapi.Call, in *input) (*httpapi.Response, error) {
			out, err := s.run(ctx, c, in)
			if err != nil {
				return nil, err
			}
			return jsonapi.Respond(name, out)
		},
	}.Operation()
	o.Unsigned = true
	return o
}

func decode(c *httpapi.Call, replaces bool) (*input, error) {
	r, err := jsonapi.Read(c, maxBody)
	if err != nil {
		return nil, err
	}
	in := &input{
		account: r.String("AccountId", json11.Length(3, 63)), user: r.String("UserName", json11.Length(1, iam.MaxUserName)), email: r.String("Email", json11.Length(3, 320)),
		duration: time.Duration(r.Int("DurationSeconds", int(sts.MaxConsole/time.Second), int(sts.MinDuration/time.Second), int(sts.MaxConsole/time.Second))) * time.Second,
	}
	in.claim = iam.Claim{
		User: in.user, Password: r.Required("Password", json11.Length(1, iam.MaxPasswordLength)), Code: r.String("MFACode", json11.Pattern("[0-9]{6}")),
	}
	if replaces {
		text := r.Required("NewPassword", json11.Length(1, iam.MaxPasswordLength))
		in.claim.NewPassword = &text
	}
	var violation *json11.Violation
	if err := r.Err(); errors.As(err, &violation) {
		return nil, invalid("The member " + violation.Member + " is missing, or is not as the model of the API says.")
	} else if err != nil {
		return nil, err
	}
	if in.email == "" && (in.account == "" || in.user == "") || in.email != "" && (in.account != "" || in.user != "") {
		return nil, invalid("An IAM user signs in with the members AccountId and UserName, a root user with the member Email.")
	}
	return in, nil
}

func invalid(message string) error {
	return apierr.New(http.StatusBadRequest, "ValidationException", "%s", message)
}

// The answers to who cannot be let in. The first is for everything that is wrong: account, name, password or code.
var (
	errFailed   = apierr.New(http.StatusForbidden, "AuthenticationFailed", "Your authentication information is incorrect. Please try again.")
	errMFA      = apierr.New(http.StatusForbidden, "MFARequired", "Show a code of one of your MFA devices.")
	errReset    = apierr.New(http.StatusForbidden, "PasswordResetRequired", "You must replace your password before you can sign in.")
	errExpired  = apierr.New(http.StatusForbidden, "PasswordExpired", "Your password has expired. Ask your administrator to set another one.")
	errNotDue   = apierr.New(http.StatusBadRequest, "PasswordReplacementNotRequired", "Your password does not have to be replaced. Sign in to change it.")
	errTooOften = apierr.New(http.StatusTooManyRequests, "TooManyRequests", "There are too many attempts to sign in. Please try again later.")
)

// run signs somebody in. Failures are answered at even times, by which nobody can tell what was wrong.
func (s *Service) run(ctx context.Context, c *httpapi.Call, in *input) (*output, error) {
	began := time.Now()
	leave, err := s.admission.enter(ctx, c, in)
	if err != nil {
		return nil, err
	}
	out, err := s.enter(ctx, c, in)
	leave()
	if apierr.Is(err, errFailed.Code) {
		passed := time.Since(began)
		background.Sleep(ctx, s.Pace-passed%s.Pace)
	}
	return out, err
}

// enter signs somebody in, and records who it is, or is said to be.
func (s *Service) enter(ctx context.Context, c *httpapi.Call, in *input) (*output, error) {
	claimed, err := s.claimed(ctx, in)
	if err != nil {
		return nil, err
	}
	told := &audit.SignIn{Account: claimed.Account, Root: in.email != "", Page: page(c.HTTP)}
	if u := claimed.User; u != nil && !told.Root {
		told.UserName, told.UserID, told.UserARN = u.Name, u.ID, u.ARN
	}
	c.Record.SignIn = told
	signed, err := s.Users.SignIn(ctx, claimed.Account, in.claim)
	told.MFA, told.MFADevice = signed.MFADevice != "" || errors.Is(err, iam.ErrMFACode), signed.MFADevice
	switch {
	case errors.Is(err, iam.ErrPassword), errors.Is(err, iam.ErrMFACode):
		return nil, errFailed
	case errors.Is(err, iam.ErrMFARequired):
		return nil, errMFA
	case errors.Is(err, iam.ErrPasswordReset):
		return nil, errReset
	case errors.Is(err, iam.ErrPasswordExpired):
		return nil, errExpired
	case errors.Is(err, iam.ErrPasswordNotDue):
		return nil, errNotDue
	case err != nil:
		return nil, err
	}
	told.Replaced = in.claim.NewPassword != nil
	issued, err := s.Sessions.Issue(ctx, sts.Request{Session: session(c, claimed.Account, &signed), Duration: in.duration})
	if err != nil {
		return nil, err
	}
	told.Succeeded = true
	return show(&claimed, &signed, issued), nil
}

func (s *Service) claimed(ctx context.Context, in *input) (iam.Claimed, error) {
	if in.email != "" {
		return s.Users.ClaimedRoot(ctx, in.email)
	}
	return s.Users.ClaimedUser(ctx, in.account, in.user)
}

// session returns the beginnings of the session of who has signed in.
func session(c *httpapi.Call, account ids.AccountID, signed *iam.SignIn) sts.Session {
	session := sts.Session{Kind: sts.RootUserSession, Account: account, Console: true, IssuedTo: signed.User.ARN}
	if signed.User.Name != "" {
		session.Kind, session.EntityName, session.EntityID = sts.UserSession, signed.User.Name, signed.User.ID
	}
	if signed.MFADevice != "" {
		session.MFA = c.Time.UTC().Truncate(time.Second)
	}
	return session
}

func show(claimed *iam.Claimed, signed *iam.SignIn, issued *sts.Credentials) *output {
	return &output{
		Credentials: credentials{
			AccessKeyID: string(issued.Session.AccessKeyID), SecretAccessKey: issued.Session.Secret, SessionToken: issued.SessionToken,
			Expiration: json11.Time(issued.Session.Expires),
		},
		Arn: signed.User.ARN, AccountID: string(claimed.Account), AccountAlias: claimed.Alias, AccountName: claimed.Name,
		UserName: signed.User.Name, MFAAuthenticated: signed.MFADevice != "",
	}
}

// page returns the address of the page that sent a request, or else of the server, without a query, in which there may be
// anything.
func page(r *http.Request) string {
	if u, err := url.Parse(r.Referer()); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		return u.Scheme + "://" + u.Host + u.EscapedPath()
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + "/"
}

// How often somebody may try to sign in: from one source, and as one user, whether there is such a user or not. An attempt
// needs a slot as long as it is worked on, of which there are as many as hashes are made at once; sources take turns.
const (
	sourceRate, sourceBurst = 2, 20
	nameRate, nameBurst     = 1, 10
	maxRates                = 16 << 10
	maxWaiting              = 64
	patience                = 5 * time.Second
)

// admission decides which attempts are worked on.
type admission struct {
	sources *limits.Rates[netip.Prefix]
	names   *limits.Rates[string]
	gate    *limits.Gate[netip.Prefix]
}

func newAdmission() admission {
	return admission{
		sources: limits.NewRates[netip.Prefix](maxRates), names: limits.NewRates[string](maxRates),
		gate: limits.NewGate[netip.Prefix](max(runtime.GOMAXPROCS(0)/2, 1), maxWaiting),
	}
}

// enter admits an attempt until leave is called, or turns it away.
func (a *admission) enter(ctx context.Context, c *httpapi.Call, in *input) (leave func(), err error) {
	source := limits.Source(c.Source)
	if wait := a.sources.Take(source, sourceRate, sourceBurst, c.Time); wait > 0 {
		return nil, tooOften(c, "sign-ins per source", wait)
	}
	name := strings.ToLower(in.account + "/" + in.user + "/" + in.email)
	if wait := a.names.Take(name, nameRate, nameBurst, c.Time); wait > 0 {
		return nil, tooOften(c, "sign-ins per user", wait)
	}
	if err := a.gate.Enter(ctx, source, patience); errors.Is(err, limits.ErrBusy) {
		return nil, tooOften(c, "sign-ins", time.Second)
	} else if err != nil {
		return nil, err
	}
	return func() { a.gate.Leave(source) }, nil
}

// tooOften turns an attempt away, which may come again after a while.
func tooOften(c *httpapi.Call, reason string, wait time.Duration) error {
	return c.TurnAway(reason, wait, errTooOften)
}
