package event

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
)

// observed is a file of testdata/observed.
type observed struct {
	Source  string
	Differs []string
	Record  struct {
		Service, Operation, Host, Bucket, Key, Query, Document, Authentication string
		ErrorCode, ErrorMessage, Owner                                         string
		Headers, Answered                                                      map[string]string
		Parameters, Elements                                                   json.RawMessage
		BytesIn, BytesOut                                                      int64
		Source                                                                 *struct{ Bucket, Key string }
		SignIn                                                                 *audit.SignIn
		Caller                                                                 struct {
			ARN, ID, Account, Key string
			Session               *struct {
				Issued                              time.Time
				MFA, Console                        bool
				Type, ID, ARN, Name, SourceIdentity string
			}
		}
	}
	Event map[string]any
}

// record returns the record of the request; what any client sends is taken from the event.
func (o *observed) record() *audit.Record {
	in, e := &o.Record, o.Event
	text := func(of map[string]any, name string) string {
		s, _ := of[name].(string)
		return s
	}
	at, _ := time.Parse(time.RFC3339, text(e, "eventTime"))
	r := &audit.Record{
		RequestID: text(e, "requestID"), HostID: "c2Vjb25kIGlk", Time: at, Service: in.Service, Operation: in.Operation, Host: in.Host,
		SourceIP: text(e, "sourceIPAddress"), UserAgent: strings.Trim(text(e, "userAgent"), "[]"), Query: in.Query, Bucket: in.Bucket, Key: in.Key,
		Authentication: in.Authentication, ErrorCode: in.ErrorCode, ErrorMessage: in.ErrorMessage, Document: []byte(in.Document),
		Headers: headers(in.Headers), Answered: headers(in.Answered), Parameters: in.Parameters, Elements: in.Elements, BytesIn: in.BytesIn, BytesOut: in.BytesOut,
		ResourceOwner: ids.AccountID(in.Owner), CallerARN: in.Caller.ARN, CallerID: in.Caller.ID, CallerAccount: ids.AccountID(in.Caller.Account),
		AccessKeyID: ids.AccessKeyID(in.Caller.Key), SignIn: in.SignIn,
	}
	if in.Source != nil {
		r.Source = &audit.Source{Bucket: in.Source.Bucket, Key: in.Source.Key}
	}
	if s := in.Caller.Session; s != nil {
		r.Session = &audit.Session{
			Issued: s.Issued, MFA: s.MFA, IssuerType: s.Type, IssuerID: ids.UniqueID(s.ID), IssuerARN: s.ARN, IssuerName: s.Name, SourceIdentity: s.SourceIdentity, Console: s.Console,
		}
	}
	tls, _ := e["tlsDetails"].(map[string]any)
	more, _ := e["additionalEventData"].(map[string]any)
	r.TLSVersion, r.CipherSuite = text(tls, "tlsVersion"), text(tls, "cipherSuite")
	if r.CipherSuite == "" {
		r.CipherSuite = text(more, "CipherSuite")
	}
	if name, ok := map[string]string{
		"ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-SHA": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	}[r.CipherSuite]; ok {
		r.CipherSuite = name
	}
	return r
}

func headers(all map[string]string) (out []audit.Header) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, audit.Header{Name: name, Value: all[name]})
	}
	return out
}

// recipient returns the account that got the event.
func (o *observed) recipient() ids.AccountID {
	if id, ok := o.Event["recipientAccountId"].(string); ok {
		return ids.AccountID(id)
	}
	if o.Record.SignIn != nil {
		return o.Record.SignIn.Account
	}
	if o.Event["userIdentity"].(map[string]any)["type"] == awsAccount {
		return ids.AccountID(o.Record.Owner)
	}
	return ids.AccountID(o.Record.Caller.Account)
}

// TestObserved holds events against those that AWS delivered for the same requests, member by member.
func TestObserved(t *testing.T) {
	t.Parallel()
	for name, o := range readObserved(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, recipient := o.record(), o.recipient()
			region, _ := o.Event["awsRegion"].(string)
			if !slices.Contains(Recipients(r), recipient) {
				t.Errorf("the event is for %v, not for %s", Recipients(r), recipient)
			}
			var got map[string]any
			text := Append(nil, r, recipient, region)
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			o.adapt(t, got)
			if diff := cmp.Diff(o.Event, got); diff != "" {
				t.Errorf("published by %s, got:\n%s", o.Source, diff)
			}
		})
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// adapt brings a published event to today's form, as far as its page is older or shows only part of it.
func (o *observed) adapt(t *testing.T, got map[string]any) {
	t.Helper()
	want := o.Event
	for _, id := range []string{"eventID", "sharedEventID"} {
		if _, there := want[id]; there {
			if text, _ := got[id].(string); !uuid.MatchString(text) {
				t.Errorf("%s is %v", id, got[id])
			}
			want[id] = got[id]
		}
	}
	// The version says which members there may be, and all that ours has were there before.
	want["eventVersion"] = version
	if context, ok := want["userIdentity"].(map[string]any)["sessionContext"].(map[string]any); ok {
		// Before version 1.09 these were there also where they say nothing.
		maps.DeleteFunc(context, func(_ string, v any) bool { m, ok := v.(map[string]any); return ok && len(m) == 0 })
	}
	for _, how := range o.Differs {
		switch how {
		case "managementEvent", "tlsDetails":
			// Published without: by hand, or by a console's proxy.
			fill(want, got, how)
		case "additionalEventData":
			// How the provider's server was verified is not in the record.
			delete(want, how)
		case "resources":
			// In another order than in every other event.
			slices.Reverse(want[how].([]any))
		case "provider":
			// The page has another provider in the resources than in the parameters.
			want["resources"].([]any)[1] = got["resources"].([]any)[1]
		case "spelling":
			// Written in another way than in all later examples.
			want["eventType"] = signInType
		case "root":
			// The page has the ID of a user in place of the account's.
			want["userIdentity"].(map[string]any)["principalId"] = want["recipientAccountId"]
		case "device":
			// There are no such devices here.
			want["additionalEventData"] = map[string]any{"MfaType": virtualMFA}
		case "sessionContext":
		case "shortened":
			fill(want, got, slices.Collect(maps.Keys(got))...)
		case "old":
			o.modernise(got)
		default:
			t.Errorf("differs by %q", how)
		}
	}
}

// modernise brings an event of version 1.03, of 2019, to today's form: parameters were lists then, and fewer members
// were told.
func (o *observed) modernise(got map[string]any) {
	want := o.Event
	parameters := want["requestParameters"].(map[string]any)
	for name, v := range parameters {
		if list, ok := v.([]any); ok {
			delete(parameters, name)
			if name == "host" {
				name = "Host"
			}
			parameters[name] = list[0]
		}
	}
	more, now := want["additionalEventData"].(map[string]any), got["additionalEventData"].(map[string]any)
	// Signature version 2 is gone, and ListBuckets needs no ACL, whatever the example says.
	delete(more, "aclRequired")
	more["SignatureVersion"] = "SigV4"
	fill(more, now, slices.Collect(maps.Keys(now))...)
	fill(want, got, slices.Collect(maps.Keys(got))...)
}

// fill gives to the members that it has not.
func fill(to, from map[string]any, names ...string) {
	for _, name := range names {
		if _, there := to[name]; !there {
			to[name] = from[name]
		}
	}
}

func readObserved(t *testing.T) map[string]*observed {
	t.Helper()
	files, err := filepath.Glob("testdata/observed/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no events: %v", err)
	}
	all := map[string]*observed{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		o := new(observed)
		if err := json.Unmarshal(text, o); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = o
	}
	return all
}
