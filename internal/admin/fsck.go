package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"crossgrant/internal/apierr"
	"crossgrant/internal/fsck"
)

// FsckOperator verifies everything that is stored.
type FsckOperator interface {
	// Fsck verifies, and repairs if that is asked for. tell is called with each line, the last of which has the
	// summary; its error ends the run.
	Fsck(ctx context.Context, repair bool, tell func(FsckLine) error) error
}

// FsckLine is one thing that is told of a run: exactly one of its fields is set.
type FsckLine struct {
	Finding  *fsck.Finding  `json:",omitempty"`
	Progress *fsck.Progress `json:",omitempty"`
	Summary  *fsck.Summary  `json:",omitempty"`
	// Failure says why the run could not be finished.
	Failure string `json:",omitempty"`
}

// Fsck verifies the open folder.
func (l *Local) Fsck(ctx context.Context, repair bool, tell func(FsckLine) error) error {
	var mu sync.Mutex // protects failed
	var failed error
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	say := func(line FsckLine) {
		mu.Lock()
		defer mu.Unlock()
		if failed == nil {
			if failed = tell(line); failed != nil {
				stop()
			}
		}
	}
	options := l.Verify
	options.Repair = repair
	options.Found = func(f fsck.Finding) { say(FsckLine{Finding: &f}) }
	options.Progress = func(p fsck.Progress) { say(FsckLine{Progress: &p}) }
	summary, err := fsck.Run(ctx, options)
	if failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	return tell(FsckLine{Summary: &summary})
}

// Fsck has the server verify. It takes as long as it takes: the run ends with ctx.
func (c *Client) Fsck(ctx context.Context, repair bool, tell func(FsckLine) error) error {
	query := url.Values{"repair": {strconv.FormatBool(repair)}}
	ended := func(err error) error { return fmt.Errorf("the server ended before the run was finished: %w", err) }
	return readLines(ctx, c, "/fsck", query, nil, ended, func(line FsckLine) (last bool, err error) {
		if line.Failure != "" {
			return true, errors.New(line.Failure)
		}
		return line.Summary != nil, tell(line)
	})
}

// handleFsck serves operator's runs, a line of JSON for each thing that is told.
func handleFsck(mux *http.ServeMux, operator FsckOperator) {
	mux.HandleFunc("POST /fsck", func(w http.ResponseWriter, r *http.Request) {
		repair, err := strconv.ParseBool(r.URL.Query().Get("repair"))
		if err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, "InvalidInputException", "malformed request: %v", err))
			return
		}
		tell := sendLines[FsckLine](w)
		if err := operator.Fsck(r.Context(), repair, tell); err != nil {
			_ = tell(FsckLine{Failure: err.Error()}) // who cannot be told is gone
		}
	})
}
