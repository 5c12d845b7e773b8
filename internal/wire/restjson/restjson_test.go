package restjson

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/wire/json11"
)

func TestPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, path, want string }{
		{"/analyzer", "/analyzer", "map[]"},
		{"/analyzer", "/analyzer/", ""},
		{"/analyzer", "/analyzers", ""},
		{"/analyzer/{name}", "/analyzer/a%2Fb", "map[name:a/b]"},
		{"/analyzer/{name}", "/analyzer/", ""},
		{"/analyzer/{name}", "/analyzer/a/b", ""},
		{"/analyzer/{name}/rule/{rule}", "/analyzer/a/rule/b", "map[name:a rule:b]"},
		{"/tags/{arn}", "/tags/arn%3Aaws%3Ax", "map[arn:arn:aws:x]"},
		{"/tags/{arn}", "/tags/%zz", ""},
	} {
		labels, ok := NewPath(c.pattern).Match(c.path)
		got := fmt.Sprint(labels)
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s on %s: got %s, want %s", c.path, c.pattern, got, c.want)
		}
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	read := func(query, body string) string {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		in, err := NewInput(map[string]string{"name": "x"}, values, []byte(body))
		if err != nil {
			return apierr.From(err).Code
		}
		entries, keys := in.Map("tags")
		got := in.Label("name", json11.Pattern("[a-z]")) + fmt.Sprint(in.QueryInt("max", 7, 1, 20), in.QueryList("k"), in.RequiredQuery("q"), keys)
		for _, k := range keys {
			got += entries.Required(k)
		}
		if b := in.Bool("b"); b != nil {
			got += fmt.Sprint(*b)
		}
		err = in.Err()
		var v *json11.Violation
		switch {
		case errors.As(err, &v):
			return fmt.Sprintf("%s %d", v.Member, v.Fault)
		case err != nil:
			return apierr.From(err).Code
		}
		return got
	}
	for _, c := range []struct{ query, body, want string }{
		{"q=1", "", "x7 []1[]"},
		{"q=1&max=3&k=a&k=b&X-Amz-Signature=s", `{"tags":{"b":"2","a":"1"},"b":true}`, "x3 [a b]1[a b]12true"},
		{"", "", "q 1"},
		{"q=1&q=2", "", "q 7"},
		{"q=1&max=0", "", "max 4"},
		{"q=1&max=21", "", "max 5"},
		{"q=1&max=x", "", "max 7"},
		{"q=1&other=1", "", "other 7"},
		{"q=1", `{"tags":{"a":1}}`, "SerializationException"},
		{"q=1", `{"b":"true"}`, "SerializationException"},
		{"q=1", `{"other":1}`, "SerializationException"},
		{"q=1", `{`, "SerializationException"},
	} {
		if got := read(c.query, c.body); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.query, c.body, got, c.want)
		}
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	body, err := Response("X", struct {
		At    Time `json:"at"`
		Never Time `json:"never,omitzero"`
	}{At: Time(time.UnixMilli(1500000000250))})
	if want := `{"at":"2017-07-14T02:40:00.250Z"}`; err != nil || string(body) != want {
		t.Errorf("got %s, %v, want %s", body, err, want)
	}
	if body, _ := Response("X", nil); string(body) != "{}" {
		t.Errorf("got %s for nothing", body)
	}
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{apierr.New(409, "ConflictException", "no <%s>", "x").With("resourceId", "r"), 409, `{"message":"no <x>","resourceId":"r"}`},
		{apierr.AccessDenied("no"), 403, `{"message":"no"}`},
		{apierr.New(400, "UnrecognizedClientException", "who"), 403, `{"message":"who"}`},
		{apierr.SlowDown("later"), 429, `{"message":"later"}`},
		{&Rejected{apierr.New(400, "ValidationException", "bad"), []Field{{"a", "is long"}}}, 400, `{"fieldList":[{"name":"a","message":"is long"}],"message":"bad"}`},
		{errors.New("secret"), 500, `{"message":"The request processing has failed because of an unknown error, exception or failure."}`},
	} {
		if status, _, body := Error(c.err); status != c.status || string(body) != c.want {
			t.Errorf("got %d %s, want %d %s", status, body, c.status, c.want)
		}
	}
}
