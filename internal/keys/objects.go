package keys

// OfObjects reports whether key belongs to objects, uploads, or their blobs. No permission is read from
// such a key but the ACL of an object, which is read anew for each request.
func OfObjects(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	switch key[0] {
	case 'O', 'U', 'P', 'G', 'W':
		return true
	default:
		return false
	}
}
