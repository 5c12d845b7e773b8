package keys

import "fmt"

// Lease is the key of who does the work of a name.
func Lease(name string) []byte { return append([]byte{'l', 'l'}, name...) }

// LeaseRenewal is the key of what the holder of a lease writes again and again. It is apart from Lease, so that those who
// only ask who has the lease are not in the way of a renewal.
func LeaseRenewal(name string) []byte { return append([]byte{'l', 'r'}, name...) }

// Server is the key of a server that is there.
func Server(id string) []byte { return append([]byte{'l', 's'}, id...) }

// Servers is the range of all of them.
func Servers() (from, to []byte) { return prefix([]byte{'l', 's'}) }

// ConsoleSession is the key of a session of the console, by the hash of its token.
func ConsoleSession(hash [32]byte) []byte { return append([]byte{'w'}, hash[:]...) }

// ConsoleSessions is the range of all of them.
func ConsoleSessions() (from, to []byte) { return space('w') }

// Sharing reports whether a key is one of those that servers which share a store keep for each other: it is of no use in a
// copy of the store.
func Sharing(key []byte) bool { return len(key) > 0 && (key[0] == 'l' || key[0] == 'w') }

// ParseServer returns the ID in a key of Servers.
func ParseServer(key []byte) (id string, err error) {
	if len(key) < 3 || key[0] != 'l' || key[1] != 's' {
		return "", fmt.Errorf("%w %q", errKey, key)
	}
	return string(key[2:]), nil
}
