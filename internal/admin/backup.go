package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/backup"
)

// BackupOperator makes backups.
type BackupOperator interface {
	// Backup is backup.Service.Run.
	Backup(ctx context.Context, o backup.Order, tell func(backup.Progress)) (*backup.Result, error)
}

// BackupStep is a line of the answer to a backup: one of its fields. The last one is not a Progress.
type BackupStep struct {
	Progress *backup.Progress `json:",omitempty"`
	Result   *backup.Result   `json:",omitempty"`
	Failure  *Failure         `json:",omitempty"`
}

// Backup makes a backup.
func (l *Local) Backup(ctx context.Context, o backup.Order, tell func(backup.Progress)) (*backup.Result, error) {
	return l.Backups.Run(ctx, o, tell)
}

// Backup makes a backup. It ends when ctx does.
func (c *Client) Backup(ctx context.Context, o backup.Order, tell func(backup.Progress)) (*backup.Result, error) {
	var result *backup.Result
	ended := func(err error) error {
		if errors.Is(err, io.EOF) {
			return errors.New("the server ended before the backup was made")
		}
		return fmt.Errorf("ask the server: %w", err)
	}
	err := readLines(ctx, c, "/backup", nil, o, ended, func(step BackupStep) (last bool, err error) {
		switch {
		case step.Result != nil:
			result = step.Result
			return true, nil
		case step.Failure != nil:
			return true, errors.New(step.Failure.Message)
		case step.Progress != nil && tell != nil:
			tell(*step.Progress)
		}
		return false, nil
	})
	return result, err
}

// handleBackup serves operator's backups. The client that goes away ends its backup.
func handleBackup(mux *http.ServeMux, operator BackupOperator) {
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		var o backup.Order
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &o); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, "InvalidInputException", "malformed request: %v", err))
			return
		}
		// A client that is gone has ended the context as well.
		send := sendLines[BackupStep](w)
		result, err := operator.Backup(r.Context(), o, func(p backup.Progress) { _ = send(BackupStep{Progress: &p}) })
		if err != nil {
			_ = send(BackupStep{Failure: &Failure{Message: err.Error()}})
			return
		}
		_ = send(BackupStep{Result: result})
	})
}
