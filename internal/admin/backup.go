package admin

import (
	"bytes"
	"context"
	"encoding/json"
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
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://admin/backup", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	response, err := c.patient().http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %s on its admin socket", response.Status)
	}
	steps := json.NewDecoder(response.Body)
	steps.DisallowUnknownFields()
	for {
		var step BackupStep
		if err := steps.Decode(&step); errors.Is(err, io.EOF) {
			return nil, errors.New("the server ended before the backup was made")
		} else if err != nil {
			return nil, fmt.Errorf("ask the server: %w", err)
		}
		switch {
		case step.Result != nil:
			return step.Result, nil
		case step.Failure != nil:
			return nil, errors.New(step.Failure.Message)
		case step.Progress != nil && tell != nil:
			tell(*step.Progress)
		}
	}
}

// handleBackup serves operator's backups. The client that goes away ends its backup.
func handleBackup(mux *http.ServeMux, operator BackupOperator) {
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		var o backup.Order
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &o); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, "InvalidInputException", "malformed request: %v", err))
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		flush := http.NewResponseController(w)
		send := func(step BackupStep) {
			// A client that is gone has ended the context as well.
			_ = json.NewEncoder(w).Encode(step)
			_ = flush.Flush()
		}
		result, err := operator.Backup(r.Context(), o, func(p backup.Progress) { send(BackupStep{Progress: &p}) })
		if err != nil {
			send(BackupStep{Failure: &Failure{Message: err.Error()}})
			return
		}
		send(BackupStep{Result: result})
	})
}
