package iam

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
)

func trust(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}]}`
}

func TestCreateRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	ann, err := w.CreateUser(w.ctx, accountB, NewUser{Name: "ann", Path: "/x/"})
	w.must(err)
	r, err := w.CreateRole(w.ctx, accountA, NewRole{
		Name: "Reader", Path: "/p/", Trust: trust(`{"AWS":"arn:aws:iam::222222222222:user/x/ann"}`), Description: "d",
		MaxSession: 2 * time.Hour, Tags: []Tag{{"k", "v"}},
	})
	w.must(err)
	if r.ARN != "arn:aws:iam::111111111111:role/p/Reader" || !strings.HasPrefix(string(r.ID), "AROA") || r.MaxSession != 2*time.Hour {
		t.Errorf("created %+v", r)
	}
	read := func() string {
		got, err := w.Role(w.ctx, accountA, "reader")
		w.must(err)
		return got.Trust
	}
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
	// The principal follows a rename, and becomes its unique ID when it is deleted, also when another
	// user takes the name.
	if got := read(); !strings.Contains(got, `"AWS":"arn:aws:iam::222222222222:user/x/ann"`) {
		t.Errorf("trust %s", got)
	}
	w.must(w.UpdateUser(w.ctx, accountB, "ann", "zoe", "/"))
	if got := read(); !strings.Contains(got, `"AWS":"arn:aws:iam::222222222222:user/zoe"`) {
		t.Errorf("trust after a rename %s", got)
	}
	w.must(w.DeleteUser(w.ctx, accountB, "zoe"))
	w.user(accountB, "zoe")
	if got := read(); !strings.Contains(got, `"AWS":"`+string(ann.ID)+`"`) {
		t.Errorf("trust after a deletion %s", got)
	}
	// A document that still holds the orphaned ID cannot be saved again.
	w.refused(w.UpdateTrust(w.ctx, accountA, "reader", read()), "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"`+string(ann.ID)+`"`)
	list, err := w.Roles(w.ctx, accountA, "/p/", Page{})
	w.must(err)
	if len(list.Items) != 1 || list.Items[0].Trust != read() {
		t.Errorf("roles %+v", list.Items)
	}
	w.must(w.UpdateTrust(w.ctx, accountA, "reader", trust(`{"AWS":"222222222222"}`)))
	if got := read(); !strings.Contains(got, `"AWS":"arn:aws:iam::222222222222:root"`) {
		t.Errorf("an account is shown as %s", got)
	}
}

func TestRoleRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.role(accountA, "taken")
	invalid := func(principal string) string { return "Invalid principal in policy: " + principal }
	for name, c := range map[string]struct {
		in   NewRole
		code string
		text string
	}{
		"same name":             {NewRole{Name: "TAKEN", Trust: trustB}, "EntityAlreadyExists", "Role with name TAKEN already exists."},
		"not JSON":              {NewRole{Name: "r", Trust: "x"}, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"no principal":          {NewRole{Name: "r", Trust: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`}, "MalformedPolicyDocument", ""},
		"resource":              {NewRole{Name: "r", Trust: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Resource":"*"}}`}, "MalformedPolicyDocument", "Has prohibited field Resource"},
		"other action":          {NewRole{Name: "r", Trust: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject"}}`}, "MalformedPolicyDocument", ""},
		"unknown user":          {NewRole{Name: "r", Trust: trust(`{"AWS":"arn:aws:iam::222222222222:user/nobody"}`)}, "MalformedPolicyDocument", invalid(`"AWS":"arn:aws:iam::222222222222:user/nobody"`)},
		"unknown account":       {NewRole{Name: "r", Trust: trust(`{"AWS":"999999999999"}`)}, "MalformedPolicyDocument", invalid(`"AWS":"999999999999"`)},
		"closed account":        {NewRole{Name: "r", Trust: trust(`{"AWS":"333333333333"}`)}, "MalformedPolicyDocument", ""},
		"too large":             {NewRole{Name: "r", Trust: trust(`{"AWS":["222222222222"` + strings.Repeat(`,"222222222222"`, 200) + `]}`)}, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		"short session":         {NewRole{Name: "r", Trust: trustB, MaxSession: time.Minute}, "InvalidInput", ""},
		"long session":          {NewRole{Name: "r", Trust: trustB, MaxSession: 13 * time.Hour}, "InvalidInput", ""},
		"itself, not there yet": {NewRole{Name: "r", Trust: trust(`{"AWS":"arn:aws:iam::111111111111:role/r"}`)}, "MalformedPolicyDocument", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateRole(w.ctx, accountA, c.in)
			w.refused(err, c.code, c.text)
		})
	}
	for name, principal := range map[string]string{
		"everyone": `{"AWS":"*"}`, "service": `{"Service":"ec2.amazonaws.com"}`,
		"session": `{"AWS":"arn:aws:sts::222222222222:assumed-role/Any/session"}`,
		"several": `{"AWS":["222222222222","arn:aws:iam::111111111111:role/taken"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateRole(w.ctx, accountA, NewRole{Name: strings.ReplaceAll(name, " ", "-"), Trust: trust(principal)})
			w.must(err)
		})
	}
}

func TestUpdateAndDeleteRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.role(accountA, "r")
	_, err := w.UpdateRole(w.ctx, accountA, "r", "new", 3*time.Hour)
	w.must(err)
	r, err := w.UpdateRole(w.ctx, accountA, "r", "", 0) // a missing description clears it
	w.must(err)
	if r.Description != "" || r.MaxSession != 3*time.Hour {
		t.Errorf("updated to %+v", r)
	}
	_, err = w.UpdateRole(w.ctx, accountA, "none", "", 0)
	w.refused(err, "NoSuchEntity", "The role with name none cannot be found.")
	w.must(w.AttachPolicy(w.ctx, accountA, keys.RoleKind, "r", s3Full))
	w.refused(w.DeleteRole(w.ctx, accountA, "r"), "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	w.must(w.DetachPolicy(w.ctx, accountA, keys.RoleKind, "r", s3Full))
	w.must(w.PutInlinePolicy(w.ctx, accountA, keys.RoleKind, "r", "p", allowAll))
	w.refused(w.DeleteRole(w.ctx, accountA, "r"), "DeleteConflict", "Cannot delete entity, must delete policies first.")
	w.must(w.DeleteInlinePolicy(w.ctx, accountA, keys.RoleKind, "r", "p"))
	w.must(w.DeleteRole(w.ctx, accountA, "r"))
}

// TestPrincipals resolves every form and shows it again.
func TestPrincipals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	ann := w.user(accountB, "ann")
	gone := w.user(accountB, "gone")
	w.must(w.DeleteUser(w.ctx, accountB, "gone"))
	r := w.role(accountA, "r")
	const rootB = "arn:aws:iam::222222222222:root"
	for _, c := range []struct{ value, stored, shown string }{
		{"*", "*", "*"},
		{"222222222222", rootB, rootB},
		{rootB, rootB, rootB},
		{string(canonicalB), rootB, rootB},
		{"arn:aws:iam::222222222222:user/ann", string(ann.ID), ann.ARN},
		{"arn:aws:iam::111111111111:role/r", string(r.ID), r.ARN},
		{string(ann.ID), string(ann.ID), ann.ARN},
		{"arn:aws:sts::111111111111:assumed-role/x/y", "arn:aws:sts::111111111111:assumed-role/x/y", "arn:aws:sts::111111111111:assumed-role/x/y"},
		{"arn:aws:sts::222222222222:federated-user/f", "arn:aws:sts::222222222222:federated-user/f", "arn:aws:sts::222222222222:federated-user/f"},
	} {
		stored, err := w.ResolvePrincipal(w.ctx, c.value)
		if err != nil || stored != c.stored {
			t.Errorf("%s is stored as %q (%v), want %q", c.value, stored, err, c.stored)
		}
		shown, err := w.PrincipalARN(w.ctx, stored)
		if err != nil || shown != c.shown {
			t.Errorf("%s is shown as %q (%v), want %q", stored, shown, err, c.shown)
		}
	}
	for _, value := range []string{
		"", "ann", "999999999999", "333333333333", strings.Repeat("b", 64), strings.Repeat("c", 64),
		string(gone.ID), "AIDANOBODYNOBODYNOBOD", "arn:aws:iam::222222222222:user/ANN", "arn:aws:iam::222222222222:user/x/ann",
		"arn:aws:iam::222222222222:role/ann", "arn:aws:iam::222222222222:group/ann", "arn:aws:iam::222222222222:rooted",
		"arn:aws:iam::222222222222:root/x", "arn:aws-cn:iam::222222222222:root", "arn:aws:iam:us-east-1:222222222222:root",
		"arn:aws:iam::333333333333:root", "arn:aws:sts::999999999999:assumed-role/x/y", "arn:aws:s3:::bucket",
	} {
		if stored, err := w.ResolvePrincipal(w.ctx, value); !errors.Is(err, ErrNoPrincipal) {
			t.Errorf("%q is stored as %q (%v), want ErrNoPrincipal", value, stored, err)
		}
	}
	if shown, err := w.PrincipalARN(w.ctx, string(gone.ID)); err != nil || shown != string(gone.ID) {
		t.Errorf("a deleted user is shown as %q (%v)", shown, err)
	}
}

// TestTrustOfBrokenStorage: a failure of storage while principals are looked up is not the client's
// fault.
func TestTrustOfBrokenStorage(t *testing.T) {
	t.Parallel()
	disk := errors.New("disk")
	parsed, err := policy.Parse(policy.Trust, []byte(trustB))
	if err != nil {
		t.Fatal(err)
	}
	_, err = storedTrust(brokenReader{err: disk}, parsed)
	var e *apierr.Error
	if !errors.Is(err, disk) || errors.As(err, &e) {
		t.Errorf("got %v, want the error of storage", err)
	}
}
