package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// sampleRequests are what FuzzParse evaluates documents on.
func sampleRequests() []*Request {
	full := &Context{}
	for k, v := range map[string]string{
		"aws:username": "ann", "aws:PrincipalArn": "arn:aws:iam::111111111111:user/team/ann", "aws:SourceIp": "203.0.113.1",
		"aws:SecureTransport": "true", "aws:CurrentTime": "2026-01-01T00:00:00Z", "s3:prefix": "home/ann/", "s3:max-keys": "10",
		"s3:x-amz-acl": "bucket-owner-full-control", "aws:PrincipalTag/team": "blue", "a": "b",
	} {
		full.Set(k, v)
	}
	full.SetMulti("aws:TagKeys", []string{"a", "b"})
	var out []*Request
	for _, caller := range callers {
		for _, c := range []*Context{nil, full} {
			for _, ar := range [][2]string{
				{"s3:GetObject", "arn:aws:s3:::b/k"}, {"s3:PutObject", "arn:aws:s3:::awsseccookbook/k"}, {"s3:ListBucket", "arn:aws:s3:::b"},
				{"s3:ListAllMyBuckets", "*"}, {"iam:GetUser", "arn:aws:iam::111111111111:user/ann"},
				{"sts:AssumeRole", "arn:aws:iam::111111111111:role/r"},
			} {
				out = append(out, &Request{Action: ar[0], Resource: ar[1], Principal: caller, Context: c})
			}
		}
	}
	return out
}

// FuzzParse checks that parsing never panics, and that the canonical text of what parses has the
// same meaning and is its own canonical text.
func FuzzParse(f *testing.F) {
	// The documents of the rules are the seeds.
	files, err := filepath.Glob("testdata/rules/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	statement := regexp.MustCompile(`(?m)^\{"Effect".*\}$`)
	document := regexp.MustCompile(`(?m)^\{"(Version|Statement|Id)".*\}$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i, s := range statement.FindAll(text, -1) {
			f.Add(byte(i), []byte(`{"Version":"2012-10-17","Statement":`+string(s)+`}`))
			f.Add(byte(Bucket), []byte(`{"Version":"2012-10-17","Statement":`+string(s)+`}`))
		}
		for i, s := range document.FindAll(text, -1) {
			f.Add(byte(i), s)
		}
	}
	requests := sampleRequests()
	f.Fuzz(func(t *testing.T, typ byte, text []byte) {
		d, err := Parse(Type(typ%6), text)
		if err != nil {
			return
		}
		canonical := d.Text()
		again, err := Parse(d.Type, []byte(canonical), Stored())
		if err != nil {
			t.Fatalf("canonical text is refused: %v\n%s", err, canonical)
		}
		if got := again.Text(); got != canonical {
			t.Fatalf("canonical text changes:\n%s\n%s", canonical, got)
		}
		if again.IsPublic() != d.IsPublic() {
			t.Error("canonical text differs in being public")
		}
		for _, r := range requests {
			if got, want := evaluate(again, r), evaluate(d, r); got != want {
				t.Errorf("%s on %s: %v, canonical text %v", r.Action, r.Resource, want, got)
			}
		}
	})
}

func BenchmarkEvaluate(b *testing.B) {
	d, err := ParseBucket([]byte(`{"Version":"2012-10-17","Statement":[
	  {"Effect":"Allow","Principal":{"AWS":"AIDAANNAAAAAAAAAAAAAA"},"Action":["s3:GetObject","s3:Put*"],"Resource":"arn:aws:s3:::b/home/${aws:username}/*"},
	  {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},
	  {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","10.0.0.0/8"]}}}]}`), "b")
	if err != nil {
		b.Fatal(err)
	}
	c := &Context{}
	c.Set("aws:username", "ann")
	c.Set("aws:SecureTransport", "true")
	c.Set("aws:SourceIp", "203.0.113.9")
	r := &Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/home/ann/photo.jpg", Principal: callers["ann"], Context: c}
	b.ReportAllocs()
	for b.Loop() {
		if m := evaluate(d, r); m.Effect != Allow {
			b.Fatal(m)
		}
	}
}
