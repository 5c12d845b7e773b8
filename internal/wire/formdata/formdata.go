// Package formdata reads the browser forms that upload a file to S3, in multipart/form-data: fields first, then
// one file. The file is streamed; what is held in memory is bounded by MaxFields. It knows no operation.
//
//	body = *field file *ignored
//	field, file, ignored: a part of form-data with a name; the one named file is the file
//
// The case of names does not count. What comes after the file is read and left alone, but a second file is
// refused. A field that stands in the form several times has its values joined by commas, as a header has, so
// that it is never taken for the first of them alone.
//
// Failures are errors of S3 (MalformedPOSTRequest, MaxPostPreDataLengthExceeded, InvalidArgument) or those of
// the reader below.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/HTTPPOSTForms.html,
// https://www.rfc-editor.org/rfc/rfc7578
package formdata

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/apierr"
)

// MaxFields is the largest size of what comes before the content of the file, boundaries included, in bytes.
const MaxFields = 20 << 10

// Field is a field of a form.
type Field struct {
	Name  string // as it was first sent
	Value string // with ${filename} replaced
}

// Form is a form that was read up to its file.
type Form struct {
	// Fields has each field once, in the order in which they were sent.
	Fields []Field
	// File is the content of the file. It ends in io.EOF only if the form was whole.
	File io.Reader
}

// Get returns a field by its name in lower case.
func (f *Form) Get(name string) (value string, sent bool) {
	if i := f.index(name); i >= 0 {
		return f.Fields[i].Value, true
	}
	return "", false
}

// index returns the place of a field by its name in lower case, or -1.
func (f *Form) index(name string) int {
	return slices.IndexFunc(f.Fields, func(one Field) bool { return strings.ToLower(one.Name) == name })
}

// ByName returns the fields by their names in lower case.
func (f *Form) ByName() map[string]string {
	m := make(map[string]string, len(f.Fields))
	for _, field := range f.Fields {
		m[strings.ToLower(field.Name)] = field.Value
	}
	return m
}

// Read reads a form of this media type, such as "multipart/form-data; boundary=x", up to its file.
func Read(contentType string, body io.Reader) (*Form, error) {
	_, parameters, err := mime.ParseMediaType(contentType)
	if boundary := parameters["boundary"]; err != nil || boundary == "" || len(boundary) > 70 {
		return nil, malformed(err)
	}
	r := &reader{boundary: parameters["boundary"], body: &rationed{r: body, left: MaxFields + lookahead}}
	r.parts = multipart.NewReader(r.body, r.boundary)
	for {
		part, name, err := r.next()
		switch {
		case err == io.EOF:
			return nil, notOneFile(0)
		case err != nil:
			return nil, err
		case isFile(name):
			r.file = part
			r.body.unlimited = true
			r.replaceFilename(part)
			r.form.File = r
			return &r.form, nil
		}
		if err := r.add(name, part); err != nil {
			return nil, err
		}
	}
}

// reader reads a form. Once the file has begun it is the reader of its content.
type reader struct {
	boundary string
	body     *rationed
	parts    *multipart.Reader
	form     Form
	size     int // of what came before the file
	file     *multipart.Part
	err      error // final
}

// isFile reports whether a part of this name is the file.
func isFile(name string) bool { return strings.ToLower(name) == "file" }

// next returns the next part and its name; io.EOF after the last one.
func (r *reader) next() (*multipart.Part, string, error) {
	part, err := r.parts.NextRawPart()
	if err != nil {
		if err != io.EOF {
			err = r.fault(err)
		}
		return nil, "", err
	}
	name := part.FormName()
	if name == "" || !utf8.ValidString(name) {
		return nil, "", malformed(nil)
	}
	if r.file != nil {
		return part, name, nil
	}
	r.size += len("--\r\n\r\n") + len(r.boundary)
	for name, values := range part.Header {
		for _, value := range values {
			r.size += len(name) + len(": \r\n") + len(value)
		}
	}
	return part, name, r.checkSize()
}

// add reads the value of a field.
func (r *reader) add(name string, part *multipart.Part) error {
	text, err := io.ReadAll(part)
	if err != nil {
		return r.fault(err)
	}
	r.size += len(text) + len("\r\n")
	if err := r.checkSize(); err != nil {
		return err
	}
	if !utf8.Valid(text) {
		return malformed(nil)
	}
	if i := r.form.index(strings.ToLower(name)); i >= 0 {
		r.form.Fields[i].Value += "," + string(text)
		return nil
	}
	r.form.Fields = append(r.form.Fields, Field{name, string(text)})
	return nil
}

// replaceFilename replaces ${filename} in all fields by the last element of the path that the file was sent
// with. As observed on S3, the variable stands for itself where there is no such parameter at all
// (https://github.com/localstack/localstack, test_post_object_with_file_as_string).
func (r *reader) replaceFilename(part *multipart.Part) {
	_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name, sent := parameters["filename"]
	if err != nil || !sent {
		return
	}
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	for i := range r.form.Fields {
		field := &r.form.Fields[i]
		field.Value = strings.ReplaceAll(field.Value, "${filename}", name)
	}
}

// Read reads the content of the file. At its end it makes sure that the form is whole and has no second file.
func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.file.Read(p)
	switch {
	case err == io.EOF:
		r.err = r.finish()
	case err != nil:
		r.err = r.fault(err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// finish reads what comes after the file. It returns io.EOF if that is in order.
func (r *reader) finish() error {
	files := 1
	for {
		r.body.unlimited, r.body.left = false, 2*lookahead
		part, name, err := r.next()
		r.body.unlimited = true
		switch {
		case err == io.EOF && files > 1:
			return notOneFile(files)
		case err != nil:
			return err
		}
		if isFile(name) {
			files++
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return r.fault(err)
		}
	}
}

func (r *reader) checkSize() error {
	if r.size > MaxFields {
		return tooLarge()
	}
	return nil
}

// fault returns the error behind a failure to read: that of the body, if it has failed, else the one for a
// body that is no form.
func (r *reader) fault(err error) error {
	if r.body.err != nil && r.body.err != errEnd {
		return r.body.err
	}
	return malformed(err)
}

// lookahead is how much more may be read than there may be before the file, because package multipart reads in
// blocks, in bytes.
const lookahead = 8 << 10

// rationed is a body of which left bytes may be read, unless it is unlimited. It ends in a line end and errEnd:
// package multipart gives io.EOF for the last boundary, and would give it for some bodies that end before.
type rationed struct {
	r         io.Reader
	left      int
	unlimited bool
	ended     bool
	err       error // other than nil once a read has failed
}

var errEnd = errors.New("the body ends before its last boundary")

func (r *rationed) Read(p []byte) (int, error) {
	if !r.unlimited {
		if r.left == 0 {
			r.err = tooLarge()
			return 0, r.err
		}
		p = p[:min(len(p), r.left)]
	}
	n, err := r.r.Read(p)
	r.left -= n
	switch {
	case err == io.EOF && r.ended:
		err = errEnd
	case err == io.EOF:
		r.r, r.ended, err = strings.NewReader("\r\n"), true, nil
	}
	r.err = err
	return n, err
}

// tooLarge is the error for fields that are too large.
//
// Source: https://github.com/waynehoover/s3_direct_upload/issues/45
func tooLarge() error {
	return apierr.New(400, "MaxPostPreDataLengthExceeded", "Your POST request fields preceeding the upload file was too large.").
		With("MaxPostPreDataLengthBytes", strconv.Itoa(MaxFields))
}

// notOneFile is the error for a form with another number of files than one.
//
// Source: https://github.com/rowanwins/vue-dropzone/issues/303
func notOneFile(files int) error {
	return apierr.New(400, "InvalidArgument", "POST requires exactly one file upload per request.").
		With("ArgumentName", "file").With("ArgumentValue", strconv.Itoa(files))
}

// malformed is the error for a body that is no form, because of cause, which is nil where a name or value
// cannot be read or there is no boundary.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func malformed(cause error) error {
	return apierr.New(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.").Because(cause)
}
