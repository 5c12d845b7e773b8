package audit

import (
	"fmt"
	"time"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"

	"crossgrant/internal/meta"
)

// A record is kept as a records.RequestRecord, of which the tests hold this encoding against the generated one. It is
// written and read here by hand, because that is done for each request that is logged: without a message between the
// record and its bytes it takes a third of the time, and next to no allocations.

// text is a field of a message that is text or bytes.
type text[M any] struct {
	number protowire.Number
	at     func(m *M) *string
}

// number is a field of a message that is an integer.
type number[M any] struct {
	number protowire.Number
	at     func(m *M) *int64
}

// The fields of records.RequestRecord.
var (
	recordTexts = []text[Record]{
		{1, func(r *Record) *string { return &r.RequestID }},
		{2, func(r *Record) *string { return &r.HostID }},
		{6, func(r *Record) *string { return &r.Service }},
		{7, func(r *Record) *string { return &r.Operation }},
		{8, func(r *Record) *string { return &r.Method }},
		{9, func(r *Record) *string { return &r.Path }},
		{10, func(r *Record) *string { return &r.Query }},
		{11, func(r *Record) *string { return &r.Protocol }},
		{12, func(r *Record) *string { return &r.SourceIP }},
		{13, func(r *Record) *string { return &r.UserAgent }},
		{14, func(r *Record) *string { return &r.Referer }},
		{15, func(r *Record) *string { return &r.Host }},
		{16, func(r *Record) *string { return &r.TLSVersion }},
		{17, func(r *Record) *string { return &r.CipherSuite }},
		{18, func(r *Record) *string { return &r.Authentication }},
		{19, func(r *Record) *string { return (*string)(&r.AccessKeyID) }},
		{20, func(r *Record) *string { return &r.CallerARN }},
		{21, func(r *Record) *string { return (*string)(&r.CallerAccount) }},
		{22, func(r *Record) *string { return &r.CallerID }},
		{23, func(r *Record) *string { return (*string)(&r.CallerEntityID) }},
		{24, func(r *Record) *string { return &r.Region }},
		{25, func(r *Record) *string { return (*string)(&r.CallerCanonicalID) }},
		{26, func(r *Record) *string { return &r.Bucket }},
		{27, func(r *Record) *string { return &r.Key }},
		{28, func(r *Record) *string { return (*string)(&r.ResourceOwner) }},
		{29, func(r *Record) *string { return (*string)(&r.ObjectOwner) }},
		{31, func(r *Record) *string { return &r.RequestACL }},
		{35, func(r *Record) *string { return &r.ErrorCode }},
		{36, func(r *Record) *string { return &r.Shed }},
		{41, func(r *Record) *string { return &r.ErrorMessage }},
	}
	recordNumbers = []number[Record]{
		{4, func(r *Record) *int64 { return (*int64)(&r.Duration) }},
		{5, func(r *Record) *int64 { return (*int64)(&r.TurnAround) }},
		{37, func(r *Record) *int64 { return &r.BytesIn }},
		{38, func(r *Record) *int64 { return &r.BytesOut }},
	}
)

// Those of records.RequestRecord that are of other kinds.
const (
	timeField       = 3
	sourceField     = 32
	placesField     = 48
	objectSizeField = 30
	deletedField    = 33
	statusField     = 34
	byACLField      = 40
	sessionField    = 42
	parametersField = 43
	elementsField   = 44
	headersField    = 45
	answeredField   = 46
	documentField   = 47
	signInField     = 50
)

// DecisionsField is the number of the field with decisions, which package decisions writes.
const DecisionsField = 39

// AppendTo appends to dst a record as it is kept, without its decisions, but for what ACLRequired needs of them, and
// without Fault, which is for the operator's log only.
func (r *Record) AppendTo(dst []byte) []byte {
	dst = appendTexts(dst, recordTexts, r)
	dst = appendNumber(dst, timeField, r.Time.UnixNano())
	for i := range recordNumbers {
		dst = appendNumber(dst, recordNumbers[i].number, *recordNumbers[i].at(r))
	}
	dst = appendSize(dst, objectSizeField, r.ObjectSize)
	dst = appendNumber(dst, statusField, int64(r.Status))
	if r.ByACL() {
		dst = appendNumber(dst, byACLField, 1)
	}
	if r.Source != nil {
		dst = appendMessage(dst, sourceField, func(dst []byte) []byte {
			return appendSize(appendTexts(dst, sourceTexts, r.Source), partSizeField, r.Source.Size)
		})
	}
	for i := range r.Deleted {
		d := &r.Deleted[i]
		dst = appendMessage(dst, deletedField, func(dst []byte) []byte {
			return appendNumber(appendSize(appendTexts(dst, deletedTexts, d), deletedSizeField, d.Size), deletedStatusField, int64(d.Status))
		})
	}
	if r.Session != nil {
		dst = appendMessage(dst, sessionField, r.Session.appendTo)
	}
	for i := range r.Organizations {
		dst = appendMessage(dst, placesField, func(dst []byte) []byte { return appendTexts(dst, organizationTexts, &r.Organizations[i]) })
	}
	if r.SignIn != nil {
		dst = appendMessage(dst, signInField, r.SignIn.appendTo)
	}
	dst = appendBytes(dst, parametersField, r.Parameters)
	dst = appendBytes(dst, elementsField, r.Elements)
	dst = appendHeaders(dst, headersField, r.Headers)
	dst = appendHeaders(dst, answeredField, r.Answered)
	return appendBytes(dst, documentField, r.Document)
}

// Decode reads a record from an entry of the journal, which must not change any more: the record's texts are parts of it.
// Decisions are left out. The error wraps meta.ErrCorrupt.
func Decode(entry []byte) (*Record, error) {
	r := new(Record)
	if err := r.Decode(entry); err != nil {
		return nil, err
	}
	return r, nil
}

// Decode is the function of that name, for a reader of many entries who is done with the record that it read before.
func (r *Record) Decode(entry []byte) error {
	*r = Record{Time: time.Unix(0, 0).UTC()}
	if err := decode(entry, recordTexts, r); err != nil {
		return fmt.Errorf("decode a request record: %w: %w", err, meta.ErrCorrupt)
	}
	return nil
}

// integer takes a field that is an integer.
func (r *Record) integer(number protowire.Number, n uint64) {
	switch number {
	case timeField:
		r.Time = time.Unix(0, int64(n)).UTC()
	case objectSizeField:
		r.ObjectSize = size(n)
	case statusField:
		r.Status = int(int32(n))
	case byACLField:
		r.byACL = n != 0
	default:
		for i := range recordNumbers {
			if recordNumbers[i].number == number {
				*recordNumbers[i].at(r) = int64(n)
			}
		}
	}
}

// bytes takes a field that is bytes or a message.
func (r *Record) bytes(number protowire.Number, b []byte) (err error) {
	switch number {
	case sourceField:
		if r.Source == nil {
			r.Source = new(Source)
		}
		err = decode(b, sourceTexts, r.Source)
	case deletedField:
		r.Deleted = append(r.Deleted, Deleted{})
		err = decode(b, deletedTexts, &r.Deleted[len(r.Deleted)-1])
	case sessionField:
		if r.Session == nil {
			r.Session = &Session{Issued: time.Unix(0, 0).UTC()}
		}
		err = decode(b, sessionTexts, r.Session)
	case signInField:
		if r.SignIn == nil {
			r.SignIn = new(SignIn)
		}
		err = decode(b, signInTexts, r.SignIn)
	case parametersField:
		r.Parameters = b
	case elementsField:
		r.Elements = b
	case headersField:
		r.Headers, err = withHeader(r.Headers, b)
	case answeredField:
		r.Answered, err = withHeader(r.Answered, b)
	case documentField:
		r.Document = b
	case placesField:
		r.Organizations = append(r.Organizations, Organization{})
		err = decode(b, organizationTexts, &r.Organizations[len(r.Organizations)-1])
	}
	return err
}

// size returns the value of a field that may be absent.
func size(n uint64) *int64 {
	v := int64(n)
	return &v
}

// message is what a message becomes, of which the fields are handed to it that are no texts.
type message[M any] interface {
	*M
	integer(number protowire.Number, n uint64)
	bytes(number protowire.Number, b []byte) error
}

// decode reads a message into m. Fields that are not known are passed.
func decode[M any, P message[M]](from []byte, texts []text[M], m P) error {
	next := 0 // texts are written in their order
	for len(from) > 0 {
		number, kind, n := protowire.ConsumeTag(from)
		if n < 0 {
			return protowire.ParseError(n)
		}
		from = from[n:]
		switch kind {
		case protowire.BytesType:
			b, width := protowire.ConsumeBytes(from)
			if n = width; n < 0 {
				break
			}
			if at := find(texts, number, &next); at != nil {
				*at(m) = stringOf(b)
			} else if err := m.bytes(number, b); err != nil {
				return err
			}
		case protowire.VarintType:
			v, width := protowire.ConsumeVarint(from)
			if n = width; n >= 0 {
				m.integer(number, v)
			}
		default:
			n = protowire.ConsumeFieldValue(number, kind, from)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		from = from[n:]
	}
	return nil
}

// find returns where the text of a number is kept, looking from next on first; nil if there is no such text.
func find[M any](texts []text[M], number protowire.Number, next *int) func(*M) *string {
	for i := range texts {
		if at := (*next + i) % len(texts); texts[at].number == number {
			*next = at + 1
			return texts[at].at
		}
	}
	return nil
}

// stringOf returns bytes that do not change as a string.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func appendTexts[M any](dst []byte, texts []text[M], m *M) []byte {
	for i := range texts {
		if s := *texts[i].at(m); s != "" {
			dst = protowire.AppendString(protowire.AppendTag(dst, texts[i].number, protowire.BytesType), s)
		}
	}
	return dst
}

func appendBytes(dst []byte, number protowire.Number, b []byte) []byte {
	if len(b) == 0 {
		return dst
	}
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), b)
}

func appendNumber(dst []byte, number protowire.Number, n int64) []byte {
	if n == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), uint64(n))
}

func appendSize(dst []byte, number protowire.Number, n *int64) []byte {
	if n == nil {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), uint64(*n))
}

// appendMessage appends a message that is a field: what write appends, behind its length.
func appendMessage(dst []byte, number protowire.Number, write func(dst []byte) []byte) []byte {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	start := len(dst)
	dst = write(dst)
	n := len(dst) - start
	var length [10]byte
	head := protowire.AppendVarint(length[:0], uint64(n))
	dst = append(dst, head...)
	copy(dst[start+len(head):], dst[start:start+n])
	copy(dst[start:], head)
	return dst
}
