package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// vectors are texts that run as a script, or change the page, where they are taken for anything but text. What runs calls
// pwned; what becomes an element has the attribute data-evil.
var vectors = []string{
	`<script data-evil>pwned(1)</script>`,
	`<img src=x onerror=pwned(1) data-evil>`,
	`"><svg onload=pwned(1) data-evil>`,
	`'><svg/onload=pwned(1) data-evil>`,
	`</title><script data-evil>pwned(1)</script>`,
	`</textarea><script data-evil>pwned(1)</script>`,
	`</code></pre></td><script data-evil>pwned(1)</script>`,
	`--></style></script><script data-evil>pwned(1)</script>`,
	`]]><script data-evil>pwned(1)</script>`,
	`javascript:pwned(1)`,
	` JaVaScRiPt:pwned(1)//`,
	`<a data-evil href=javascript:pwned(1)>click</a>`,
	`" autofocus onfocus=pwned(1) data-evil="`,
	`' autofocus onfocus=pwned(1) data-evil='`,
	`x onmouseover=pwned(1) data-evil `,
	"`-pwned(1)-`",
	`';pwned(1)//`,
	`\";pwned(1)//`,
	`{{.V.CSRF}}{{template "csrf" $}}`,
	`{{constructor.constructor('pwned(1)')()}}`,
	`${pwned(1)}`,
	`<iframe data-evil srcdoc="<script>parent.pwned(1)</script>"></iframe>`,
	`<details open ontoggle=pwned(1) data-evil>`,
	`<math><mtext></form><form><mglyph><style></math><img src onerror=pwned(1) data-evil>`,
	`<div data-evil hx-get="/signin" hx-trigger="load" hx-on::after-request="pwned(1)">`,
	`"}' hx-on:load="pwned(1)" data-evil='`,
	`<meta data-evil http-equiv=refresh content="0;url=https://evil.example">`,
	`<base data-evil href=https://evil.example>`,
	`<link data-evil rel=stylesheet href=https://evil.example/x.css>`,
	`<form data-evil action=https://evil.example><button>Sign in</button></form>`,
	`<object data-evil data=javascript:pwned(1)></object>`,
	`\u003cimg src=x onerror=pwned(1) data-evil\u003e`,
	`&lt;img src=x onerror=pwned(1) data-evil&gt;&#60;script&#62;pwned(1)&#60;/script&#62;`,
	`%3Cimg%20src=x%20onerror=pwned(1)%20data-evil%3E`,
	`+ADw-script+AD4-pwned(1)+ADw-/script+AD4-`,
	`<!--><img src=x onerror=pwned(1) data-evil>-->`,
	`<style data-evil>*{display:none}</style>`,
	`<template data-evil><script>pwned(1)</script></template>`,
	`<button data-evil name=do value=delete form=main>x</button>`,
	`data:text/html,<script data-evil>pwned(1)</script>`,
}

// hostile is a world with vectors wherever somebody can put a text.
type hostile struct {
	*filled
	tried int // payloads
	taken int // those that the API took, or a page
}

// try counts a payload, and whether the API has taken it: what is no such name is refused.
func (h *hostile) try(err error) {
	h.tried++
	if err == nil {
		h.taken++
	}
}

// innocent fails the test if something of the page was made by a vector.
func (p *tab) innocent(t *testing.T, what string) {
	t.Helper()
	wrong, err := ask[[]string](p, `const out = [];
		const html = document.documentElement.tagName === "HTML"; // a picture has a style of its own
		for (const el of document.querySelectorAll("[data-evil], base, meta[http-equiv], script:not([src]), object, embed, template" + (html ? ", style" : ""))) out.push(el.outerHTML.slice(0, 200));
		for (const el of document.querySelectorAll("script[src], link[rel=stylesheet]")) if (!(el.src || el.href).startsWith(location.origin + "/assets/")) out.push(el.outerHTML.slice(0, 200));
		for (const el of document.querySelectorAll("[href], [src], [action], [formaction], [data], [hx-get], [hx-post]")) {
			for (const name of ["href", "src", "action", "formaction", "data"]) {
				const url = el.getAttribute(name);
				if (url && /^\s*(javascript|data:text|https?:\/\/evil)/i.test(url)) out.push(el.outerHTML.slice(0, 200));
			}
		}
		for (const el of document.querySelectorAll("*")) for (const a of el.attributes) if (/^(on|hx-on)/i.test(a.name)) out.push(el.outerHTML.slice(0, 200));
		return out`)
	must(t, err)
	for _, each := range wrong {
		t.Errorf("%s: hostile text became %s", what, each)
	}
	for _, each := range p.complaints() {
		// A field for a time does not take what is none, and says so.
		if !strings.Contains(each, "does not conform to the required format") {
			t.Errorf("%s: the browser complains: %s", what, each)
		}
	}
}

// TestHostileContent puts vectors wherever somebody can put a text, and visits every page that shows it: nothing runs, and
// nothing becomes an element.
func TestHostileContent(t *testing.T) {
	h := &hostile{filled: newFilled(t)}
	p := newBrowser(t).tab(h.world)
	p.signIn(h.world, adminA)
	p.allow(400, 403, 404, 409, 416, 422, 502)
	visit := func(path string) {
		t.Helper()
		p.open(path)
		p.unfold()
		p.innocent(t, path)
	}
	for _, path := range h.fillObjects(t) {
		visit(path)
	}
	for _, path := range slices.Concat(h.fillBucket(t), h.fillNames(t), h.fillRequests(t)) {
		visit(path)
	}
	for _, path := range h.queries() {
		visit(path)
	}
	h.forms(t, p)
	if h.taken < 200 {
		t.Errorf("%d payloads were shown, want 200", h.taken)
	}
	t.Logf("%d payloads were tried; %d of them were taken, and shown", h.tried, h.taken)
}

// fillObjects puts vectors into keys, headers, metadata and content of objects, and returns the pages that show them.
func (h *hostile) fillObjects(t *testing.T) []string {
	t.Helper()
	ctx, client := t.Context(), h.s3(adminA)
	name := aws.String("hostile")
	done[*s3.CreateBucketOutput](t)(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: name}))
	paths := []string{"/buckets/hostile", "/buckets/hostile?show=versions"}
	for i, v := range vectors {
		in := &s3.PutObjectInput{Bucket: name, Key: aws.String(v), Body: strings.NewReader(v), ContentType: aws.String("text/html; x=" + v), CacheControl: &v, ContentDisposition: &v, ContentLanguage: &v, Metadata: map[string]string{"text": v}}
		_, err := client.PutObject(ctx, in)
		for range 7 { // the places
			h.try(err)
		}
		if err != nil {
			t.Fatalf("%q as an object: %v", v, err)
		}
		_, err = client.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: name, Key: &v, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("text"), Value: &v}}}})
		h.try(err)
		object := "/buckets/hostile/object?key=" + url.QueryEscape(v)
		paths = append(paths, object)
		// The other pages of an object show the same; each is looked at with some.
		if i%4 == 0 {
			for _, page := range []string{"permissions", "versions", "copy"} {
				paths = append(paths, "/buckets/hostile/object/"+page+"?key="+url.QueryEscape(v))
			}
		}
	}
	for _, kind := range []string{"text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "application/json", "text/plain", "application/pdf", "video/mp4", "audio/mpeg", "multipart/x-mixed-replace"} {
		for ending, text := range map[string]string{
			".html": strings.Join(vectors, "\n"),
			".svg":  `<svg xmlns="http://www.w3.org/2000/svg" onload="pwned(1)"><script>top.pwned(1)</script><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:parent.pwned(1)"/></foreignObject></svg>`,
		} {
			key := "content/" + strings.NewReplacer("/", "-", "+", "-").Replace(kind) + ending
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: &key, Body: strings.NewReader(text), ContentType: &kind})
			h.try(err)
			paths = append(paths, "/buckets/hostile/object?key="+url.QueryEscape(key))
		}
	}
	return paths
}

// fillBucket puts vectors into the settings of a bucket.
func (h *hostile) fillBucket(t *testing.T) []string {
	t.Helper()
	ctx, client := t.Context(), h.s3(adminA)
	name := aws.String("hostile")
	var rules []types.LifecycleRule
	for _, v := range vectors {
		rules = append(rules, types.LifecycleRule{ID: &v, Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: &v}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(3)}})
	}
	_, err := client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: name, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}})
	must(t, err)
	for range rules {
		h.try(err)
		h.try(err)
	}
	// One rule that is refused has all refused: those that are taken are found one by one.
	var cors []types.CORSRule
	putCORS := func(rules []types.CORSRule) error {
		_, err := client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: name, CORSConfiguration: &types.CORSConfiguration{CORSRules: rules}})
		return err
	}
	for _, v := range vectors {
		rule := types.CORSRule{ID: &v, AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"https://" + strings.ReplaceAll(v, "*", "")}, ExposeHeaders: []string{"x-text"}}
		err := putCORS([]types.CORSRule{rule})
		h.try(err)
		if err == nil {
			cors = append(cors, rule)
		}
	}
	if len(cors) > 0 {
		must(t, putCORS(cors))
	}
	_, err = client.PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: name, WebsiteConfiguration: &types.WebsiteConfiguration{
		IndexDocument: &types.IndexDocument{Suffix: aws.String(`"><img src=x onerror=pwned(1) data-evil>`)}, ErrorDocument: &types.ErrorDocument{Key: aws.String(vectors[0])},
	}})
	h.try(err)
	_, err = client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: name, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("javascript:pwned(1)"), Value: aws.String("javascript:pwned(1)")}}}})
	h.try(err)
	_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: name, Policy: aws.String(hostilePolicy(`"Principal": "*", `, "arn:aws:s3:::hostile/"))})
	must(t, err)
	for range vectors {
		h.try(err)
	}
	var paths []string
	for _, page := range []string{"permissions", "permissions/policy", "permissions/cors", "permissions/acl", "permissions/map", "properties", "properties/website", "properties/tags", "management", "management/document", "delete", "empty", "uploads"} {
		paths = append(paths, "/buckets/hostile/"+page)
	}
	for _, v := range vectors[:8] {
		paths = append(paths, "/buckets/hostile/management/lifecycle?rule="+url.QueryEscape(v))
	}
	for _, v := range vectors[:6] {
		_, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: name, Key: &v})
		h.try(err)
	}
	return paths
}

// hostilePolicy is a policy that has vectors wherever a policy may have any text.
func hostilePolicy(principal, resource string) string {
	var values, resources []string
	for _, v := range vectors {
		quoted := strings.ReplaceAll(fmt.Sprintf("%q", v), `\x`, `\u00`)
		values = append(values, quoted)
		resources = append(resources, strings.Replace(quoted, `"`, `"`+resource, 1))
	}
	return `{"Version": "2012-10-17", "Id": ` + values[0] + `, "Statement": [{"Effect": "Deny", ` + principal + `"Action": "s3:GetObject", "Resource": [` +
		strings.Join(slices.DeleteFunc(resources, func(r string) bool { return strings.Contains(r, "${") }), ",") + `], "Condition": {"StringEquals": {"aws:UserAgent": [` +
		strings.Join(slices.DeleteFunc(values, func(r string) bool { return strings.Contains(r, "${") }), ",") + `]}}}]}`
}

// fillNames puts vectors into names, descriptions and paths of identities and organizations.
func (h *hostile) fillNames(t *testing.T) []string {
	t.Helper()
	ctx, client, orgs := t.Context(), h.iam(adminA), h.organizations(adminA)
	document := hostilePolicy("", "arn:aws:s3:::")
	trust := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + accountB + `"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "<script data-evil>pwned(1)</script>"}}}}`
	var paths []string
	for i, v := range vectors {
		path := "/" + strings.NewReplacer(" ", "_", "/", "_").Replace(v) + "/"
		_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &v})
		h.try(err)
		user := fmt.Sprint("hostile", i)
		_, err = client.CreateUser(ctx, &iam.CreateUserInput{UserName: &user, Path: &path})
		h.try(err)
		_, err = client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &user, Path: &path, Description: &v, AssumeRolePolicyDocument: &trust})
		h.try(err)
		_, err = client.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: &user, Path: &path})
		h.try(err)
		_, err = orgs.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: aws.String(h.names["unit"]), Name: &v})
		h.try(err)
		if i < 8 {
			_, err = client.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &user, Path: &path, Description: &v, PolicyDocument: &document})
			h.try(err)
			_, err = orgs.CreatePolicy(ctx, &organizations.CreatePolicyInput{Name: &v, Description: &v, Type: "SERVICE_CONTROL_POLICY", Content: aws.String(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::<script data-evil>pwned(1)</script>"}}`)})
			h.try(err)
			paths = append(paths, "/users/"+user, "/roles/"+user, "/groups/"+user, "/policies/view?arn="+url.QueryEscape("arn:aws:iam::"+accountA+":policy"+path+user))
		}
		if i < 3 {
			_, err = orgs.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: &v, Email: aws.String(fmt.Sprintf("hostile%d@example.com", i))})
			h.try(err)
		}
	}
	_, err := client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("plainuser"), PolicyName: aws.String("Hostile"), PolicyDocument: &document})
	h.try(err)
	return append(paths, "/", "/users", "/roles", "/groups", "/policies", "/users/plainuser", "/users/plainuser/inline?policy=Hostile", "/organization", "/organization/accounts",
		"/organization/units/"+h.names["unit"], "/organization/policies", "/why/map", "/why/map/picture")
}

// fillRequests makes requests that are told of in decisions and events.
func (h *hostile) fillRequests(t *testing.T) []string {
	t.Helper()
	paths := []string{"/why/requests", "/why/events", "/why/findings"}
	for _, v := range vectors[:16] {
		client := s3.NewFromConfig(h.config(plainA), func(o *s3.Options) {
			o.UsePathStyle = true
			o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
				return s.Build.Add(middleware.BuildMiddlewareFunc("Hostile", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
					in.Request.(*smithyhttp.Request).Header.Set("User-Agent", v)
					return next.HandleBuild(ctx, in)
				}), middleware.After)
			})
		})
		_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("hostile"), Key: &v})
		if id := requestID(err); id != "" {
			h.try(nil)
			h.try(nil)
			paths = append(paths, "/why/requests/"+id)
		}
		client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("hostile")}) // denied, and an event
		h.try(nil)
	}
	return paths
}

// queries are addresses of pages with vectors in their queries.
func (h *hostile) queries() []string {
	var out []string
	at := func(path string, names ...string) {
		for i, v := range vectors {
			q := url.Values{}
			for _, name := range names {
				q.Set(name, v)
			}
			// Each page gets some of them; the form for signing in, which anybody can link to, gets all.
			if path == "/switchrole" || i%5 == len(out)%5 {
				out = append(out, path+"?"+q.Encode())
				h.tried++
				h.taken++
			}
		}
	}
	at("/switchrole", "account", "roleName", "displayName", "color")
	at("/buckets", "prefix")
	at("/buckets/hostile", "prefix")
	at("/buckets/hostile/object", "key")
	at("/buckets/hostile/permissions/policy", "account", "user", "organization", "trail", "source", "key", "range", "vpc")
	at("/users", "prefix", "search", "tab")
	at("/policies", "search", "scope")
	at("/why/requests", "principal", "action", "bucket", "to", "after", "before", "q")
	at("/why/events", "name", "user", "value", "to", "from")
	at("/why/ask", "principal", "action", "resource")
	at("/why/map", "bucket", "action", "from", "principal")
	at("/organization/policies", "type")
	at("/nothing", "x")
	return out
}

// forms sends forms whose fields are shown again.
func (h *hostile) forms(t *testing.T, p *tab) {
	t.Helper()
	for _, v := range vectors {
		p.open("/switchrole")
		p.fill("Account ID", v)
		p.fill("Role name", v)
		p.fill("Display name", v[:min(len(v), 64)])
		p.click("do:switch")
		p.expect("An account is its ID, 12 digits.")
		p.innocent(t, "the form for switching roles with "+v)
		h.tried += 3
		h.taken += 3
	}
	p.menu("Sign out")
	for i, v := range vectors {
		p.open("/signin?account=" + url.QueryEscape(v) + "&user=" + url.QueryEscape(v) + "&next=" + url.QueryEscape(v))
		p.innocent(t, "the form for signing in with "+v)
		h.tried += 3
		h.taken += 3
		if i%5 == 0 {
			p.fill("Account", v)
			p.fill("User name", v)
			p.fill("Password", v)
			p.click("do:user")
			p.innocent(t, "the form for signing in, again, with "+v)
		}
	}
}

// TestHeaders holds that every page has the headers that keep it from being framed, sniffed, stored and run into.
func TestHeaders(t *testing.T) {
	f := newFilled(t)
	v := newVisitor(t, f.world)
	v.signIn(f.world, adminA, "/")
	for _, path := range append(slices.Concat(paths(t), strangers), "/nothing", "/assets/nothing", "/assets/app.css") {
		answer := v.get(f.path(t, path))
		h := answer.header
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the content security policy %q has not %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: the content security policy is %q", path, policy)
		}
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if !strings.HasPrefix(path, "/assets/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", path, h.Get("Cache-Control"))
		}
		if got := h.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: other origins %s may read it", path, got)
		}
	}
	for _, path := range pictures {
		answer := v.get(path)
		if policy := answer.header.Get("Content-Security-Policy"); answer.status != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: %d, with the content security policy %q", path, answer.status, policy)
		}
	}
}
