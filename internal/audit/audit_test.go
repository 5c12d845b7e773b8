package audit

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

type list []*Record

func (l *list) Record(r *Record) { *l = append(*l, r) }

func TestStreamHandsEveryRecordToEveryReader(t *testing.T) {
	t.Parallel()
	var a, b list
	s := NewStream(&a, &b)
	s.Publish(&Record{RequestID: "1"})
	s.Publish(&Record{RequestID: "2"})
	for _, l := range []list{a, b} {
		if len(l) != 2 || l[0].RequestID != "1" || l[1].RequestID != "2" {
			t.Errorf("a reader got %d records, want both in order", len(l))
		}
	}
}

func TestLogNamesTheDecidingStatement(t *testing.T) {
	t.Parallel()
	document := &policy.Document{Statements: []policy.Statement{{}, {}, {Sid: "NoWrites"}}}
	var out bytes.Buffer
	NewLog(slog.New(slog.NewJSONHandler(&out, nil))).Record(&Record{
		RequestID: "R1", Operation: "PutObject", Status: 403, ErrorCode: "AccessDenied",
		Decisions: []Decision{{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Decision: authz.Decision{
			Effect: authz.ExplicitDeny,
			By:     authz.Finding{Layer: authz.ResourcePolicy, Effect: authz.ExplicitDeny, Policy: &authz.Source{Name: "bucket policy of b", Document: document}, Statement: 2},
		}}},
	})
	var got struct {
		Status    int
		Decisions []line
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := line{"s3:PutObject", "arn:aws:s3:::b/k", "explicitDeny", "resource-based policy", "bucket policy of b", 2, "NoWrites"}
	if got.Status != 403 || len(got.Decisions) != 1 || got.Decisions[0] != want {
		t.Errorf("the line is %s", out.String())
	}
}
