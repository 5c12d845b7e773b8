package space

import (
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// Caller is a caller that stands for others.
type Caller struct {
	policy.Principal
	// known are the condition keys whose value follows from who calls; those with no value are absent.
	known map[string][]string
	// others says that the caller stands for those of its account that are not named, and so has none of the ARNs of
	// those that are; elsewhere that its account stands for those that are not named.
	others, elsewhere bool
}

// names are what principals are told apart by.
type names struct {
	accounts   []string // IDs
	entities   []arn.ARN
	sessions   []arn.ARN
	uniqueIDs  []string
	canonicals []string
	services   []string
	providers  []string
}

// add notes a principal that a document names, or an ARN that a condition compares with that of the caller.
func (n *names) add(kind policy.PrincipalKind, value string) {
	switch kind {
	case policy.PrincipalCanonicalUser:
		n.canonicals = append(n.canonicals, value)
		return
	case policy.PrincipalService:
		n.services = append(n.services, value)
		return
	case policy.PrincipalFederated:
		n.providers = append(n.providers, value)
		return
	}
	if _, err := ids.ParseAccountID(value); err == nil {
		n.accounts = append(n.accounts, value)
		return
	}
	a, err := arn.Parse(value)
	switch {
	case value == "*" || strings.ContainsAny(value, "*?"):
		return
	case err != nil:
		n.uniqueIDs = append(n.uniqueIDs, value)
		return
	}
	if _, err := ids.ParseAccountID(a.Account); err != nil {
		return
	}
	n.accounts = append(n.accounts, a.Account)
	switch {
	case a.Service == "iam" && (a.Type() == "user" || a.Type() == "role"):
		n.entities = append(n.entities, a)
	case a.Service == "sts":
		n.sessions = append(n.sessions, a)
	}
}

func (n *names) sort() {
	for _, list := range []*[]string{&n.accounts, &n.uniqueIDs, &n.canonicals, &n.services, &n.providers} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, list := range []*[]arn.ARN{&n.entities, &n.sessions} {
		slices.SortFunc(*list, func(a, b arn.ARN) int { return strings.Compare(a.String(), b.String()) })
		*list = slices.Compact(*list)
	}
}

// Names of callers that nothing else has. The IDs are longer than any that is given out.
const (
	otherName     = "other-principal"
	otherUserID   = "AIDAOTHERPRINCIPALXXXXXX"
	otherRoleID   = "AROAOTHERPRINCIPALXXXXXX"
	otherService  = "other-service.amazonaws.com"
	otherProvider = "other-provider.example.com"
)

// count returns about how many callers there are.
func (n *names) count() int {
	ofAccounts := 3*(len(n.accounts)+1) + 2*len(n.entities) + len(n.sessions)*(len(n.entities)+1)
	return ofAccounts*(len(n.canonicals)+1)*(len(n.uniqueIDs)+1) + len(n.services) + len(n.providers)
}

// callers returns callers that stand for all others. The names are sorted.
func (n *names) callers() []Caller {
	elsewhere := n.otherAccount()
	callers := []Caller{
		{Principal: policy.Principal{Kind: policy.Anonymous}, known: map[string][]string{principalARN: nil, principalAccount: {"anonymous"}}},
		service(otherService),
		{Principal: policy.Principal{Kind: policy.Anonymous, Provider: otherProvider}},
	}
	for _, s := range n.services {
		callers = append(callers, service(s))
	}
	for _, p := range n.providers {
		callers = append(callers, Caller{Principal: policy.Principal{Kind: policy.Anonymous, Provider: p}})
	}
	for _, account := range append(slices.Clone(n.accounts), elsewhere) {
		for _, canonical := range append([]string{""}, n.canonicals...) {
			callers = append(callers, n.ofAccount(account, canonical, account == elsewhere)...)
		}
	}
	return callers
}

// otherAccount returns an account that is not named.
func (n *names) otherAccount() string {
	for _, id := range []string{"999999999999", "888888888888", "777777777777", "666666666666"} {
		if !slices.Contains(n.accounts, id) {
			return id
		}
	}
	for i := int64(500000000000); ; i++ {
		if id := strconv.FormatInt(i, 10); !slices.Contains(n.accounts, id) {
			return id
		}
	}
}

// ofAccount returns the callers of an account.
func (n *names) ofAccount(account, canonical string, elsewhere bool) []Caller {
	of := func(p policy.Principal) Caller {
		p.Account, p.CanonicalID = ids.AccountID(account), ids.CanonicalUserID(canonical)
		c := Caller{Principal: p, known: map[string][]string{isService: {"false"}}, elsewhere: elsewhere}
		if !elsewhere {
			c.known[principalAccount] = []string{account}
		}
		return c
	}
	root := arn.Root(ids.AccountID(account)).String()
	callers := []Caller{of(policy.Principal{Kind: policy.Root, ARN: root, EntityARN: root})}
	if !elsewhere {
		callers[0].known[principalARN] = []string{root}
	}
	for _, p := range unnamedEntities(account) {
		callers = append(callers, others(of, n.withIDs(p))...)
	}
	for _, e := range n.entities {
		if e.Account != account {
			continue
		}
		for _, p := range n.withIDs(entityCaller(e)) {
			c := of(p)
			c.known[principalARN] = []string{e.String()}
			callers = append(callers, c)
			for _, q := range n.sessionsOf(e, p) {
				c.Principal.ARN, c.Principal.Name = q.ARN, q.Name
				callers = append(callers, c)
			}
			if p.Kind == policy.User {
				name := arn.FederatedUser(ids.AccountID(account), otherName)
				federated := policy.Principal{Kind: policy.FederatedUser, EntityID: p.EntityID, EntityARN: p.EntityARN, Name: otherName, ARN: name.String()}
				callers = append(callers, others(of, []policy.Principal{federated})...)
			}
		}
	}
	for _, s := range n.sessions {
		if s.Account == account {
			callers = append(callers, others(of, n.withIDs(sessionCaller(s)))...)
		}
	}
	return callers
}

// others returns the callers of an account that are principals without an ARN that is named.
func others(of func(policy.Principal) Caller, principals []policy.Principal) (callers []Caller) {
	for _, p := range principals {
		c := of(p)
		c.others = true
		callers = append(callers, c)
	}
	return callers
}

// unnamedEntities returns a user and a session of a role of an account.
func unnamedEntities(account string) []policy.Principal {
	id := ids.AccountID(account)
	return []policy.Principal{entityCaller(arn.User(id, "/", otherName)), entityCaller(arn.Role(id, "/", otherName))}
}

// entityCaller returns the user of an ARN, or a session of the role.
func entityCaller(e arn.ARN) policy.Principal {
	if e.Type() == "user" {
		return policy.Principal{Kind: policy.User, EntityID: otherUserID, Name: e.Name(), ARN: e.String(), EntityARN: e.String()}
	}
	return policy.Principal{
		Kind: policy.RoleSession, EntityID: otherRoleID, Name: otherName, EntityARN: e.String(),
		ARN: arn.AssumedRole(ids.AccountID(e.Account), e.Name(), otherName).String(),
	}
}

// withIDs returns the principal, and what it is with each unique ID that is named and that it can have.
func (n *names) withIDs(p policy.Principal) []policy.Principal {
	all := []policy.Principal{p}
	for _, id := range n.uniqueIDs {
		if strings.HasPrefix(id, string(p.EntityID[:4])) {
			p.EntityID = ids.UniqueID(id)
			all = append(all, p)
		}
	}
	return all
}

// sessionsOf returns the sessions of a role that are named.
func (n *names) sessionsOf(role arn.ARN, p policy.Principal) (all []policy.Principal) {
	for _, s := range n.sessions {
		name, session, ok := strings.Cut(strings.TrimPrefix(s.Resource, "assumed-role/"), "/")
		if p.Kind == policy.RoleSession && ok && s.Type() == "assumed-role" && s.Account == role.Account && name == role.Name() {
			p.ARN, p.Name = s.String(), session
			all = append(all, p)
		}
	}
	return all
}

// sessionCaller returns the caller that the ARN of a session names. The path of its role is not known.
func sessionCaller(s arn.ARN) policy.Principal {
	if s.Type() == "federated-user" {
		return policy.Principal{Kind: policy.FederatedUser, EntityID: otherUserID, Name: s.Name(), ARN: s.String()}
	}
	name, session, _ := strings.Cut(strings.TrimPrefix(s.Resource, "assumed-role/"), "/")
	return policy.Principal{
		Kind: policy.RoleSession, EntityID: otherRoleID, Name: session, ARN: s.String(), EntityARN: arn.Role(ids.AccountID(s.Account), "/other-path/", name).String(),
	}
}

func service(name string) Caller {
	return Caller{
		Principal: policy.Principal{Kind: policy.Service, ARN: name},
		known:     map[string][]string{isService: {"true"}, "aws:principalservicename": {name}},
	}
}

// The condition keys, in lower case, that are known of callers.
const (
	principalARN     = "aws:principalarn"
	principalAccount = "aws:principalaccount"
	isService        = "aws:principalisawsservice"
)
