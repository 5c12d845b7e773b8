// Package samltest is a SAML identity provider for tests: it writes its metadata document, and responses
// that say whatever a test wants them to say, signed and encrypted.
package samltest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Provider is an identity provider with its key.
type Provider struct {
	EntityID    string
	Key         *rsa.PrivateKey
	Certificate *x509.Certificate
}

// New makes a provider. Its certificate has expired, which does not matter.
func New(entityID string) (*Provider, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: entityID},
		NotBefore: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2002, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &Provider{EntityID: entityID, Key: key, Certificate: certificate}, err
}

// Metadata returns the metadata document. validUntil is left out if it is empty.
func (p *Provider) Metadata(validUntil string) string {
	if validUntil != "" {
		validUntil = ` validUntil="` + validUntil + `"`
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + p.EntityID + `"` + validUntil + `>
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
` + base64.StdEncoding.EncodeToString(p.Certificate.Raw) + `
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
`
}

// PrivateKeyPEM returns a new private key, and the PEM file that is uploaded for it.
func PrivateKeyPEM() (*rsa.PrivateKey, string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// Response is what a response says. What is left out has the value that AWS wants.
type Response struct {
	Now time.Time
	// Issuer, Subject, Format, Recipient and Audience are texts of the assertion; Status is that of the
	// response.
	Issuer, Subject, Format, Recipient, Audience, Status string
	// Issued, NotBefore, NotOnOrAfter and ConfirmedUntil are its times, as they are after Now.
	Issued, NotBefore time.Duration
	NotOnOrAfter      time.Duration
	ConfirmedUntil    time.Duration
	// SessionEnd is written as SessionNotOnOrAfter unless it is 0.
	SessionEnd time.Duration
	// Attributes are the attributes in order: each a name and its values.
	Attributes [][]string
	// More is put into the assertion, before its attributes.
	More string
}

// AWS is what the names of attributes for AWS begin with.
const AWS = "https://aws.amazon.com/SAML/Attributes/"

// Document returns the response, not signed.
func (p *Provider) Document(r Response) *etree.Document {
	set := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	set(&r.Issuer, p.EntityID)
	set(&r.Subject, "ann")
	set(&r.Format, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
	set(&r.Recipient, "https://signin.aws.amazon.com/saml")
	set(&r.Audience, "urn:amazon:webservices")
	set(&r.Status, "urn:oasis:names:tc:SAML:2.0:status:Success")
	if r.NotOnOrAfter == 0 {
		r.NotOnOrAfter = time.Hour
	}
	if r.ConfirmedUntil == 0 {
		r.ConfirmedUntil = 5 * time.Minute
	}
	at := func(d time.Duration) string { return r.Now.Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
	session := ""
	if r.SessionEnd != 0 {
		session = ` SessionNotOnOrAfter="` + at(r.SessionEnd) + `"`
	}
	d := etree.NewDocument()
	err := d.ReadFromString(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0" IssueInstant="` + at(r.Issued) + `">
  <saml:Issuer>` + r.Issuer + `</saml:Issuer>
  <samlp:Status><samlp:StatusCode Value="` + r.Status + `"/></samlp:Status>
  <saml:Assertion ID="_assertion" Version="2.0" IssueInstant="` + at(r.Issued) + `">
    <saml:Issuer>` + r.Issuer + `</saml:Issuer>
    <saml:Subject><saml:NameID Format="` + r.Format + `">` + r.Subject + `</saml:NameID>
      <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="` + at(r.ConfirmedUntil) + `" Recipient="` + r.Recipient + `"/></saml:SubjectConfirmation></saml:Subject>
    <saml:Conditions NotBefore="` + at(r.NotBefore) + `" NotOnOrAfter="` + at(r.NotOnOrAfter) + `"><saml:AudienceRestriction><saml:Audience>` + r.Audience + `</saml:Audience></saml:AudienceRestriction></saml:Conditions>
    <saml:AuthnStatement AuthnInstant="` + at(r.Issued) + `"` + session + `/>` + r.More + `
    <saml:AttributeStatement/>
  </saml:Assertion>
</samlp:Response>`)
	if err != nil {
		panic(fmt.Sprintf("samltest: the response is no XML: %v", err))
	}
	statement := Assertion(d).SelectElement("AttributeStatement")
	for _, attribute := range r.Attributes {
		e := statement.CreateElement("saml:Attribute")
		e.CreateAttr("Name", attribute[0])
		for _, value := range attribute[1:] {
			e.CreateElement("saml:AttributeValue").SetText(value)
		}
	}
	return d
}

// Assertion returns the assertion of a document.
func Assertion(d *etree.Document) *etree.Element { return d.Root().SelectElement("Assertion") }

// SignAssertion signs the assertion of a document, and Sign the response.
func (p *Provider) SignAssertion(d *etree.Document) *etree.Document {
	return p.sign(d, "Assertion", dsig.RSASHA256SignatureMethod)
}

// Sign signs the response.
func (p *Provider) Sign(d *etree.Document) *etree.Document {
	return p.sign(d, "", dsig.RSASHA256SignatureMethod)
}

// SignSHA1 signs the assertion with a method that is not accepted.
func (p *Provider) SignSHA1(d *etree.Document) *etree.Document {
	return p.sign(d, "Assertion", dsig.RSASHA1SignatureMethod)
}

// sign puts a signature after the issuer of the root, or of its child of this name.
func (p *Provider) sign(d *etree.Document, child, method string) *etree.Document {
	d = reread(d)
	e := d.Root()
	if child != "" {
		e = e.SelectElement(child)
		// The element is signed as it is where it stands, with the namespaces around it.
		e.CreateAttr("xmlns:saml", "urn:oasis:names:tc:SAML:2.0:assertion")
	}
	context := dsig.NewDefaultSigningContext(dsig.TLSCertKeyStore{PrivateKey: p.Key, Certificate: [][]byte{p.Certificate.Raw}})
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := context.SetSignatureMethod(method); err != nil {
		panic(fmt.Sprintf("samltest: %v", err))
	}
	signature, err := context.ConstructSignature(e, true)
	if err != nil {
		panic(fmt.Sprintf("samltest: sign: %v", err))
	}
	issuer := e.SelectElement("Issuer")
	e.InsertChildAt(issuer.Index()+1, signature)
	return reread(d)
}

// reread returns what a document is once it was sent.
func reread(d *etree.Document) *etree.Document {
	text, err := d.WriteToBytes()
	if err != nil {
		panic(fmt.Sprintf("samltest: write: %v", err))
	}
	out := etree.NewDocument()
	if err := out.ReadFromBytes(text); err != nil {
		panic(fmt.Sprintf("samltest: read: %v", err))
	}
	return out
}

// Encrypt replaces the assertion of a document by one that is encrypted for key: with AES-128 in the GCM
// mode, or in the CBC mode.
func Encrypt(d *etree.Document, key *rsa.PublicKey, cbc bool) *etree.Document {
	d = reread(d)
	assertion := Assertion(d)
	alone := etree.NewDocument()
	alone.SetRoot(assertion.Copy())
	if alone.Root().SelectAttr("xmlns:saml") == nil {
		alone.Root().CreateAttr("xmlns:saml", "urn:oasis:names:tc:SAML:2.0:assertion")
	}
	plain, err := alone.WriteToBytes()
	if err != nil {
		panic(fmt.Sprintf("samltest: write: %v", err))
	}
	secret := make([]byte, 16)
	rand.Read(secret)
	sealed, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, key, secret, nil)
	if err != nil {
		panic(fmt.Sprintf("samltest: encrypt: %v", err))
	}
	method, value := "http://www.w3.org/2009/xmlenc11#aes128-gcm", sealGCM(secret, plain)
	if cbc {
		method, value = "http://www.w3.org/2001/04/xmlenc#aes128-cbc", sealCBC(secret, plain)
	}
	out := etree.NewDocument()
	err = out.ReadFromString(`<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="` + method + `"/>
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><xenc:CipherData><xenc:CipherValue>` + base64.StdEncoding.EncodeToString(sealed) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>
<xenc:CipherData><xenc:CipherValue>` + base64.StdEncoding.EncodeToString(value) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>`)
	if err != nil {
		panic(fmt.Sprintf("samltest: encrypt: %v", err))
	}
	d.Root().InsertChildAt(assertion.Index(), out.Root())
	d.Root().RemoveChild(assertion)
	return reread(d)
}

func sealGCM(secret, plain []byte) []byte {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	nonce := make([]byte, gcm.NonceSize())
	rand.Read(nonce)
	return gcm.Seal(nonce, nonce, plain, nil)
}

func sealCBC(secret, plain []byte) []byte {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err)
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(slices.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	out := make([]byte, aes.BlockSize, aes.BlockSize+len(plain))
	rand.Read(out)
	body := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, out).CryptBlocks(body, plain)
	return append(out, body...)
}

// Encode returns a document as a browser posts it.
func Encode(d *etree.Document) string {
	text, err := d.WriteToBytes()
	if err != nil {
		panic(fmt.Sprintf("samltest: write: %v", err))
	}
	return base64.StdEncoding.EncodeToString(text)
}
