package notify

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/events"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// Changed writes the events of a change, in its transaction. It is an objects.Observer. Buckets without a
// configuration cost nothing.
func (s *Service) Changed(tx meta.Tx, c *objects.Change) error {
	if !c.Bucket.Notifies || c.Event == "" {
		return nil
	}
	var configuration records.Notification
	err := records.Get(tx, keys.Setting(keys.BucketID(c.Bucket.Id), keys.Notification), &configuration)
	if errors.Is(err, meta.ErrNotFound) {
		return fmt.Errorf("bucket %s notifies without a configuration: %w", c.Bucket.Name, meta.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	for _, event := range happened(c.Event) {
		for _, rule := range Rules(&configuration) {
			if !rule.Matches(event, c.Key) {
				continue
			}
			place, err := s.place()
			if err != nil {
				return err
			}
			if err := records.Put(tx, keys.Event(rule.Destination, place), s.record(c, event, &rule)); err != nil {
				return err
			}
		}
	}
	return nil
}

// happened returns the events of a change. A restore begins and is completed at once.
func happened(event string) []string {
	if event == "ObjectRestore:Completed" {
		return []string{"ObjectRestore:Post", event}
	}
	return []string{event}
}

// record returns an event as it is kept.
func (s *Service) record(c *objects.Change, event string, rule *events.Rule) *records.Event {
	o := c.Object
	return &records.Event{
		Name: event, Time: s.opts.Now().UnixNano(), ConfigurationId: rule.ID,
		Region: c.Bucket.Region, Bucket: c.Bucket.Name, BucketOwner: c.Bucket.Account,
		Key: c.Key, Size: o.GetSize(), Etag: etag(o), VersionId: c.VersionID,
		PrincipalId: c.PrincipalID, SourceIp: c.SourceIP, RequestId: c.RequestID, HostId: c.HostID,
		StorageClass: o.GetStorageClass(), RestoredUntil: o.GetRestoredUntil(),
	}
}

// etag returns the ETag of a version as clients see it, without quotes; empty for a delete marker.
func etag(o *records.Object) string {
	text := hex.EncodeToString(o.GetEtag())
	if o.GetParts() > 0 {
		text += fmt.Sprintf("-%d", o.Parts)
	}
	return text
}

// message returns the body of the delivery of an event.
func message(e *records.Event, place keys.Place) []byte {
	told := events.Event{
		Name: e.Name, Time: time.Unix(0, e.Time), Region: e.Region, ConfigurationID: e.ConfigurationId,
		PrincipalID: e.PrincipalId, SourceIP: e.SourceIp, RequestID: e.RequestId, HostID: e.HostId,
		Bucket: e.Bucket, BucketOwner: e.BucketOwner, Key: e.Key, Size: e.Size, ETag: e.Etag, VersionID: e.VersionId,
		Sequence: place.Sequence, StorageClass: or(e.StorageClass, "STANDARD"),
	}
	if e.RestoredUntil != 0 {
		told.RestoredUntil = time.Unix(0, e.RestoredUntil)
	}
	return told.Message()
}

// Rules returns the rules of a configuration as it is kept; nil has none.
func Rules(n *records.Notification) []events.Rule {
	rules := make([]events.Rule, len(n.GetTargets()))
	for i, t := range n.GetTargets() {
		rules[i] = events.Rule{ID: t.Id, Kind: events.Kind(t.Kind), Destination: t.Arn, Events: t.Events}
		for _, f := range t.Filters {
			rules[i].Filters = append(rules[i].Filters, events.Filter{Name: f.Name, Value: f.Value})
		}
	}
	return rules
}

// Record returns rules as they are kept.
func Record(rules []events.Rule) *records.Notification {
	n := new(records.Notification)
	for _, r := range rules {
		t := &records.NotificationTarget{Id: r.ID, Arn: r.Destination, Kind: string(r.Kind), Events: r.Events}
		for _, f := range r.Filters {
			t.Filters = append(t.Filters, &records.NotificationFilter{Name: f.Name, Value: f.Value})
		}
		n.Targets = append(n.Targets, t)
	}
	return n
}
