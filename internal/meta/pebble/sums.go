package pebble

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Sums
//
// Tables have checksums of every byte. Logs and manifests have them of every chunk, but the last
// chunk cannot be told from one that power loss cut off; files of options have none. So when the folder is closed,
// the checksums of these are written to sumsFile, as lines of CRC-32C, size and name; the last line is that of the
// lines before. While the folder is open the file is not there.

const sumsFile = "closed.sums"

// summed are the files with checksums in sumsFile.
var summed = regexp.MustCompile(`^(MANIFEST-\d+|OPTIONS-\d+|\d+\.log)$`)

// sums are the checksums of files by name.
type sums map[string]sum

type sum struct {
	crc  uint32
	size int64
}

// sumFolder computes the sums of the files that are in a folder.
func sumFolder(files vfs.FS, dir string, read func(n int) error) (sums, error) {
	names, err := files.List(dir)
	if err != nil {
		return nil, err
	}
	all := sums{}
	for _, name := range names {
		if !summed.MatchString(name) {
			continue
		}
		if all[name], err = sumFile(files, files.PathJoin(dir, name), read); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func sumFile(files vfs.FS, path string, read func(n int) error) (s sum, err error) {
	f, err := files.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	b := make([]byte, 256<<10)
	for {
		n, err := f.Read(b)
		s.crc, s.size = crc32.Update(s.crc, castagnoli, b[:n]), s.size+int64(n)
		if n > 0 {
			if err := read(n); err != nil {
				return s, err
			}
		}
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, err
		}
	}
}

func (s sums) encode() []byte {
	var names []string
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&b, "%08x %d %s\n", s[name].crc, s[name].size, name)
	}
	fmt.Fprintf(&b, "%08x\n", crc32.Checksum(b.Bytes(), castagnoli))
	return b.Bytes()
}

// decodeSums reads what encode wrote; ok is false for anything else.
func decodeSums(text []byte) (s sums, ok bool) {
	s = sums{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue // the checksum of the lines; whatever else it may be, the comparison finds it
		}
		crc, crcErr := strconv.ParseUint(fields[0], 16, 32)
		size, sizeErr := strconv.ParseInt(fields[1], 10, 64)
		if crcErr == nil && sizeErr == nil {
			s[fields[2]] = sum{crc: uint32(crc), size: size}
		}
	}
	return s, bytes.Equal(s.encode(), text)
}

// readSums returns the sums of a folder that was closed: nil if it was not. ok is false if they cannot be read.
func readSums(files vfs.FS, dir string) (s sums, ok bool, err error) {
	f, err := files.Open(files.PathJoin(dir, sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, false, err
	}
	s, ok = decodeSums(text)
	return s, ok, nil
}

// compare returns what is wrong with the files of a folder by name, if they are those that it was closed with. Where
// there are others, a program opened the folder that does not know of sums, and nil is returned: each opening for
// writing makes a log. Options may be fewer or more, for nothing depends on them.
func (s sums) compare(have sums) map[string]string {
	for name := range have {
		if _, ok := s[name]; !ok && !isOptions(name) {
			return nil
		}
	}
	wrong := map[string]string{}
	for name, want := range s {
		got, ok := have[name]
		switch {
		case !ok && !isOptions(name):
			wrong[name] = "it is missing"
		case ok && got != want:
			wrong[name] = fmt.Sprintf("it has %d bytes with the checksum %08x, and was closed with %d and %08x", got.size, got.crc, want.size, want.crc)
		}
	}
	return wrong
}

// isOptions reports whether a file with this name holds options.
func isOptions(name string) bool { return strings.HasPrefix(name, "OPTIONS-") }

// writeSums writes the sums of a folder that was closed, durably.
func writeSums(files vfs.FS, dir string) error {
	all, err := sumFolder(files, dir, func(int) error { return nil })
	if err != nil {
		return err
	}
	if err := writeSynced(files, files.PathJoin(dir, sumsFile), all.encode()); err != nil {
		return err
	}
	return syncDir(files, dir)
}

// forgetSums removes the sums, durably, before the folder is written to.
func forgetSums(files vfs.FS, dir string) error {
	err := files.Remove(files.PathJoin(dir, sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(files, dir)
}
