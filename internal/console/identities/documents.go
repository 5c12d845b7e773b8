package identities

import (
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/summary"
)

// document is a policy as it is shown.
type document struct {
	// Shown is what IAM keeps, indented if it stands in one line. Lines of the summary are its lines.
	Shown   string
	Summary *summary.Table
	// Unread says why there is no summary.
	Unread string
}

// documentOf reads a document as IAM returns it, encoded for URLs as RFC 3986 says.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html
func documentOf(encoded *string) *document {
	text, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		text = aws.ToString(encoded)
	}
	return documentFrom(text)
}

func documentFrom(text string) *document {
	d := &document{Shown: indented(text)}
	var err error
	if d.Summary, err = summary.Of(d.Shown); err != nil {
		d.Unread = err.Error()
	}
	return d
}

// indented returns a document in lines. One that has lines stays as it was typed.
func indented(text string) string {
	for i := range len(text) {
		if text[i] == '\n' {
			return text
		}
	}
	return page.ShowJSON(text)
}
