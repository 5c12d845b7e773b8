package cors

import (
	"errors"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
)

const (
	maxRules = 100
	maxID    = 255 // characters
)

// ErrSchema says that rules are not what S3's schema lets through: none at all, a rule without origin or
// method, a name that is too long, or a negative age. S3 has no words of its own for it.
var ErrSchema = errors.New("cors: rules do not follow the schema")

// Check returns what S3 has against rules: ErrSchema or InvalidRequest.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html and answers that were
// reported of S3: https://github.com/versity/versitygw/issues/1863 and
// https://github.com/versity/versitygw/issues/1870. The characters of a header's name are those of RFC 9110:
// what is none cannot match, and would be sent back in an answer.
func Check(rules []Rule) error {
	if len(rules) == 0 {
		return ErrSchema
	}
	for i := range rules {
		r := &rules[i]
		if len(r.Origins) == 0 || len(r.Methods) == 0 || len([]rune(r.ID)) > maxID || r.MaxAge < -1 {
			return ErrSchema
		}
	}
	if len(rules) > maxRules {
		return invalid("The number of CORS rules should not exceed allowed limit of %d rules.", maxRules)
	}
	for i := range rules {
		if err := rules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return apierr.New(400, "InvalidRequest", format, args...)
}

func (r *Rule) check() error {
	for _, method := range r.Methods {
		if !slices.Contains(Methods, method) {
			return invalid("Found unsupported HTTP method in CORS config. Unsupported method is %s", method)
		}
	}
	for _, origin := range r.Origins {
		if strings.Count(origin, "*") > 1 {
			return invalid(`AllowedOrigin "%s" can not have more than one wildcard.`, origin)
		}
	}
	for _, name := range r.Headers {
		if strings.Count(name, "*") > 1 {
			return invalid(`AllowedHeader "%s" can not have more than one wildcard.`, name)
		}
		if !isName(name) {
			return invalid(`AllowedHeader "%s" contains invalid character.`, name)
		}
	}
	for _, name := range r.Expose {
		if strings.Contains(name, "*") {
			return invalid(`ExposeHeader "%s" contains wildcard. We currently do not support wildcard for ExposeHeader.`, name)
		}
		if !isName(name) {
			return invalid(`ExposeHeader "%s" contains invalid character.`, name)
		}
	}
	return nil
}

// isName reports whether s consists of the characters of which the names of headers do, the asterisk among
// them.
//
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
func isName(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") == ""
}
