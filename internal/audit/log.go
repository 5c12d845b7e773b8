package audit

import (
	"context"
	"log/slog"
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/limits"
)

// Log is a Reader that writes one structured line for each request.
type Log struct {
	logger *slog.Logger
	shed   limits.Pulse
}

// shedEvery is how often a request that was turned away has a line: what bounds the server must not flood its log.
const shedEvery = time.Second

// NewLog returns a Log that writes to logger.
func NewLog(logger *slog.Logger) *Log {
	return &Log{logger: logger, shed: limits.Pulse{Every: shedEvery}}
}

// Record writes the line of one request: at level error if the server failed, else at level info. Of those that
// were turned away because too much was under way, only one each second has a line, which tells how many there were.
func (l *Log) Record(r *Record) {
	shed := 0
	if r.Shed != "" {
		var tell bool
		if shed, tell = l.shed.Beat(r.Time); !tell {
			return
		}
	}
	level := slog.LevelInfo
	if r.Fault != "" {
		level = slog.LevelError
	}
	attrs := make([]slog.Attr, 0, 24)
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	add("request_id", r.RequestID)
	add("service", r.Service)
	add("operation", r.Operation)
	add("method", r.Method)
	add("path", r.Path)
	add("source_ip", r.SourceIP)
	add("user_agent", r.UserAgent)
	add("authentication", r.Authentication)
	add("access_key_id", string(r.AccessKeyID))
	add("caller", r.CallerARN)
	add("caller_account", string(r.CallerAccount))
	if r.CallerAccount == "" {
		// Whoever an identity provider vouches for has no other name.
		add("caller_id", r.CallerID)
	}
	add("bucket", r.Bucket)
	add("key", r.Key)
	add("resource_owner", string(r.ResourceOwner))
	add("object_owner", string(r.ObjectOwner))
	attrs = append(attrs, slog.Int("status", r.Status))
	add("error", r.ErrorCode)
	if shed > 0 {
		attrs = append(attrs, slog.String("shed", r.Shed), slog.Int("shed_requests", shed))
	}
	add("fault", r.Fault)
	if len(r.Decisions) > 0 {
		attrs = append(attrs, slog.Any("decisions", decisions(r.Decisions)))
	}
	attrs = append(attrs,
		slog.Int64("bytes_in", r.BytesIn),
		slog.Int64("bytes_out", r.BytesOut),
		slog.Duration("duration", r.Duration))
	l.logger.LogAttrs(context.Background(), level, "request", attrs...)
}

// line is a decision as it stands in the log.
type line struct {
	Action    string `json:"action,omitempty"`
	Resource  string `json:"resource"`
	Decision  string `json:"decision"`
	By        string `json:"by"`
	Source    string `json:"source,omitempty"`
	Statement int    `json:"statement"` // -1 where no statement decided
	Sid       string `json:"sid,omitempty"`
	// Compared are the conditions of the statement that denied.
	Compared []string `json:"compared,omitempty"`
	Nearest  []miss   `json:"nearest,omitempty"`
}

// miss is a statement or grant that would have allowed, and what in it did not match.
type miss struct {
	In        string   `json:"in"`
	Source    string   `json:"source"`
	Statement int      `json:"statement"` // -1 for a grant
	Sid       string   `json:"sid,omitempty"`
	Why       []string `json:"why"`
}

// nearest is how many misses of a denial are logged.
const nearest = 3

func decisions(all []Decision) []line {
	lines := make([]line, len(all))
	for i := range all {
		d := &all[i]
		lines[i] = line{
			Action: d.Action, Resource: d.Resource, Decision: d.Effect.String(), By: d.By.Layer.String(), Source: d.By.Source(),
			Statement: int(d.By.Statement), Sid: d.By.Sid(), Compared: compared(d), Nearest: misses(d.Misses),
		}
	}
	return lines
}

// compared tells the conditions of the statement that denied, with the values of the request.
func compared(d *Decision) []string {
	var out []string
	for i := range d.Reasons {
		r := &d.Reasons[i]
		if d.Effect != authz.ExplicitDeny || r.Finding != d.By {
			continue
		}
		for j := range r.Conditions {
			out = append(out, authz.Compared(&r.Conditions[j]))
		}
	}
	return out
}

func misses(all []authz.Miss) []miss {
	var out []miss
	for i := range all[:min(len(all), nearest)] {
		m := &all[i]
		out = append(out, miss{m.Layer.String(), m.Source(), int(m.Statement), m.Sid, m.Why()})
	}
	return out
}
