package audit

import (
	"sync"
	"time"

	"crossgrant/internal/authz"
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
	o.text, o.comma = o.text[:0], false
	o.request(r, shed, l.now())
	if r.Fault != "" {
		l.lines.Write(o.text)
	} else {
		l.lines.Later(o.text)
	}
	if cap(o.text) <= maxLine {
		l.buffers.Put(o)
	}
}

// request writes the line of a request, which stands for so many that were shed.
func (o *object) request(r *Record, shed int, now time.Time) {
	level := "INFO"
	if r.Fault != "" {
		level = "ERROR"
	}
	o.open("", '{')
	o.time("time", now)
	o.string("level", level)
	o.string("msg", "request")
	o.asked(r)
	o.int("status", int64(r.Status))
	o.string0("error", r.ErrorCode)
	if shed > 0 {
		o.string("shed", r.Shed)
		o.int("shed_requests", int64(shed))
	}
	o.string0("fault", r.Fault)
	if len(r.Decisions) > 0 {
		o.open("decisions", '[')
		for i := range r.Decisions {
			o.decision(&r.Decisions[i])
		}
		o.close(']')
	}
	o.int("bytes_in", r.BytesIn)
	o.int("bytes_out", r.BytesOut)
	o.int("duration", int64(r.Duration))
	o.close('}')
	o.text = append(o.text, '\n')
}

// asked writes what was asked, and who asked.
func (o *object) asked(r *Record) {
	o.string0("request_id", r.RequestID)
	o.string0("service", r.Service)
	o.string0("operation", r.Operation)
	o.string0("method", r.Method)
	o.string0("path", r.Path)
	o.string0("source_ip", r.SourceIP)
	o.string0("user_agent", r.UserAgent)
	o.string0("authentication", r.Authentication)
	o.string0("access_key_id", string(r.AccessKeyID))
	o.string0("caller", r.CallerARN)
	o.string0("caller_account", string(r.CallerAccount))
	if r.CallerAccount == "" {
		// Whoever an identity provider vouches for has no other name.
		o.string0("caller_id", r.CallerID)
	}
	o.string0("bucket", r.Bucket)
	o.string0("key", r.Key)
	o.string0("resource_owner", string(r.ResourceOwner))
	o.string0("object_owner", string(r.ObjectOwner))
}

// decision writes the answer to a check.
func (o *object) decision(d *Decision) {
	o.open("", '{')
	o.string0("action", d.Action)
	o.string("resource", d.Resource)
	o.string("decision", d.Effect.String())
	o.string("by", d.By.Layer.String())
	o.string0("source", d.By.Source())
	o.int("statement", int64(d.By.Statement)) // -1 where no statement decided
	o.string0("sid", d.By.Sid())
	if c := compared(d); len(c) > 0 {
		o.strings("compared", c)
	}
	if len(d.Misses) > 0 {
		o.open("nearest", '[')
		for i := range d.Misses[:min(len(d.Misses), nearest)] {
			o.miss(&d.Misses[i])
		}
		o.close(']')
	}
	o.close('}')
}

// nearest is how many misses of a denial are logged.
const nearest = 3

// miss writes a statement or grant that would have allowed, and what in it did not match.
func (o *object) miss(m *authz.Miss) {
	o.open("", '{')
	o.string("in", m.Layer.String())
	o.string("source", m.Source())
	o.int("statement", int64(m.Statement)) // -1 for a grant
	o.string0("sid", m.Sid)
	o.strings("why", m.Why())
	o.close('}')
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
