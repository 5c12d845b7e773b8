package blob

import "fmt"

// Check returns an error if id is not 32 lower-case hexadecimal digits. Engines check each ID they
// get, since an ID becomes a file name or a URL.
func (id ID) Check() error {
	if len(id) != 32 {
		return fmt.Errorf("blob: id %.40q is not 32 hexadecimal digits", string(id))
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("blob: id %q is not 32 hexadecimal digits", string(id))
		}
	}
	return nil
}
