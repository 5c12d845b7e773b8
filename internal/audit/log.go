package audit

import (
	"sync"
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/jsonwrite"
	"crossgrant/internal/limits"
)

// Log is a Reader that writes one JSON object for each request, on a line of its own, as the JSON handler of package
// log/slog writes what the server itself has to say.
type Log struct {
	lines   *Lines
	now     func() time.Time
	shed    limits.Pulse
	buffers sync.Pool // of *object
}

// shedEvery is how often a request that was turned away has a line: what bounds the server must not flood its log.
const shedEvery = time.Second

// NewLog returns a Log that writes to lines, or nothing if that is nil.
func NewLog(lines *Lines) *Log {
	return &Log{lines: lines, now: time.Now, shed: limits.Pulse{Every: shedEvery}, buffers: sync.Pool{New: func() any { return new(object) }}}
}

// object is a JSON object that a record is written into.
type object struct{ jsonwrite.Object }

// maxLine is how large a buffer may be, in bytes, to be used again.
const maxLine = 16 << 10

// Record writes the line of one request: at level error, and at once, if the server failed, else at level info and
// within MaxDelay. Of those that were turned away because too much was under way, only one each second has a line,
// which tells how many there were.
func (l *Log) Record(r *Record) {
	if l.lines == nil {
		return
	}
	shed := 0
	if r.Shed != "" {
		var tell bool
		if shed, tell = l.shed.Beat(r.Time); !tell {
			return
		}
	}
	o := l.buffers.Get().(*object)
	o.Reset()
	o.request(r, shed, l.now())
	if r.Fault != "" {
		l.lines.Write(o.Text)
	} else {
		l.lines.Later(o.Text)
	}
	if cap(o.Text) <= maxLine {
		l.buffers.Put(o)
	}
}

// request writes the line of a request, which stands for so many that were shed.
func (o *object) request(r *Record, shed int, now time.Time) {
	level := "INFO"
	if r.Fault != "" {
		level = "ERROR"
	}
	o.Open("", '{')
	o.Time("time", now)
	o.String("level", level)
	o.String("msg", "request")
	o.asked(r)
	o.Int("status", int64(r.Status))
	o.String0("error", r.ErrorCode)
	if shed > 0 {
		o.String("shed", r.Shed)
		o.Int("shed_requests", int64(shed))
	}
	o.String0("fault", r.Fault)
	if len(r.Decisions) > 0 {
		o.Open("decisions", '[')
		for i := range r.Decisions {
			o.decision(&r.Decisions[i])
		}
		o.Close(']')
	}
	o.Int("bytes_in", r.BytesIn)
	o.Int("bytes_out", r.BytesOut)
	o.Int("duration", int64(r.Duration))
	o.Close('}')
	o.Text = append(o.Text, '\n')
}

// asked writes what was asked, and who asked.
func (o *object) asked(r *Record) {
	o.String0("request_id", r.RequestID)
	o.String0("service", r.Service)
	o.String0("operation", r.Operation)
	o.String0("method", r.Method)
	o.String0("path", r.Path)
	o.String0("source_ip", r.SourceIP)
	o.String0("user_agent", r.UserAgent)
	o.String0("authentication", r.Authentication)
	o.String0("access_key_id", string(r.AccessKeyID))
	o.String0("caller", r.CallerARN)
	o.String0("caller_account", string(r.CallerAccount))
	if r.CallerAccount == "" {
		// Whoever an identity provider vouches for has no other name.
		o.String0("caller_id", r.CallerID)
	}
	o.String0("bucket", r.Bucket)
	o.String0("key", r.Key)
	o.String0("resource_owner", string(r.ResourceOwner))
	o.String0("object_owner", string(r.ObjectOwner))
}

// decision writes the answer to a check.
func (o *object) decision(d *Decision) {
	o.Open("", '{')
	o.String0("action", d.Action)
	o.String("resource", d.Resource)
	o.String("decision", d.Effect.String())
	o.String("by", d.By.Layer.String())
	o.String0("source", d.By.Source())
	o.Int("statement", int64(d.By.Statement)) // -1 where no statement decided
	o.String0("sid", d.By.Sid())
	if c := compared(d); len(c) > 0 {
		o.Strings("compared", c)
	}
	if len(d.Misses) > 0 {
		o.Open("nearest", '[')
		for i := range d.Misses[:min(len(d.Misses), nearest)] {
			o.miss(&d.Misses[i])
		}
		o.Close(']')
	}
	o.Close('}')
}

// nearest is how many misses of a denial are logged.
const nearest = 3

// miss writes a statement or grant that would have allowed, and what in it did not match.
func (o *object) miss(m *authz.Miss) {
	o.Open("", '{')
	o.String("in", m.Layer.String())
	o.String("source", m.Source())
	o.Int("statement", int64(m.Statement)) // -1 for a grant
	o.String0("sid", m.Sid)
	o.Strings("why", m.Why())
	o.Close('}')
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
