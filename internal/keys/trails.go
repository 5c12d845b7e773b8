package keys

import (
	"encoding/binary"
	"fmt"

	"crossgrant/internal/ids"
)

// accountWidth is how many bytes an account ID has.
const accountWidth = 12

// Trail is the key of a trail of CloudTrail, by name.
func Trail(account ids.AccountID, name string) []byte { return append(trail('t', account), name...) }

// Trails is the range of an account's trails, by name.
func Trails(account ids.AccountID) (from, to []byte) { return prefix(trail('t', account)) }

// AllTrails is the range of the trails of all accounts.
func AllTrails() (from, to []byte) { return prefix([]byte{'t', 't'}) }

// ParseTrail returns the parts of the key of a trail.
func ParseTrail(key []byte) (account ids.AccountID, name string, err error) {
	if !IsTrail(key) {
		return "", "", fmt.Errorf("%w %q", errKey, key)
	}
	return ids.AccountID(key[2 : 2+accountWidth]), string(key[2+accountWidth:]), nil
}

// IsTrail reports whether a key is that of a trail. It costs next to nothing, as all that is written is asked about.
func IsTrail(key []byte) bool { return len(key) > 2+accountWidth && key[0] == 't' && key[1] == 't' }

// TrailState is the key of what became of the deliveries of a trail.
func TrailState(account ids.AccountID, name string) []byte {
	return append(trail('s', account), name...)
}

// TrailVersion is the key of a trail as it was until a time, in nanoseconds since 1970.
func TrailVersion(account ids.AccountID, name string, until uint64) []byte {
	return binary.BigEndian.AppendUint64(escape(trail('v', account), name), until)
}

// AllTrailVersions is the range of the versions of all trails.
func AllTrailVersions() (from, to []byte) { return prefix([]byte{'t', 'v'}) }

// IsTrailVersion reports whether a key is one of TrailVersion.
func IsTrailVersion(key []byte) bool { return len(key) > 2 && key[0] == 't' && key[1] == 'v' }

// ParseTrailVersion returns the parts of the key of a version of a trail.
func ParseTrailVersion(key []byte) (account ids.AccountID, name string, until uint64, err error) {
	if len(key) > 2+accountWidth && key[0] == 't' && key[1] == 'v' {
		name, rest, err := unescape(key[2+accountWidth:])
		if err == nil && len(rest) == 8 {
			return ids.AccountID(key[2 : 2+accountWidth]), name, binary.BigEndian.Uint64(rest), nil
		}
	}
	return "", "", 0, fmt.Errorf("%w %q", errKey, key)
}

// TrailFile is the key of a log file that is to be delivered.
func TrailFile(account ids.AccountID, name string, at Place) []byte {
	return at.appendTo(escape(trail('f', account), name))
}

// TrailFiles is the range of the log files of a trail that are to be delivered, the oldest first.
func TrailFiles(account ids.AccountID, name string) (from, to []byte) {
	return prefix(escape(trail('f', account), name))
}

// TrailContent is the key of the content of a log file that is to be delivered.
func TrailContent(account ids.AccountID, name string, at Place) []byte {
	return at.appendTo(escape(trail('b', account), name))
}

// AllTrailFiles is the range of the log files of all trails that are to be delivered.
func AllTrailFiles() (from, to []byte) { return prefix([]byte{'t', 'f'}) }

// ParseTrailFile returns the parts of the key of a log file that is to be delivered.
func ParseTrailFile(key []byte) (account ids.AccountID, name string, at Place, err error) {
	if len(key) > 2+accountWidth && key[0] == 't' && key[1] == 'f' {
		name, rest, err := unescape(key[2+accountWidth:])
		if err == nil && len(rest) == 16 {
			return ids.AccountID(key[2 : 2+accountWidth]), name, Place{binary.BigEndian.Uint64(rest), [8]byte(rest[8:])}, nil
		}
	}
	return "", "", Place{}, fmt.Errorf("%w %q", errKey, key)
}

// TrailDelivered is the key of a log file with events of member that was delivered and is in no digest yet.
func TrailDelivered(account ids.AccountID, name string, member ids.AccountID, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(append(escape(trail('d', account), name), member...), sequence)
}

// TrailDeliveredUpTo is the range of the log files with events of member that are in no digest yet, up to and with a
// sequence.
func TrailDeliveredUpTo(account ids.AccountID, name string, member ids.AccountID, last uint64) (from, to []byte) {
	return append(escape(trail('d', account), name), member...), append(TrailDelivered(account, name, member, last), 0)
}

// TrailDeliveredOf is the range of all log files of a trail that are in no digest yet.
func TrailDeliveredOf(account ids.AccountID, name string) (from, to []byte) {
	return prefix(escape(trail('d', account), name))
}

// ParseTrailDelivered returns the last parts of the key of a log file that was delivered.
func ParseTrailDelivered(key []byte) (member ids.AccountID, sequence uint64, err error) {
	at := len(key) - 8 - accountWidth
	if at < 2+accountWidth || key[0] != 't' || key[1] != 'd' {
		return "", 0, fmt.Errorf("%w %q", errKey, key)
	}
	return ids.AccountID(key[at : at+accountWidth]), binary.BigEndian.Uint64(key[at+accountWidth:]), nil
}

// TrailDigests is the key of the chain of digest files with the log files of member.
func TrailDigests(account ids.AccountID, name string, member ids.AccountID) []byte {
	return append(escape(trail('g', account), name), member...)
}

// TrailDigestsOf is the range of the chains of digest files of a trail.
func TrailDigestsOf(account ids.AccountID, name string) (from, to []byte) {
	return prefix(escape(trail('g', account), name))
}

// AllTrailDigests is the range of the chains of digest files of all trails.
func AllTrailDigests() (from, to []byte) { return prefix([]byte{'t', 'g'}) }

// ParseTrailDigests returns the parts of the key of a chain of digest files.
func ParseTrailDigests(key []byte) (account ids.AccountID, name string, member ids.AccountID, err error) {
	if len(key) > 2+accountWidth && key[0] == 't' && key[1] == 'g' {
		name, rest, err := unescape(key[2+accountWidth:])
		if err == nil && len(rest) == accountWidth {
			return ids.AccountID(key[2 : 2+accountWidth]), name, ids.AccountID(rest), nil
		}
	}
	return "", "", "", fmt.Errorf("%w %q", errKey, key)
}

// TrailsOf is the ranges of all that is kept of the trails of an account.
func TrailsOf(account ids.AccountID) (ranges [][2][]byte) {
	for _, kind := range "fbdgsvt" {
		from, to := prefix(trail(byte(kind), account))
		ranges = append(ranges, [2][]byte{from, to})
	}
	return ranges
}

func trail(kind byte, account ids.AccountID) []byte {
	return append([]byte{'t', kind}, account...)
}

// TrailKey is the key of a key pair of CloudTrail that signs from a time on, in nanoseconds since 1970.
func TrailKey(begins int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{'t', 'k'}, uint64(begins))
}

// TrailKeys is the range of all TrailKey keys, the oldest first.
func TrailKeys() (from, to []byte) { return prefix([]byte{'t', 'k'}) }

// TrailHistory is the key of how much the event history of an account has.
func TrailHistory(account ids.AccountID) []byte { return trail('h', account) }

// AllTrailHistories is the range of all TrailHistory keys.
func AllTrailHistories() (from, to []byte) { return prefix([]byte{'t', 'h'}) }

// ParseTrailHistory returns the account of a TrailHistory key.
func ParseTrailHistory(key []byte) (ids.AccountID, error) {
	if len(key) != 2+accountWidth || key[0] != 't' || key[1] != 'h' {
		return "", fmt.Errorf("%w %q", errKey, key)
	}
	return ids.AccountID(key[2:]), nil
}

// TrailEvents is the key of events in the history of an account. The sequence is that of the segment of the journal that
// they were read from.
func TrailEvents(account ids.AccountID, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{'h'}, account...), sequence)
}

// TrailEventsOf is the range of the history of an account, the oldest first.
func TrailEventsOf(account ids.AccountID) (from, to []byte) {
	return prefix(append([]byte{'h'}, account...))
}

// AllTrailEvents is the range of the histories of all accounts.
func AllTrailEvents() (from, to []byte) { return space('h') }

// ParseTrailEvents returns the parts of the key of events in a history.
func ParseTrailEvents(key []byte) (account ids.AccountID, sequence uint64, err error) {
	if len(key) != 1+accountWidth+8 || key[0] != 'h' {
		return "", 0, fmt.Errorf("%w %q", errKey, key)
	}
	return ids.AccountID(key[1 : 1+accountWidth]), binary.BigEndian.Uint64(key[1+accountWidth:]), nil
}
