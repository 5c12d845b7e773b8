//go:build !linux

package files

import "github.com/cockroachdb/pebble/v2/vfs"

// osFS is vfs.Default.
type osFS struct{ vfs.FS }
