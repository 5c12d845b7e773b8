package cloudtrailapi_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
)

const (
	management ids.AccountID = "111111111111"
	member     ids.AccountID = "222222222222"
	delegate   ids.AccountID = "333333333333"
	outside    ids.AccountID = "444444444444"
)

// operation is what botocore's model says of an operation; testdata/model.py writes it.
type operation struct {
	Input, Output any
	Errors        []string
}

// model is the operations by their names.
var model = func() map[string]operation {
	text, err := os.ReadFile("testdata/model.json")
	if err != nil {
		panic(err)
	}
	all := map[string]operation{}
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	return all
}()

// world is four accounts with root users, of which the first three can be put into an organization. Each answer is
// held against the model.
type world struct {
	*querytest.World
	keys map[ids.AccountID]querytest.Key
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: querytest.New(t), keys: map[ids.AccountID]querytest.Key{}}
	for _, id := range []ids.AccountID{management, member, delegate, outside} {
		w.keys[id] = w.Account(id)
	}
	return w
}

// organize makes the organization, which trusts CloudTrail.
func (w *world) organize() {
	w.Helper()
	w.OrgsCall(w.keys[management], "CreateOrganization", `{"FeatureSet":"ALL"}`).OK()
	for _, id := range []ids.AccountID{member, delegate} {
		invited := w.OrgsCall(w.keys[management], "InviteAccountToOrganization", `{"Target":{"Id":"`+string(id)+`","Type":"ACCOUNT"}}`).OK()
		w.OrgsCall(w.keys[id], "AcceptHandshake", `{"HandshakeId":"`+invited.Get("Handshake.Id")+`"}`).OK()
	}
	w.OrgsCall(w.keys[management], "EnableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`).OK()
}

// ok calls an operation, which has to succeed with an answer of the model.
func (w *world) ok(key querytest.Key, name, body string) querytest.JSONAnswer {
	w.Helper()
	a := w.TrailCall(key, name, body)
	if a.Status != http.StatusOK {
		w.Fatalf("%s %s: %d %s", name, body, a.Status, a.Body)
	}
	if a.Body != "" {
		var v any
		if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
			w.Fatal(err)
		}
		w.conforms(name, v, model[name].Output)
	} else if len(model[name].Output.(map[string]any)["members"].(map[string]any)) > 0 {
		w.Errorf("%s answers nothing", name)
	}
	return a
}

// conforms fails the test unless v has the form of a shape, and no members that the shape has not.
func (w *world) conforms(path string, v, shape any) {
	w.Helper()
	right := false
	switch shape := shape.(type) {
	case map[string]any:
		var members map[string]any
		if members, right = v.(map[string]any); right {
			for name, value := range members {
				of, known := shape["members"].(map[string]any)[name]
				if !known {
					w.Errorf("%s has no member %s", path, name)
					continue
				}
				w.conforms(path+"."+name, value, of)
			}
		}
	case []any:
		var items []any
		if items, right = v.([]any); right {
			for _, item := range items {
				w.conforms(path, item, shape[0])
			}
		}
	case string:
		switch shape {
		case "boolean":
			_, right = v.(bool)
		case "timestamp", "integer", "long":
			_, right = v.(float64)
		default:
			_, right = v.(string)
		}
	}
	if !right {
		w.Errorf("%s is %v, want %v", path, v, shape)
	}
}

// common are errors that every operation has.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/CommonErrors.html
var common = []string{"AccessDeniedException", "SerializationException", "ValidationError"}

// refused calls an operation, which has to answer with an error that it is documented to have.
func (w *world) refused(key querytest.Key, name, body, code, message string) {
	w.Helper()
	a := w.TrailCall(key, name, body)
	if a.Status == http.StatusOK {
		w.Errorf("%s %s succeeds: %s", name, body, a.Body)
		return
	}
	a.Refused(http.StatusBadRequest, code+"Exception", message)
	w.documented(name, a)
}

func (w *world) documented(name string, a querytest.JSONAnswer) {
	w.Helper()
	if a.Status == http.StatusOK {
		return
	}
	if code := a.Get("__type"); !slices.Contains(model[name].Errors, code) && !slices.Contains(common, code) {
		w.Errorf("%s answers %s: %s, which it is not documented to", name, code, a.Get("Message"))
	}
}

// user makes a user with this policy and returns a key of it.
func (w *world) user(account ids.AccountID, name, policy string) querytest.Key {
	w.Helper()
	key := w.User(account, name)
	w.IAMCall(w.keys[account], "PutUserPolicy", "UserName", name, "PolicyName", "p", "PolicyDocument", policy).OK()
	return key
}
