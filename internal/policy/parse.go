package policy

import (
	"errors"
	"strings"
)

// Option changes how Parse reads a document.
type Option func(*options)

type options struct {
	bucket      string // the bucket that a Bucket document is about; empty for any
	stored      bool
	managed     bool
	rcpServices []string
}

// Stored is for text that Document.Text made: limits on its size, which hold for what clients send,
// do not apply. Everything else is checked as ever.
func Stored() Option { return func(o *options) { o.stored = true } }

// Managed is for AWS's own policies, such as RCPFullAWSAccess: rules that bind only what customers
// write do not apply.
func Managed() Option { return func(o *options) { o.managed = true } }

// RCPServices sets the service prefixes that resource control policies may name, in lower case; the
// default is s3 and sts.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
func RCPServices(prefixes ...string) Option { return func(o *options) { o.rcpServices = prefixes } }

// Parse parses text as a document of this type and validates it. The error is an *Error. A Bucket
// document is parsed as ParseBucket does, but may be about any bucket.
func Parse(t Type, text []byte, opts ...Option) (*Document, error) {
	o := options{rcpServices: []string{"s3", "sts"}}
	for _, opt := range opts {
		opt(&o)
	}
	d, err := parse(t, text, &o)
	if err != nil {
		return nil, err
	}
	d.compile()
	return d, nil
}

// ParseBucket parses the policy of this bucket and validates it. The error is an *Error.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func ParseBucket(text []byte, bucket string, opts ...Option) (*Document, error) {
	return Parse(Bucket, text, append(opts[:len(opts):len(opts)], func(o *options) { o.bucket = bucket })...)
}

// parse returns the valid document, not yet compiled. It returns *Error as error, so that nil is nil.
func parse(t Type, text []byte, o *options) (*Document, error) {
	d, err := read(t, text, o)
	if err != nil && (t == SCP || t == RCP) {
		err = wrongForType(err)
	}
	return d, err
}

// wrongForType makes of a refusal the one that Organizations has for every document that is not of
// its type, even for one that is not JSON. What is wrong is kept in Detail.
//
// Sources:
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
// https://github.com/org-formation/org-formation-cli/issues/225 (the message, observed)
func wrongForType(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Message = "The provided policy document does not meet the requirements of the specified policy type."
	out.Detail = e.Message
	if e.Detail != "" {
		out.Detail = strings.TrimSuffix(e.Message, ".") + ": " + e.Detail
	}
	return &out
}

// read is parse in the words of IAM for all types but Bucket and Trust.
func read(t Type, text []byte, o *options) (*Document, error) {
	if err := checkText(t, text, o); err != nil {
		return nil, err
	}
	root, err := parseJSON(text)
	if err != nil {
		var syntax *syntaxError
		errors.As(err, &syntax)
		return nil, &Error{Message: badJSON(t), Line: syntax.pos.Line, Column: syntax.pos.Column}
	}
	r := &reader{typ: t, doc: &Document{Type: t}}
	if err := r.document(&root); err != nil {
		return nil, err
	}
	if err := r.validate(o); err != nil {
		return nil, err
	}
	return r.doc, nil
}

// checkText checks what is checked before the text is read as JSON.
func checkText(t Type, text []byte, o *options) *Error {
	if t == Bucket {
		if t.Size(string(text)) > MaxBucketSize && !o.stored {
			return &Error{Message: "Normalized policy document exceeds the maximum allowed size of 20480 bytes"}
		}
		if len(text) == 0 || text[0] != '{' {
			return &Error{Message: "Policies must be valid JSON and the first byte must be '{'"}
		}
		return nil
	}
	if len(text) > MaxText && !o.stored || !ValidCharacters(string(text)) {
		return &Error{Message: badJSON(t)}
	}
	return nil
}

// badJSON is the message for text that is not JSON.
func badJSON(t Type) string {
	if t == Bucket || t == Trust {
		return "This policy contains invalid Json"
	}
	return syntaxMessage
}

// ValidCharacters reports whether every character of text may stand in a policy parameter of IAM,
// STS and Organizations: U+0009, U+000A, U+000D, U+0020 to U+00FF.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
func ValidCharacters(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return c != '\t' && c != '\n' && c != '\r' && (c < 0x20 || c > 0xFF)
	})
}
