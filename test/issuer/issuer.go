// Package issuer runs an OpenID Connect issuer for tests: an HTTPS server on the loopback interface that
// publishes its keys and signs whatever claims a test wants. It is not an authorization server: nobody
// logs in.
//
// Every path is an issuer of its own, with the same keys, so that tests that run side by side have
// different ones.
//
// Sources: https://openid.net/specs/openid-connect-discovery-1_0.html
// https://www.rfc-editor.org/rfc/rfc7515 and https://www.rfc-editor.org/rfc/rfc7517
package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

const (
	discovery = "/.well-known/openid-configuration"
	keyPath   = "/keys"
	keyID     = "first"
)

// Issuer is a running issuer. Its methods are safe for concurrent use.
type Issuer struct {
	server      *httptest.Server
	key         *rsa.PrivateKey
	certificate []byte // DER
}

// Start starts an issuer.
func Start() (*Issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	i := &Issuer{key: key}
	if i.certificate, err = certificate(key); err != nil {
		return nil, err
	}
	i.server = httptest.NewUnstartedServer(i)
	i.server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{i.certificate}, PrivateKey: key}}}
	i.server.StartTLS()
	return i, nil
}

// certificate makes the server's certificate, which nobody but itself has signed.
func certificate(key *rsa.PrivateKey) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer of the tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
}

// Close ends the server.
func (i *Issuer) Close() { i.server.Close() }

// Host returns the issuer's host and port.
func (i *Issuer) Host() string {
	return "localhost" + i.server.Listener.Addr().String()[strings.LastIndexByte(i.server.Listener.Addr().String(), ':'):]
}

// URL returns the URL of the issuer at a path, which is empty or begins with a slash.
func (i *Issuer) URL(path string) string { return "https://" + i.Host() + path }

// Thumbprint returns the SHA-1 hash of the server's certificate, as IAM has it.
func (i *Issuer) Thumbprint() string {
	sum := sha1.Sum(i.certificate)
	return hex.EncodeToString(sum[:])
}

// ServeHTTP serves the discovery document below every path, and the keys.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	path, found := strings.CutSuffix(r.URL.Path, discovery)
	switch {
	case r.Method != http.MethodGet:
		http.Error(w, "", http.StatusMethodNotAllowed)
	case found:
		json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL(path), "jwks_uri": i.URL(keyPath), "authorization_endpoint": i.URL(path + "/authorize"),
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	case r.URL.Path == keyPath:
		json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
			"n": encode(i.key.N.Bytes()), "e": encode(big.NewInt(int64(i.key.E)).Bytes()),
		}}})
	default:
		http.NotFound(w, r)
	}
}

// Token returns a token of the issuer at a path with these claims. It is valid for an hour from now,
// unless claims say otherwise.
func (i *Issuer) Token(path string, claims map[string]any) (string, error) {
	now := time.Now().Unix()
	all := map[string]any{"iss": i.URL(path), "iat": now, "nbf": now, "exp": now + 3600}
	maps.Copy(all, claims)
	body, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	signed := encode(fmt.Appendf(nil, `{"alg":"RS256","typ":"JWT","kid":%q}`, keyID)) + "." + encode(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + encode(signature), nil
}

func encode(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }
