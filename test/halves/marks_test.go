package halves_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// mark is a text that belongs to one account, and by which that account's data are known wherever they turn up.
type mark struct {
	owner string // name of the account
	class string // what it is: "policyname", "sid", …
	text  string
}

// marks are all marks: those that were put into names and texts, and the IDs that the server gave.
type marks struct {
	mu      sync.Mutex // protects what follows
	count   int
	learned map[string]mark // by text in lower case
}

var markPattern = regexp.MustCompile(`zz([abcm])q([a-z]+?)q(\d+)zz`)

// accountOf tells the account of the letter in a mark.
var accountOf = map[string]string{"a": "A", "b": "B", "c": "C", "m": "M"}

// new returns a new mark. It may be a part of any name: it has lower-case letters and digits.
func (m *marks) new(owner, class string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	return fmt.Sprintf("zz%sq%sq%dzz", strings.ToLower(owner), class, m.count)
}

// learn makes a mark of an ID that the server gave.
func (m *marks) learn(owner, class, text string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(text) < 6 {
		panic("the " + class + " " + strconv.Quote(text) + " of " + owner + " is no ID") // the arrangement went wrong
	}
	m.learned[strings.ToLower(text)] = mark{owner, class, text}
	return text
}

// idPattern is what an ID looks like: it ends where letters and digits do, but for the hyphen of those of organizations.
var idPattern = regexp.MustCompile(`[a-z0-9]{8,}|(?:o|r|p|ou)-[a-z0-9-]{4,}`)

// in returns the marks in a text, also in what is written in it in another form.
func (m *marks) in(text string) []mark {
	var found []mark
	add := func(f mark) {
		if !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, form := range forms(text) {
		form = strings.ToLower(form)
		for _, f := range markPattern.FindAllStringSubmatch(form, -1) {
			add(mark{accountOf[f[1]], f[2], f[0]})
		}
		for _, id := range idPattern.FindAllString(form, -1) {
			if f, known := m.learned[id]; known {
				add(f)
			}
		}
	}
	return found
}

var (
	escapePattern  = regexp.MustCompile(`\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|%[0-9a-fA-F]{2}`)
	encodedPattern = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}`)
)

// forms returns a text as it is, with the escapes of JSON, of URLs and of XML taken back as often as there are any, and
// what in all of that is in base 64.
func forms(text string) []string {
	out := []string{text}
	for range 4 {
		plain := html.UnescapeString(escapePattern.ReplaceAllStringFunc(text, func(e string) string {
			code, err := strconv.ParseUint(strings.TrimLeft(e, `\ux%`), 16, 32)
			if err != nil {
				return e
			}
			return string(rune(code))
		}))
		if plain == text {
			break
		}
		text = plain
		out = append(out, text)
	}
	for _, form := range out {
		for _, part := range encodedPattern.FindAllString(form, -1) {
			for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				part = part[:len(part)-len(part)%4]
				if decoded, err := encoding.DecodeString(part); err == nil && strings.Contains(strings.ToLower(string(decoded)), "zz") {
					out = append(out, string(decoded))
				}
			}
		}
	}
	return out
}
