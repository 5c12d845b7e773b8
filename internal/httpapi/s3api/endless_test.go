package s3api_test

import (
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"crossgrant/internal/sigv4"
)

// endless is a body that never ends, and counts what is read of it.
type endless struct{ read int64 }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	e.read += int64(len(b))
	return len(b), nil
}

// TestEndlessBodies asks for every operation with a body that never ends, of a length that is claimed and of one that is
// not: no operation reads more of it than the longest document that it may have.
func TestEndlessBodies(t *testing.T) {
	t.Parallel()
	// DeleteObjects and CompleteMultipartUpload have the longest lists, and a reader may read in blocks.
	const most = 4<<20 + 64<<10
	s := newEdgeServer(t)
	table, err := os.ReadFile("operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] == "#" || fields[2] == "=" || strings.Contains(line, "elsewhere") || strings.Contains(line, "=") {
			continue
		}
		name, method := fields[0], fields[1]
		target, ok := map[string]string{"SERVICE": "/", "BUCKET": "/walnut", "OBJECT": "/walnut/k"}[fields[2]]
		if !ok {
			continue
		}
		if len(fields) > 3 && fields[3] != "-" {
			target += "?" + fields[3]
			if fields[3] == "uploadId" {
				target += "=" + s.w.uploads[0] + "&partNumber=1"
			}
		}
		for claimed, length := range map[string]int64{"claimed": 1 << 40, "not claimed": -1} {
			body := new(endless)
			r := httptest.NewRequest(method, target, io.NopCloser(body))
			r.ContentLength = length
			r.Host = s.host
			if len(fields) > 4 && fields[4] == "copy" {
				r.Header.Set("x-amz-copy-source", "/walnut/old")
			}
			s.w.signers["ann"].Sign(&sigv4.Request{
				Method: method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header, ContentLength: length,
			}, "UNSIGNED-PAYLOAD", s.w.now())
			w := httptest.NewRecorder()
			s.w.handler.ServeHTTP(w, r)
			asked++
			if body.read > most {
				t.Errorf("%s, length %s: %d bytes are read, the answer is %d %.200s", name, claimed, body.read, w.Code, w.Body)
			}
		}
	}
	if asked < 150 {
		t.Errorf("%d requests were made: the table is not read right", asked)
	}
}
