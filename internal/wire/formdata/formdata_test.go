package formdata

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"crossgrant/internal/apierr"
)

const contentType = "multipart/form-data; boundary=x"

// body returns a form of parts, each the parameters of its Content-Disposition, a line end and its value.
func body(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		parameters, value, _ := strings.Cut(part, "\n")
		b.WriteString("--x\r\nContent-Disposition: form-data; " + parameters + "\r\n\r\n" + value + "\r\n")
	}
	return b.String() + "--x--\r\n"
}

// read reads a whole form and shows it, or the error.
func read(contentType string, r io.Reader) string {
	form, err := Read(contentType, r)
	if err != nil {
		return show(err)
	}
	var b strings.Builder
	for _, f := range form.Fields {
		fmt.Fprintf(&b, "%s=%s ", f.Name, f.Value)
	}
	content, err := io.ReadAll(form.File)
	if err != nil {
		return b.String() + show(err)
	}
	return b.String() + "[" + string(content) + "]"
}

func show(err error) string {
	var e *apierr.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	s := fmt.Sprintf("%d %s", e.Status, e.Code)
	for _, d := range e.Detail {
		s += " " + d.Value
	}
	return s
}

func TestRead(t *testing.T) {
	t.Parallel()
	file := `name="file"` + "\nbytes"
	const malformed, one = "400 MalformedPOSTRequest", "400 InvalidArgument file "
	for _, c := range []struct{ name, body, want string }{
		{"least", body(file), "[bytes]"},
		{"fields", body(`name="key"`+"\na", `name=ACL`+"\nprivate", file), "key=a ACL=private [bytes]"},
		{"empty file", body(`name="file"` + "\n"), "[]"},
		{"a file of line ends and what looks like a boundary", body(`name="file"` + "\n\r\n\r\n--y\r\n-\r\n--"), "[\r\n\r\n--y\r\n-\r\n--]"},
		{"a file name makes no file", body(`name="key"; filename="key"`+"\na", `name="file"; filename="f"`+"\nb"), "key=a [b]"},
		{"file name", body(`name="key"`+"\n${filename}/x${filename}", `name="file"; filename="f.txt"`+"\nb"), "key=f.txt/xf.txt [b]"},
		{"file name in a path", body(`name="key"`+"\n${filename}", `name="file"; filename="C:\Program Files\a/b\f.txt"`+"\nb"), "key=f.txt [b]"},
		{"file name beyond ASCII", body(`name="key"`+"\n${filename}", `name="file"; filename="é—.txt"`+"\nb"), "key=é—.txt [b]"},
		{"empty file name", body(`name="key"`+"\na/${filename}", `name="file"; filename=""`+"\nb"), "key=a/ [b]"},
		{"no file name", body(`name="key"`+"\na/${filename}", file), "key=a/${filename} [bytes]"},
		{"name in capitals", body(`name="FILE"` + "\nb"), "[b]"},
		{"repeated", body(`name="x-amz-meta-a"`+"\n1", `name="X-Amz-Meta-A"`+"\n2", file), "x-amz-meta-a=1,2 [bytes]"},
		{"after the file", body(file, `name="submit"`+"\nUpload", `name="key"`+"\nb"), "[bytes]"},
		{"two files", body(file, `name="submit"`+"\nUpload", file), one + "2"},
		{"no file", body(`name="key"` + "\na"), one + "0"},
		{"no parts", "--x--\r\n", one + "0"},
		{"preamble and epilogue", "hello\r\n" + body(file) + "goodbye", "[bytes]"},
		{"no line end after the last boundary", strings.TrimSuffix(body(file), "\r\n"), "[bytes]"},
		{"nothing", "", malformed},
		{"no boundary", "key=a", malformed},
		{"no last boundary", strings.TrimSuffix(body(file), "--\r\n") + "\r\n", malformed},
		{"ends in a field", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb", malformed},
		{"ends in the file", "--x\r\nContent-Disposition: form-data; name=file\r\n\r\nb", malformed},
		{"ends in a header", "--x\r\nContent-Disposition: form-data; name=file\r\n", malformed},
		{"no name", body(`filename="x"` + "\na"), malformed},
		{"another disposition", strings.Replace(body(file), "form-data", "attachment", 1), malformed},
		{"no UTF-8", body(`name="key"`+"\n\xff", file), malformed},
		{"a kelvin sign is a k", body(`name="key"`+"\na", "name=\"\u212aey\"\nb", file), "key=a,b [bytes]"},
	} {
		if got := read(contentType, strings.NewReader(c.body)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if got := read(contentType, iotest.OneByteReader(strings.NewReader(c.body))); got != c.want {
			t.Errorf("%s, byte by byte: got %q, want %q", c.name, got, c.want)
		}
	}
	for _, bad := range []string{"", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x; boundary=y",
		"multipart/form-data; boundary=" + strings.Repeat("x", 71)} {
		if got := read(bad, strings.NewReader(body(file))); got != malformed {
			t.Errorf("%q: got %q", bad, got)
		}
	}
	if got := read(`multipart/form-data; charset=utf-8; boundary="x"`, strings.NewReader(body(file))); got != "[bytes]" {
		t.Errorf("quoted boundary: got %q", got)
	}
}

// What comes before the content of the file may have 20,480 bytes, boundaries and headers included.
func TestMaxFields(t *testing.T) {
	t.Parallel()
	const tooLarge = "400 MaxPostPreDataLengthExceeded 20480"
	frame := len("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n") + len("--x\r\nContent-Disposition: form-data; name=file\r\n\r\n")
	for size, want := range map[int]string{
		MaxFields - frame:     "[b]",
		MaxFields - frame + 1: tooLarge,
		MaxFields * 10:        tooLarge,
	} {
		got := read(contentType, strings.NewReader(body("name=a\n"+strings.Repeat("v", size), "name=file\nb")))
		if !strings.HasSuffix(got, want) {
			t.Errorf("%d bytes: got …%q, want %q", size, got[max(0, len(got)-50):], want)
		}
	}
	long := "name=file; filename=" + strings.Repeat("f", MaxFields)
	if got := read(contentType, strings.NewReader(body(long+"\nb"))); got != tooLarge {
		t.Errorf("long header: got %q", got)
	}
	if got := read(contentType, strings.NewReader(strings.Repeat("hello\r\n", MaxFields)+body("name=file\nb"))); got != tooLarge {
		t.Errorf("long preamble: got %q", got)
	}
	after := "name=" + strings.Repeat("f", MaxFields)
	if got := read(contentType, strings.NewReader(body("name=file\nb", after+"\nb"))); got != tooLarge {
		t.Errorf("long header after the file: got %q", got)
	}
	large := strings.Repeat("b", 1<<20)
	if got := read(contentType, strings.NewReader(body("name=file\nb", "name=c\n"+large))); got != "[b]" {
		t.Errorf("large field after the file: got %q", got)
	}
}

// An error of the body is told as it is, wherever it comes.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	whole := body("name=key\na", "name=file\n"+strings.Repeat("b", 5000), "name=submit\nUpload")
	broken := errors.New("broken")
	for n := range len(whole) - len("--\r\n") {
		got := read(contentType, io.MultiReader(strings.NewReader(whole[:n]), iotest.ErrReader(broken)))
		if !strings.HasSuffix(got, "broken") {
			t.Fatalf("after %d bytes: got %q", n, got)
		}
	}
}

// FuzzRead reads any body as a form: it does not panic, and a form that is read is read the same way when it
// is written again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(body("name=key\na", `name="file"; filename="f"`+"\nbytes", "name=submit\nUpload")))
	f.Add([]byte("--x\r\n\r\n--x--"))
	f.Add([]byte(body(`name="file"; filename*=UTF-8''a%20b` + "\n\r\n--x")))
	f.Fuzz(func(t *testing.T, text []byte) {
		form, err := Read(contentType, bytes.NewReader(text))
		if err != nil {
			if form != nil {
				t.Fatal("a form with an error")
			}
			return
		}
		content, err := io.ReadAll(form.File)
		if err != nil {
			return
		}
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, field := range form.Fields {
			if err := w.WriteField(field.Name, field.Value); err != nil {
				t.Fatal(err)
			}
		}
		part, err := w.CreateFormField("file")
		if err != nil {
			t.Fatal(err)
		}
		part.Write(content)
		w.Close()
		again, err := Read(w.FormDataContentType(), &b)
		if err != nil {
			t.Skip("the boundary of the writer is longer, which can make the form too large")
		}
		second, err := io.ReadAll(again.File)
		if err != nil || !bytes.Equal(content, second) || len(again.Fields) != len(form.Fields) {
			t.Fatalf("%v: %q, %q", err, content, second)
		}
	})
}
