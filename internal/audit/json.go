package audit

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// object is a JSON object, or an array, that is written at the end of a buffer. It writes as the JSON handler of
// package log/slog does, and allocates nothing but the buffer.
type object struct {
	text  []byte
	comma bool // the next member, or element, is not the first one
}

// open begins an object or an array with its bracket, as a member of the one around it or, if name is empty, as
// an element of it.
func (o *object) open(name string, bracket byte) {
	if name == "" {
		o.separate()
	} else {
		o.name(name)
	}
	o.text = append(o.text, bracket)
	o.comma = false
}

// close ends what was opened last with its bracket.
func (o *object) close(bracket byte) {
	o.text = append(o.text, bracket)
	o.comma = true
}

func (o *object) separate() {
	if o.comma {
		o.text = append(o.text, ',')
	}
	o.comma = true
}

func (o *object) name(name string) {
	o.separate()
	o.text = append(append(append(o.text, '"'), name...), '"', ':')
}

// string writes a member, string0 one that is left out if it is empty.
func (o *object) string(name, value string) {
	o.name(name)
	o.text = appendString(o.text, value)
}

func (o *object) string0(name, value string) {
	if value != "" {
		o.string(name, value)
	}
}

// int writes a member that is a number.
func (o *object) int(name string, value int64) {
	o.name(name)
	o.text = strconv.AppendInt(o.text, value, 10)
}

// time writes a member that is a time.
func (o *object) time(name string, at time.Time) {
	o.name(name)
	o.text = append(at.AppendFormat(append(o.text, '"'), time.RFC3339Nano), '"')
}

// strings writes a member that is an array; null for nil.
func (o *object) strings(name string, values []string) {
	if values == nil {
		o.name(name)
		o.text = append(o.text, "null"...)
		return
	}
	o.open(name, '[')
	for _, v := range values {
		o.separate()
		o.text = appendString(o.text, v)
	}
	o.close(']')
}

// appendString appends a JSON string. What is not UTF-8 is replaced.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		width := 1
		c := rune(s[i])
		if c >= utf8.RuneSelf {
			c, width = utf8.DecodeRuneInString(s[i:])
		}
		if !plain(c, width) {
			dst = appendEscaped(append(dst, s[start:i]...), c)
			start = i + width
		}
		i += width
	}
	return append(append(dst, s[start:]...), '"')
}

// plain reports whether a character stands in a JSON string as it is. Those of old JavaScript that end a line are
// escaped, as everywhere in Go.
func plain(c rune, width int) bool {
	switch c {
	case '"', '\\', '\u2028', '\u2029':
		return false
	case utf8.RuneError:
		return width > 1
	}
	return c >= ' '
}

func appendEscaped(dst []byte, c rune) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', byte(c))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', digits[c>>12&15], digits[c>>8&15], digits[c>>4&15], digits[c&15])
}
