package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
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

// derivedRequests are requests that a document's own words suggest: for each statement its actions and
// resources with something in place of the wildcards, under contexts in which each key of its
// conditions has the values that the policy names, all at once or one of them.
func derivedRequests(d *Document) []*Request {
	filled := func(list []string, otherwise string) []string {
		out := []string{otherwise}
		for _, v := range list[:min(len(list), 3)] {
			out = append(out, strings.NewReplacer("*", "ab", "?", "x").Replace(v))
		}
		return out
	}
	var out []*Request
	for i := range d.Statements[:min(len(d.Statements), 4)] {
		s := &d.Statements[i]
		multi, single := &Context{}, &Context{}
		for _, c := range s.Conditions {
			values := filled(c.Values, "")[1:]
			multi.SetMulti(c.Key, values)
			if len(values) > 0 {
				single.Set(c.Key, values[0])
			}
		}
		for _, action := range filled(s.Actions, "s3:GetObject") {
			for _, resource := range filled(s.Resources, "*") {
				for _, as := range []string{"ann", "session", "anonymous"} {
					for _, c := range []*Context{single, multi} {
						out = append(out, &Request{Action: action, Resource: resource, Principal: callers[as], Context: c})
					}
				}
			}
		}
	}
	return out
}

// seeds returns the JSON values of the rules: documents, statements and conditions.
func seeds(f *testing.F) (out []string) {
	files, err := filepath.Glob("testdata/rules/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	value := regexp.MustCompile(`(?m)^\{.*\}`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, value.FindAllString(string(text), -1)...)
	}
	return out
}

// FuzzParse checks that parsing never panics, and that the canonical text of what parses is accepted
// as the same type, has the same meaning and is its own canonical text. Numbers beyond those of the types
// stand for them again, as policies of AWS's own.
func FuzzParse(f *testing.F) {
	types := byte(len(typeNames))
	for i, seed := range seeds(f) {
		typ := byte(i) % types
		if strings.HasPrefix(seed, `{"Version`) || strings.HasPrefix(seed, `{"Statement`) || strings.HasPrefix(seed, `{"Id`) {
			f.Add(typ, []byte(seed))
			continue
		}
		if !strings.Contains(seed, `"Effect"`) { // a condition
			seed = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":` + seed + `}`
		}
		for _, t := range []byte{typ, byte(Bucket), byte(Trust), byte(RCP), types + byte(RCP)} { // the last as AWS's own
			f.Add(t, []byte(`{"Version":"2012-10-17","Statement":`+seed+`}`))
		}
	}
	requests := sampleRequests()
	f.Fuzz(func(t *testing.T, typ byte, text []byte) {
		opts := []Option{}
		if typ >= types {
			opts = append(opts, Managed())
		}
		d, err := Parse(Type(typ%types), text, opts...)
		if err != nil {
			return
		}
		canonical := d.Text()
		again, err := Parse(d.Type, []byte(canonical), append(opts, Stored())...)
		if err != nil {
			t.Fatalf("canonical text is refused: %v\n%s", err, canonical)
		}
		if got := again.Text(); got != canonical {
			t.Fatalf("canonical text changes:\n%s\n%s", canonical, got)
		}
		checkSameMeaning(t, d, again, append(derivedRequests(d), requests...))
		mapped, err := d.MapPrincipals(func(_ PrincipalKind, value string) (string, error) { return value, nil })
		if err != nil {
			t.Fatalf("principals are refused: %v", err)
		}
		checkSameMeaning(t, d, mapped, requests[:6])
	})
}

// checkSameMeaning checks that two documents answer the same.
func checkSameMeaning(t *testing.T, d, e *Document, requests []*Request) {
	t.Helper()
	if d.IsPublic() != e.IsPublic() {
		t.Error("one of the documents is public")
	}
	if !slices.Equal(d.Keys(), e.Keys()) {
		t.Errorf("keys %q and %q", d.Keys(), e.Keys())
	}
	for _, r := range requests {
		if got, want := evaluate(e, r), evaluate(d, r); got != want {
			t.Errorf("%s on %s: %v and %v", r.Action, r.Resource, want, got)
		}
	}
}

// FuzzJSON checks that the reader of JSON accepts nothing that encoding/json refuses, and reads what
// both accept alike.
func FuzzJSON(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add([]byte(seed))
	}
	f.Add([]byte(`{"a":[1.5e-3,true,null,"\ud83d\ude00\n"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := parseJSON(text)
		if err != nil {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q is not JSON: %v", text, err)
		}
		if got := plain(&v); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %v, not %v", text, got, want)
		}
	})
}

// plain returns v as encoding/json decodes it, numbers as written.
func plain(v *jsonValue) any {
	switch v.kind {
	case jsonBool:
		return v.text == "true"
	case jsonNumber:
		return json.Number(v.text)
	case jsonString:
		return v.text
	case jsonArray:
		out := []any{}
		for i := range v.items {
			out = append(out, plain(&v.items[i]))
		}
		return out
	case jsonObject:
		out := map[string]any{}
		for i := range v.members {
			out[v.members[i].name] = plain(&v.members[i].value)
		}
		return out
	default:
		return nil
	}
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
