package s3api_test

import (
	"strings"
	"testing"
)

// documents are the targets that take a document, with one that each of them takes.
var documents = []struct{ method, target, root, document string }{
	{"PUT", "/fresh", "CreateBucketConfiguration", "<CreateBucketConfiguration/>"},
	{"PUT", "/walnut?acl", "AccessControlPolicy", "<AccessControlPolicy><Owner><ID>" + annCanonical + "</ID></Owner><AccessControlList/></AccessControlPolicy>"},
	{"PUT", "/walnut?accelerate", "AccelerateConfiguration", "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>"},
	{"PUT", "/walnut?cors", "CORSConfiguration", sharing},
	{"PUT", "/walnut?encryption", "ServerSideEncryptionConfiguration", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"},
	{"PUT", "/walnut?lifecycle", "LifecycleConfiguration", "<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>"},
	{"PUT", "/walnut?ownershipControls", "OwnershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"},
	{"PUT", "/walnut?publicAccessBlock", "PublicAccessBlockConfiguration", strings.TrimSpace(block)},
	{"PUT", "/walnut?requestPayment", "RequestPaymentConfiguration", "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"},
	{"PUT", "/walnut?tagging", "Tagging", tagSet},
	{"PUT", "/walnut?versioning", "VersioningConfiguration", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"},
	{"PUT", "/walnut?website", "WebsiteConfiguration", "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>"},
	{"PUT", "/locked?object-lock", "ObjectLockConfiguration", "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"},
	{"POST", "/walnut?delete", "Delete", "<Delete><Object><Key>old</Key></Object></Delete>"},
	{"PUT", "/walnut/old?acl", "AccessControlPolicy", "<AccessControlPolicy><Owner><ID>" + annCanonical + "</ID></Owner><AccessControlList/></AccessControlPolicy>"},
	{"PUT", "/walnut/old?tagging", "Tagging", tagSet},
	{"PUT", "/locked/old?retention", "Retention", "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>"},
	{"PUT", "/locked/old?legal-hold", "LegalHold", "<LegalHold><Status>ON</Status></LegalHold>"},
	{"POST", "/walnut/old?restore", "RestoreRequest", "<RestoreRequest><Days>1</Days></RestoreRequest>"},
	{"POST", "/walnut/large?uploadId=[upload1]", "CompleteMultipartUpload", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"},
}

// spoiled returns what can be wrong with a document.
func spoiled(root, document string) map[string]string {
	open, end := "<"+root, "</"+root+">"
	return map[string]string{
		"nothing":                  "",
		"space":                    " \n",
		"no XML":                   "walnut",
		"JSON":                     `{"` + root + `": {}}`,
		"another root":             "<Walnut/>",
		"another namespace":        strings.Replace(document, open, open+` xmlns="http://example.com/"`, 1),
		"unknown element":          open + "><Walnut/>" + end,
		"unknown attribute":        strings.Replace(document, open, open+` a="b"`, 1),
		"text between elements":    open + ">walnut" + end,
		"cut":                      document[:len(document)-1],
		"two roots":                document + document,
		"more after the end":       document + "walnut",
		"entity of its own":        `<!DOCTYPE a [<!ENTITY b "c">]>` + document,
		"entity from elsewhere":    `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>` + document,
		"document type elsewhere":  `<!DOCTYPE a SYSTEM "http://127.0.0.1/">` + document,
		"entity that is not there": open + ">&b;" + end,
		"processing instruction":   "<?walnut?>" + document,
		"NUL":                      "\x00" + document,
		"no UTF-8":                 open + ">\xff" + end,
		"another encoding":         `<?xml version="1.0" encoding="UTF-16"?>` + document,
		"hundred deep":             strings.Repeat(open+">", 100) + strings.Repeat(end, 100),
		"endless tag":              open + strings.Repeat(" ", 200_000) + "/>",
		"endless attribute":        open + ` a="` + strings.Repeat("b", 200_000) + `"/>`,
		"endless text":             strings.Repeat(" ", 200_000) + document,
		"endless comment":          "<!--" + strings.Repeat("b", 200_000) + "-->" + document,
		"many attributes":          open + strings.Repeat(` xmlns:a="b"`, 10_000) + "/>",
	}
}

// TestDocuments wants every document that is not what it should be to be refused, whichever operation it is sent to.
func TestDocuments(t *testing.T) {
	s := newEdgeServer(t)
	for _, d := range documents {
		var edges []edge
		for name, body := range spoiled(d.root, d.document) {
			code := "MalformedXML"
			switch {
			case name == "nothing" && d.root == "CreateBucketConfiguration":
				continue // it may be left out
			case name == "nothing" && d.root == "AccessControlPolicy":
				code = "MissingSecurityHeader" // there is no ACL in a header either
			case d.root == "AccessControlPolicy":
				code = "MalformedACLError"
			}
			want := "400 " + code
			if len(body) > 64<<10 {
				want += " or 400 MaxMessageLengthExceeded"
			}
			edges = append(edges, edge{
				name: d.method + " " + d.target + " " + name, method: d.method, target: d.target, body: body, want: want,
				header: []string{"Content-MD5: " + md5Of(body)},
			})
		}
		edges = append(edges, edge{
			name: d.method + " " + d.target + " huge", method: d.method, target: d.target, body: d.document, claimed: "5000000",
			header: []string{"Content-MD5: " + md5Of(d.document)}, want: "400 MaxMessageLengthExceeded or 400 MalformedXML",
		})
		s.refused(t, edges)
	}
}

// TestPolicyDocuments wants every bucket policy that is none to be refused.
func TestPolicyDocuments(t *testing.T) {
	s := newEdgeServer(t)
	var edges []edge
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "walnut", "XML": "<Policy/>", "null": "null", "list": "[]", "cut": `{"Version":"2012-10-17"`,
		"two": "{}{}", "deep": strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "deep inside": `{"Statement":` + strings.Repeat(`[`, 9_000) + strings.Repeat("]", 9_000) + "}",
		"no UTF-8":     "{\"\xff\":1}",
		"member twice": `{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}`,
		"long":         `{"Version":"2012-10-17","Id":"` + strings.Repeat("a", 20<<10) + `","Statement":[]}`,
		"huge":         strings.Repeat(" ", 200_000) + "{}",
	} {
		edges = append(edges, edge{name: name, target: "/walnut?policy", body: body, want: "400 MalformedPolicy or 400 MaxMessageLengthExceeded"})
	}
	s.refused(t, edges)
}
