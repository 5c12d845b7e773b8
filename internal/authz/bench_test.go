package authz

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/policy"
)

// BenchmarkDecide measures a decision across accounts with 10 policies of 10 statements on the caller's
// side and a bucket policy of 20 statements, of which the last ones match.
func BenchmarkDecide(b *testing.B) {
	identity := func(i int) Source {
		var s []string
		for j := range 9 {
			s = append(s, fmt.Sprintf(`{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"arn:aws:s3:::other-%d-%d/*"}`, i, j))
		}
		s = append(s, `{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*"}`)
		d, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(s, ",")+`]}`))
		if err != nil {
			b.Fatal(err)
		}
		return Source{Name: fmt.Sprint(i), Document: d}
	}
	var layer Layer
	for i := range 10 {
		layer = append(layer, identity(i))
	}
	var s []string
	for j := range 19 {
		s = append(s, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"AIDAOTHEREXAMPLE%04d"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/%d/*"}`, j, j))
	}
	s = append(s, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/*"}`)
	bucket, err := policy.ParseBucket([]byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(s, ",")+`]}`), "bucket", policy.Stored())
	if err != nil {
		b.Fatal(err)
	}
	p := principal("usB")
	in := &Input{
		Request:  policy.Request{Action: "s3:PutObject", Resource: objectARN, Principal: &p, Context: &policy.Context{}},
		Identity: layer, Owner: account("A"), Resource: &Source{Name: "bucket", Document: bucket},
		S3: &S3{OwnerCanonicalID: canonical("A")},
	}
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(in); !d.Allowed() {
			b.Fatal(d.By)
		}
	}
}
