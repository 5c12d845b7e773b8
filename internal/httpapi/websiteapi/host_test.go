package websiteapi

import "testing"

func TestParse(t *testing.T) {
	t.Parallel()
	s := New(Deps{Domains: []string{"s3.example.com"}, Websites: []string{"example.com", "pages.s3.example.com"}})
	for host, want := range map[string]*site{
		"walnut.s3-website.localhost":               {"walnut", "", "localhost"},
		"WALNUT.s3-website.localhost.:9000":         {"walnut", "", "localhost"},
		"my.walnut.s3-website.localhost":            {"my.walnut", "", "localhost"},
		"walnut.s3-website-eu-west-1.localhost":     {"walnut", "eu-west-1", "localhost"},
		"walnut.s3-website.eu-west-1.localhost:80":  {"walnut", "eu-west-1", "localhost"},
		"s3-website.localhost":                      {"", "", "localhost"},
		"s3-website-eu-west-1.localhost":            {"", "eu-west-1", "localhost"},
		"s3-website.eu-west-1.localhost":            {"", "eu-west-1", "localhost"},
		"s3-website.s3-website.localhost":           {"s3-website", "", "localhost"},
		"walnut.s3-website.s3.example.com":          {"walnut", "", "s3.example.com"},
		"walnut.example.com":                        {"walnut", "", "example.com"},
		"my.walnut.example.com:443":                 {"my.walnut", "", "example.com"},
		"walnut.s3-website.example.com":             {"walnut.s3-website", "", "example.com"},
		"example.com":                               {"", "", "example.com"},
		"walnut.pages.s3.example.com":               {"walnut", "", "pages.s3.example.com"},
		"s3.example.com":                            nil,
		"walnut.s3.example.com":                     nil,
		"localhost":                                 nil,
		"localhost:9000":                            nil,
		"walnut.localhost":                          nil,
		"walnut.s3-websites.localhost":              nil,
		"walnuts3-website.localhost":                nil,
		"s3-website.a.b.localhost":                  nil,
		"walnut.s3-website.localhost.org":           nil,
		"walnut.s3-website.us-east-1.amazonaws.com": nil,
		"127.0.0.1:9000":                            nil,
		"[::1]:9000":                                nil,
		"":                                          nil,
		"xexample.com":                              nil,
		".example.com":                              {"", "", "example.com"},
		".s3-website.localhost":                     {"", "", "localhost"},
	} {
		got, ok := s.parse(host)
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("%s: got %+v, %v, want %+v", host, got, ok, want)
		}
	}
}

// FuzzParse holds that every host is a website's or not, and that a bucket is named by the host's beginning.
func FuzzParse(f *testing.F) {
	f.Add("walnut.s3-website.eu-west-1.localhost:80")
	f.Add("example.com")
	s := New(Deps{Domains: []string{"s3.example.com"}, Websites: []string{"example.com"}})
	f.Fuzz(func(t *testing.T, host string) {
		at, ok := s.parse(host)
		if ok != s.Claims(host) || !ok && at != (site{}) || ok && at.domain == "" {
			t.Errorf("%q: %+v, %v", host, at, ok)
		}
	})
}
