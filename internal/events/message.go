package events

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"crossgrant/internal/arn"
)

// version is that of the records. S3's records have had one version for all types of event since 2.4, whose
// additions are not documented; these have what 2.3 has.
const version = "2.3"

// service is who does what no request asks for.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configure-notification.html
const service = "s3.amazonaws.com"

// Event is one event, as a message tells of it.
type Event struct {
	Name   string // without "s3:", such as "ObjectCreated:Put"
	Time   time.Time
	Region string
	// PrincipalID is the aws:userid of who caused it, or a service principal; empty if anonymous. Events of lifecycles tell of the
	// service, whatever PrincipalID and SourceIP are.
	PrincipalID     string
	SourceIP        string
	RequestID       string
	HostID          string
	ConfigurationID string
	Bucket          string
	BucketOwner     string // account ID
	Key             string
	Size            int64
	ETag            string // hexadecimal, without quotes; empty if there is none
	VersionID       string // empty in a bucket that never had versioning
	// Sequence orders the events of one key.
	Sequence uint64

	// StorageClass is, of LifecycleTransition, the one that the object got, and of ObjectRestore:Completed
	// the one that it was restored from.
	StorageClass string
	// RestoredUntil is, of ObjectRestore:Completed, until when the content can be read.
	RestoredUntil time.Time
}

// The parts of a message, in S3's names.
type (
	record struct {
		EventVersion      string            `json:"eventVersion"`
		EventSource       string            `json:"eventSource"`
		AWSRegion         string            `json:"awsRegion"`
		EventTime         string            `json:"eventTime"`
		EventName         string            `json:"eventName"`
		UserIdentity      identity          `json:"userIdentity"`
		RequestParameters parameters        `json:"requestParameters"`
		ResponseElements  map[string]string `json:"responseElements"`
		S3                s3                `json:"s3"`
		Glacier           *glacier          `json:"glacierEventData,omitempty"`
		Lifecycle         *lifecycle        `json:"lifecycleEventData,omitempty"`
	}
	identity struct {
		PrincipalID string `json:"principalId"`
	}
	parameters struct {
		SourceIPAddress string `json:"sourceIPAddress"`
	}
	s3 struct {
		SchemaVersion   string `json:"s3SchemaVersion"`
		ConfigurationID string `json:"configurationId"`
		Bucket          bucket `json:"bucket"`
		Object          object `json:"object"`
	}
	bucket struct {
		Name          string   `json:"name"`
		OwnerIdentity identity `json:"ownerIdentity"`
		ARN           string   `json:"arn"`
	}
	object struct {
		Key       string `json:"key"`
		Size      *int64 `json:"size,omitempty"`
		ETag      string `json:"eTag,omitempty"`
		VersionID string `json:"versionId,omitempty"`
		Sequencer string `json:"sequencer,omitempty"`
	}
	glacier struct {
		Restore restore `json:"restoreEventData"`
	}
	restore struct {
		ExpiryTime   string `json:"lifecycleRestorationExpiryTime"`
		StorageClass string `json:"lifecycleRestoreStorageClass"`
	}
	lifecycle struct {
		Transition transition `json:"transitionEventData"`
	}
	transition struct {
		StorageClass string `json:"destinationStorageClass"`
	}
)

// Message returns the JSON document that tells of one event: {"Records":[…]} with one record.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func (e *Event) Message() []byte {
	who, from := principal(e.PrincipalID), e.SourceIP
	if strings.HasPrefix(e.Name, "Lifecycle") {
		who, from = service, service
	}
	r := record{
		EventVersion: version, EventSource: "aws:s3", AWSRegion: e.Region, EventTime: instant(e.Time), EventName: e.Name,
		UserIdentity:      identity{who},
		RequestParameters: parameters{from},
		ResponseElements:  map[string]string{"x-amz-request-id": e.RequestID, "x-amz-id-2": e.HostID},
		S3: s3{
			SchemaVersion: "1.0", ConfigurationID: e.ConfigurationID,
			Bucket: bucket{e.Bucket, identity{e.BucketOwner}, arn.Bucket(e.Bucket).String()},
			Object: e.object(),
		},
	}
	switch e.Name {
	case "ObjectRestore:Completed":
		r.Glacier = &glacier{restore{instant(e.RestoredUntil), e.StorageClass}}
	case "LifecycleTransition":
		r.Lifecycle = &lifecycle{transition{e.StorageClass}}
	}
	return encode(struct{ Records []record }{[]record{r}})
}

// object tells of the object. What was removed has no size, and only events that make or remove an object
// have a sequencer.
func (e *Event) object() object {
	o := object{Key: encodeKey(e.Key), VersionID: e.VersionID}
	removed := strings.HasSuffix(e.Name, ":Delete") && !strings.HasPrefix(e.Name, "ObjectTagging:") && !strings.HasPrefix(e.Name, "ObjectRestore:")
	marker := strings.HasSuffix(e.Name, ":DeleteMarkerCreated")
	if !removed {
		o.ETag = e.ETag
	}
	if !removed && !marker {
		o.Size = &e.Size
	}
	if removed || marker || strings.HasPrefix(e.Name, "ObjectCreated:") {
		o.Sequencer = fmt.Sprintf("%016X", e.Sequence)
	}
	return o
}

// principal returns who caused an event as S3 tells it: "AWS:" and aws:userid for users and roles, which is
// observed in S3's records (https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html). A root user is named
// like the owner of a bucket. What S3 says of anonymous callers is not documented.
func principal(id string) string {
	switch {
	case id == "":
		return "anonymous"
	case id == "anonymous", strings.HasSuffix(id, ".amazonaws.com"), strings.Trim(id, "0123456789") == "":
		return id
	default:
		return "AWS:" + id
	}
}

// encodeKey returns a key as S3 writes it in messages: encoded as in a form, with its slashes kept.
func encodeKey(key string) string {
	return strings.NewReplacer("%2F", "/", "%2A", "*", "~", "%7E").Replace(url.QueryEscape(key))
}

// TestEvent is what S3 sends to a destination when it is configured.
type TestEvent struct {
	Time      time.Time
	Bucket    string
	RequestID string
	HostID    string
}

// Message returns the JSON document.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html#notification-content-structure-examples
func (e *TestEvent) Message() []byte {
	return encode(struct{ Service, Event, Time, Bucket, RequestId, HostId string }{
		"Amazon S3", "s3:TestEvent", instant(e.Time), e.Bucket, e.RequestID, e.HostID,
	})
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// encode returns v as JSON. Its strings are made valid UTF-8, so that it cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
