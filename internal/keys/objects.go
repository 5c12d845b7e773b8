package keys

import (
	"encoding/base32"
	"encoding/binary"
	"time"
)

// OfObjects reports whether key belongs to objects, uploads, their blobs and what verifies them, to what waits to be told of
// them, to what is known of real use, or to the records of requests. No permission is read from such a key but the ACL of an object, which
// is read anew for each request.
func OfObjects(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	switch key[0] {
	case 'O', 'V', 'Y', 'U', 'P', 'c', 'b', 'G', 'W', 'Z', 'F', 'u', 'f', 'j', 'h':
		return true
	default:
		return false
	}
}

// VersionID is the place of a version among the versions of its key: they sort latest first. The first
// 8 bytes are the time of writing in nanoseconds, inverted; the others tell versions apart that other
// keys have of the same moment, so that no version ID can be guessed from another.
type VersionID [20]byte

// versionEncoding sorts as the bytes that it encodes.
var versionEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// NewVersionID returns the version ID for a moment, given as nanoseconds since 1970 UTC and not negative.
func NewVersionID(nanos int64, random [12]byte) VersionID {
	var v VersionID
	binary.BigEndian.PutUint64(v[:8], ^uint64(nanos))
	copy(v[8:], random[:])
	return v
}

// Time returns the moment that the version ID was made for.
func (v VersionID) Time() time.Time { return time.Unix(0, int64(^binary.BigEndian.Uint64(v[:8]))) }

// String returns the version ID as clients see it: 32 digits and capital letters.
func (v VersionID) String() string { return versionEncoding.EncodeToString(v[:]) }

// ParseVersionID reads what String returns; ok is false for anything else.
func ParseVersionID(s string) (v VersionID, ok bool) {
	b, err := versionEncoding.DecodeString(s)
	if err != nil || len(b) != len(v) {
		return v, false
	}
	v = VersionID(b)
	return v, v.String() == s
}

// Version is the key of a version that is not under Object: a noncurrent one or a delete marker.
func Version(b BucketID, key string, v VersionID) []byte { return append(versionsOf(b, key), v[:]...) }

// VersionsOf is the range of the versions of one key that are not under Object, latest first.
func VersionsOf(b BucketID, key string) (from, to []byte) { return prefix(versionsOf(b, key)) }

// Versions is the range of a bucket's versions that are not under Object, by object key, latest first.
func Versions(b BucketID) (from, to []byte) { return prefix(append([]byte{'V'}, b[:]...)) }

// VersionsFrom is the range of a bucket's versions whose object keys are keyFrom or sort after it.
func VersionsFrom(b BucketID, keyFrom string) (from, to []byte) {
	_, to = Versions(b)
	return versionsOf(b, keyFrom), to
}

// ParseVersion returns object key and version from a key of Versions.
func ParseVersion(key []byte) (object string, v VersionID, err error) {
	if len(key) < 9 || key[0] != 'V' {
		return "", v, errKey
	}
	object, rest, err := unescape(key[9:])
	if err != nil || len(rest) != len(v) {
		return "", v, errKey
	}
	return object, VersionID(rest), nil
}

func versionsOf(b BucketID, key string) []byte {
	return escape(append([]byte{'V'}, b[:]...), key)
}

// NullVersion is the key that holds the VersionID of the null version of an object, where that version is
// under Version.
func NullVersion(b BucketID, key string) []byte { return append(append([]byte{'Y'}, b[:]...), key...) }

// NullVersions is the range of the places of a bucket's null versions.
func NullVersions(b BucketID) (from, to []byte) { return prefix(append([]byte{'Y'}, b[:]...)) }

// SettingKind tells the settings of a bucket apart that are not in its record.
type SettingKind byte

// The settings, each with the record of that name.
const (
	CORS         SettingKind = 'c'
	Lifecycle    SettingKind = 'l'
	Notification SettingKind = 'n'
	Website      SettingKind = 'w'
)

// Setting is the key of a setting of a bucket.
func Setting(b BucketID, kind SettingKind) []byte {
	return append(append([]byte{'T'}, b[:]...), byte(kind))
}

// Settings is the range of a bucket's settings.
func Settings(b BucketID) (from, to []byte) { return prefix(append([]byte{'T'}, b[:]...)) }
