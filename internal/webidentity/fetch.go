package webidentity

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// The largest documents that are read, in bytes. A key set of the most keys that AWS takes, with a certificate
// for each, is within it.
const (
	maxDiscovery = 128 << 10
	maxKeySet    = 1 << 20
)

// get fetches a document of an issuer. It goes to no other place than the one that is named: a redirection is
// an answer like any other, and not a document.
//
// Addresses are https, to whatever host; or http for an issuer that is http itself, and then on this machine and at
// the issuer's own host and port: what else this machine has is not for whoever registers providers to ask.
func (v *Verifier) get(ctx context.Context, p *Provider, address string, most int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return nil, errNoKey.Because(fmt.Errorf("%q is no address of a document", address))
	}
	transport, err := v.transport(p, u)
	if err != nil {
		return nil, errNoKey.Because(err)
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport: transport, Timeout: v.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errNoKey.Because(err)
	}
	request.Header.Set("Accept", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode >= http.StatusInternalServerError:
		return nil, fmt.Errorf("%s answers %s", u.Host, answer.Status)
	case answer.StatusCode != http.StatusOK:
		return nil, errNoKey.Because(fmt.Errorf("%s answers %s", u.Host, answer.Status))
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, errNoKey.Because(fmt.Errorf("the document of %s is larger than %d bytes", u.Host, most))
	}
	return text, nil
}

// transport returns what connects to an address.
func (v *Verifier) transport(p *Provider, to *url.URL) (*http.Transport, error) {
	issuer, err := url.Parse(p.URL)
	if err != nil {
		return nil, err
	}
	switch {
	case to.Scheme == "https":
		return &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: new(net.Dialer).DialContext, DisableKeepAlives: true,
			MaxResponseHeaderBytes: 64 << 10, TLSClientConfig: v.trust(p, to.Hostname()),
		}, nil
	case to.Scheme == "http" && issuer.Scheme == "http" && to.Host == issuer.Host:
		dialer := &net.Dialer{Control: onlyHere}
		return &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}, nil
	default:
		return nil, fmt.Errorf("the address %s is neither of https nor of the issuer", to)
	}
}

// onlyHere refuses to connect to another machine, whatever the name of the host says.
func onlyHere(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is not this machine", address)
	}
	return nil
}

// trust returns the configuration of TLS that trusts the certificate of a host as AWS does: if a certificate
// authority vouches for it that is trusted; otherwise if one of the certificates that the host shows, its own
// or one that leads to it, has one of the provider's thumbprints. The certificate has to be of the host, and to
// hold now, in either case.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
func (v *Verifier) trust(p *Provider, host string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// VerifyConnection does all that is left out by this.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return v.checkChain(state.PeerCertificates, host, p.Thumbprints)
		},
	}
}

// checkChain judges the certificates that a host shows, its own first.
func (v *Verifier) checkChain(chain []*x509.Certificate, host string, thumbprints []string) error {
	if len(chain) == 0 || host == "" {
		return errThumbprint.Because(errors.New("the host shows no certificate"))
	}
	options := x509.VerifyOptions{DNSName: host, Roots: v.roots, Intermediates: x509.NewCertPool(), CurrentTime: v.now()}
	vouched := x509.NewCertPool()
	for _, c := range chain {
		options.Intermediates.AddCert(c)
		sum := sha1.Sum(c.Raw)
		thumbprint := hex.EncodeToString(sum[:])
		if slices.ContainsFunc(thumbprints, func(t string) bool { return strings.EqualFold(t, thumbprint) }) {
			vouched.AddCert(c)
		}
	}
	_, err := chain[0].Verify(options)
	if err == nil {
		return nil
	}
	options.Roots = vouched
	if _, byThumbprint := chain[0].Verify(options); byThumbprint != nil {
		return errThumbprint.Because(errors.Join(err, byThumbprint))
	}
	return nil
}
