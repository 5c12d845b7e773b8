package expect

import (
	"path"
	"strings"
)

// TestsFile is the name of the file of an archive that has the tests.
const TestsFile = "tests.yaml"

// archived is one file of an archive.
type archived struct {
	name, text string
	line       int // of the archive, before its first line
}

// IsArchive reports whether the name of a file says that it is a txtar archive.
func IsArchive(name string) bool { return path.Ext(name) == ".txtar" }

// unpack takes an archive apart. Names are relative, clean and used once; the last line of a file need not have an end.
func unpack(name, text string) ([]archived, error) {
	var files []archived
	seen := map[string]bool{}
	line := 0
	for rest := text; rest != ""; {
		var current string
		current, rest, _ = strings.Cut(rest, "\n")
		line++
		title, ok := marker(current)
		if !ok {
			if n := len(files); n > 0 {
				files[n-1].text += current + "\n"
			}
			continue
		}
		at := place{name, line, 1}
		switch {
		case path.IsAbs(title), path.Clean(title) != title, title == ".", title == "..", strings.HasPrefix(title, "../"), strings.Contains(title, `\`):
			return nil, at.errorf("%q is not the relative path of a file", title)
		case seen[title]:
			return nil, at.errorf("the file %s is there twice", title)
		}
		seen[title] = true
		files = append(files, archived{name: title, line: line})
	}
	return files, nil
}

// marker returns the name that a line "-- NAME --" has.
func marker(line string) (name string, ok bool) {
	line = strings.TrimRight(line, "\r")
	rest, ok := strings.CutPrefix(line, "-- ")
	if !ok {
		return "", false
	}
	rest, ok = strings.CutSuffix(rest, " --")
	name = strings.TrimSpace(rest)
	return name, ok && name != ""
}
