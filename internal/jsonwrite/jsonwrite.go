// Package jsonwrite writes JSON at the end of a buffer: objects member by member, without reflection, and without
// allocating anything but the buffer. Strings are written as package log/slog writes them.
//
// It holds no one to the grammar of JSON: who opens has to close, and names are written as they are given, unescaped,
// by all methods but Key.
package jsonwrite

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Object is a JSON object, or an array, that is written at the end of a buffer. Its zero value is ready to be opened.
type Object struct {
	Text  []byte // what is written so far
	comma bool   // the next member, or element, is not the first one
}

// Reset forgets what was written, and keeps the buffer.
func (o *Object) Reset() { o.Text, o.comma = o.Text[:0], false }

// Open begins an object or an array with its bracket, as a member of the one around it or, if name is empty, as
// an element of it.
func (o *Object) Open(name string, bracket byte) {
	if name == "" {
		o.Separate()
	} else {
		o.Name(name)
	}
	o.Text = append(o.Text, bracket)
	o.comma = false
}

// Close ends what was opened last with its bracket.
func (o *Object) Close(bracket byte) {
	o.Text = append(o.Text, bracket)
	o.comma = true
}

// Separate ends what comes before the next element of an array, which the caller then appends to Text.
func (o *Object) Separate() {
	if o.comma {
		o.Text = append(o.Text, ',')
	}
	o.comma = true
}

// Name writes the name of a member, whose value the caller then appends to Text.
func (o *Object) Name(name string) {
	o.Separate()
	o.Text = append(append(append(o.Text, '"'), name...), '"', ':')
}

// String writes a member that is a string.
func (o *Object) String(name, value string) {
	o.Name(name)
	o.Text = AppendString(o.Text, value)
}

// String0 is String, but leaves out what is empty.
func (o *Object) String0(name, value string) {
	if value != "" {
		o.String(name, value)
	}
}

// Key is Name for a name that may hold any character.
func (o *Object) Key(name string) {
	o.Separate()
	o.Text = append(AppendString(o.Text, name), ':')
}

// Bool writes a member that is true or false.
func (o *Object) Bool(name string, value bool) {
	o.Name(name)
	o.Text = strconv.AppendBool(o.Text, value)
}

// Raw writes a member whose value is JSON already.
func (o *Object) Raw(name string, value []byte) {
	o.Name(name)
	o.Text = append(o.Text, value...)
}

// Null writes a member that is null.
func (o *Object) Null(name string) {
	o.Name(name)
	o.Text = append(o.Text, "null"...)
}

// Int writes a member that is a number.
func (o *Object) Int(name string, value int64) {
	o.Name(name)
	o.Text = strconv.AppendInt(o.Text, value, 10)
}

// Time writes a member that is a time, in RFC 3339 with its fraction of a second.
func (o *Object) Time(name string, at time.Time) {
	o.Name(name)
	o.Text = append(at.AppendFormat(append(o.Text, '"'), time.RFC3339Nano), '"')
}

// Strings writes a member that is an array; null for nil.
func (o *Object) Strings(name string, values []string) {
	if values == nil {
		o.Null(name)
		return
	}
	o.Open(name, '[')
	for _, v := range values {
		o.Separate()
		o.Text = AppendString(o.Text, v)
	}
	o.Close(']')
}

// Joined writes a member that is a string made of parts, without making it first.
func (o *Object) Joined(name string, parts ...string) {
	o.Name(name)
	o.Text = append(o.Text, '"')
	for _, part := range parts {
		o.Text = appendPart(o.Text, part)
	}
	o.Text = append(o.Text, '"')
}

// AppendString appends a JSON string. What is not UTF-8 is replaced.
func AppendString(dst []byte, s string) []byte { return append(appendPart(append(dst, '"'), s), '"') }

// appendPart appends the characters of a JSON string.
func appendPart(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if i+8 <= len(s) && allAsIs(s[i:i+8]) {
			i += 8
			continue
		}
		if asIs[s[i]] {
			i++
			continue
		}
		c, width := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, width = utf8.DecodeRuneInString(s[i:])
		}
		if !plain(c, width) {
			dst = appendEscaped(append(dst, s[start:i]...), c)
			start = i + width
		}
		i += width
	}
	return append(dst, s[start:]...)
}

// asIs are the bytes that are characters of their own, and stand in a JSON string as they are.
var asIs = func() (table [256]bool) {
	for c := range utf8.RuneSelf {
		table[c] = plain(rune(c), 1)
	}
	return table
}()

// allAsIs reports whether each of eight bytes is in asIs, looking at all of them at once. It may miss that they are.
func allAsIs(s string) bool {
	_ = s[7]
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	const each, top = 0x0101010101010101, 0x8080808080808080
	quote, backslash := w^each*'"', w^each*'\\'
	// A byte minus n borrows into its top bit if it is less than n, or beyond ASCII.
	return (w|(w-each*' ')|(quote-each)|(backslash-each))&top == 0
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
