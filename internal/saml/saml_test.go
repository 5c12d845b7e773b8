package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"crossgrant/internal/apierr"
	"crossgrant/internal/saml/samltest"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	entity = "https://idp.example.com/saml"
	role   = "arn:aws:iam::111111111111:role/R"
	idp    = "arn:aws:iam::111111111111:saml-provider/Corp"
)

// world is a provider, and what is registered of it.
type world struct {
	*testing.T
	idp      *samltest.Provider
	provider *Provider
	key      *rsa.PrivateKey
}

func newWorld(t *testing.T) *world {
	t.Helper()
	p, err := samltest.New(entity)
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := ParseMetadata([]byte(p.Metadata("")))
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := samltest.PrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, p, &Provider{Metadata: metadata, ID: "ABCDEFGHIJKLMNOPQRSTUV"}, key}
}

func response() samltest.Response {
	return samltest.Response{Now: now, Attributes: [][]string{
		{samltest.AWS + "Role", role + "," + idp, idp + " , " + role + "2"},
		{samltest.AWS + "RoleSessionName", "ann@example.com"},
	}}
}

func (w *world) verify(d *etree.Document) (*Assertion, error) {
	return Verify(samltest.Encode(d), w.provider, now)
}

func (w *world) refused(d *etree.Document, want string) {
	w.Helper()
	if a, err := w.verify(d); code(err) != want {
		w.Errorf("got %v and %v (%v)\nwant %s", a, code(err), err, want)
	}
}

func code(err error) string {
	var e *apierr.Error
	if errors.As(err, &e) {
		return e.Code + ": " + e.Message
	}
	return fmt.Sprint(err)
}

const (
	badResponse  = "InvalidIdentityToken: Your request included an invalid SAML response."
	badSignature = "InvalidIdentityToken: Response signature invalid"
	tooOld       = "ExpiredTokenException: Token must be redeemed within 5 minutes of issuance"
	outOfDate    = "ExpiredTokenException: The SAML assertion has expired."
	noAudience   = "InvalidIdentityToken: Response does not contain the required audience."
	noRecipient  = "InvalidIdentityToken: Response does not contain the required recipient."
	noIssuer     = "InvalidIdentityToken: Issuer not present in specified provider"
	noKey        = "InvalidIdentityToken: The SAML assertion could not be decrypted."
)

// TestVerify: everything that a response says is read, whether the response is signed or its assertion.
func TestVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := response()
	r.SessionEnd = 30 * time.Minute
	r.Attributes = append(r.Attributes,
		[]string{samltest.AWS + "PrincipalTag:Project", "Marketing"}, []string{samltest.AWS + "PrincipalTag:CostCenter", "12345"},
		[]string{samltest.AWS + "TransitiveTagKeys", "Project", "CostCenter"}, []string{samltest.AWS + "SourceIdentity", "ann"},
		[]string{samltest.AWS + "SessionDuration", "1800"}, []string{"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "staff", "member"},
	)
	want := &Assertion{
		ID:     "_assertion",
		Issuer: entity, Subject: "ann", SubjectType: "persistent", Recipient: "https://signin.aws.amazon.com/saml",
		Roles: []RolePair{{role, idp}, {role + "2", idp}}, SessionName: "ann@example.com", SourceIdentity: "ann",
		SessionDuration: 30 * time.Minute, SessionEnd: now.Add(30 * time.Minute),
		Tags: []Tag{{"Project", "Marketing"}, {"CostCenter", "12345"}}, TransitiveTagKeys: []string{"Project", "CostCenter"},
	}
	d := w.idp.Document(r)
	for name, d := range map[string]*etree.Document{
		"response": w.idp.Sign(d), "assertion": w.idp.SignAssertion(d), "both": w.idp.Sign(w.idp.SignAssertion(d)),
	} {
		got, err := w.verify(d)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if affiliation := got.Attributes["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"]; !reflect.DeepEqual(affiliation, []string{"staff", "member"}) {
			t.Errorf("affiliation %v", affiliation)
		}
		got.Attributes = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, want)
		}
		if !got.Grants(role, idp) || !got.Grants(role+"2", idp) || got.Grants(role+"3", idp) || got.Grants(idp, role) {
			t.Errorf("grants %v", got.Roles)
		}
	}
}

// TestRules: each rule of what a response has to say, broken once.
func TestRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := func(attributes ...[]string) func(*samltest.Response) {
		return func(r *samltest.Response) { r.Attributes = append(r.Attributes, attributes...) }
	}
	for name, c := range map[string]struct {
		change func(*samltest.Response)
		want   string
	}{
		"nothing":           {func(*samltest.Response) {}, "<nil>"},
		"regional endpoint": {func(r *samltest.Response) { r.Recipient = "https://eu-central-1.signin.aws.amazon.com/saml" }, "<nil>"},
		"endpoint of the provider": {func(r *samltest.Response) {
			r.Recipient = "https://signin.aws.amazon.com/saml/acs/ABCDEFGHIJKLMNOPQRSTUV"
		}, "<nil>"},
		"endpoint of another":     {func(r *samltest.Response) { r.Recipient = "https://signin.aws.amazon.com/saml/acs/OTHER" }, noRecipient},
		"another recipient":       {func(r *samltest.Response) { r.Recipient = "https://signin.aws.amazon.com.example.com/saml" }, noRecipient},
		"AWS as audience":         {func(r *samltest.Response) { r.Audience = "https://signin.aws.amazon.com/saml" }, "<nil>"},
		"another audience":        {func(r *samltest.Response) { r.Audience = "https://example.com" }, noAudience},
		"another issuer":          {func(r *samltest.Response) { r.Issuer = "https://other.example.com" }, noIssuer},
		"status":                  {func(r *samltest.Response) { r.Status = "urn:oasis:names:tc:SAML:2.0:status:Requester" }, "IDPRejectedClaim: The identity provider reported that authentication failed."},
		"5 minutes old":           {func(r *samltest.Response) { r.Issued = -5 * time.Minute }, "<nil>"},
		"older":                   {func(r *samltest.Response) { r.Issued = -5*time.Minute - time.Second }, tooOld},
		"a minute ahead":          {func(r *samltest.Response) { r.Issued, r.NotBefore = time.Minute, time.Minute }, "<nil>"},
		"issued in the future":    {func(r *samltest.Response) { r.Issued = time.Minute + time.Second }, "InvalidIdentityToken: The SAML assertion was issued in the future."},
		"not valid yet":           {func(r *samltest.Response) { r.NotBefore = time.Minute + time.Second }, "InvalidIdentityToken: The SAML assertion is not valid yet."},
		"conditions expired":      {func(r *samltest.Response) { r.NotOnOrAfter = -time.Second }, outOfDate},
		"subject expired":         {func(r *samltest.Response) { r.ConfirmedUntil = -time.Second }, outOfDate},
		"session ended":           {func(r *samltest.Response) { r.SessionEnd = -time.Second }, "ExpiredTokenException: The session at the identity provider has ended."},
		"transient":               {func(r *samltest.Response) { r.Format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" }, "<nil>"},
		"no session name":         {func(r *samltest.Response) { r.Attributes = r.Attributes[:1] }, "InvalidIdentityToken: RoleSessionName is required in AuthnResponse"},
		"two session names":       {with([]string{samltest.AWS + "RoleSessionName", "bob"}), "InvalidIdentityToken: RoleSessionName is required in AuthnResponse"},
		"session name with blank": {func(r *samltest.Response) { r.Attributes[1][1] = "Ann A" }, "InvalidIdentityToken: RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"},
		"source identity":         {with([]string{samltest.AWS + "SourceIdentity", "aws:ann"}), `InvalidIdentityToken: Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"`},
		"short session":           {with([]string{samltest.AWS + "SessionDuration", "899"}), "InvalidIdentityToken: SessionDuration in AuthnResponse must be a number of seconds from 900 to 43200"},
		"tag twice":               {with([]string{samltest.AWS + "PrincipalTag:K", "a", "b"}), "InvalidIdentityToken: Session tag K has more than one value."},
		"second subject":          {func(r *samltest.Response) { r.More = "<saml:Subject/>" }, badResponse},
		"unknown condition":       {func(r *samltest.Response) { r.More = "<saml:Conditions/>" }, badResponse},
	} {
		t.Run(name, func(t *testing.T) {
			r := response()
			c.change(&r)
			(&world{t, w.idp, w.provider, w.key}).refused(w.idp.Sign(w.idp.Document(r)), c.want)
		})
	}
}

// TestSignatures: what is not signed by the provider is refused.
func TestSignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, err := samltest.New(entity)
	if err != nil {
		t.Fatal(err)
	}
	d := w.idp.Document(response())
	w.refused(d, badSignature)
	w.refused(other.Sign(d), badSignature)
	w.refused(other.SignAssertion(d), badSignature)
	w.refused(w.idp.SignSHA1(d), badSignature)

	changed := w.idp.Sign(d)
	samltest.Assertion(changed).FindElement("./Subject/NameID").SetText("bob")
	w.refused(changed, badSignature)

	// A response whose signature is wrong is not saved by one of its assertion that holds.
	both := other.Sign(w.idp.SignAssertion(d))
	w.refused(both, badSignature)

	// What stands outside of the signed assertion is not read.
	outside := w.idp.SignAssertion(d)
	outside.Root().CreateElement("saml:AttributeStatement")
	if a, err := w.verify(outside); err != nil || a.SessionName != "ann@example.com" {
		t.Errorf("got %v (%v)", a, err)
	}
}

// TestWrapping: a signed assertion somewhere in the document does not vouch for another one.
//
// Source: https://www.usenix.org/system/files/conference/usenixsecurity12/sec12-final91.pdf
func TestWrapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.idp.SignAssertion(w.idp.Document(response()))
	forge := func(id string) (forged *etree.Document, good, evil *etree.Element) {
		forged = d.Copy()
		good = samltest.Assertion(forged)
		evil = good.Copy()
		evil.FindElement("./Subject/NameID").SetText("admin")
		evil.FindElement("./Signature").Parent().RemoveChild(evil.FindElement("./Signature"))
		evil.CreateAttr("ID", id)
		return forged, good, evil
	}
	// Two assertions, the forged one first or last.
	for _, first := range []bool{true, false} {
		forged, good, evil := forge("_evil")
		if first {
			forged.Root().InsertChildAt(good.Index(), evil)
		} else {
			forged.Root().AddChild(evil)
		}
		w.refused(forged, badResponse)
	}
	// The good one in the forged one: as a child, within its signature, within an extension; with another ID
	// and with the same.
	for _, id := range []string{"_evil", "_assertion"} {
		want := badSignature
		if id == "_assertion" {
			want = badResponse // two elements of one ID
		}
		forged, good, evil := forge(id)
		forged.Root().RemoveChild(good)
		evil.AddChild(good)
		forged.Root().AddChild(evil)
		w.refused(forged, want)

		forged, good, evil = forge(id)
		signature := good.FindElement("./Signature")
		good.RemoveChild(signature)
		forged.Root().RemoveChild(good)
		signature.CreateElement("ds:Object").AddChild(good)
		evil.AddChild(signature)
		forged.Root().AddChild(evil)
		w.refused(forged, want)

		forged, good, evil = forge(id)
		forged.Root().RemoveChild(good)
		forged.Root().CreateElement("samlp:Extensions").AddChild(good)
		forged.Root().AddChild(evil)
		w.refused(forged, want)
	}
	// The signature of the good one, on a forged one of the same ID.
	forged, good, evil := forge("_assertion")
	evil.InsertChildAt(1, good.FindElement("./Signature").Copy())
	forged.Root().RemoveChild(good)
	forged.Root().AddChild(evil)
	w.refused(forged, badSignature)
	// A signed response, in another one.
	signedWhole := w.idp.Sign(w.idp.Document(response()))
	wrapper := w.idp.Document(response())
	wrapper.Root().CreateAttr("ID", "_wrapper")
	samltest.Assertion(wrapper).CreateAttr("ID", "_inner")
	wrapper.Root().AddChild(signedWhole.Root().Copy())
	w.refused(wrapper, badSignature)
}

// TestComments: a comment does not cut a name short.
//
// Source: https://duo.com/blog/duo-finds-saml-vulnerabilities-affecting-multiple-implementations
func TestComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := response()
	r.Subject = "ann@example.com<!-- c -->.evil.example"
	a, err := w.verify(w.idp.Sign(w.idp.Document(r)))
	if err != nil || a.Subject != "ann@example.com.evil.example" {
		t.Errorf("subject %v (%v)", a, err)
	}
	// One that was put in afterwards changes nothing.
	d := w.idp.Sign(w.idp.Document(response()))
	name := samltest.Assertion(d).FindElement("./Subject/NameID")
	name.SetText("")
	name.CreateText("a")
	name.CreateComment("x")
	name.CreateText("nn")
	if a, err := w.verify(d); err != nil || a.Subject != "ann" {
		t.Errorf("subject %v (%v)", a, err)
	}
}

// TestDocuments: what is no response, or has what no response has.
func TestDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text, err := w.idp.Sign(w.idp.Document(response())).WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]string{
		"empty": "", "no XML": "response", "another": "<a/>", "two roots": text + text,
		"entities":                  `<!DOCTYPE a [<!ENTITY e "ann">]>` + text,
		"doctype":                   "<!DOCTYPE a>" + text,
		"depth":                     strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000),
		"name spaces":               strings.Replace(text, ` ID="_response"`, ` ID="_response"`+spaces(maxSpaces), 1),
		"name spaces in each other": nest(text, 4, maxSpaces/4),
		"twice an ID":               strings.Replace(text, `ID="_response"`, `ID="_response" ID="_other"`, 1),
		"cut":                       text[:len(text)/2],
	} {
		if _, err := Verify(base64.StdEncoding.EncodeToString([]byte(document)), w.provider, now); code(err) != badResponse {
			t.Errorf("%s: %v", name, code(err))
		}
	}
	if _, err := Verify("!", w.provider, now); code(err) != badResponse {
		t.Errorf("not base 64: %v", err)
	}
}

// spaces declares name spaces, n of them.
func spaces(n int) (text string) {
	for i := range n {
		text += fmt.Sprintf(` xmlns:s%d="urn:s"`, i)
	}
	return text
}

// nest puts elements that declare n name spaces each into a response, in each other.
func nest(text string, depth, n int) string {
	return strings.Replace(text, "</samlp:Response>", strings.Repeat("<a"+spaces(n)+">", depth)+strings.Repeat("</a>", depth)+"</samlp:Response>", 1)
}

// TestLargeKeys: a key whose signatures cost seconds to verify is refused: whoever knows the provider's name could
// have them verified.
func TestLargeKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for bits, want := range map[uint]bool{maxModulus: true, maxModulus + 1: false} {
		large := new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1)
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &rsa.PublicKey{N: large, E: 65537}, w.idp.Key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseMetadata([]byte((&samltest.Provider{EntityID: entity, Certificate: c}).Metadata(""))); (err == nil) != want {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

// TestEncrypted: an assertion that is encrypted is decrypted; modes that do not find out changes are accepted
// only in what is signed as it is.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, _, err := samltest.PrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	signedInside := w.idp.SignAssertion(w.idp.Document(response()))
	gcm, cbc := samltest.Encrypt(signedInside, &w.key.PublicKey, false), samltest.Encrypt(signedInside, &w.key.PublicKey, true)
	w.refused(gcm, noKey) // there are no private keys
	w.provider.Keys = []*rsa.PrivateKey{other, w.key}
	w.provider.Encrypted = true
	w.refused(gcm, "<nil>")
	w.refused(cbc, noKey)
	w.refused(w.idp.Sign(cbc), "<nil>")
	w.refused(signedInside, "InvalidIdentityToken: The SAML assertion must be encrypted.")
	unsigned := w.idp.Document(response())
	w.refused(samltest.Encrypt(unsigned, &w.key.PublicKey, false), badSignature)
	w.refused(w.idp.Sign(samltest.Encrypt(unsigned, &w.key.PublicKey, true)), "<nil>")
	w.provider.Encrypted = false
	w.refused(signedInside, "<nil>")
	broken := gcm.Copy()
	value := broken.Root().FindElement("//EncryptedData/CipherData/CipherValue")
	value.SetText(value.Text()[:len(value.Text())-8] + "AAAAAAA=")
	w.refused(broken, noKey)
}

// TestMetadata: what a metadata document has to have.
func TestMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := w.idp.Metadata("2030-01-02T03:04:05Z")
	m, err := ParseMetadata([]byte(text))
	if err != nil || m.EntityID != entity || !m.ValidUntil.Equal(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)) || len(m.Certificates) != 1 || !m.Certificates[0].Equal(w.idp.Certificate) {
		t.Errorf("metadata %+v (%v)", m, err)
	}
	for name, change := range map[string][2]string{
		"no entity ID":       {`entityID="` + entity + `"`, ""},
		"no provider":        {"IDPSSODescriptor", "SPSSODescriptor"},
		"no signing key":     {`use="signing"`, `use="encryption"`},
		"no certificate":     {"X509Certificate", "X509CRL"},
		"bad certificate":    {"MII", "NII"},
		"bad time":           {"2030-01-02T", "tomorrow"},
		"several entities":   {"EntityDescriptor", "EntitiesDescriptor"},
		"another name space": {"SAML:2.0:metadata", "SAML:2.0:assertion"},
		"doctype":            {"<md:EntityDescriptor", "<!DOCTYPE a><md:EntityDescriptor"},
	} {
		if m, err := ParseMetadata([]byte(strings.ReplaceAll(text, change[0], change[1]))); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
	w.provider.Metadata = m
	m.ValidUntil = now
	w.refused(w.idp.Sign(w.idp.Document(response())), "InvalidIdentityToken: The metadata document of the specified provider has expired.")
}

// FuzzVerify: nothing is accepted that the provider has not signed, and nothing makes the reader panic.
func FuzzVerify(f *testing.F) {
	p, err := samltest.New(entity)
	if err != nil {
		f.Fatal(err)
	}
	metadata, err := ParseMetadata([]byte(p.Metadata("")))
	if err != nil {
		f.Fatal(err)
	}
	other, err := samltest.New(entity)
	if err != nil {
		f.Fatal(err)
	}
	d := p.Document(response())
	for _, d := range []*etree.Document{d, other.Sign(d), other.SignAssertion(d), samltest.Encrypt(other.SignAssertion(d), &p.Key.PublicKey, false)} {
		text, err := d.WriteToBytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	provider := &Provider{Metadata: metadata, Keys: []*rsa.PrivateKey{p.Key}}
	f.Fuzz(func(t *testing.T, document []byte) {
		if a, err := Verify(base64.StdEncoding.EncodeToString(document), provider, now); err == nil {
			t.Errorf("accepted %+v", a)
		}
	})
}

// FuzzParseMetadata: nothing makes the reader panic, and what is read has what is needed.
func FuzzParseMetadata(f *testing.F) {
	p, err := samltest.New(entity)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(p.Metadata("2030-01-02T03:04:05Z")))
	f.Fuzz(func(t *testing.T, document []byte) {
		if m, err := ParseMetadata(document); err == nil && (m.EntityID == "" || len(m.Certificates) == 0) {
			t.Errorf("read %+v", m)
		}
	})
}
