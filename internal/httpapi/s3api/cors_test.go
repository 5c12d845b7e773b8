package s3api

import (
	"testing"

	"google.golang.org/protobuf/proto"
)

// FuzzDecodeCORS holds that rules that are stored come back as they were put.
func FuzzDecodeCORS(f *testing.F) {
	f.Add([]byte(`<CORSConfiguration><CORSRule><ID>a</ID><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>0</MaxAgeSeconds></CORSRule></CORSConfiguration>`))
	f.Add([]byte(`<CORSConfiguration><CORSRule><AllowedOrigin>http://*.a</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rules, err := decodeCORS(body)
		if err != nil {
			return
		}
		again, err := decodeCORS(renderCORS(rules).Bytes())
		if err != nil || !proto.Equal(rules, again) {
			t.Errorf("%v comes back as %v, %v", rules, again, err)
		}
	})
}
