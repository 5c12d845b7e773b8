package access

import (
	"fmt"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// TestGrantsToSessions is the table of section 3.3 of the IAM reference, for every kind of caller and every form in
// which a bucket policy can name it: whether its Allow survives identity policies, a boundary and session
// policies that are silent.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
func TestGrantsToSessions(t *testing.T) {
	t.Parallel()
	f := sessionsFixture(t)
	aws := func(name string) string { return fmt.Sprintf(`{"AWS":%q}`, name) }
	forms := map[string]string{
		"nothing": "", "account": aws("arn:aws:iam::111111111111:root"), "user": aws("AIDAANNAAAAAAAAAAAAAA"), "role": aws("AROARAAAAAAAAAAAAAAAA"),
		"session": aws("arn:aws:sts::111111111111:assumed-role/r/sess"), "federated": aws("arn:aws:sts::111111111111:federated-user/fay"),
		"everyone": `"*"`, "another session": aws("arn:aws:sts::111111111111:assumed-role/r/other"),
		"another federated": aws("arn:aws:sts::111111111111:federated-user/bob"),
	}
	// For each kind of session, which forms of grants let it in although its identity policies are silent, and
	// then also a boundary, and then also a session policy; and those for which a session policy has to allow.
	direct := []string{"everyone"}
	for _, c := range []struct {
		kind                 sts.Kind
		identity             []string // allowed with silent identity policies
		boundary             []string // and with a silent boundary
		session              []string // and with a session policy that is silent
		allowed              []string // with a session policy that allows, and silent identity policies
		withoutSessionPolicy bool     // a session of this kind never has one
	}{
		{kind: sts.UserSession, identity: append(direct, "user"), boundary: append(direct, "user"), withoutSessionPolicy: true},
		{kind: sts.RoleSession, identity: append(direct, "role", "session"), boundary: append(direct, "session"),
			session: append(direct, "session"), allowed: append(direct, "role", "session")},
		{kind: sts.FederatedUser, identity: append(direct, "federated"), boundary: append(direct, "federated"),
			session: append(direct, "federated"), allowed: append(direct, "federated", "user")},
		// What the root user made has the rights of the root user behind it: nothing on the identity side is
		// silent but its session policies.
		{kind: "root-federated", identity: append(direct, "federated"), boundary: append(direct, "federated"),
			session: append(direct, "federated"), allowed: []string{"nothing", "account", "user", "role", "session", "federated", "everyone", "another session", "another federated"}},
	} {
		within := func(list []string) map[string]bool {
			m := map[string]bool{}
			for _, form := range list {
				m[form] = true
			}
			return m
		}
		hold := func(what string, caller *Caller, want map[string]bool) {
			t.Helper()
			for form, principal := range forms {
				f.bucketPolicy(accountID, "aa", principal, "")
				if d := f.decide(caller); d.Allowed() != want[form] {
					t.Errorf("%s, %s, %s: %s by %s", c.kind, what, form, d.Effect, d.By.Layer)
				}
			}
		}
		for _, boundary := range []string{"", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"} {
			want := within(c.identity)
			if boundary != "" {
				want = within(c.boundary)
			}
			f.user(&records.User{Boundary: boundary})
			f.put(keys.Entity(accountID, keys.RoleKind, "r"), &records.Role{Name: "r", Id: "AROARAAAAAAAAAAAAAAAA", Path: "/", Boundary: boundary})
			hold("boundary "+boundary, f.caller(f.session(c.kind, "")), want)
		}
		f.user(&records.User{})
		f.put(keys.Entity(accountID, keys.RoleKind, "r"), &records.Role{Name: "r", Id: "AROARAAAAAAAAAAAAAAAA", Path: "/"})
		if !c.withoutSessionPolicy {
			hold("silent session policy", f.caller(f.session(c.kind, listOnly)), within(c.session))
			hold("session policy", f.caller(f.session(c.kind, putOnly)), within(c.allowed))
		}
	}
}

// TestGrantsAcrossAccounts is the table of section 3.4: whatever names the caller, its own side has to allow too.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func TestGrantsAcrossAccounts(t *testing.T) {
	t.Parallel()
	f := sessionsFixture(t)
	f.put(keys.Account("222222222222"), &records.Account{Id: "222222222222", CanonicalId: "bb", Name: "B"})
	full := map[string]string{"p": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`}
	own := map[sts.Kind][]string{
		sts.UserSession: {"AIDAANNAAAAAAAAAAAAAA"}, sts.RoleSession: {"AROARAAAAAAAAAAAAAAAA", "arn:aws:sts::111111111111:assumed-role/r/sess"},
		sts.FederatedUser: {"AIDAANNAAAAAAAAAAAAAA", "arn:aws:sts::111111111111:federated-user/fay"},
		"root-federated":  {"arn:aws:sts::111111111111:federated-user/fay"},
	}
	for kind, names := range own {
		for _, name := range append(names, "arn:aws:iam::111111111111:root", "*", "") {
			for _, identity := range []bool{true, false} {
				for _, session := range []string{"", listOnly, putOnly} {
					if kind == sts.UserSession && session != "" {
						continue
					}
					f.user(&records.User{})
					role := &records.Role{Name: "r", Id: "AROARAAAAAAAAAAAAAAAA", Path: "/"}
					if identity {
						role.Inline = full
						f.user(&records.User{Inline: full})
					}
					f.put(keys.Entity(accountID, keys.RoleKind, "r"), role)
					principal := ""
					if name != "" {
						principal = fmt.Sprintf(`{"AWS":%q}`, name)
					}
					f.bucketPolicy("222222222222", "bb", principal, "")
					limited := session == listOnly || session == "" && (kind == sts.FederatedUser || kind == "root-federated")
					want := name != "" && (identity || kind == "root-federated") && !limited
					if d := f.decide(f.caller(f.session(kind, session))); d.Allowed() != want {
						t.Errorf("%s, named as %q, identity %t, session policy %q: %s by %s", kind, name, identity, session, d.Effect, d.By.Layer)
					}
				}
			}
		}
	}
}

// TestDeniesOfSessions: a deny hits a caller by every name that it has, and NotPrincipal spares it only if all of
// them are listed.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func TestDeniesOfSessions(t *testing.T) {
	t.Parallel()
	f := sessionsFixture(t)
	const root, fay = "arn:aws:iam::111111111111:root", "arn:aws:sts::111111111111:federated-user/fay"
	for kind, names := range map[sts.Kind][]string{
		sts.UserSession: {root, "AIDAANNAAAAAAAAAAAAAA"}, sts.RootUserSession: {root},
		sts.RoleSession:   {root, "AROARAAAAAAAAAAAAAAAA", "arn:aws:sts::111111111111:assumed-role/r/sess"},
		sts.FederatedUser: {root, "AIDAANNAAAAAAAAAAAAAA", fay}, "root-federated": {root, fay},
	} {
		sessionPolicy := ""
		if kind == sts.FederatedUser || kind == "root-federated" {
			sessionPolicy = putOnly
		}
		caller := f.caller(f.session(kind, sessionPolicy))
		allowed := func(element string, names ...string) bool {
			t.Helper()
			list := ""
			for i, name := range names {
				if i > 0 {
					list += ","
				}
				list += fmt.Sprintf("%q", name)
			}
			f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa", Policy: `{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"},{"Effect":"Deny","` + element + `":{"AWS":[` + list + `]},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}]}`})
			d := f.decide(caller)
			return d.Allowed()
		}
		for i, name := range names {
			if allowed("Principal", name) {
				t.Errorf("%s is allowed though %s is denied", kind, name)
			}
			others := append(append([]string{"AIDAOTHERAAAAAAAAAAAA"}, names[:i]...), names[i+1:]...)
			if allowed("NotPrincipal", others...) {
				t.Errorf("%s is spared though %s is not listed", kind, name)
			}
		}
		if !allowed("Principal", "AIDAOTHERAAAAAAAAAAAA") || !allowed("NotPrincipal", names...) {
			t.Errorf("%s is denied though it is not named, or all of its names are spared", kind)
		}
	}
}
