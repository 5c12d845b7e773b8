package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/acl"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// setting is the explicit form of a test: policies are put one by one, as they would be on AWS, and
// then questions are asked.
//
//	bucket-policy
//	{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}
//	----
//	ok
//
//	decide as=usB action=s3:GetObject on=arn:aws:s3:::bucket/key
//	----
//	ImplicitDeny: no identity-based policy allows
//
// Callers are those of principal. The bucket is called bucket and belongs to A. The commands:
//
//	bucket-policy, trust-policy      replace the policy; trust policies are of A's role that is asked about
//	identity-policy principal=…      adds a policy to a user or role; name tells it apart
//	boundary principal=…             sets a permissions boundary, for a role's every session
//	session-policy principal=…       adds a session policy to this one session
//	scp account=… level=…            adds a policy to a level of the account's path, such as root or account;
//	                                 levels are put from the root down
//	rcp level=…                      likewise for the path of A
//	object owner=… acl=(…)           puts an object, with the ACL's grants beside the owner's; owner=none
//	                                 removes it, private=no leaves out the owner's own grant
//	bucket-acl grants=(…)            sets the grants beside the owner's
//	ownership, block, requester-pays set Object Ownership, the public access block, Requester Pays
//	context                          sets condition keys, "key=value" or "key=[v|v]" a line, for what follows
//	reset                            begins anew
//	decide as=(…) action=… on=…      asks; further condition keys stand in the input. pays tells that
//	                                 the caller accepts the charge, new-owner that an ACL on a write is
//	                                 meant. With several callers there is a line for each.
//	explain as=… action=… on=…       asks likewise, and tells what each layer said, with the conditions that
//	                                 were compared, and the nearest misses
//	remedy as=… action=… on=…        asks likewise, and tells what would allow a request that is denied; each of
//	                                 the remedies is made and does
//
// A policy is a whole document, or statements only, or FullAWSAccess or RCPFullAWSAccess. An empty one
// leaves the level or set there, without a policy; "unreadable" stands for a document that cannot be read.
type setting struct {
	bucket, trust     *Source
	identity, session map[string]Layer
	boundary          map[string]*Layer
	scps              map[ids.AccountID]*path
	rcps              path
	s3                S3
	context           policy.Context
}

func newSetting() *setting {
	return &setting{
		identity: map[string]Layer{}, session: map[string]Layer{}, boundary: map[string]*Layer{},
		scps: map[ids.AccountID]*path{"": {}, account("A"): {}, account("B"): {}, account("C"): {}},
		s3:   S3{OwnerCanonicalID: canonical("A"), BucketACL: acl.Private(canonical("A"))},
	}
}

// command is one command of a file with its arguments.
type command struct {
	*datadriven.TestData
	t *testing.T
}

// arg returns an argument's only value; empty if it is absent.
func (c command) arg(name string) string {
	if v := c.list(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

func (c command) list(name string) []string {
	for _, a := range c.CmdArgs {
		if a.Key == name {
			return a.Vals
		}
	}
	return nil
}

// settingArgs holds the arguments of each command.
var settingArgs = map[string]string{
	"bucket-policy": "", "trust-policy": "", "identity-policy": "principal name", "boundary": "principal name",
	"session-policy": "principal name", "scp": "account level name", "rcp": "level name",
	"object": "owner acl private", "bucket-acl": "grants private", "ownership": "setting", "block": "settings",
	"requester-pays": "", "context": "", "reset": "", "decide": "as action on pays new-owner", "explain": "as action on pays new-owner",
	"remedy": "as action on pays new-owner",
}

// run carries out one command.
func (s *setting) run(t *testing.T, d *datadriven.TestData) string {
	c := command{d, t}
	args, ok := settingArgs[d.Cmd]
	if !ok {
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	for _, a := range d.CmdArgs {
		if !slices.Contains(strings.Fields(args), a.Key) {
			d.Fatalf(t, "%s has no argument %s", d.Cmd, a.Key)
		}
	}
	switch d.Cmd {
	case "reset":
		*s = *newSetting()
	case "context":
		setKeys(c, &s.context)
	case "decide":
		return s.decide(c)
	case "explain":
		return s.explain(c)
	case "remedy":
		return s.remedy(c)
	case "object", "bucket-acl", "ownership", "block", "requester-pays":
		s.putS3(c)
	default:
		return s.putPolicy(c)
	}
	return "ok\n"
}

// putS3 carries out the commands that change the bucket or the object.
func (s *setting) putS3(c command) {
	grants := func(owner, arg string) acl.ACL {
		a := grantList(owner, c.list(arg))
		if c.arg("private") == "no" {
			a.Grants = a.Grants[1:]
		}
		return a
	}
	switch c.Cmd {
	case "object":
		s.s3.Object = nil
		if owner := c.arg("owner"); owner != "none" {
			s.s3.Object = &Object{Owner: canonical(owner), ACL: grants(owner, "acl")}
		}
	case "bucket-acl":
		s.s3.BucketACL = grants("A", "grants")
	case "ownership":
		s.s3.Enforced = c.arg("setting") == "BucketOwnerEnforced"
	case "block":
		settings := c.list("settings")
		s.s3.Block = PublicAccessBlock{
			IgnorePublicAcls:      slices.Contains(settings, "IgnorePublicAcls"),
			RestrictPublicBuckets: slices.Contains(settings, "RestrictPublicBuckets"),
		}
	case "requester-pays":
		s.s3.RequesterPays = true
	}
}

// putPolicy carries out the commands that put a policy; it answers with the refusal if there is one.
func (s *setting) putPolicy(c command) string {
	types := map[string]policy.Type{
		"bucket-policy": policy.Bucket, "trust-policy": policy.Trust, "session-policy": policy.Session, "scp": policy.SCP, "rcp": policy.RCP,
	}
	layer, err := parseSource(types[c.Cmd], c.arg("name"), c.Input)
	if err != nil {
		return err.Error() + "\n"
	}
	who := c.arg("principal")
	switch c.Cmd {
	case "bucket-policy":
		s.bucket = first(layer)
	case "trust-policy":
		s.trust = first(layer)
	case "identity-policy":
		s.identity[entity(who)] = append(s.identity[entity(who)], layer...)
	case "boundary":
		s.boundary[entity(who)] = &layer
	case "session-policy":
		s.session[who] = append(append(Layer{}, s.session[who]...), layer...)
	case "scp":
		s.scps[account(c.arg("account"))].add(c.arg("level"), layer)
	case "rcp":
		s.rcps.add(c.arg("level"), layer)
	}
	return "ok\n"
}

func first(layer Layer) *Source {
	if len(layer) == 0 {
		return nil
	}
	return &layer[0]
}

// path is the levels of an organization above one account, root first, by their names.
type path struct {
	names  []string
	levels []Layer
}

// add adds policies to a level. A level that is new is the lowest so far.
func (p *path) add(level string, layer Layer) {
	n := slices.Index(p.names, level)
	if n < 0 {
		n = len(p.names)
		p.names, p.levels = append(p.names, level), append(p.levels, Layer{})
	}
	p.levels[n] = append(p.levels[n], layer...)
}

const (
	fullAWSAccess    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	rcpFullAWSAccess = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
)

// parseSource reads the input of a command that puts a policy: a layer of one source, or of none.
func parseSource(t policy.Type, name, text string) (Layer, error) {
	opts := []policy.Option{policy.Stored()}
	switch text = strings.TrimSpace(text); {
	case text == "":
		return Layer{}, nil
	case text == "unreadable":
		return Layer{{Name: name}}, nil
	case text == "FullAWSAccess":
		text = fullAWSAccess
	case text == "RCPFullAWSAccess", text == rcpFullAWSAccess:
		text, opts = rcpFullAWSAccess, append(opts, policy.Managed())
	case !strings.Contains(text, `"Statement"`):
		text = `{"Version":"2012-10-17","Statement":[` + text + `]}`
	}
	parse := policy.Parse
	if t == policy.Bucket {
		parse = func(_ policy.Type, text []byte, opts ...policy.Option) (*policy.Document, error) {
			return policy.ParseBucket(text, "bucket", opts...)
		}
	}
	document, err := parse(t, []byte(text), opts...)
	if err != nil {
		return nil, err
	}
	return Layer{{Name: name, Document: document}}, nil
}

// setKeys reads the condition keys of a command's input into context.
func setKeys(c command, context *policy.Context) {
	for line := range strings.Lines(c.Input) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			c.Fatalf(c.t, "%q is no condition key with a value", line)
		}
		list, multi := strings.CutPrefix(value, "[")
		switch list = strings.TrimSuffix(list, "]"); {
		case !multi:
			context.Set(key, value)
		case list == "":
			context.SetMulti(key, nil)
		default:
			context.SetMulti(key, strings.Split(list, "|"))
		}
	}
}

// decide asks for every caller.
func (s *setting) decide(c command) string {
	var out strings.Builder
	callers := c.list("as")
	for _, caller := range callers {
		in := s.input(c, caller)
		d := Decide(in)
		checkAlgebra(c.t, caller, in, d)
		asked.Add(1)
		if len(callers) > 1 {
			out.WriteString(caller + ": ")
		}
		out.WriteString(answer(&d) + "\n")
	}
	return out.String()
}

// explain tells a decision in full.
func (s *setting) explain(c command) string {
	in := s.input(c, c.arg("as"))
	x := Explain(in)
	if d := Decide(in); d.Effect != x.Effect || d.By != x.By {
		c.t.Errorf("%s: Explain decides %v, Decide %v", c.Pos, x.By, d.By)
	}
	var out strings.Builder
	out.WriteString(answer(&x.Decision) + "\n")
	for i := range x.Reasons {
		r := &x.Reasons[i]
		out.WriteString("  " + said(&r.Finding) + "\n")
		for j := range r.Conditions {
			out.WriteString("    " + Compared(&r.Conditions[j]) + "\n")
		}
	}
	for i := range x.Misses {
		m := &x.Misses[i]
		near := Finding{Layer: m.Layer, Policy: m.Policy, ACL: m.ACL, Statement: m.Statement}
		out.WriteString("  near: " + by(&near) + "\n")
		for _, why := range m.Why() {
			out.WriteString("    " + why + "\n")
		}
	}
	return out.String()
}

// remedy tells what would allow a request.
func (s *setting) remedy(c command) string {
	in := s.input(c, c.arg("as"))
	d := Decide(in)
	var out strings.Builder
	out.WriteString(answer(&d) + "\n")
	for i, r := range Remedies(in) {
		if err := suffices(in, &r); err != nil {
			c.t.Errorf("%s: remedy %d: %v", c.Pos, i+1, err)
		}
		fmt.Fprintf(&out, "remedy %d:\n%s", i+1, remedyText(&r))
	}
	return out.String()
}

// input gathers what bears on one question.
func (s *setting) input(c command, caller string) *Input {
	p, context := principal(caller), policy.Over(&s.context)
	setKeys(c, &context)
	in := &Input{
		Request:   policy.Request{Action: c.arg("action"), Resource: c.arg("on"), Principal: &p, Context: &context},
		Identity:  s.identity[entity(caller)],
		Boundary:  s.boundary[entity(caller)],
		SCPs:      s.scps[p.Account].levels,
		RCPs:      s.rcps.levels,
		Owner:     p.Account,
		MustTrust: c.arg("action") == "sts:AssumeRole",
	}
	if strings.HasPrefix(caller, "ad") {
		in.Identity = append(Layer{administratorAccess}, in.Identity...)
	}
	in.Request.HasBoundary = in.Boundary != nil
	if session, ok := s.session[caller]; ok {
		in.Session = &session
	}
	resource, err := arn.Parse(in.Request.Resource)
	switch {
	case err != nil: // an action without a resource
		in.RCPs = nil
	case resource.Service == "s3":
		facts := s.s3
		facts.AcceptsCharge = c.HasArg("pays")
		if owner := c.arg("new-owner"); owner != "" {
			facts.NewOwner, facts.Object = canonical(owner), nil
		}
		in.Owner, in.Resource, in.S3 = account("A"), s.bucket, &facts
	default:
		in.Owner = ids.AccountID(resource.Account)
		if in.MustTrust {
			in.Resource = s.trust
		}
	}
	return in
}

// administratorAccess is the identity policy that the callers called ad… have.
var administratorAccess = func() Source {
	layer, err := parseSource(policy.Identity, "AdministratorAccess", fullAWSAccess)
	if err != nil {
		panic(err)
	}
	return layer[0]
}()

// answer is what a file shows of a decision: the effect, and what decided. It is the one place of these
// tests that takes a Decision's reason apart.
func answer(d *Decision) string { return said(&d.By) }

// said tells what a layer said.
func said(f *Finding) string {
	switch {
	case f.Effect == Allow:
		return "Allow: " + by(f)
	case f.Effect == ExplicitDeny:
		return "ExplicitDeny: " + by(f)
	case f.Source() != "":
		return "ImplicitDeny: " + by(f)
	default:
		return "ImplicitDeny: no " + by(f) + " allows"
	}
}

// by names the layer, with the statement, grant or setting.
func by(f *Finding) string {
	by := f.Layer.String()
	if f.Source() != "" {
		by += " " + shorten(f.Source())
	}
	if f.Statement >= 0 {
		by += fmt.Sprintf(", statement %d", f.Statement)
	}
	if f.Sid() != "" {
		by += " " + f.Sid()
	}
	return by
}

// shorten puts the names of tests for canonical user IDs and groups.
func shorten(s string) string {
	for _, name := range []string{"A", "B", "C"} {
		s = strings.ReplaceAll(s, string(canonical(name)), name)
	}
	if i := strings.LastIndex(s, "/"); strings.Contains(s, "Group http") {
		s = s[:strings.Index(s, "http")] + s[i+1:]
	}
	return s
}
