package s3api

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/httpapi"
)

// FuzzDecodeWebsite holds that a configuration that is stored comes back as it was put.
func FuzzDecodeWebsite(f *testing.F) {
	f.Add([]byte(`<WebsiteConfiguration><RedirectAllRequestsTo><HostName>a</HostName><Protocol>https</Protocol></RedirectAllRequestsTo></WebsiteConfiguration>`))
	f.Add([]byte(`<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument><ErrorDocument><Key>e</Key></ErrorDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals></KeyPrefixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><ReplaceKeyPrefixWith></ReplaceKeyPrefixWith><HttpRedirectCode>307</HttpRedirectCode></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>`))
	f.Add([]byte(`<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Redirect><HostName>h</HostName><ReplaceKeyWith>k</ReplaceKeyWith></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		stored, err := decodeWebsite(body)
		if err != nil {
			return
		}
		again, err := decodeWebsite(renderWebsite(httpapi.Website(stored)).Bytes())
		if err != nil || !proto.Equal(stored, again) {
			t.Errorf("%v comes back as %v, %v", stored, again, err)
		}
	})
}
