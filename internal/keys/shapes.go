package keys

import (
	"fmt"
	"strings"
)

// Shapes are the forms of all keys, as the package comment writes them: 'x' is a letter, name\0 a component of
// any width that is escaped, and a bare name one of fixed width or, at the end, one that is written as it is.
var Shapes = []string{
	`'A' account`, `'C' canonical-id`, `'E' email`, `'K' access-key-id`,
	`'I' account 'u' user`, `'I' account 'g' group`, `'I' account 'r' role`, `'I' account 'p' policy`,
	`'I' account 'n' unique-id`, `'I' account 'm' group\0 user`,
	`'I' account 'a' policy\0 kind entity`, `'I' account 'b' policy\0 kind entity`,
	`'I' account 'c' kind`, `'I' account 'd' device`, `'I' account 'e' owner\0 device`,
	`'I' account 'i' profile`, `'I' account 'k' task`, `'I' account 't' policy`,
	`'a' alias`, `'I' account 'o' issuer`, `'I' account 's' name`, `'N' unique-id`,
	`'B' bucket`, `'L' account bucket`, `'O' bucket-id key`, `'V' bucket-id key\0 version`, `'Y' bucket-id key`,
	`'T' bucket-id kind`, `'X' bucket`, `'U' bucket-id key\0 upload-id`, `'P' upload-id\0 number`,
	`'c' sequence random`, `'G' blob-id`, `'b' blob-id`, `'W' blob-id`,
	`'D' account`, `'R' org\0 'o'`, `'R' org\0 'n' node`, `'R' org\0 'p' policy`, `'R' org\0 'm' account`,
	`'R' org\0 'c' parent\0 child`, `'R' org\0 'u' parent\0 name`, `'R' org\0 't' type\0 name`,
	`'R' org\0 'a' policy\0 target`, `'R' org\0 'f'`, `'R' org\0 'h' handshake`, `'R' org\0 'q' request`,
	`'R' org\0 'b' parent\0 account`, `'R' org\0 'i' handshake`, `'R' org\0 'k'`, `'R' org\0 'd'`,
	`'H' handshake`, `'J' account handshake`, `'Q' org\0 request`,
	`'S' 'k' key-id`, `'S' 'a' account alias`,
	`'Z' destination\0 sequence random`, `'F' 'l' bucket-id sequence random`, `'F' 'o' bucket-id sequence random`,
	`'d' 'a' account`, `'d' 'c' canonical-id`,
	`'u' account 'a'`, `'u' account 'k' access-key-id`, `'u' account 'p' unique-id`, `'u' account 'j' job`,
	`'u' account 'e' job\0 service\0 part`, `'u' account 'r' part`,
	`'j' 's' sequence`, `'j' 'd' sequence`, `'j' 'c' name`, `'j' 't'`, `'j' 'k' request`,
	`'y' account 'a' analyzer`, `'y' account 'r' analyzer\0 rule`, `'y' account 'f' analyzer\0 finding`,
	`'t' 't' account name`, `'t' 's' account name`, `'t' 'v' account name\0 sequence`, `'t' 'f' account name\0 sequence random`,
	`'t' 'b' account name\0 sequence random`, `'t' 'd' account name\0 member sequence`, `'t' 'g' account name\0 member`, `'t' 'k' begins`,
	`'t' 'h' account`, `'h' account sequence`,
	`'M' name`, `'f' kind`,
	`'l' 'l' name`, `'l' 'r' name`, `'l' 's' server`, `'w' session`,
}

// widths are those of the components of fixed width, in bytes.
var widths = map[string]int{
	"account": accountWidth, "member": accountWidth, "begins": 8, "bucket-id": len(BucketID{}), "version": len(VersionID{}), "sequence": 8, "random": 8, "part": 4, "number": 2, "kind": 1,
}

// component is one component of a shape.
type component struct {
	letter  byte // of a letter; else 0
	escaped bool
	width   int // 0: any
}

// shape is a compiled element of Shapes.
type shape struct {
	text       string
	components []component
}

// shapes are those of each first letter.
var shapes = compileShapes(Shapes)

func compileShapes(all []string) (by [256][]shape) {
	for _, text := range all {
		s := shape{text: text}
		for _, word := range strings.Fields(text) {
			name, escaped := strings.CutSuffix(word, `\0`)
			c := component{escaped: escaped, width: widths[name]}
			if word[0] == '\'' {
				c.letter = word[1]
			}
			s.components = append(s.components, c)
		}
		first := s.components[0].letter
		by[first] = append(by[first], s)
	}
	return by
}

// Split returns which of Shapes a key has, and its components without the letters: unescaped, those of fixed width
// as bytes.
func Split(key []byte) (form string, components []string, err error) {
	if len(key) == 0 {
		return "", nil, errKey
	}
	for _, s := range shapes[key[0]] {
		if components, ok := s.split(key); ok {
			return s.text, components, nil
		}
	}
	return "", nil, fmt.Errorf("%w %q", errKey, key)
}

// split returns the components of a key; ok is false if it has another shape.
func (s *shape) split(key []byte) (parts []string, ok bool) {
	for i, c := range s.components {
		switch {
		case c.letter != 0:
			if len(key) == 0 || key[0] != c.letter {
				return nil, false
			}
			key = key[1:]
			continue
		case c.escaped:
			part, rest, err := unescape(key)
			if err != nil {
				return nil, false
			}
			parts, key = append(parts, part), rest
			continue
		}
		width := c.width
		if width == 0 && i == len(s.components)-1 {
			width = len(key)
		}
		if width == 0 || len(key) < width {
			return nil, false
		}
		parts, key = append(parts, string(key[:width])), key[width:]
	}
	return parts, len(key) == 0
}
