package accesslog

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
)

// none is what stands for what is not known or does not apply.
const none = "-"

// source is the bucket that a line is about.
type source struct {
	name   string
	owner  ids.AccountID
	id     ids.CanonicalUserID // of the owner
	region string
}

// line is the fields of one record, in S3's order. Those that are empty are written as none.
type line struct {
	owner, bucket, time, remoteIP, requester, requestID, operation, key, uri, status, errorCode, bytesSent, objectSize,
	totalTime, turnAround, referer, userAgent, versionID, hostID, signature, cipherSuite, authentication, host,
	tlsVersion, accessPoint, aclRequired, region string
}

// String returns the line as it stands in the log, without its end.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
func (l *line) String() string {
	var b strings.Builder
	b.Grow(512)
	for i, field := range []string{
		l.owner, l.bucket, l.time, l.remoteIP, l.requester, l.requestID, l.operation, l.key, l.uri, l.status, l.errorCode,
		l.bytesSent, l.objectSize, l.totalTime, l.turnAround, l.referer, l.userAgent, l.versionID, l.hostID, l.signature,
		l.cipherSuite, l.authentication, l.host, l.tlsVersion, l.accessPoint, l.aclRequired, l.region,
	} {
		if i > 0 {
			b.WriteByte(' ')
		}
		if field == "" {
			field = none
		}
		b.WriteString(field)
	}
	return b.String()
}

// common returns what all lines of one request have.
func common(r *audit.Record, s *source) line {
	l := line{
		owner: string(s.id), bucket: s.name, time: r.Time.UTC().Format("[02/Jan/2006:15:04:05 -0700]"), remoteIP: clean(r.SourceIP),
		requester: clean(requester(r)), requestID: clean(r.RequestID), hostID: clean(r.HostID), authentication: clean(r.Authentication),
		cipherSuite: clean(audit.OpenSSLName(r.CipherSuite)), host: clean(r.Host), tlsVersion: clean(r.TLSVersion), region: s.region,
	}
	if r.Authentication != "" {
		l.signature = "SigV4"
	}
	return l
}

// request returns the line of a request itself.
func request(r *audit.Record, s *source) line {
	l := common(r, s)
	l.operation, l.key, l.uri = operation(r), encodeKey(r.Key), requestURI(r)
	l.status, l.errorCode = positive(int64(r.Status)), clean(r.ErrorCode)
	l.bytesSent, l.objectSize = positive(r.BytesOut), size(r.ObjectSize)
	l.totalTime, l.turnAround = millis(r.Duration), millis(r.TurnAround)
	l.referer, l.userAgent = quote(r.Referer), quote(r.UserAgent)
	l.versionID, l.aclRequired = clean(versionID(r)), aclRequired(r, s)
	return l
}

// copied returns the line of the source of a copy. It tells what came of the request; what the request itself
// was stands in the line of its target.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html#AdditionalLoggingforCopyOperations
func copied(r *audit.Record, s *source) line {
	l := common(r, s)
	l.operation = operation(r) + "_GET"
	l.key, l.versionID, l.objectSize = encodeKey(r.Source.Key), clean(r.Source.VersionID), size(r.Source.Size)
	l.status, l.errorCode = positive(int64(r.Status)), clean(r.ErrorCode)
	return l
}

// deleted returns the line of one key of DeleteObjects.
func deleted(r *audit.Record, s *source, d *audit.Deleted) line {
	l := common(r, s)
	l.operation = "BATCH.DELETE.OBJECT"
	l.key, l.versionID, l.objectSize = encodeKey(d.Key), clean(d.VersionID), size(d.Size)
	l.status, l.errorCode = positive(int64(d.Status)), clean(d.ErrorCode)
	return l
}

// requester returns who asked: a root user as the canonical user ID of its account, others by ARN.
func requester(r *audit.Record) string {
	if strings.HasSuffix(r.CallerARN, ":root") {
		return string(r.CallerCanonicalID)
	}
	return r.CallerARN
}

// requestURI returns the first line of a request.
func requestURI(r *audit.Record) string {
	target := r.Path
	if r.Query != "" {
		target += "?" + r.Query
	}
	return quote(r.Method + " " + target + " " + r.Protocol)
}

// versionID returns the version that a request names.
func versionID(r *audit.Record) string {
	query, _ := url.ParseQuery(r.Query)
	return query.Get("versionId")
}

// aclRequired tells whether ACLs matter to a request.
func aclRequired(r *audit.Record, s *source) string {
	if r.ACLRequired(s.owner) {
		return "Yes"
	}
	return ""
}

// encodeKey returns a key as the log has it: percent-encoded twice, with its slashes kept.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
func encodeKey(key string) string {
	once := strings.NewReplacer("%2F", "/", "+", "%20").Replace(url.QueryEscape(key))
	return strings.ReplaceAll(once, "%", "%25")
}

func positive(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func size(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// millis returns a time in milliseconds; one that was not measured is not known.
func millis(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// quote returns a field that is written between quotes, also if it is not known. What would end it, or the
// line, is percent-encoded: a client must not write lines into the log.
func quote(text string) string {
	if text == "" {
		text = none
	}
	return `"` + escape(text, func(c byte) bool { return c < ' ' || c == '"' || c >= 0x7f }) + `"`
}

// clean returns a field that is written without quotes.
func clean(text string) string {
	return escape(text, func(c byte) bool { return c <= ' ' || c == '"' || c >= 0x7f })
}

func escape(text string, bad func(byte) bool) string {
	const digits = "0123456789ABCDEF"
	var out []byte
	for i := range len(text) {
		switch c := text[i]; {
		case bad(c):
			if out == nil {
				out = append(make([]byte, 0, len(text)+16), text[:i]...)
			}
			out = append(out, '%', digits[c>>4], digits[c&15])
		case out != nil:
			out = append(out, c)
		}
	}
	if out == nil {
		return text
	}
	return string(out)
}
