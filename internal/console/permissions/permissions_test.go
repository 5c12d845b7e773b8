package permissions

import (
	"html"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/console/bucket/buckettest"
	"crossgrant/internal/console/consoletest"
)

const (
	root  = "/buckets/" + buckettest.Name + "/permissions"
	other = buckettest.Other
)

const grant = `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>` + other + `</ID><DisplayName>child</DisplayName></Grantee><Permission>WRITE</Permission></Grant>`

// full gives the bucket every setting.
func full(v *buckettest.Visitor) {
	v.API.Set("acl", strings.Replace(v.API.Get("acl"), "</AccessControlList>", grant+"</AccessControlList>", 1))
	v.API.Set("policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::380701114427:user/testuser"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}}`)
	v.API.Set("policyStatus", `<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>`)
	v.API.Set("publicAccessBlock", `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`)
	v.API.Set("ownershipControls", `<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>`)
	v.API.Set("cors", `<CORSConfiguration><CORSRule><ID>site</ID><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://www.example.com</AllowedOrigin><MaxAgeSeconds>1</MaxAgeSeconds></CORSRule></CORSConfiguration>`)
	v.API.Crossgrant["ListAccess"] = `{"Question":{"Bucket":"logs"},"Accounts":[{"AccountId":"380701114427","Name":"child"}],
		"Principals":[{"Id":"arn:aws:iam::380701114427:user/<testuser>","Kind":"user","AccountId":"380701114427","Name":"<testuser>"}],
		"Targets":[{"Arn":"arn:aws:s3:::logs","Kind":"bucket","AccountId":"111122223333","Name":"logs"}],
		"Paths":[{"Principal":"arn:aws:iam::380701114427:user/<testuser>","Target":"arn:aws:s3:::logs","Actions":["s3:GetObject"],"Resources":[],"Parts":[],"OneSided":true,"Proven":true,"Text":"read objects"}]}`
	v.API.Crossgrant["PreviewAccess"] = `{"Gains":[{"Principal":"anonymous","Target":"arn:aws:s3:::logs","Actions":["s3:GetObject"],"Text":"read everything"}],"Loses":[],"Kept":2,
		"Principals":[{"Id":"anonymous","Kind":"anonymous"}],"Accounts":[],"Warnings":["It would be public."]}`
}

// TestPages holds that each page is made for a bucket without settings, with all of them, and when everything is denied.
func TestPages(t *testing.T) {
	t.Parallel()
	pages := []string{"", "/reach", "/policy", "/acl", "/ownership", "/public-access-block", "/cors"}
	v := buckettest.New(t, Section())
	for _, page := range pages {
		v.Has(root + page)
		if w := v.Send("GET", strings.Replace(root, "/logs/", "/other/", 1)+page, nil); w.Code != 404 && page != "/reach" {
			t.Errorf("%s of no bucket: %d", page, w.Code)
		}
	}
	v.Has(root, "Objects can be public", "lets in anybody outside the account", "Your account, store, owns this bucket", "Write a policy")
	full(v)
	for _, page := range append(pages, "/map") {
		v.Has(root + page)
	}
	v.Has(root, "Blocked", "arn:aws:iam::380701114427:user/testuser; child (ACL: WRITE).", "BucketOwnerPreferred", "https://www.example.com")
	v.Has(root+"/reach", "User <testuser>", "account 380701114427 child", "read objects", "if its account allows it too")
	v.API.Denied = true
	for _, page := range pages {
		v.Has(root+page, "denied")
	}
}

// TestACL holds that grants are added and taken away one by one: what the form does not change stays.
func TestACL(t *testing.T) {
	t.Parallel()
	v := buckettest.New(t, Section())
	acl := root + "/acl"
	owner := `{"Grantee":{"Type":"CanonicalUser","ID":"` + buckettest.Canonical + `"},"Permission":"FULL_CONTROL"}`
	end := `],"Owner":{"DisplayName":"store","ID":"` + buckettest.Canonical + `"}}'`
	begin := `aws s3api put-bucket-acl --bucket logs --access-control-policy '{"Grants":[`
	was := func(pairs ...string) []string {
		return append([]string{"grantee-0", "CanonicalUser " + buckettest.Canonical, "had-0", "FULL_CONTROL", "grant-0", "FULL_CONTROL"}, pairs...)
	}
	save := func(pairs ...string) url.Values { return consoletest.Form("save", was(pairs...)...) }
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"part 1 of the walkthrough": {save("new-id", other, "new-grant", "WRITE"), begin + owner + `,{"Grantee":{"Type":"CanonicalUser","ID":"` + other + `"},"Permission":"WRITE"}` + end},
		"a group":                   {save("grantee-1", "Group "+allUsers, "had-1", "", "grant-1", "READ"), begin + owner + `,{"Grantee":{"Type":"Group","URI":"` + allUsers + `"},"Permission":"READ"}` + end},
		"nothing":                   {save(), begin + owner + end},
		"the owner's":               {consoletest.Form("save", "grantee-0", "CanonicalUser "+buckettest.Canonical, "had-0", "FULL_CONTROL"), begin + end},
		"no canonical user ID":      {save("new-id", "380701114427", "new-grant", "WRITE"), "64 characters"},
		"nobody":                    {save("new-grant", "WRITE"), "Type the canonical user ID"},
		"nothing for somebody":      {save("new-id", other), "Choose what"},
		"canned":                    {consoletest.Form("canned", "canned", "public-read"), "aws s3api put-bucket-acl --bucket logs --acl public-read"},
	} {
		if got := v.Commands(acl, c.form); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
	v.Leads(root, acl, "save", was("new-id", other, "new-grant", "WRITE")...)
	// Somebody else has added a grant since the form was shown.
	v.API.Set("acl", strings.Replace(v.API.Get("acl"), "</AccessControlList>", strings.Replace(grant, "WRITE", "READ_ACP", 1)+"</AccessControlList>", 1))
	v.Leads(root, acl, "save", was("grantee-1", "CanonicalUser "+other, "had-1", "WRITE")...)
	if now := v.API.Get("acl"); strings.Contains(now, "<Permission>WRITE</Permission>") || !strings.Contains(now, "READ_ACP") || !strings.Contains(now, "FULL_CONTROL") {
		t.Error(now)
	}
	v.Refused(`value="x"`, acl, "save", was("new-id", "x", "new-grant", "WRITE")...)
}

// TestSettings holds what the other forms do.
func TestSettings(t *testing.T) {
	t.Parallel()
	v := buckettest.New(t, Section())
	for _, c := range []struct {
		path string
		form url.Values
		want string
	}{
		{"/policy", consoletest.Form("save", "policy", "{\r\n}"), "aws s3api put-bucket-policy --bucket logs --policy '{\n}'"},
		{"/policy", consoletest.Form("save", "policy", " "), "There is no policy"},
		{"/policy", consoletest.Form("delete"), "aws s3api delete-bucket-policy --bucket logs"},
		{"/ownership", consoletest.Form("save", "ownership", "BucketOwnerEnforced"), `aws s3api put-bucket-ownership-controls --bucket logs --ownership-controls '{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]}'`},
		{"/ownership", consoletest.Form("delete"), "aws s3api delete-bucket-ownership-controls --bucket logs"},
		{"/public-access-block", consoletest.Form("save", "BlockPublicAcls", "on"), `aws s3api put-public-access-block --bucket logs --public-access-block-configuration '{"BlockPublicAcls":true,"BlockPublicPolicy":false,"IgnorePublicAcls":false,"RestrictPublicBuckets":false}'`},
		{"/public-access-block", consoletest.Form("delete"), "aws s3api delete-public-access-block --bucket logs"},
		{"/cors", consoletest.Form("save", "cors", corsStart), `aws s3api put-bucket-cors --bucket logs --cors-configuration '{"CORSRules":[{"AllowedMethods":["GET","HEAD","PUT","POST"],"AllowedOrigins":["https://www.example.com"],"AllowedHeaders":["*"],"ExposeHeaders":["ETag"],"MaxAgeSeconds":3000}]}'`},
		{"/cors", consoletest.Form("save", "cors", "{\n\"Rules\":[]}"), `Line 2: the document has no member "Rules"`},
		{"/cors", consoletest.Form("save", "cors", "{}"), "There is no rule"},
		{"/cors", consoletest.Form("delete"), "aws s3api delete-bucket-cors --bucket logs"},
	} {
		if got := v.Commands(root+c.path, c.form); !strings.Contains(got, c.want) {
			t.Errorf("%s %v: %s\nwant %s", c.path, c.form, got, c.want)
		}
	}
	v.Leads(root, root+"/policy", "save", "policy", "{}")
	v.Refused("type logs to confirm", root+"/policy", "delete", "confirm", "log")
	v.Leads(root, root+"/policy", "delete", "confirm", "logs")
	v.Refused("Line 1", root+"/cors", "save", "cors", "<textarea>")
	findings := v.Send("POST", root+"/cors", consoletest.Form("check", "cors", "{\n\"<b>\":1}"), "HX-Request", "true").Body.String()
	if !strings.Contains(findings, `data-line="2"`) || strings.Contains(findings, "<b>") {
		t.Error(findings)
	}
}

// TestPreview holds that a change is looked at before it is saved, and nothing is changed by that.
func TestPreview(t *testing.T) {
	t.Parallel()
	v := buckettest.New(t, Section())
	full(v)
	before := v.API.Get("acl") + v.API.Get("policy")
	for path, form := range map[string]url.Values{
		"/policy": consoletest.Form("preview", "policy", ""), "/acl": consoletest.Form("preview", "new-id", other, "new-grant", "READ"),
		"/ownership": consoletest.Form("preview", "ownership", "ObjectWriter"), "/public-access-block": consoletest.Form("preview"),
	} {
		for _, header := range []string{"", "true"} {
			w := v.Send("POST", root+path, form, "HX-Request", header)
			body := w.Body.String()
			if w.Code != 200 || !strings.Contains(body, "read everything") || !strings.Contains(body, "It would be public.") || strings.Contains(body, "<html") != (header == "") {
				t.Errorf("%s: %d %s", path, w.Code, consoletest.Content(body))
			}
		}
	}
	if after := v.API.Get("acl") + v.API.Get("policy"); after != before {
		t.Error("a preview has changed something")
	}
}

var templates = regexp.MustCompile(`data-template="([^"]*)"`)

// TestStarts holds that the policies to begin with are filled in, whatever was typed, and that one is the walkthrough's.
func TestStarts(t *testing.T) {
	t.Parallel()
	v := buckettest.New(t, Section())
	read := func(query string) (out []string) {
		for _, found := range templates.FindAllStringSubmatch(v.Has(root+"/policy"+query), -1) {
			out = append(out, html.UnescapeString(found[1]))
		}
		return out
	}
	document, err := os.ReadFile("../../../examples/walkthrough/resources/bucket-policy-write-another-account-user.json")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(strings.TrimSpace(string(document)), "awsseccookbook", buckettest.Name)
	if all := read("?account=380701114427&user=testuser"); len(all) != len(documents) || !slices.Contains(all, want) {
		t.Errorf("%d policies, none of them is %s", len(all), want)
	}
	for _, each := range read("?account=%22%7D%2C%3Cb%3E&user=%22%5C&organization=%22&range=%22&vpc=%22&key=%22&source=%22&trail=%22") {
		if principals(each, "") == nil && !strings.Contains(each, `"Deny"`) {
			t.Errorf("what was typed breaks %s", each)
		}
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		``: "", `{"Statement":[]}`: "",
		`{"Statement":{"Effect":"Deny","Principal":"*"}}`:                                                                   "",
		`{"Statement":{"Effect":"Allow","Principal":"*","Condition":{"Bool":{}}}}`:                                          "everybody, under conditions",
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"}}}`:                                                          "everybody",
		`{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":"1"}}}`:                                                       "everybody but a few (NotPrincipal)",
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","444455556666","AIDA"]}}]}`:   "account 444455556666|AIDA",
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com","AWS":"arn:aws:sts::444455556666:x"}}]}`: "arn:aws:sts::444455556666:x|s3.amazonaws.com",
	} {
		if got := strings.Join(principals(policy, "111122223333"), "|"); got != want {
			t.Errorf("%s: %s, want %s", policy, got, want)
		}
	}
}
