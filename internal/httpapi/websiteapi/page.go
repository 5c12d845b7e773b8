package websiteapi

import (
	"errors"
	"html"
	"net/http"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/website"
)

// pageType is the media type of S3's own pages.
const pageType = "text/html; charset=utf-8"

// Error renders err as the page that S3 has for it. HEAD is told in headers.
func (s *Service) Error(c *httpapi.Call, err error) *httpapi.Response {
	failure := apierr.From(err)
	var document *apierr.Error
	if double := (*doubleError)(nil); errors.As(err, &double) {
		document = apierr.From(double.document)
	}
	return page(c, failure, document)
}

// found is the answer that sends a browser to a folder.
func found(c *httpapi.Call, to website.Target) *httpapi.Response {
	r := page(c, apierr.New(to.Status, "Found", "Resource Found"), nil)
	r.Header.Set("Location", to.Location)
	return r
}

// redirect is an answer that says nothing but where to go.
func redirect(to website.Target) *httpapi.Response {
	return &httpapi.Response{Status: to.Status, Header: http.Header{"Location": {to.Location}}}
}

// page returns S3's page for a failure, and for that of the error document, if there was one. Its form is
// that of pages that were seen.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html
func page(c *httpapi.Call, failure, document *apierr.Error) *httpapi.Response {
	h := http.Header{}
	if c.HTTP.Method == http.MethodHead {
		writeFailure(h, failure)
	}
	for _, extra := range failure.Header {
		h.Set(extra.Name, extra.Value)
	}
	h.Set("Content-Type", pageType)
	title := strconv.Itoa(failure.Status) + " " + http.StatusText(failure.Status)
	var b strings.Builder
	b.WriteString("<html>\n<head><title>" + title + "</title></head>\n<body>\n<h1>" + title + "</h1>\n<ul>\n")
	list(&b, failure)
	item(&b, "RequestId", c.ID)
	item(&b, "HostId", c.HostID)
	b.WriteString("</ul>\n")
	if document != nil {
		b.WriteString("<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n")
		list(&b, document)
		b.WriteString("</ul>\n")
	}
	b.WriteString("<hr/>\n</body>\n</html>\n")
	return &httpapi.Response{Status: failure.Status, Header: h, Body: []byte(b.String())}
}

// list writes what is told of an error.
func list(b *strings.Builder, e *apierr.Error) {
	item(b, "Code", e.Code)
	item(b, "Message", e.Message)
	for _, d := range e.Detail {
		item(b, d.Name, d.Value)
	}
}

func item(b *strings.Builder, name, value string) {
	b.WriteString("<li>" + html.EscapeString(name) + ": " + html.EscapeString(value) + "</li>\n")
}

// writeFailure sets the headers that tell of a failure where the body does not.
func writeFailure(h http.Header, e *apierr.Error) {
	h.Set("X-Amz-Error-Code", e.Code)
	h.Set("X-Amz-Error-Message", e.Message)
	for _, d := range e.Detail {
		h.Set("X-Amz-Error-Detail-"+d.Name, website.Printable(d.Value))
	}
}
