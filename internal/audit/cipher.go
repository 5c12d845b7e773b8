package audit

import (
	"crypto/tls"
	"strings"
)

// OpenSSLName returns the name of a cipher suite that OpenSSL gives it, as S3 writes it, for the name of the IANA
// registry. Those of TLS 1.3 have one name.
func OpenSSLName(name string) string {
	if known, ok := openSSLNames[name]; ok {
		return known
	}
	return openSSLName(name)
}

// openSSLNames are those of the suites that there are, made once, as the name is asked for with every request.
var openSSLNames = func() map[string]string {
	names := map[string]string{}
	for _, suites := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, s := range suites {
			names[s.Name] = openSSLName(s.Name)
		}
	}
	return names
}()

func openSSLName(name string) string {
	exchange, cipher, ok := strings.Cut(strings.TrimPrefix(name, "TLS_"), "_WITH_")
	if !ok {
		return name
	}
	cipher = strings.NewReplacer("AES_128", "AES128", "AES_256", "AES256", "_CBC", "", "POLY1305_SHA256", "POLY1305").Replace(cipher)
	return strings.ReplaceAll(strings.TrimPrefix(exchange+"_"+cipher, "RSA_"), "_", "-")
}
