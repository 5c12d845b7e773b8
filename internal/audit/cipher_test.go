package audit

import "testing"

func TestCipherNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "TLS_AES_128_GCM_SHA256": "TLS_AES_128_GCM_SHA256", "0x1234": "0x1234",
		"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384":       "ECDHE-ECDSA-AES256-GCM-SHA384",
		"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256":   "ECDHE-RSA-CHACHA20-POLY1305",
		"TLS_RSA_WITH_AES_128_GCM_SHA256":               "AES128-GCM-SHA256",
		"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256":         "ECDHE-RSA-AES128-SHA256",
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
	} {
		if got := OpenSSLName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
