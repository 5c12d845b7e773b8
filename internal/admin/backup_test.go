package admin

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/backup"
)

// stubBackups is the operator of newLocal with other backups.
type stubBackups struct {
	*Local
	run func(ctx context.Context, o backup.Order, tell func(backup.Progress)) (*backup.Result, error)
}

func (s stubBackups) Backup(ctx context.Context, o backup.Order, tell func(backup.Progress)) (*backup.Result, error) {
	return s.run(ctx, o, tell)
}

func TestClientBackup(t *testing.T) {
	t.Parallel()
	want := &backup.Result{Info: backup.Info{ID: 7, Created: time.Unix(1_700_000_000, 5).UTC(), Blobs: 3, MasterKey: true}, CopiedBytes: 9, Removed: []int{1, 2}}
	order := backup.Order{To: "/t", Keep: 2, Rate: 5, WithMasterKey: true, Adopt: true}
	ended := make(chan struct{})
	client := newClient(t, stubBackups{newLocal(t), func(ctx context.Context, o backup.Order, tell func(backup.Progress)) (*backup.Result, error) {
		switch o.To {
		case "/t":
			if o != order {
				t.Errorf("ordered %+v, want %+v", o, order)
			}
			tell(backup.Progress{Blobs: 1, AllBlobs: 3})
			tell(backup.Progress{Blobs: 2, AllBlobs: 3, Copied: 4})
			return want, nil
		case "/gone":
			tell(backup.Progress{})
			<-ctx.Done()
			close(ended)
			return nil, ctx.Err()
		}
		return nil, errors.New("the disk is gone")
	}})
	var told []backup.Progress
	got, err := client.Backup(t.Context(), order, func(p backup.Progress) { told = append(told, p) })
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff([]backup.Progress{{Blobs: 1, AllBlobs: 3}, {Blobs: 2, AllBlobs: 3, Copied: 4}}, told); diff != "" {
		t.Error(diff)
	}
	if _, err := client.Backup(t.Context(), backup.Order{}, nil); err == nil || err.Error() != "the disk is gone" {
		t.Errorf("a backup that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := client.Backup(ctx, backup.Order{To: "/gone"}, func(backup.Progress) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that goes away: %v", err)
	}
	<-ended
	if response, err := client.http.Post("http://admin/backup", "application/json", strings.NewReader(`{"Too":"x"}`)); err != nil || response.StatusCode != 400 {
		t.Errorf("an unknown field: %v, %v", response, err)
	}
}
