package console_test

import "testing"

func TestSignInWithKey(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)

	// Who is not signed in is led to the form, and from there back.
	p.open("/switchrole?account=111122223333")
	p.expectAt("/signin?next=%2Fswitchrole%3Faccount%3D111122223333")
	p.click("Access key")
	p.fill("Access key ID", w.keys[adminA].AccessKeyID)
	p.fill("Secret access key", "wrong")
	p.allow(403)
	p.click("do:key")
	p.expect("SignatureDoesNotMatch", "The request signature we calculated does not match")
	p.allow()
	p.fill("Access key ID", w.keys[adminA].AccessKeyID)
	p.fill("Secret access key", w.keys[adminA].SecretAccessKey)
	p.click("do:key")
	p.expectAt("/switchrole?account=111122223333")
	p.expect("awssecadmin")

	p.menu("Sign out")
	p.expectAt("/signin")
	p.open("/")
	p.expectAt("/signin")
}

func TestColors(t *testing.T) {
	w := newWorld(t)
	p := newBrowser(t).tab(w)
	p.signIn(w, adminA)
	for _, each := range []struct{ system, choice, want string }{
		{"light", "Auto", "light"}, {"dark", "Auto", "dark"}, {"light", "Dark", "dark"}, {"dark", "Light", "light"}, {"dark", "Auto", "dark"},
	} {
		p.colors(each.system)
		p.menu(each.choice)
		dark, err := ask[bool](p, `const [r, g, b] = getComputedStyle(document.body).color.match(/\d+/g).map(Number); return r + g + b > 384`)
		must(t, err)
		if want := each.want == "dark"; dark != want {
			t.Errorf("the system is %s and %s is chosen: dark is %t, want %t", each.system, each.choice, dark, want)
		}
	}
}
