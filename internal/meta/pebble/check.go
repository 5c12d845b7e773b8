package pebble

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// checkBefore verifies what Pebble does not, or not before it is too late, when a folder with a database is opened: that
// nothing that was synced is missing from the logs and the manifest. It costs one more read of the logs, which Pebble
// reads too. Options that are known to be damaged are removed: Pebble would not open a folder with what it cannot decode,
// and writes them anew.
func checkBefore(files vfs.FS, dir, manifest string) error {
	var damaged []error
	err := checkFrom(files, dir, manifest, func(int) error { return nil }, func(d meta.Damage, harmless bool) {
		if isOptions(d.File) {
			damaged = append(damaged, files.Remove(files.PathJoin(dir, d.File)))
		} else if !harmless {
			damaged = append(damaged, fmt.Errorf("%s: %s: %w", d.File, d.What, meta.ErrCorrupt))
		}
	})
	return errors.Join(append(damaged, err)...)
}

// checkLogs verifies the manifest, the logs that it needs, and what sums were kept of, if there is a database. harmless
// says that nothing is lost by a damage.
func checkLogs(files vfs.FS, dir string, read func(n int) error, found func(d meta.Damage, harmless bool)) error {
	described, err := pebbledb.Peek(dir, files)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !described.Exists {
		return nil
	}
	if err != nil {
		return err
	}
	return checkFrom(files, dir, files.PathBase(described.ManifestFilename), read, found)
}

// checkFrom is checkLogs of a database with this manifest.
func checkFrom(files vfs.FS, dir, manifest string, read func(n int) error, found func(d meta.Damage, harmless bool)) error {
	tell := func(file, what string, harmless bool) { found(meta.Damage{File: file, What: what}, harmless) }
	known, err := checkSums(files, dir, manifest, read, tell)
	if err != nil || known {
		return err
	}
	first, err := checkManifest(files, dir, manifest, read, tell)
	if err != nil {
		return err
	}
	return checkNeededLogs(files, dir, first, read, tell)
}

// checkSums compares the sums of a folder that was closed. known says that there are sums, so that what is wrong is
// known, and better than by looking for it.
func checkSums(files vfs.FS, dir, manifest string, read func(n int) error, tell func(file, what string, harmless bool)) (known bool, err error) {
	kept, ok, err := readSums(files, dir)
	if err != nil {
		return false, err
	}
	if !ok {
		tell(sumsFile, "it is not what was written", true)
		return false, nil
	}
	if _, ok := kept[manifest]; !ok {
		return false, nil
	}
	have, err := sumFolder(files, dir, read)
	if err != nil {
		return false, err
	}
	wrong := kept.compare(have)
	var needed func(name string) bool
	if len(wrong) > 0 {
		if needed, err = neededBy(files, dir, manifest, wrong[manifest] == ""); err != nil {
			return false, err
		}
	}
	for name, what := range wrong {
		tell(name, what, !needed(name))
	}
	return wrong != nil, nil
}

// neededBy returns which files Pebble reads to open the folder. On options nothing depends that the program does not set
// itself. If the manifest is sound, the logs before the first that it needs were written out, and the manifests
// before it are replaced: they are kept to be used again, and are removed.
func neededBy(files vfs.FS, dir, manifest string, sound bool) (needed func(name string) bool, err error) {
	first := uint64(0)
	if sound {
		first, err = checkManifest(files, dir, manifest, func(int) error { return nil }, func(_, _ string, harmless bool) { sound = sound && harmless })
	}
	return func(name string) bool {
		switch {
		case isOptions(name):
			return false
		case !sound:
			return true
		}
		if number, ok := logNumber(name); ok {
			return number >= first
		}
		return name == manifest
	}, err
}

// checkManifest verifies the manifest and returns the number of the first log that it needs; 0 if it does not say.
func checkManifest(files vfs.FS, dir, name string, read func(n int) error, tell func(file, what string, harmless bool)) (first uint64, err error) {
	f, err := files.Open(files.PathJoin(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		tell(name, "it is missing", false)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var log firstLog
	s, err := checkLog(f, 0, read, log.chunk)
	switch {
	case err != nil:
		return 0, err
	case s.damaged != "":
		tell(name, s.damaged, false)
	case s.blemish != "":
		tell(name, s.blemish, true)
	}
	return log.number, nil
}

// checkNeededLogs verifies the logs from the first one that is needed on.
func checkNeededLogs(files vfs.FS, dir string, first uint64, read func(n int) error, tell func(file, what string, harmless bool)) error {
	numbers, err := logNumbers(files, dir)
	if err != nil {
		return err
	}
	numbers = slices.DeleteFunc(numbers, func(n uint64) bool { return n < first })
	for i, number := range numbers {
		if err := checkOneLog(files, dir, number, i == len(numbers)-1, read, tell); err != nil {
			return err
		}
	}
	return nil
}

func checkOneLog(files vfs.FS, dir string, number uint64, last bool, read func(n int) error, tell func(file, what string, harmless bool)) error {
	f, err := files.Open(files.PathJoin(dir, logName(number)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was flushed meanwhile
	}
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := checkLog(f, uint32(number), read, func(chunk) {})
	if err != nil {
		return err
	}
	if _, err := files.Stat(files.PathJoin(dir, logName(number))); errors.Is(err, fs.ErrNotExist) {
		return nil // it was written over by another log meanwhile
	}
	switch {
	case s.damaged != "":
		tell(logName(number), s.damaged, false)
	case s.blemish != "":
		tell(logName(number), s.blemish, true)
	case !s.closed && !last:
		tell(logName(number), fmt.Sprintf("what is at %d is not whole, and there is a later log", s.at), false)
	}
	return nil
}

func logName(number uint64) string { return fmt.Sprintf("%06d.log", number) }

// logNumber returns the number of the log with this name; ok is false if it is that of another file.
func logNumber(name string) (number uint64, ok bool) {
	text, ok := strings.CutSuffix(name, ".log")
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseUint(text, 10, 64)
	return number, err == nil
}

// logNumbers returns the numbers of the logs in a folder, in order.
func logNumbers(files vfs.FS, dir string) ([]uint64, error) {
	names, err := files.List(dir)
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, name := range names {
		if number, ok := logNumber(name); ok {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
