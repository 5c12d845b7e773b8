//go:build !linux

package disk

import "github.com/cockroachdb/pebble/v2/vfs"

// OS returns the file system of the operating system.
func OS() vfs.FS { return vfs.Default }
