package saml

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// algorithms are those that a signature may name: canonical forms, the one other transform that SAML allows,
// digests and signatures. None rests on SHA-1.
//
// Source: http://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf, section 5.4
var algorithms = map[string]bool{
	"http://www.w3.org/2000/09/xmldsig#enveloped-signature": true,

	"http://www.w3.org/2001/10/xml-exc-c14n#":                      true,
	"http://www.w3.org/2001/10/xml-exc-c14n#WithComments":          true,
	"http://www.w3.org/TR/2001/REC-xml-c14n-20010315":              true,
	"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments": true,
	"http://www.w3.org/2006/12/xml-c14n11":                         true,
	"http://www.w3.org/2006/12/xml-c14n11#WithComments":            true,

	"http://www.w3.org/2001/04/xmlenc#sha256":       true,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": true,
	"http://www.w3.org/2001/04/xmlenc#sha512":       true,

	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256":   true,
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384":   true,
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512":   true,
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256": true,
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384": true,
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512": true,
}

// errSignature is the refusal of a signature, whatever is wrong with it.
var errSignature = invalid("Response signature invalid")

// signed reports whether an element has a signature of its own.
func signed(e *etree.Element) bool { return len(children(e, signatureSpace, "Signature")) > 0 }

// verify returns what the signature of an element covers: the element, read anew from the bytes that were
// hashed. The signature has to be the element's child, about all of it and nothing else, and hold under one
// of the certificates. What the signature says of its key is not looked at.
func verify(e *etree.Element, certificates []*x509.Certificate) (*etree.Element, error) {
	alone, err := detach(e)
	if err != nil {
		return nil, errSignature.Because(err)
	}
	if err := checkSignature(alone); err != nil {
		return nil, errSignature.Because(err)
	}
	for _, c := range certificates {
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c}})
		context.Clock = dsig.NewFakeClockAt(c.NotBefore) // that it has expired does not matter
		covered, verifyErr := context.Validate(alone)
		if verifyErr == nil {
			return covered, check(covered, 1, 0, map[string]bool{})
		}
		err = errors.Join(err, verifyErr)
	}
	return nil, errSignature.Because(err)
}

// detach returns a copy of an element that stands alone, with the namespaces that it has where it is.
func detach(e *etree.Element) (*etree.Element, error) {
	context, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, err
	}
	return etreeutils.NSDetatch(context, e)
}

// checkSignature refuses a signature that is not of the form that SAML prescribes, and takes its KeyInfo out
// of it.
//
// Source: http://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf, section 5.4
func checkSignature(e *etree.Element) error {
	signature, err := required(e, signatureSpace, "Signature")
	if err != nil {
		return err
	}
	for _, info := range children(signature, signatureSpace, "KeyInfo") {
		signature.RemoveChild(info)
	}
	info, err := required(signature, signatureSpace, "SignedInfo")
	if err != nil {
		return err
	}
	reference, err := required(info, signatureSpace, "Reference")
	if err != nil {
		return err
	}
	id := e.SelectAttrValue("ID", "")
	if uri := reference.SelectAttrValue("URI", ""); id == "" || uri != "#"+id {
		return fmt.Errorf("the signature is about %q, and stands in %q", uri, id)
	}
	return checkAlgorithms(signature)
}

// checkAlgorithms refuses a signature that names an algorithm which is not one of algorithms.
func checkAlgorithms(e *etree.Element) error {
	for _, a := range e.Attr {
		if a.Key == "Algorithm" && !algorithms[a.Value] {
			return fmt.Errorf("the algorithm %q is not accepted", a.Value)
		}
	}
	for _, c := range e.ChildElements() {
		if err := checkAlgorithms(c); err != nil {
			return err
		}
	}
	return nil
}
