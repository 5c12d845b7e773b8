package access

import (
	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Settings are what a bucket has beside its record; nil for what was not set.
type Settings struct {
	CORS         *records.CORS
	Lifecycle    *records.Lifecycle
	Notification *records.Notification
	Website      *records.Website
	// Rules is what Lifecycle asks for.
	Rules *lifecycle.Rules
}

// readSettings reads the settings of a bucket.
func readSettings(r meta.Reader, id keys.BucketID) (Settings, error) {
	var s Settings
	kinds := []keys.SettingKind{keys.CORS, keys.Lifecycle, keys.Notification, keys.Website}
	wanted := make([][]byte, len(kinds))
	for i, kind := range kinds {
		wanted[i] = keys.Setting(id, kind)
	}
	values, err := r.GetMany(wanted)
	if err != nil {
		return s, err
	}
	for i, value := range values {
		if value == nil {
			continue
		}
		if err := records.Unmarshal(value, s.room(kinds[i])); err != nil {
			return s, err
		}
	}
	s.Rules = lifecycle.New(s.Lifecycle)
	return s, nil
}

// room makes room for a setting and returns it.
func (s *Settings) room(kind keys.SettingKind) proto.Message {
	switch kind {
	case keys.CORS:
		s.CORS = new(records.CORS)
		return s.CORS
	case keys.Lifecycle:
		s.Lifecycle = new(records.Lifecycle)
		return s.Lifecycle
	case keys.Notification:
		s.Notification = new(records.Notification)
		return s.Notification
	default:
		s.Website = new(records.Website)
		return s.Website
	}
}
