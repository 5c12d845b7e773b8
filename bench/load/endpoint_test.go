package load

import "testing"

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	e, err := ParseEndpoint("name=http://s3.example.com,KEY,SECRET,pid=7,data=/a/b,bare", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	id := e.Identity
	if e.Name != "name" || e.Address != "s3.example.com:80" || id.Host != "s3.example.com" || id.AccessKeyID != "KEY" ||
		id.SecretAccessKey != "SECRET" || id.Region != "eu-west-1" || e.PID != 7 || e.Data != "/a/b" || !e.Bare {
		t.Errorf("parsed as %+v", e)
	}
	if e, err = ParseEndpoint("n=http://127.0.0.1:1", ""); err != nil || e.Identity.AccessKeyID != "" || e.PID != 0 {
		t.Errorf("without a key: %+v, %v", e, err)
	}
	if e, err = ParseEndpoint("n=https://h,K,S", ""); err != nil || e.TLS == nil || e.TLS.ServerName != "h" || e.Address != "h:443" {
		t.Errorf("with TLS: %+v, %v", e, err)
	}
	for _, text := range []string{"", "http://h,K,S", "=http://h", "n=ftp://h,K,S", "n=http://h/path,K,S", "n=http://,K,S", "n=http://h,K", "n=http://h,K,S,pid=x", "n=http://h,K,S,more=1"} {
		if e, err := ParseEndpoint(text, ""); err == nil {
			t.Errorf("%q is taken: %+v", text, e)
		}
	}
}
