package password

import (
	"fmt"
	"io"
	"strings"
)

// letters are those of generated passwords: none of them looks like another one.
const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// Generate returns a password of four groups of six letters, over a hundred bits of what random yields, that obeys the
// default rules of every account.
func Generate(random io.Reader) (string, error) {
	rules := Default("", "")
	for {
		text, err := draw(random)
		if err != nil {
			return "", err
		}
		if rules.Violation(text) == "" {
			return text, nil
		}
	}
}

func draw(random io.Reader) (string, error) {
	var b strings.Builder
	var one [1]byte
	for b.Len() < 27 {
		if b.Len()%7 == 6 {
			b.WriteByte('-')
			continue
		}
		if _, err := io.ReadFull(random, one[:]); err != nil {
			return "", fmt.Errorf("draw a password: %w", err)
		}
		// What would make some letters likelier than others is thrown away.
		if n := int(one[0]); n < 256/len(letters)*len(letters) {
			b.WriteByte(letters[n%len(letters)])
		}
	}
	return b.String(), nil
}
