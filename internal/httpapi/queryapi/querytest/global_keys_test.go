package querytest_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

const (
	management ids.AccountID = "111111111111"
	member     ids.AccountID = "222222222222"
	outside    ids.AccountID = "333333333333"

	allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	trustAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`
)

// TestGlobalKeys runs testdata/global_keys.txt: all condition keys of each question that a request asks,
// with their values, so that a key which is not shown is absent. `go test -run GlobalKeys -rewrite` writes
// them anew.
//
//	ask caller=… [presigned] [tls] [agent=…] [referer=…] [from=address:port]
//	service Operation
//	form or JSON
//
// The management account 111111111111 has an organization with the member 222222222222 in a unit;
// 333333333333 is in none. In each of them there are the root user, and the user ann with the tag
// team=blue and the user bob without any, who may do everything, and the role R with the tag team=red, which
// everybody may assume; "ACCOUNT/R" is a session of it.
//
// Each value is held to be of its key's type.
func TestGlobalKeys(t *testing.T) {
	t.Parallel()
	w := newGlobalWorld(t)
	datadriven.RunTest(t, "testdata/global_keys.txt", func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd != "ask" {
			d.Fatalf(t, "unknown command %s", d.Cmd)
		}
		return w.ask(t, d)
	})
}

// globalWorld is the world of TestGlobalKeys.
type globalWorld struct {
	*querytest.World
	callers   map[string]querytest.Key
	spellings map[string]string // of keys by their names in lower case
	handshake string
}

func newGlobalWorld(t *testing.T) *globalWorld {
	w := &globalWorld{World: querytest.New(t), callers: map[string]querytest.Key{"-": {}}, spellings: spellings(t)}
	for _, account := range []ids.AccountID{management, member, outside} {
		root, in := w.Account(account), string(account)+"/"
		w.callers[in+"root"] = root
		w.callers[in+"ann"], w.callers[in+"bob"] = w.tagged(account, root, "ann"), w.User(account, "bob", "AdministratorAccess")
		w.IAMCall(root, "CreateRole", "RoleName", "R", "Path", "/path/", "AssumeRolePolicyDocument", trustAll, "Tags.member.1.Key", "team", "Tags.member.1.Value", "red").OK()
		w.IAMCall(root, "PutRolePolicy", "RoleName", "R", "PolicyName", "p", "PolicyDocument", allowAll).OK()
		session := w.STSCall(w.callers[in+"bob"], "AssumeRole", "RoleArn", "arn:aws:iam::"+in[:12]+":role/path/R", "RoleSessionName", "sess").OK()
		w.callers[in+"R"] = querytest.Key{ID: session.Get("AccessKeyId"), Secret: session.Get("SecretAccessKey"), Token: session.Get("SessionToken")}
	}
	admin := w.callers[string(management)+"/root"]
	w.OrgsCall(admin, "CreateOrganization", `{}`).OK()
	root := w.OrgsCall(admin, "ListRoots", `{}`).OK().Get("Roots.0.Id")
	unit := w.OrgsCall(admin, "CreateOrganizationalUnit", `{"ParentId":"`+root+`","Name":"u"}`).OK().Get("OrganizationalUnit.Id")
	invite := func(id ids.AccountID) string {
		return w.OrgsCall(admin, "InviteAccountToOrganization", `{"Target":{"Id":"`+string(id)+`","Type":"ACCOUNT"}}`).OK().Get("Handshake.Id")
	}
	w.OrgsCall(w.callers[string(member)+"/root"], "AcceptHandshake", `{"HandshakeId":"`+invite(member)+`"}`).OK()
	w.OrgsCall(admin, "MoveAccount", `{"AccountId":"222222222222","SourceParentId":"`+root+`","DestinationParentId":"`+unit+`"}`).OK()
	w.handshake = invite(outside)
	return w
}

// tagged makes a user with the tag team=blue.
func (w *globalWorld) tagged(account ids.AccountID, root querytest.Key, name string) querytest.Key {
	w.IAMCall(root, "CreateUser", "UserName", name, "Path", "/staff/", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue").OK()
	w.IAMCall(root, "PutUserPolicy", "UserName", name, "PolicyName", "p", "PolicyDocument", allowAll).OK()
	key := w.IAMCall(root, "CreateAccessKey", "UserName", name).OK()
	return querytest.Key{ID: key.Get("AccessKeyId"), Secret: key.Get("SecretAccessKey")}
}

// spellings returns AWS's spellings of the global keys.
func spellings(t *testing.T) map[string]string {
	text, err := os.ReadFile("../../../policy/gen/global.json")
	if err != nil {
		t.Fatal(err)
	}
	var global struct {
		ConditionKeys map[string]string `json:"conditionKeys"`
	}
	if err := json.Unmarshal(text, &global); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for key := range global.ConditionKeys {
		key = strings.TrimSuffix(key, "${TagKey}")
		found[strings.ToLower(key)] = key
	}
	return found
}

func (w *globalWorld) ask(t *testing.T, d *datadriven.TestData) string {
	var caller string
	d.ScanArgs(t, "caller", &caller)
	key, ok := w.callers[caller]
	if !ok {
		d.Fatalf(t, "unknown caller %s", caller)
	}
	line, parameters, _ := strings.Cut(d.Input, "\n")
	service, operation, _ := strings.Cut(line, " ")
	w.Sent = func(r *http.Request) { edit(t, d, r) }
	w.Asking.Taken()
	var answer string
	if service == "organizations" {
		answer = w.OrgsCall(key, operation, strings.ReplaceAll(parameters, "HANDSHAKE", w.handshake)).Body
	} else {
		form, err := url.ParseQuery(parameters)
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		form.Set("Action", operation)
		form.Set("Version", map[string]string{"iam": querytest.IAMVersion, "sts": querytest.STSVersion}[service])
		send := w.Do
		if d.HasArg("presigned") {
			send = w.Presigned
		}
		answer = send(key, service, form).Body
	}
	var b strings.Builder
	for _, q := range w.Asking.Taken() {
		fmt.Fprintf(&b, "%s on %s\n", q.Action, q.Resource)
		w.show(t, &b, &q.Keys)
	}
	if b.Len() == 0 {
		code := regexp.MustCompile(`<Code>(\w+)|"__type":"(\w+)"`).FindStringSubmatch(answer)
		return fmt.Sprintf("nothing is asked: %s\n", strings.Join(code[1:], ""))
	}
	return unnamed(b.String())
}

// edit makes of a request what the arguments say.
func edit(t *testing.T, d *datadriven.TestData, r *http.Request) {
	if d.HasArg("tls") {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13}
	}
	d.MaybeScanArgs(t, "from", &r.RemoteAddr)
	for arg, header := range map[string]string{"agent": "User-Agent", "referer": "Referer"} {
		var value string
		if d.MaybeScanArgs(t, arg, &value); value != "" {
			r.Header.Set(header, value)
		}
	}
}

// show writes the keys of a context, those of several values in brackets.
func (w *globalWorld) show(t *testing.T, b *strings.Builder, k *policy.Context) {
	for _, key := range slices.Sorted(slices.Values(k.Keys())) {
		values, multi, _ := k.Lookup(key)
		info, known := policy.KeyInfo(key)
		if !known || info.Multivalued != multi || slices.ContainsFunc(values, func(v string) bool { return !info.Accepts(v) }) {
			t.Errorf("%s is of another type than AWS's: %v, multivalued %t", key, values, multi)
		}
		name, tag, tagged := strings.Cut(key, "/")
		if tagged {
			name += "/"
		}
		if spelling := w.spellings[name]; spelling != "" {
			name = spelling
		}
		text := strings.Join(values, ", ")
		if multi {
			text = "[" + text + "]"
		}
		fmt.Fprintf(b, "  %s: %s\n", name+tag, text)
	}
}

// unnamed takes what differs from run to run out of a text.
func unnamed(text string) string {
	for _, id := range []struct{ pattern, name string }{
		{`AIDA[A-Z0-9]{17}`, "AIDAUSER"}, {`AROA[A-Z0-9]{17}`, "AROAROLE"}, {`\bo-[a-z0-9]{10,}`, "o-example"}, {`\bou-[a-z0-9-]{10,}`, "ou-unit"},
		{`\br-[a-z0-9]{4,}`, "r-root"}, {`\bh-[a-z0-9]{8,}`, "h-invitation"},
	} {
		text = regexp.MustCompile(id.pattern).ReplaceAllString(text, id.name)
	}
	return text
}
