package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// loggedCommand is the command logged.
func loggedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: [!] logged PROFILE s3://BUCKET/PREFIX REGEXP…")
	}
	var want []*regexp.Regexp
	for _, text := range args[2:] {
		pattern, err := regexp.Compile(text)
		ts.Check(err)
		want = append(want, pattern)
	}
	dir := filepath.Join(ts.Getenv("WORK"), "logged", regexp.MustCompile(`[^a-z0-9-]+`).ReplaceAllString(strings.ToLower(args[1]), "_"))
	for late := time.Now().Add(patience); ; time.Sleep(again) {
		awsCommand(ts, false, []string{"s3", "sync", "--quiet", args[1], dir, "--exclude", "*/CloudTrail-Digest/*", "--profile", args[0]})
		events := readEvents(ts, dir)
		all := strings.Join(events, "\n")
		missing := missing(events, want)
		switch {
		case neg && len(missing) < len(want):
			ts.Fatalf("the log has what matches %s:\n%s", args[2:], all)
		case neg, len(missing) == 0:
			ts.Logf("%d events", len(events))
			return
		case time.Now().After(late):
			ts.Fatalf("the log never had what matches %s, but\n%s", missing, all)
		}
	}
}

// missing returns the patterns that no event matches.
func missing(events []string, want []*regexp.Regexp) (none []string) {
	for _, pattern := range want {
		found := false
		for _, e := range events {
			found = found || pattern.MatchString(e)
		}
		if !found {
			none = append(none, pattern.String())
		}
	}
	return none
}

// readEvents returns the events of the log files below a directory, each as JSON on one line.
func readEvents(ts *testscript.TestScript, dir string) (events []string) {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		packed, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return err
		}
		var file struct{ Records []json.RawMessage }
		if err := json.NewDecoder(unpacked).Decode(&file); err != nil {
			return err
		}
		for _, e := range file.Records {
			var line bytes.Buffer
			if err := json.Compact(&line, e); err != nil {
				return err
			}
			events = append(events, line.String())
		}
		return nil
	})
	if !os.IsNotExist(err) {
		ts.Check(err)
	}
	return events
}
