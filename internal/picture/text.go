package picture

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible returns s with everything written out that would not be seen as what it is: controls, line
// ends, what turns the direction of the text, what joins or has no width, and marks that would pile up over a
// letter. What is not UTF-8 becomes U+FFFD.
func visible(s string) string {
	var b strings.Builder
	marks := 0
	for _, r := range s {
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unicode.IsPrint(r), marks > 1:
			fmt.Fprintf(&b, `\u{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// letters has the characters of ASCII by their width in a wide sans-serif font, in hundredths of the size of
// the font. Texts in narrower fonts leave room.
var letters = map[int]string{
	30: "'IJijl", 35: ` ,./:;\|`, 40: "()-[]ft", 45: "!r", 50: "\"*_`", 55: "?csz", 60: "FLkvxy",
	65: "$0123456789EPSTYabdeghnopqu{}", 70: "ABCKRVXZ", 75: "NU", 80: "&DGHOQ", 85: "#+<=>^w~", 90: "M", 100: "%@Wm",
}

var widths = func() (w [128]int) {
	for width, text := range letters {
		for _, c := range text {
			w[c] = width
		}
	}
	return w
}()

// letterWidth returns how wide r is, in hundredths of the size of the font. What is outside ASCII counts as a
// full square: the renderer holds it to that.
func letterWidth(r rune) int {
	if r < 128 {
		return widths[r]
	}
	return 100
}

// scaled returns in pixels what is so wide in hundredths of the size of the font; bold letters need a tenth more.
func scaled(sum, size int, bold bool) int {
	if bold {
		sum += sum / 10
	}
	return (sum*size + 99) / 100
}

// textWidth returns how wide s is, in pixels, in a font of this size in pixels.
func textWidth(s string, size int, bold bool) int {
	sum := 0
	for _, r := range s {
		sum += letterWidth(r)
	}
	return scaled(sum, size, bold)
}

// fit returns s, or the longest beginning of it that has room, with its ellipsis, in so many pixels.
func fit(s string, size, room int, bold bool) string {
	if textWidth(s, size, bold) <= room {
		return s
	}
	sum, end := letterWidth('…'), 0
	for i, r := range s {
		sum += letterWidth(r)
		if scaled(sum, size, bold) > room {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return strings.TrimRight(s[:end], " ") + "…"
}

// count returns n and the noun that it counts.
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
