package s3api_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestMeanwhile: what a request was allowed to do is judged again if what it was judged by is another
// thing when it is done.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	canonicalB := strings.Repeat("b", 64)
	put := "a PUT /shared/k\nx-amz-grant-write-acp: id=" + canonicalB + "\n\nold"
	const letB = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"s3:*","Resource":"arn:aws:s3:::shared"}}`
	const letBTag = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"s3:DeleteObjectTagging","Resource":"arn:aws:s3:::shared/*",` +
		`"Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"open"}}}}`
	const blockAll = "a PUT /v20180820/configuration/publicAccessBlock\nx-amz-account-id: 111111111111\n\n" +
		"<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>"
	for name, c := range map[string]struct {
		before    []string
		request   string
		meanwhile []string
		want      string // the first line of the answer, and the code in it
		after     string
		see       string // in the answer of after
	}{
		"a bucket that another account has created again is not deleted": {
			[]string{"a PUT /shared"}, "a DELETE /shared", []string{"a DELETE /shared", "b PUT /shared"}, "404 NoSuchBucket",
			"b HEAD /shared", "200",
		},
		"a new object does not get the ACL of whom the old one let set it": {
			[]string{"a PUT /shared", put}, "b PUT /shared/k?acl\nx-amz-grant-full-control: id=" + canonicalB, []string{"a PUT /shared/k\n\nnew"}, "403 AccessDenied",
			"b GET /shared/k", "403",
		},
		"the same for an object that still lets it": {
			[]string{"a PUT /shared", put}, "b PUT /shared/k?acl\nx-amz-grant-full-control: id=" + canonicalB, []string{put}, "200 ",
			"b GET /shared/k", "200",
		},
		"an object's ACL that was taken back": {
			[]string{"a PUT /shared", put}, "b PUT /shared/k?acl\nx-amz-grant-full-control: id=" + canonicalB, []string{"a PUT /shared/k?acl\nx-amz-acl: private"}, "403 AccessDenied",
			"b GET /shared/k", "403",
		},
		"a bucket's ACL that was taken back": {
			[]string{"a PUT /shared\nx-amz-grant-write-acp: id=" + canonicalB}, "b PUT /shared?acl\nx-amz-grant-full-control: id=" + canonicalB,
			[]string{"a PUT /shared?acl\nx-amz-acl: private"}, "403 AccessDenied",
			"b GET /shared", "403",
		},
		"a setting that was allowed by a policy": {
			[]string{"a PUT /shared", "a PUT /shared?policy\n\n" + letB}, "b DELETE /shared?publicAccessBlock", []string{"a DELETE /shared?policy"}, "403 AccessDenied",
			"b GET /shared", "403",
		},
		"a setting that another policy allows": {
			[]string{"a PUT /shared", "a PUT /shared?policy\n\n" + letB}, "b DELETE /shared?publicAccessBlock", []string{"a PUT /shared?policy\n\n" + strings.Replace(letB, "s3:*", "s3:P*", 1)}, "204 ",
			"a GET /shared?policyStatus", "200",
		},
		"tags that are no longer those that let them be changed": {
			[]string{"a PUT /shared", "a PUT /shared/k\nx-amz-tagging: class=open\n\nx", "a PUT /shared?policy\n\n" + letBTag},
			"b DELETE /shared/k?tagging", []string{"a PUT /shared/k?tagging\n\n<Tagging><TagSet><Tag><Key>class</Key><Value>closed</Value></Tag></TagSet></Tagging>"}, "403 AccessDenied",
			"a HEAD /shared/k", "200",
		},
		"a public policy that the account has forbidden": {
			[]string{"a PUT /shared"}, "a PUT /shared?policy\n\n" + strings.Replace(letB, `{"AWS":"222222222222"}`, `"*"`, 1), []string{blockAll}, "403 AccessDenied",
			"a GET /shared?policy", "404",
		},
		"a public ACL that the account has forbidden": {
			[]string{"a PUT /shared"}, "a PUT /shared?acl\nx-amz-acl: public-read", []string{blockAll}, "403 AccessDenied",
			"- GET /shared", "403",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &datadriven.TestData{})
			for name, id := range map[string]string{"a": "111111111111", "b": "222222222222"} {
				w.run(t, &datadriven.TestData{Cmd: "account", CmdArgs: []datadriven.CmdArg{
					{Key: "name", Vals: []string{name}}, {Key: "id", Vals: []string{id}}, {Key: "canonical", Vals: []string{strings.Repeat(name, 64)}},
				}})
			}
			do := func(request string) string { return w.do(t, &datadriven.TestData{Input: request}) }
			for _, request := range c.before {
				if got := do(request); !strings.HasPrefix(got, "20") {
					t.Fatalf("%s: %s", request, got)
				}
			}
			w.engine.meanwhile = func() {
				for _, request := range c.meanwhile {
					if got := do(request); !strings.HasPrefix(got, "20") {
						t.Errorf("%s: %s", request, got)
					}
				}
			}
			status, code, _ := strings.Cut(c.want, " ")
			if got := do(c.request); !strings.HasPrefix(got, status) || !strings.Contains(got, code) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := do(c.after); !strings.HasPrefix(got, c.see) {
				t.Errorf("%s: %s", c.after, got)
			}
		})
	}
}
