package policy

import (
	"errors"
	"strings"
	"testing"
)

const minimal = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

// Sources of the limits:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
func TestLimits(t *testing.T) {
	pad := func(text string, n int) []byte { return []byte(text + strings.Repeat(" ", n-len(text))) }
	long := func(text string, n int) []byte {
		return []byte(strings.Replace(text, "{", `{"Id":"`+strings.Repeat(" ", n-len(text)-len(`"Id":"",`))+`",`, 1))
	}
	bucket := `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`
	for _, c := range []struct {
		name string
		typ  Type
		text []byte
		opts []Option
		want string
	}{
		{"identity at the limit", Identity, pad(minimal, MaxText), nil, ""},
		{"identity above", Identity, pad(minimal, MaxText+1), nil, "Syntax errors in policy."},
		{"bucket at the limit", Bucket, long(bucket, MaxBucketSize), nil, ""},
		{"white space around a bucket policy at the limit", Bucket, pad(string(long(bucket, MaxBucketSize)), MaxBucketSize+100), nil, ""},
		{"bucket above", Bucket, long(bucket, MaxBucketSize+1), nil, "Normalized policy document exceeds the maximum allowed size of 20480 bytes"}, // question 11 of section 11 of the S3 reference
		{"stored bucket above", Bucket, long(bucket, MaxBucketSize+1), []Option{Stored()}, ""},
		{"space before a bucket policy", Bucket, []byte(" " + bucket), nil, "Policies must be valid JSON and the first byte must be '{'"},
		{"empty bucket policy", Bucket, nil, nil, "Policies must be valid JSON and the first byte must be '{'"},
		{"space before an identity policy", Identity, []byte("\r\n\t " + minimal), nil, ""},
		{"empty identity policy", Identity, nil, nil, "Syntax errors in policy."},
		{"character outside IAM's set", Identity, []byte(strings.Replace(minimal, "*", "中", 1)), nil, "Syntax errors in policy."},
		{"control character", Identity, []byte("\x0b" + minimal), nil, "Syntax errors in policy."},
		{"not UTF-8", Bucket, []byte("{\"Id\":\"\xff\"}"), nil, "This policy contains invalid Json"},
		{"deep", Identity, []byte(strings.Repeat("[", 100000)), nil, "Syntax errors in policy."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.typ, c.text, c.opts...)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestParseErrorIsTyped(t *testing.T) {
	_, err := Parse(Identity, []byte("{\n\"Version\" 1}"))
	var e *Error
	if !errors.As(err, &e) || e.Line != 2 || e.Column != 11 {
		t.Errorf("got %#v", err)
	}
}

// Columns count characters, not bytes.
func TestStatementPositions(t *testing.T) {
	text := "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"a\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},\n" +
		" \"é\" "
	text = strings.Replace(text, " \"é\" ", "  {\"Effect\":\"Allow\",\"Action\":\"s3:é\",\"Resource\":\"*\"}\n]}", 1)
	d, err := Parse(Identity, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]Position{{{1, 38}, {1, 93}}, {{2, 3}, {2, 51}}}
	for i, s := range d.Statements {
		if got := [2]Position{s.Start, s.End}; got != want[i] {
			t.Errorf("statement %d: got %v, want %v", i, got, want[i])
		}
	}
}

func TestParseBucketLeavesOptionsAlone(t *testing.T) {
	opts := make([]Option, 1, 2)
	opts[0] = Stored()
	text := []byte(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`)
	if _, err := ParseBucket(text, "b", opts...); err != nil {
		t.Error(err)
	}
	if _, err := ParseBucket(text, "c", opts...); err == nil {
		t.Error("another bucket's policy is accepted")
	}
	if opts[:2][1] != nil {
		t.Error("the caller's slice was written to")
	}
}

func TestRCPServices(t *testing.T) {
	text := []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}}`)
	if _, err := Parse(RCP, text); err == nil {
		t.Error("kms is accepted by default")
	}
	if _, err := Parse(RCP, text, RCPServices("s3", "kms")); err != nil {
		t.Error(err)
	}
}

// A document that was not parsed matches nothing, whatever its fields say.
func TestHandMadeDocumentMatchesNothing(t *testing.T) {
	d := &Document{Statements: []Statement{{Effect: Allow, Actions: []string{"*"}, Resources: []string{"*"}}}}
	if got := evaluate(d, &Request{Action: "s3:GetObject", Resource: "*"}); got != (Match{}) {
		t.Errorf("got %v", got)
	}
	if got := evaluate(new(Document), &Request{}); got != (Match{}) {
		t.Errorf("got %v", got)
	}
}

func TestMapPrincipalsKeepsTheOriginal(t *testing.T) {
	d, err := Parse(Trust, []byte(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}`))
	if err != nil {
		t.Fatal(err)
	}
	before := d.Text()
	mapped, err := d.MapPrincipals(func(PrincipalKind, string) (string, error) { return "AIDAANNAAAAAAAAAAAAAA", nil })
	if err != nil {
		t.Fatal(err)
	}
	if d.Text() != before || mapped.Text() == before {
		t.Errorf("got %s and %s", d.Text(), mapped.Text())
	}
	ann := &Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/r", Principal: callers["ann"]}
	if got := evaluate(mapped, ann); got.Grant != Direct {
		t.Errorf("mapped: got %v", got)
	}
	if got := evaluate(d, ann); got.Grant != Account {
		t.Errorf("original: got %v", got)
	}
}

// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
// https://github.com/MIT-LCP/physionet-build/issues/2094
func TestSize(t *testing.T) {
	text := " {\"a\" :\t\"é \\\" b\"\r\n} "
	for typ, want := range map[Type]int{
		Identity: 12, Trust: 12, // no white space at all
		Session: 20, SCP: 20, RCP: 20, // every character
		Bucket: 15, // bytes, with the white space in the string
	} {
		if got := typ.Size(text); got != want {
			t.Errorf("type %d: got %d, want %d", typ, got, want)
		}
	}
	for _, text := range []string{"", "\"", "\"\\", "\\", "\"a \\"} {
		if got := Bucket.Size(text); got != len(text) {
			t.Errorf("%q: got %d", text, got)
		}
	}
}

func TestParseJSON(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `""`, `0`, `-0.5e+10`, `true`, `null`, ` [ 1 , {"a":[]} ] `, `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, `{"":1,"a":2}`,
	} {
		if _, err := parseJSON([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		``, ` `, `{`, `[`, `"`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `[1,]`, `[1 2]`, `01`, `1.`, `.5`, `+1`, `1e`, `-`, `tru`, `nul`,
		`"\x"`, `"\u12"`, `"\u12g4"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00"`, "\"\n\"", "\"\x00\"", `{"a":1,"a":2}`,
		`{"a":1,"\u0061":2}`, `{} {}`, `[]]`, "\ufeff{}", `'a'`, `NaN`, "\"\xff\"", strings.Repeat("[", 40) + strings.Repeat("]", 40),
	} {
		if _, err := parseJSON([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	v, err := parseJSON([]byte(`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é"`))
	if want := "\"\\/\b\f\n\r\té😀é"; err != nil || v.text != want {
		t.Errorf("got %q, %v", v.text, err)
	}
}
