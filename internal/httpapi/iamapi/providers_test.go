package iamapi_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/saml/samltest"
)

const (
	oidcARN    = "arn:aws:iam::111111111111:oidc-provider/idp.example.com/Path"
	samlARN    = "arn:aws:iam::111111111111:saml-provider/Corp"
	thumbprint = "0123456789ABCDEF0123456789abcdef01234567"
)

// document is a metadata document, made once: its key takes time.
var document = sync.OnceValues(func() (string, error) {
	p, err := samltest.New("https://idp.example.com/saml")
	if err != nil {
		return "", err
	}
	return p.Metadata(""), nil
})

// metadata returns a metadata document.
func metadata(t *testing.T) string {
	t.Helper()
	text, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestOIDCProviders goes through the operations on OpenID Connect providers.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
func TestOIDCProviders(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	other := w.Account(accountB)
	create := func(url string, params ...string) querytest.Answer {
		return w.IAMCall(root, "CreateOpenIDConnectProvider", append([]string{"Url", url}, params...)...)
	}
	made := create("https://idp.example.com/Path", "ClientIDList.member.1", "one", "ClientIDList.member.2", "two", "ClientIDList.member.3", "one",
		"ThumbprintList.member.1", thumbprint, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v").OK()
	if made.Get("OpenIDConnectProviderArn") != oidcARN || made.Get("Tags>member>Key") != "k" {
		t.Errorf("created %s", made.Body)
	}
	create("https://idp.example.com/Path").Refused(409, "EntityAlreadyExists", "Provider with url https://idp.example.com/Path already exists.")
	create("https://idp.example.com/path/").OK()
	about := func(operation string, params ...string) querytest.Answer {
		return w.IAMCall(root, operation, append([]string{"OpenIDConnectProviderArn", oidcARN}, params...)...)
	}
	got := about("GetOpenIDConnectProvider").OK()
	if got.Get("Url") != "idp.example.com/Path" || strings.Join(got.All("ClientIDList>member"), " ") != "one two" || got.Get("CreateDate") != "2026-01-02T03:04:05Z" ||
		got.Get("ThumbprintList>member") != thumbprint || got.Get("Tags>member>Value") != "v" {
		t.Errorf("got %s", got.Body)
	}
	about("AddClientIDToOpenIDConnectProvider", "ClientID", "three").OK()
	about("AddClientIDToOpenIDConnectProvider", "ClientID", "three").OK()
	about("RemoveClientIDFromOpenIDConnectProvider", "ClientID", "one").OK()
	about("RemoveClientIDFromOpenIDConnectProvider", "ClientID", "one").OK()
	about("UpdateOpenIDConnectProviderThumbprint", "ThumbprintList.member.1", strings.Repeat("a", 40), "ThumbprintList.member.2", strings.Repeat("A", 40)).OK()
	got = about("GetOpenIDConnectProvider").OK()
	if strings.Join(got.All("ClientIDList>member"), " ") != "two three" || strings.Join(got.All("ThumbprintList>member"), " ") != strings.Repeat("a", 40) {
		t.Errorf("changed %s", got.Body)
	}
	list := w.IAMCall(root, "ListOpenIDConnectProviders").OK()
	if all := list.All("OpenIDConnectProviderList>member>Arn"); strings.Join(all, " ") != oidcARN+" arn:aws:iam::111111111111:oidc-provider/idp.example.com/path/" {
		t.Errorf("list %s", list.Body)
	}
	// A provider of another account is refused, whether it is there or not.
	for _, arn := range []string{oidcARN, oidcARN + "x"} {
		w.IAMCall(other, "GetOpenIDConnectProvider", "OpenIDConnectProviderArn", arn).Refused(403, "AccessDenied", "")
	}
	about("DeleteOpenIDConnectProvider").OK()
	about("DeleteOpenIDConnectProvider").OK()
	about("GetOpenIDConnectProvider").Refused(404, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+oidcARN)
	about("AddClientIDToOpenIDConnectProvider", "ClientID", "c").Refused(404, "NoSuchEntity", "")
	w.IAMCall(root, "GetOpenIDConnectProvider", "OpenIDConnectProviderArn", samlARN).Refused(400, "InvalidInput", "ARN "+samlARN+" is not valid.")
}

// TestOIDCProviderRules: which URLs, thumbprints and client IDs can be.
func TestOIDCProviderRules(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	for url, ok := range map[string]bool{
		"https://idp.example.com": true, "https://idp.example.com:8443/a/b": true, "https://[::1]/": true,
		"http://localhost:8080/auth/realms/demo": true, "http://127.0.0.1:1": true, "http://[::1]:2/x": true, "http://a.localhost": true,
		"http://idp.example.com": false, "http://192.0.2.1": false, "http://localhost.example.com": false, "http://127.0.0.1.example.com": false,
		"ftp://localhost": false, "idp.example.com": false, "https://": false, "https://idp.example.com?x=1": false, "https://idp.example.com?": false,
		"https://idp.example.com#f": false, "https://ann@idp.example.com": false, "https://idp.example.com/*": false, "https://idp.example.com/${x}": false,
		"https://AWS": false, "https://saml/x": false, "HTTPS://idp.example.com/upper": false, "https://idp.example.com/a b": false, "https://idp.example.com\\@localhost/": false,
	} {
		a := w.IAMCall(root, "CreateOpenIDConnectProvider", "Url", url)
		if ok {
			a.OK()
		} else {
			a.Refused(400, "ValidationError", "Invalid Open ID Connect Provider URL")
		}
	}
	w.IAMCall(root, "CreateOpenIDConnectProvider", "Url", "https://g", "ThumbprintList.member.1", strings.Repeat("g", 40)).OK()
	w.IAMCall(root, "CreateOpenIDConnectProvider", "Url", "https://t", "ThumbprintList.member.1", "aa").Refused(400, "ValidationError", "")
	var six []string
	for i := range 6 {
		six = append(six, fmt.Sprintf("ThumbprintList.member.%d", i+1), strings.Repeat(fmt.Sprint(i), 40))
	}
	w.IAMCall(root, "CreateOpenIDConnectProvider", append([]string{"Url", "https://t"}, six...)...).Refused(400, "InvalidInput", "Thumbprint list must contain fewer than 6 entries.")
	many := []string{"Url", "https://t"}
	for i := range 101 {
		many = append(many, fmt.Sprintf("ClientIDList.member.%d", i+1), fmt.Sprint("client", i))
	}
	w.IAMCall(root, "CreateOpenIDConnectProvider", many...).Refused(409, "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
	w.IAMCall(root, "CreateOpenIDConnectProvider", many[:202]...).OK()
	w.IAMCall(root, "AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", "arn:aws:iam::111111111111:oidc-provider/t", "ClientID", "more").
		Refused(409, "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
	for i := range 91 { // beside those that are there
		w.IAMCall(root, "CreateOpenIDConnectProvider", "Url", fmt.Sprint("https://more/", i)).OK()
	}
	w.IAMCall(root, "CreateOpenIDConnectProvider", "Url", "https://toomany").Refused(409, "LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100")
}

// TestSAMLProviders goes through the operations on SAML providers.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
func TestSAMLProviders(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	document := metadata(t)
	w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", strings.Repeat("x", 1000)).Refused(400, "InvalidInput", "Could not parse metadata")
	w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", "short").Refused(400, "ValidationError", "")
	w.IAMCall(root, "CreateSAMLProvider", "Name", "C/rp", "SAMLMetadataDocument", document).Refused(400, "ValidationError", "")
	made := w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", document, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v").OK()
	if made.Get("SAMLProviderArn") != samlARN || made.Get("Tags>member>Key") != "k" {
		t.Errorf("created %s", made.Body)
	}
	w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", document).Refused(409, "EntityAlreadyExists", "SAMLProvider with name Corp already exists.")
	about := func(operation string, params ...string) querytest.Answer {
		return w.IAMCall(root, operation, append([]string{"SAMLProviderArn", samlARN}, params...)...)
	}
	got := about("GetSAMLProvider").OK()
	if got.Get("SAMLMetadataDocument") != document || got.Get("ValidUntil") != "2126-01-02T03:04:05Z" || got.Has("PrivateKeyList") || got.Has("AssertionEncryptionMode") ||
		!regexp.MustCompile(`^[A-Z0-9]{22}$`).MatchString(got.Get("SAMLProviderUUID")) || got.Get("Tags>member>Value") != "v" {
		t.Errorf("got %s", got.Body)
	}
	dated := strings.Replace(document, "entityID=", `validUntil="2030-01-01T00:00:00Z" entityID=`, 1)
	if a := about("UpdateSAMLProvider", "SAMLMetadataDocument", dated).OK(); a.Get("SAMLProviderArn") != samlARN {
		t.Errorf("updated %s", a.Body)
	}
	list := w.IAMCall(root, "ListSAMLProviders").OK()
	if list.Get("Arn") != samlARN || list.Get("ValidUntil") != "2030-01-01T00:00:00Z" || list.Get("CreateDate") != "2026-01-02T03:04:05Z" {
		t.Errorf("list %s", list.Body)
	}
	about("TagSAMLProvider", "Tags.member.1.Key", "K", "Tags.member.1.Value", "w").OK()
	about("UntagSAMLProvider", "TagKeys.member.1", "k").OK()
	if a := about("ListSAMLProviderTags").OK(); strings.Join(a.All("Tags>member>Key"), " ") != "K" {
		t.Errorf("tags %s", a.Body)
	}
	about("DeleteSAMLProvider").OK()
	about("GetSAMLProvider").Refused(404, "NoSuchEntity", "Manifest not found for arn "+samlARN)
	about("UpdateSAMLProvider").Refused(404, "NoSuchEntity", "")
}

// TestSAMLPrivateKeys: a provider has at most two private keys, and one as long as encryption is required.
func TestSAMLPrivateKeys(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	document := metadata(t)
	_, key, err := samltest.PrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", document, "AssertionEncryptionMode", "Required").Refused(400, "InvalidInput", "A private key is needed for the assertion encryption mode Required.")
	w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", document, "AddPrivateKey", "key").Refused(400, "InvalidInput", "")
	w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", document, "AddPrivateKey", key+key).Refused(400, "InvalidInput", "")
	w.IAMCall(root, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", document, "AddPrivateKey", key).OK()
	update := func(params ...string) querytest.Answer {
		return w.IAMCall(root, "UpdateSAMLProvider", append([]string{"SAMLProviderArn", samlARN}, params...)...)
	}
	get := func() querytest.Answer { return w.IAMCall(root, "GetSAMLProvider", "SAMLProviderArn", samlARN).OK() }
	got := get()
	if got.Get("AssertionEncryptionMode") != "Allowed" || got.Get("PrivateKeyList>member>Timestamp") != "2026-01-02T03:04:05Z" || strings.Contains(got.Body, "PRIVATE") {
		t.Errorf("got %s", got.Body)
	}
	id := got.Get("PrivateKeyList>member>KeyId")
	update("AddPrivateKey", key, "AssertionEncryptionMode", "Required").OK()
	update("AddPrivateKey", key).Refused(409, "LimitExceeded", "Cannot exceed quota for PrivateKeysPerSAMLProvider: 2")
	update("AddPrivateKey", key, "RemovePrivateKey", id).OK()
	update("RemovePrivateKey", id).Refused(404, "NoSuchEntity", "")
	left := get().All("PrivateKeyList>member>KeyId")
	update("RemovePrivateKey", left[0]).OK()
	update("RemovePrivateKey", left[1]).Refused(400, "InvalidInput", "A private key is needed for the assertion encryption mode Required.")
	update("AssertionEncryptionMode", "Allowed").OK()
	update("RemovePrivateKey", left[1]).OK()
	if got := get(); got.Has("AssertionEncryptionMode") || got.Has("PrivateKeyList") {
		t.Errorf("got %s", got.Body)
	}
}
