package seal

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"regexp"
)

// The file of the master key ends with a line that has the CRC-32C of what is before it, so that a damage is not
// taken for another key, and is found before something is sealed with a key that nobody has.

var sumLine = regexp.MustCompile(`(?s)^(.*)\ncrc32c ([0-9a-f]{8})\n$`)

func sumOf(text []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
}

// summed returns text with its checksum.
func summed(text []byte) []byte {
	return fmt.Appendf(bytes.Clone(text), "\ncrc32c %s\n", sumOf(text))
}

// unsummed returns the text that summed was given. A text without a checksum, which an older program wrote, is
// returned as it is; ok is false if the checksum is another.
func unsummed(text []byte) (out []byte, ok bool) {
	parts := sumLine.FindSubmatch(text)
	if parts == nil {
		return text, true
	}
	return parts[1], string(parts[2]) == sumOf(parts[1])
}
