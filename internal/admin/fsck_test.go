package admin

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/fsck"
)

// stubFsck is the operator of newLocal with other runs.
type stubFsck struct {
	*Local
	run func(ctx context.Context, repair bool, tell func(FsckLine) error) error
}

func (s stubFsck) Fsck(ctx context.Context, repair bool, tell func(FsckLine) error) error {
	return s.run(ctx, repair, tell)
}

func TestClientFsck(t *testing.T) {
	t.Parallel()
	lines := []FsckLine{
		{Progress: &fsck.Progress{Stage: "records", Done: 1}},
		{Finding: &fsck.Finding{Kind: fsck.Blob, Bucket: "b", Key: "k", At: "blob x", What: "lost"}},
		{Summary: &fsck.Summary{Records: 3, Findings: 1}},
	}
	ended := make(chan struct{})
	client := newClient(t, stubFsck{newLocal(t), func(ctx context.Context, repair bool, tell func(FsckLine) error) error {
		if !repair {
			_ = tell(lines[0])
			<-ctx.Done() // the client does not listen any more
			close(ended)
			return ctx.Err()
		}
		for _, line := range lines {
			if err := tell(line); err != nil {
				return err
			}
		}
		return nil
	}})
	var told []FsckLine
	err := client.Fsck(t.Context(), true, func(line FsckLine) error { told = append(told, line); return nil })
	if diff := cmp.Diff(lines, told); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	gone := errors.New("the terminal is gone")
	if err := client.Fsck(t.Context(), false, func(FsckLine) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("what cannot be told: %v", err)
	}
	<-ended
	for _, test := range []struct {
		result error
		want   string
	}{
		{errors.New("the disk is gone"), "the disk is gone"},
		{nil, "the server ended before the run was finished: EOF"}, // without a summary
	} {
		client := newClient(t, stubFsck{newLocal(t), func(context.Context, bool, func(FsckLine) error) error { return test.result }})
		err := client.Fsck(t.Context(), true, func(FsckLine) error { return nil })
		if err == nil || err.Error() != test.want || errors.Is(err, io.EOF) != (test.result == nil) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
