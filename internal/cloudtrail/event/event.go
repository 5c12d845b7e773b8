package event

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
	"crossgrant/internal/jsonwrite"
)

// The maxima of the fields of an event, in bytes.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
const (
	maxText   = 1 << 10   // userAgent, errorCode, errorMessage, requestID: what is longer is cut off
	maxObject = 100 << 10 // requestParameters, responseElements: what is larger is omitted
)

// version is the version of the format.
const version = "1.11"

// globalRegion is the region of the events of services that have none.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
const globalRegion = "us-east-1"

// event is an event that is being written.
type event struct {
	jsonwrite.Object
	record    *audit.Record
	operation *operation
	caller    caller
	recipient ids.AccountID
	foreign   bool // the recipient is another account than the caller's
}

// Append appends the event of r for recipient to dst, a JSON object; region is the server's, which is the event's
// but for those of global services. It appends nothing if r makes no event (see FactsOf).
//
// recipient is one of Recipients; for another one the event is what the owner would be told.
func Append(dst []byte, r *audit.Record, recipient ids.AccountID, region string) []byte {
	o := operationOf(r)
	if o == nil {
		return dst
	}
	if r.Service == "iam" || r.Service == "organizations" || isSignIn(r) && r.SignIn.Root {
		region = globalRegion
	}
	e := event{Object: jsonwrite.Object{Text: dst}, record: r, operation: o, caller: callerOf(r), recipient: recipient, foreign: recipient != r.CallerAccount}
	e.Open("", '{')
	e.String("eventVersion", version)
	e.identity()
	e.seconds("eventTime", r.Time)
	e.String("eventSource", o.source)
	e.String("eventName", o.name)
	e.String("awsRegion", region)
	e.client()
	switch {
	case isSignIn(r):
		e.signInError()
	case r.ErrorCode != "":
		e.String("errorCode", cut(errorCode(r), maxText))
		e.String0("errorMessage", cut(e.message(), maxText))
	}
	kind := "AwsApiCall"
	switch {
	case isSignIn(r):
		kind = signInType
		e.signIn()
	case isS3(r):
		e.s3()
	default:
		e.prepared()
	}
	if !isSignIn(r) {
		e.String("requestID", cut(r.RequestID, maxText))
	}
	e.id("eventID", recipient)
	e.Bool("readOnly", o.readOnly)
	e.resources()
	e.String("eventType", kind)
	e.Bool("managementEvent", o.category == Management)
	e.String("recipientAccountId", string(recipient))
	if e.shared() {
		e.id("sharedEventID", "")
	}
	e.category()
	if r.Session != nil && r.Session.Console && !e.foreign {
		e.String("sessionCredentialFromConsole", "true")
	}
	e.Close('}')
	return e.Text
}

// message returns what the error says: what the caller was told. The copy of another account has that of a denial only if
// the policy of that account's own resource decided (testdata/observed/list-owners-copy.json); else it may name a policy
// of the caller's account or organization. That AWS tells it there is not documented.
func (e *event) message() string {
	r := e.record
	if e.foreign && r.CallerAccount != "" && r.ErrorCode == accessDenied && !refusedByOwner(r) {
		return "Access Denied"
	}
	return r.ErrorMessage
}

// refusedByOwner reports whether the message of a denial says that the owner of what was asked for refused.
func refusedByOwner(r *audit.Record) bool {
	return strings.Contains(r.ErrorMessage, "resource-based policy") || strings.Contains(r.ErrorMessage, "resource control policy")
}

// client writes from where the request came, and what sent it. Services tell their names.
func (e *event) client() {
	if e.caller.kind == awsService {
		e.String("sourceIPAddress", e.caller.name)
		e.String("userAgent", e.caller.name)
		return
	}
	e.String("sourceIPAddress", e.record.SourceIP)
	agent := cut(e.record.UserAgent, maxText-len("[]"))
	if isS3(e.record) {
		e.Joined("userAgent", "[", agent, "]")
	} else {
		e.String("userAgent", agent)
	}
}

func (e *event) category() {
	category := "Management"
	if e.operation.category == Data {
		category = "Data"
	}
	e.String("eventCategory", category)
	if e.caller.kind == awsService {
		return
	}
	e.Open("tlsDetails", '{')
	e.String0("tlsVersion", e.record.TLSVersion)
	e.String0("cipherSuite", audit.OpenSSLName(e.record.CipherSuite))
	e.String("clientProvidedHostHeader", e.record.Host)
	e.Close('}')
}

// shared reports whether the event has another event beside it, or could have one: the account of the caller is not
// the owner's. An event of an anonymous caller, or of a service, has a sharedEventID although it is alone
// (testdata/observed/preflight.json, s3-service.json); one of whoever a provider vouches for has none.
func (e *event) shared() bool {
	return !isSignIn(e.record) && e.caller.kind != samlUser && e.caller.kind != webUser && copyFor(e.record) != ""
}

// id writes the ID of the event for recipient, or, for none, that which it shares.
func (e *event) id(name string, recipient ids.AccountID) {
	e.Name(name)
	e.Text = append(appendID(append(e.Text, '"'), e.record, recipient), '"')
}

// prepared writes what was asked and answered of services other than S3, whose records have it as JSON. What a read was
// answered is left out, unless it is a session.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
func (e *event) prepared() {
	e.object("requestParameters", asked(e.record))
	e.object("responseElements", answered(e.record, e.operation))
}

// asked returns what was asked of a service other than S3, as its event tells it: nothing if a signed request was
// denied, which AWS does before it is read (testdata/observed/sts-denied.json, web-identity-denied.json).
func asked(r *audit.Record) []byte {
	if r.CallerAccount != "" && errorCode(r) == accessDenied {
		return nil
	}
	return r.Parameters
}

// answered returns what a service other than S3 answered, as its event tells it.
func answered(r *audit.Record, o *operation) []byte {
	if r.ErrorCode != "" || o.readOnly && o.on != onRole {
		return nil
	}
	return r.Elements
}

// object writes a member that is a JSON object which others have made: null for none, and for what is none.
func (e *event) object(name string, text []byte) {
	switch {
	case len(text) > maxObject:
		e.Raw(name, omitted)
	case len(text) == 0 || text[0] != '{' || !json.Valid(text):
		e.Null(name)
	default:
		e.Raw(name, text)
	}
}

// omitted stands for an object that is too large.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html,
// which says "omitted is present with a value of true"; that nothing else is there is ours.
var omitted = []byte(`{"omitted":true}`)

// bound replaces an object that was begun at start by omitted, if it is too large.
func (e *event) bound(start int) {
	if len(e.Text)-start > maxObject {
		e.Text = append(e.Text[:start], omitted...)
	}
}

// value appends the value of a member whose name is written.
func (e *event) value(s string) { e.Text = jsonwrite.AppendString(e.Text, s) }

// cut returns the first bytes of s, at most limit, with no character cut in two.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
