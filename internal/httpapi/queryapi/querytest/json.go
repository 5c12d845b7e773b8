package querytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// JSONAnswer is what a JSON service said.
type JSONAnswer struct {
	Status int
	Header http.Header
	Body   string

	world *World
}

// OK fails the test unless the call succeeded, and returns the answer.
func (a JSONAnswer) OK() JSONAnswer {
	a.world.Helper()
	if a.Status != http.StatusOK {
		a.world.Fatalf("got %d %s", a.Status, a.Body)
	}
	return a
}

// Refused fails the test unless the answer is an error of this code, and of this message unless it is
// empty.
func (a JSONAnswer) Refused(status int, code, message string) {
	a.world.Helper()
	if a.Status != status || a.Get("__type") != code || message != "" && a.Get("Message") != message {
		a.world.Errorf("got %d %s\nwant %d %s: %s", a.Status, a.Body, status, code, message)
	}
	if got := map[string][]string(a.Header)["x-amzn-ErrorType"]; len(got) != 1 || got[0] != code {
		a.world.Errorf("x-amzn-ErrorType is %q, want %s", got, code)
	}
}

// Get returns the text of the value at a path of names and numbers, such as "Accounts.0.Id"; "" if there
// is none.
func (a JSONAnswer) Get(path string) string {
	a.world.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(a.Body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		a.world.Fatalf("the answer is not JSON: %v\n%s", err, a.Body)
	}
	for _, step := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				return ""
			}
			v = at[i]
		default:
			return ""
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
