package matrix_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	operators "crossgrant/internal/admin"
	"crossgrant/internal/explain"
)

// TestReplay compares what `crossgrant replay` says of a changed policy with what the policy changes. In the worlds of
// the walkthrough's answers everyone asks for everything; each policy that is suggested to who was denied is replayed
// on that. In another world of the kind the policy is put, and everyone asks again: what is answered otherwise is what
// replay has said. There the way back is replayed as well.
func TestReplay(t *testing.T) {
	t.Parallel()
	for i := range answers {
		a := &answers[i]
		for j := range a.remedies {
			if edits := a.remedies[j].edits; len(edits) != 1 || !strings.Contains(edits[0], " AddStatement ") {
				continue // replay is about one policy
			}
			t.Run(fmt.Sprintf("%d/%d", a.number, j), func(t *testing.T) {
				t.Parallel()
				a.replay(t, j)
			})
		}
	}
}

// replay compares for one suggestion.
func (a *answer) replay(t *testing.T, suggestion int) {
	ctx := t.Context()
	w := newWalkthrough(t, a.world)
	before, err := w.everything(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	edit, err := a.suggested(ctx, w, suggestion)
	if err != nil {
		t.Fatal(err)
	}
	there, back, err := w.changes(ctx, edit)
	if err != nil {
		t.Fatal(err)
	}
	said, err := w.replay(ctx, there, before, "allowed")
	if err != nil {
		t.Fatal(err)
	}

	changed := newWalkthrough(t, a.world)
	if _, err := changed.apply(ctx, a.wish, &explain.Remedy{Edits: []explain.Edit{*edit}}); err != nil {
		t.Fatal(err)
	}
	after, err := changed.everything(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	really := differences(before, after)
	if !slices.Contains(really, probe{a.who, a.wish}.String()) {
		t.Errorf("%s changes %q", edit.Text, really)
	}
	if diff := gocmp.Diff(really, said); diff != "" {
		t.Errorf("replay of %s (-really +said):\n%s", edit.Text, diff)
	}
	if said, err = changed.replay(ctx, back, after, "denied"); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(really, said); diff != "" {
		t.Errorf("replay of %s taken back (-really +said):\n%s", edit.Text, diff)
	}
}

// answered is a request that was made.
type answered struct {
	probe
	id      string
	allowed bool
}

// everything has everyone ask for everything. What is written or removed is put back after each request, so that
// none depends on those before it.
func (w *walkthrough) everything(ctx context.Context, a *answer) ([]answered, error) {
	wishes := []wish{list, {action: "s3:GetBucketAcl"}}
	if a.world == roleTrusts {
		wishes = append(wishes, assume)
	}
	for _, key := range []string{elsewhere, cmp.Or(a.key, vacant)} {
		wishes = append(wishes, wish{action: "s3:GetObject", key: key}, wish{action: "s3:PutObject", key: key},
			wish{action: "s3:PutObject", key: key, acl: fullA}, wish{action: "s3:DeleteObject", key: key})
	}
	var out []answered
	for _, who := range slices.Sorted(maps.Keys(w.clients)) {
		for _, one := range wishes {
			id, allowed, err := w.send(ctx, who, one)
			if err == nil && allowed && (one.action == "s3:PutObject" || one.action == "s3:DeleteObject") {
				err = w.putBack(ctx, one.key)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", probe{who, one}, err)
			}
			out = append(out, answered{probe{who, one}, id, allowed})
		}
	}
	return out, nil
}

// putBack makes what is at a key as it was.
func (w *walkthrough) putBack(ctx context.Context, key string) error {
	steps := []probe{{adminOfA, wish{action: "s3:DeleteObject", key: key}}}
	switch key {
	case elsewhere, ofA, byRole:
		steps = append(steps, probe{adminOfA, wish{action: "s3:PutObject", key: key}})
	case ofB:
		steps = append(steps, probe{adminOfB, wish{action: "s3:PutObject", key: key}})
	}
	for _, step := range steps {
		if _, allowed, err := w.send(ctx, step.who, step.wish); err != nil || !allowed {
			return fmt.Errorf("put back: %s: %v, %w", step, allowed, err)
		}
	}
	return nil
}

// differences returns the requests that were answered otherwise.
func differences(before, after []answered) []string {
	var out []string
	for i := range before {
		if before[i].allowed != after[i].allowed {
			out = append(out, before[i].String())
		}
	}
	return out
}

// suggested returns the edit that is suggested to who asks for the answer.
func (a *answer) suggested(ctx context.Context, w *walkthrough, suggestion int) (*explain.Edit, error) {
	id, _, err := w.send(ctx, a.who, a.wish)
	if err != nil {
		return nil, err
	}
	found, err := w.operator.Request(ctx, id)
	if err != nil {
		return nil, err
	}
	return &decisive(found.Report).Remedies[suggestion].Edits[0], nil
}

// changes returns the flags of replay for an edit, and for taking it back: all but the policy, and the policy, which is
// empty where it is to be taken away.
func (w *walkthrough) changes(ctx context.Context, e *explain.Edit) (there, back replayed, err error) {
	if e.Layer == resourceLayer {
		before, err := w.bucketPolicy(ctx)
		if err != nil {
			return there, back, err
		}
		after, err := edited(before, e)
		flags := []string{"--for", "bucket", logs}
		return replayed{flags, after}, replayed{flags, before}, err
	}
	kind := "user"
	if strings.Contains(e.On, ":role/") {
		kind = "role"
	}
	after, err := edited("", e)
	flags := []string{"--for", kind, "--name", addedPolicy, e.On}
	return replayed{flags, after}, replayed{flags, ""}, err
}

// replayed is a change to replay.
type replayed struct {
	flags  []string
	policy string
}

// replay replays a change, and returns those of the requests that it says would be answered otherwise. It fails if the
// change would do anything else than have them answered as outcome says.
func (w *walkthrough) replay(ctx context.Context, change replayed, requests []answered, outcome string) ([]string, error) {
	args := append([]string{"replay", "--data", w.server.Data, "--json"}, change.flags...)
	if change.policy == "" {
		args = append(args, "--remove")
	} else {
		file := filepath.Join(filepath.Dir(w.server.Log), "policy.json")
		if err := os.WriteFile(file, []byte(change.policy), 0o600); err != nil {
			return nil, err
		}
		args = append(args, "--policy", file)
	}
	printed, err := exec.CommandContext(ctx, w.server.Program, args...).Output()
	if err != nil {
		return nil, fmt.Errorf("crossgrant %s: %w", strings.Join(args, " "), err)
	}
	differs := map[string]bool{}
	for lines := json.NewDecoder(bytes.NewReader(printed)); ; {
		var line operators.ReplayLine
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if d := line.Difference; d != nil {
			if differs[d.RequestID] = true; (d.Then == "allowed") != (outcome == "allowed") {
				return nil, fmt.Errorf("%+v is not %s", d, outcome)
			}
		}
		if r := line.Result; r != nil && (r.Drifted != 0 || len(r.Skipped) != 0) {
			return nil, fmt.Errorf("the result is %+v", r)
		}
	}
	var out []string
	for i := range requests {
		if differs[requests[i].id] {
			out = append(out, requests[i].String())
		}
	}
	return out, nil
}
