package signinapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/sts"
)

// TestModel holds that the model has the operations, what they read, what they answer, and no signature.
func TestModel(t *testing.T) {
	t.Parallel()
	var model struct {
		Metadata   map[string]string
		Operations map[string]struct {
			AuthType      string
			Input, Output struct{ Shape string }
		}
		Shapes map[string]struct{ Members map[string]any }
	}
	if err := json.Unmarshal(Model, &model); err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(model.Operations)), New(Deps{}).Operations(); !slices.Equal(got, want) {
		t.Errorf("operations %v, want %v", got, want)
	}
	if model.Metadata["targetPrefix"]+"." != targetPrefix {
		t.Errorf("the prefix is %s", model.Metadata["targetPrefix"])
	}
	for name, o := range model.Operations {
		if o.AuthType != "none" {
			t.Errorf("%s is signed", name)
		}
		same(t, name, model.Shapes[o.Output.Shape].Members, reflect.TypeFor[output]())
		// What the model does not have is unknown, and what it has is read.
		members := map[string]string{}
		for member := range model.Shapes[o.Input.Shape].Members {
			members[member] = "x"
		}
		for _, missing := range []string{"AccountId", "UserName", "Password", "Email", "MFACode", "DurationSeconds"} {
			if members[missing] == "" {
				t.Errorf("%s has no %s", name, missing)
			}
		}
		_, replaces := members["NewPassword"]
		if replaces != (name == "ReplacePassword") || len(members) > 7 {
			t.Errorf("%s has %v", name, members)
		}
	}
	same(t, "credentials", model.Shapes["Credentials"].Members, reflect.TypeFor[credentials]())
}

// same holds that a shape has the members of a type.
func same(t *testing.T, what string, members map[string]any, of reflect.Type) {
	t.Helper()
	var want []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		if name == "" {
			name = of.Field(i).Name
		}
		want = append(want, name)
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(members)); !slices.Equal(got, want) {
		t.Errorf("%s has %v, want %v", what, got, want)
	}
}

// slow knows nobody, and takes a time to say so.
type slow struct{ takes time.Duration }

func (s slow) ClaimedUser(context.Context, string, string) (iam.Claimed, error) {
	return iam.Claimed{}, nil
}
func (s slow) ClaimedRoot(context.Context, string) (iam.Claimed, error) { return iam.Claimed{}, nil }
func (s slow) SignIn(context.Context, ids.AccountID, iam.Claim) (iam.SignIn, error) {
	time.Sleep(s.takes)
	return iam.SignIn{}, iam.ErrPassword
}

type never struct{}

func (never) Issue(context.Context, sts.Request) (*sts.Credentials, error) {
	return nil, errors.New("nobody signed in")
}

// TestFailuresComeAtEvenTimes: how long it took to find out that something is wrong is not to be seen.
func TestFailuresComeAtEvenTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for takes, want := range map[time.Duration]time.Duration{
			0: DefaultPace, time.Millisecond: DefaultPace, 97 * time.Millisecond: DefaultPace, DefaultPace + 1: 2 * DefaultPace,
		} {
			s, began := New(Deps{Users: slow{takes}, Sessions: never{}}), time.Now()
			c := &httpapi.Call{HTTP: httptest.NewRequest("POST", "/", nil), Time: began}
			if _, err := s.run(t.Context(), c, &input{account: "111111111111", user: "ann"}); !apierr.Is(err, "AuthenticationFailed") {
				t.Error(err)
			}
			if got := time.Since(began); got != want {
				t.Errorf("what takes %v is answered after %v, want %v", takes, got, want)
			}
		}
	})
}
