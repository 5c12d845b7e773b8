package website

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/wire/restxml"
)

// TestWebsites runs the files of testdata. `go test ./internal/website -rewrite` writes the answers anew.
//
//	site           the input, inside of WebsiteConfiguration, is the configuration from then on; the answer is
//	               what Check has against it
//	ask            each line of the input is a request: its path and, if it fails, with which status; the answer
//	               is where it is sent, or which object it means
func TestWebsites(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var config *Config
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "site":
				config = new(Config)
				body := "<WebsiteConfiguration>" + d.Input + "</WebsiteConfiguration>"
				if err := restxml.Decode([]byte(body), "WebsiteConfiguration", config); err != nil {
					return "schema\n"
				}
				return fmt.Sprintln(verdict(Check(config)))
			case "ask":
				var b strings.Builder
				for line := range strings.Lines(d.Input) {
					fmt.Fprintf(&b, "%s: %s\n", strings.TrimSpace(line), answer(config, strings.Fields(line)))
				}
				return b.String()
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrSchema):
		return "schema"
	default:
		return err.Error()
	}
}

// answer tells what a configuration says of a request.
func answer(c *Config, words []string) string {
	path, query, _ := strings.Cut(words[0], "?")
	q := &Request{Protocol: "http", Host: "site:80", Key: strings.TrimPrefix(path, "/"), Query: query}
	show := func(to Target) string { return fmt.Sprintf("%d %s", to.Status, to.Location) }
	if to, ok := c.Before(q); ok {
		return show(to)
	}
	if len(words) > 1 {
		var status int
		fmt.Sscan(words[1], &status)
		if to, ok := c.After(q, status); ok {
			return show(to)
		}
		return "error"
	}
	text := c.Document(q.Key)
	if index, to, ok := c.Folder(q.Key); ok {
		text += ", or if there is " + index + " " + show(to)
	}
	return text
}

// TestLimits holds that there may be 50 routing rules.
func TestLimits(t *testing.T) {
	t.Parallel()
	host := "example.com"
	c := &Config{Index: &IndexDocument{"index.html"}, Rules: &RoutingRules{make([]Rule, 51)}}
	for i := range c.Rules.Rules {
		c.Rules.Rules[i].Redirect = &Redirect{Host: &host}
	}
	const want = "InvalidRequest (400): 51 routing rules provided, the number of routing rules in a website configuration is limited to 50."
	if got := verdict(Check(c)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c.Rules.Rules = c.Rules.Rules[:50]
	if err := Check(c); err != nil {
		t.Errorf("50 rules: %v", err)
	}
}

// FuzzTarget holds that a location stays on one line and on the host that it is for.
func FuzzTarget(f *testing.F) {
	f.Add("docs/", "documents/", "docs/a b", "a=b")
	f.Add("", "#!/", "/evil.example/x", "")
	f.Fuzz(func(t *testing.T, prefix, replacement, key, query string) {
		code := "404"
		c := &Config{Index: &IndexDocument{"index.html"}, Rules: &RoutingRules{[]Rule{{
			Condition: &Condition{Prefix: &prefix, Code: &code}, Redirect: &Redirect{ReplacePrefix: &replacement},
		}}}}
		q := &Request{Protocol: "http", Host: "site", Key: key, Query: query}
		to, ok := c.After(q, 404)
		if ok != strings.HasPrefix(key, prefix) {
			t.Errorf("%q with prefix %q: %v", key, prefix, ok)
		}
		if ok && (!strings.HasPrefix(to.Location, "http://site/") || strings.ContainsAny(to.Location, "\r\n \x00")) {
			t.Errorf("%q is sent to %q", key, to.Location)
		}
		if _, to, ok := c.Folder(key); ok && strings.HasPrefix(to.Location, "//") {
			t.Errorf("%q is sent to %q", key, to.Location)
		}
	})
}
