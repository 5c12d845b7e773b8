package json11

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
)

// read asks for one member of each sort.
func read(body string) (string, error) {
	r, err := NewReader([]byte(body))
	if err != nil {
		return "", err
	}
	out := r.Required("Name", Length(1, 5), Pattern(`[a-z]*`)) + " " + fmt.Sprint(r.Int("Max", 7, 1, 20))
	if d := r.Optional("Description", Enum("x", "")); d != nil {
		out += " [" + *d + "]"
	}
	for _, item := range r.Objects("Tags") {
		out += " " + item.Required("Key") + "=" + item.Required("Value")
	}
	out += fmt.Sprint(r.Strings("States", Enum("A", "B")))
	out += r.Object("Filter").String("Type")
	return out, r.Err()
}

func TestReader(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"Name":"a"}`:         "a 7[]",
		`{"Name":"a","Max":3}`: "a 3[]",
		`{"Name":"a","Max":null,"Description":"","Tags":[{"Key":"k","Value":""}],"States":["A","B"],"Filter":{"Type":"z"}}`: "a 7 [] k=[A B]z",
		` {"Name":"\u0061"} `: "a 7[]",
	} {
		got, err := read(body)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", body, got, err, want)
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                                  "Name 1",
		`{}`:                                "Name 1",
		`{"Name":null}`:                     "Name 1",
		`{"Name":""}`:                       "Name 2",
		`{"Name":"abcdef"}`:                 "Name 3",
		`{"Name":"A"}`:                      "Name 6",
		`{"Name":"a","Max":0}`:              "Max 4",
		`{"Name":"a","Max":21}`:             "Max 5",
		`{"Name":"a","Max":"3"}`:            `The value of member "Max" cannot be converted to Integer`,
		`{"Name":"a","Max":1.5}`:            `The value of member "Max" cannot be converted to Integer`,
		`{"Name":1}`:                        `The value of member "Name" cannot be converted to String`,
		`{"Name":"a","Description":"y"}`:    "Description 7",
		`{"Name":"a","Tags":{}}`:            `The value of member "Tags" cannot be converted to List`,
		`{"Name":"a","Tags":[1]}`:           `The value of member "Tags" cannot be converted to Structure`,
		`{"Name":"a","Tags":[{"Key":"k"}]}`: "Tags.Value 1",
		`{"Name":"a","Tags":[{"Key":"","Value":"","x":1}]}`: `Unknown member: "Tags.x"`,
		`{"Name":"a","States":["C"]}`:                       "States 7",
		`{"Name":"a","Filter":{"Typ":"z"}}`:                 `Unknown member: "Filter.Typ"`,
		`{"Name":"a","name":"a"}`:                           `Unknown member: "name"`,
		`{"Name":"a","Name":"a"}`:                           "A member is given more than once.",
		`{"Name":"a"} {}`:                                   "The request body is not valid JSON.",
		`{"Name":"a",}`:                                     "The request body is not valid JSON.",
		"{\"Name\":\"\xff\"}":                               "The request body is not valid JSON.",
		`[]`:                                                "Start of structure or map found where not expected.",
		`null`:                                              "Start of structure or map found where not expected.",
		strings.Repeat(`[`, 100):                            "The request is nested too deeply.",
	} {
		_, err := read(body)
		got := fmt.Sprint(err)
		var violation *Violation
		if errors.As(err, &violation) {
			got = fmt.Sprintf("%s %d", violation.Member, violation.Fault)
		} else if apierr.Is(err, "SerializationException") {
			got = apierr.From(err).Message
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	type shape struct {
		Name  string
		At    Time `json:",omitzero"`
		Never Time `json:",omitzero"`
	}
	body, err := Response("X", &shape{Name: "<a&b>", At: Time(time.UnixMilli(1500000000250))})
	if want := `{"Name":"<a&b>","At":1500000000.25}`; err != nil || string(body) != want {
		t.Errorf("got %s, %v, want %s", body, err, want)
	}
	if body, err := Response("X", nil); body != nil || err != nil {
		t.Errorf("got %s, %v, want nothing", body, err)
	}
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{apierr.New(400, "InvalidInputException", "no \"%s\"", "x").With("Reason", "INVALID_ENUM"), 400, `{"__type":"InvalidInputException","Message":"no \"x\"","Reason":"INVALID_ENUM"}`},
		{apierr.AccessDenied("no"), 400, `{"__type":"AccessDeniedException","Message":"no"}`},
		{apierr.SlowDown("later"), 503, `{"__type":"ServiceUnavailable","Message":"later"}`},
		{errors.New("secret"), 500, `{"__type":"ServiceException","Message":"The request processing has failed because of an unknown error, exception or failure."}`},
	} {
		status, code, body := Error(c.err, "ServiceException")
		if status != c.status || string(body) != c.want || !strings.Contains(c.want, `"`+code+`"`) {
			t.Errorf("got %d %s, want %d %s", status, body, c.status, c.want)
		}
	}
}

// FuzzReader holds that no body makes a Reader panic, and that it takes nothing that is not JSON.
func FuzzReader(f *testing.F) {
	for _, body := range []string{`{"Name":"a"}`, `{"Name":"a","Tags":[{"Key":"k","Value":"v"}]}`, `{"Name":{}}`, `[[[`, `{"a":1e999}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if _, err := read(body); err == nil && !json.Valid([]byte(body)) {
			t.Errorf("took %q", body)
		}
	})
}

func TestTime(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{}`:                    "0001-01-01T00:00:00Z",
		`{"At":1767323045}`:     "2026-01-02T03:04:05Z",
		`{"At":1767323045.125}`: "2026-01-02T03:04:05.125Z",
		`{"At":1.767323045E9}`:  "2026-01-02T03:04:05Z",
		`{"At":-1}`:             "1969-12-31T23:59:59Z",
		`{"At":"2026-01-02"}`:   "SerializationException",
		`{"At":1e300}`:          "SerializationException",
		`{"At":true}`:           "SerializationException",
	} {
		r, err := NewReader([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		got := r.Time("At").Format(time.RFC3339Nano)
		if err := r.Err(); err != nil {
			var e *apierr.Error
			errors.As(err, &e)
			got = e.Code
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}
