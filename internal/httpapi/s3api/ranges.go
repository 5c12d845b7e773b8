package s3api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
)

// span is a run of an object's bytes; length may be 0 for an empty object only.
type span struct{ offset, length int64 }

// contentRange returns the value of Content-Range for a part of size bytes.
func (p span) contentRange(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", p.offset, p.offset+p.length-1, size)
}

// byteRange is one range of a Range header, before the size is known.
type byteRange struct {
	first, last int64 // inclusive; last -1: to the end
	suffix      int64 // the last bytes; -1: not a suffix range
}

// parseRange reads a Range header. ok is false for one that is ignored, as if it had not been sent:
// another unit, several ranges, which S3 does not serve, or a form that RFC 9110 has not.
//
//	bytes=first-last | bytes=first- | bytes=-suffix
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Range)
func parseRange(value string) (r byteRange, ok bool) {
	unit, spec, found := strings.Cut(value, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return byteRange{}, false
	}
	first, last, found := strings.Cut(strings.TrimSpace(spec), "-")
	if !found {
		return byteRange{}, false
	}
	r = byteRange{last: -1, suffix: -1}
	if first == "" {
		r.suffix, ok = decimal(last)
		return r, ok
	}
	if r.first, ok = decimal(first); !ok {
		return byteRange{}, false
	}
	if last == "" {
		return r, true
	}
	r.last, ok = decimal(last)
	return r, ok && r.first <= r.last
}

// decimal reads a number of digits only. One that is too large for an offset is the largest offset:
// "bytes=0-99999999999999999999" asks for everything.
func decimal(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1, true
	}
	return n, true
}

// of returns the bytes that r selects of an object; ok is false if there are none.
func (r byteRange) of(size int64) (p span, ok bool) {
	switch {
	case r.suffix == 0, size == 0:
		return span{}, false
	case r.suffix > 0:
		n := min(r.suffix, size)
		return span{size - n, n}, true
	case r.first >= size:
		return span{}, false
	case r.last < 0 || r.last >= size:
		return span{r.first, size - r.first}, true
	default:
		return span{r.first, r.last - r.first + 1}, true
	}
}

// invalidRange is the error for a range that selects nothing.
func invalidRange(asked string, size int64) *apierr.Error {
	return apierr.New(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable").
		With("RangeRequested", asked).With("ActualObjectSize", strconv.FormatInt(size, 10))
}

const copyRangeHeader = "x-amz-copy-source-range"

// parseCopyRange reads x-amz-copy-source-range, which has one form only and must lie in the source.
//
//	bytes=first-last
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
func parseCopyRange(value string) (first, last int64, err error) {
	r, ok := parseRange(value)
	if !ok || r.suffix >= 0 || r.last < 0 || !strings.HasPrefix(value, "bytes=") {
		return 0, 0, invalidArgument(copyRangeHeader, value,
			"The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "+
				"zero-based offsets of the first and last bytes to copy")
	}
	return r.first, r.last, nil
}
