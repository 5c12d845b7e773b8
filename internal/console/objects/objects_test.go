package objects

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/console/consoletest"
	"crossgrant/internal/console/s3test"
)

// nasty is a key that means something to HTML, URLs, XML and paths.
const nasty = "a/<b>\x01 & \"q\" +%2F'é/../.."

// send sends what the API signed for a browser, as a browser does.
func send(t *testing.T, api http.Handler, request, content string) *httptest.ResponseRecorder {
	t.Helper()
	var s signed
	if err := json.Unmarshal([]byte(request), &s); err != nil || s.URL == "" {
		t.Fatalf("%v: %s", err, request)
	}
	r := httptest.NewRequest(s.Method, s.URL, strings.NewReader(content))
	r.Host = "127.0.0.1:9000"
	for name, value := range s.Headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

// put uploads an object as the page does.
func put(t *testing.T, w *s3test.World, v *consoletest.Visitor, bucket, key, content string, pairs ...string) {
	t.Helper()
	request := v.Shows("/buckets/"+bucket+"/upload", "put", append([]string{"key", key}, pairs...)...)
	if got := send(t, w, request, content); got.Code != 200 {
		t.Fatalf("put %q: %d %s", key, got.Code, got.Body)
	}
}

func newBucket(t *testing.T) (*s3test.World, *consoletest.Visitor) {
	t.Helper()
	w := s3test.New(t)
	w.CreateBucket("docs", false)
	return w, w.Visit(Section(), s3test.A)
}

func query(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + q.Encode()
}

// TestBrowser holds that prefixes are walked, also those that are hostile, by pages.
func TestBrowser(t *testing.T) {
	t.Parallel()
	w, v := newBucket(t)
	v.Has("/buckets/docs", "The bucket has no objects", "aws s3api list-objects-v2 --bucket docs")
	v.Has("/buckets/docs?show=versions", "The bucket has no versions")
	v.Has("/buckets/docs?prefix=x", "No key begins with “x”")
	put(t, w, v, "docs", nasty, "content")
	put(t, w, v, "docs", "b/c/d.txt", "content")
	put(t, w, v, "docs", "top.txt", "content", "storageClass", "STANDARD_IA")
	body := v.Has("/buckets/docs", "a/", "b/", "top.txt", "STANDARD_IA", "7 B", "store")
	if strings.Contains(body, "d.txt") {
		t.Error("what lies deeper is listed")
	}
	v.Has("/buckets/docs?prefix=b/c/", "d.txt", "Delete everything below")
	v.Has("/buckets/docs?prefix=to", "top.txt")
	v.Has("/buckets/docs?show=versions", "top.txt", "null", "current")
	// A hostile key leads to its page, and is text everywhere.
	for prefix := range strings.SplitSeq("a/|"+strings.TrimSuffix(nasty, ".."), "|") {
		body = v.Has(query("/buckets/docs", "prefix", prefix))
		if strings.Contains(body, "<b>") {
			t.Errorf("a key is markup: %s", body)
		}
	}
	found := regexp.MustCompile(`href="(/buckets/docs/object[^"]+)"`).FindStringSubmatch(body)
	if found == nil {
		t.Fatal("the object is not listed")
	}
	v.Has(html.UnescapeString(found[1]), "7 bytes")
	w.Fill("docs", "many/", perPage+5)
	body = v.Has("/buckets/docs?prefix=many/", "many/000", "Next page")
	after := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(body)
	body = v.Has(html.UnescapeString(after[1]), "First page")
	if n := strings.Count(body, `name="object"`); n != 5 {
		t.Errorf("%d keys on the second page, want 5", n)
	}
	body = v.Has("/buckets/docs?prefix=many/&show=versions", "Next page")
	after = regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(body)
	if n := strings.Count(v.Has(html.UnescapeString(after[1])), `name="object"`); n != 5 {
		t.Errorf("%d versions on the second page, want 5", n)
	}
	v.Dry("aws s3api put-object --bucket docs --key b/new/", "/buckets/docs?prefix=b/c", "folder", "folder", "/new/")
	v.Does("/buckets/docs?prefix=b/", "folder", "folder", "new")
	v.Has("/buckets/docs?prefix=b/new/", "(the folder itself)")
	v.Refused("Type a name", "/buckets/docs", "folder", "folder", "/")
	// Somebody else may neither list nor see, and is still offered the upload.
	other := w.Visit(Section(), s3test.B)
	other.Has("/buckets/docs", "AccessDenied", "Why?", "You may still be allowed to upload", "Drop files")
	other.Has("/buckets/docs/object?key=top.txt", "Forbidden", "Why?", "Download")
	other.Has("/buckets/docs/uploads", "AccessDenied")
	for _, tab := range []string{"permissions", "versions", "lock"} {
		other.Has("/buckets/docs/object/"+tab+"?key=top.txt", "AccessDenied")
	}
}

// TestUpload holds what the script of uploads relies on.
func TestUpload(t *testing.T) {
	t.Parallel()
	w, v := newBucket(t)
	put(t, w, v, "docs", "one.txt", "hello", "crc32", "NhCmhg==", "contentType", "text/plain", "acl", "bucket-owner-full-control", "tagKey", "k", "tagValue", "v 1", "metaKey", "Colour", "metaValue", "red")
	v.Has("/buckets/docs/object?key=one.txt", "text/plain", "NhCmhg==", "colour", "red", `value="v 1"`, "data-text")
	wrong := v.Shows("/buckets/docs/upload", "put", "key", "two.txt", "crc32", "AAAAAA==")
	if got := send(t, w, wrong, "hello"); got.Code != 400 || !strings.Contains(got.Body.String(), "BadDigest") {
		t.Errorf("a wrong checksum: %d %s", got.Code, got.Body)
	}
	for _, meta := range [][]string{{"metaKey", "a b", "metaValue", "x"}, {"metaKey", "a", "metaValue", "é"}, {"metaKey", "a", "metaValue", "x\ny"}} {
		if got := v.Shows("/buckets/docs/upload", "put", append([]string{"key", "k"}, meta...)...); !strings.Contains(got, "Problem") {
			t.Errorf("metadata %q is taken: %s", meta, got)
		}
	}
	// In parts, interrupted after the first.
	var begun struct{ UploadID string }
	decode(t, v.Shows("/buckets/docs/upload", "create", "key", "large", "acl", "private", "tagKey", "k", "tagValue", "v"), &begun)
	first, second := strings.Repeat("a", 40), "end"
	part := func(n, content, sum string) string {
		got := send(t, w, v.Shows("/buckets/docs/upload", "sign", "key", "large", "uploadId", begun.UploadID, "part", n, "crc32", sum), content)
		if got.Code != 200 {
			t.Fatalf("part %s: %d %s", n, got.Code, got.Body)
		}
		return strings.Trim(map[string][]string(got.Header())["ETag"][0], `"`)
	}
	etag := part("1", first, crc(first))
	var there struct{ Parts []uploaded }
	decode(t, v.Shows("/buckets/docs/upload", "parts", "key", "large", "uploadId", begun.UploadID), &there)
	if len(there.Parts) != 1 || there.Parts[0] != (uploaded{1, etag, crc(first), 40}) {
		t.Errorf("parts %+v", there)
	}
	v.Has("/buckets/docs/uploads", "large", "uploadId="+url.QueryEscape(begun.UploadID))
	parts := "1/" + etag + "/" + crc(first) + ",2/" + part("2", second, crc(second)) + "/" + crc(second)
	if got := v.Shows("/buckets/docs/upload", "complete", "key", "large", "uploadId", begun.UploadID, "parts", parts); got != "{}" {
		t.Errorf("complete: %s", got)
	}
	v.Has("/buckets/docs/object?key=large", "43 bytes", "COMPOSITE")
	v.Has("/buckets/docs/uploads", "No upload is unfinished")
	for do, want := range map[string]string{"parts": "NoSuchUpload", "complete": "cannot be read", "sign": "no number"} {
		if got := v.Shows("/buckets/docs/upload", do, "key", "large", "uploadId", "none"); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", do, got, want)
		}
	}
	decode(t, v.Shows("/buckets/docs/upload", "create", "key", "dir/gone"), &begun)
	at := query("/buckets/docs/uploads/abort", "key", "dir/gone", "uploadId", begun.UploadID)
	v.Has(at, "dir/gone")
	v.Refused("type gone to confirm", at, "abort", "confirm", "dir/gone")
	v.Does(at, "abort", "confirm", "gone")
	decode(t, v.Shows("/buckets/docs/upload", "create", "key", "gone"), &begun)
	if got := v.Shows("/buckets/docs/upload", "abort", "key", "gone", "uploadId", begun.UploadID); got != "{}" {
		t.Errorf("abort: %s", got)
	}
	// Denials come with what explains them.
	other := w.Visit(Section(), s3test.B)
	if got := other.Shows("/buckets/docs/upload", "create", "key", "x"); !strings.Contains(got, `"Code":"AccessDenied"`) || !strings.Contains(got, `"Why":"/why/requests/`) {
		t.Errorf("denied: %s", got)
	}
	// The commands.
	v.Dry("aws s3 cp FILE s3://docs/a/FILE", "/buckets/docs?prefix=a/b", "upload")
	v.Dry("aws s3 cp x.txt s3://docs/d/x.txt --acl bucket-owner-full-control --storage-class GLACIER --metadata '{\"a\":\"b c\"}'\naws s3 cp y.txt s3://docs/y.txt --acl bucket-owner-full-control --storage-class GLACIER --metadata '{\"a\":\"b c\"}'",
		"/buckets/docs", "upload", "file", "d/x.txt", "file", "y.txt", "acl", "bucket-owner-full-control", "storageClass", "GLACIER", "metaKey", "a", "metaValue", "b c")
	v.Dry("aws s3api put-object --bucket docs --key x --body x --tagging k=v+1", "/buckets/docs", "upload", "file", "x", "tagKey", "k", "tagValue", "v 1")
	v.Refused("needs its script", "/buckets/docs", "upload")
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// TestObject looks after one object.
func TestObject(t *testing.T) {
	t.Parallel()
	w, v := newBucket(t)
	put(t, w, v, "docs", "d/one.txt", "hello", "contentType", "text/plain")
	const at = "/buckets/docs/object?key=d%2Fone.txt"
	body := v.Has(at, "5 bytes", "Download")
	download := regexp.MustCompile(`href="([^"]+)" data-download`).FindStringSubmatch(body)
	r := httptest.NewRequest("GET", html.UnescapeString(download[1]), nil)
	got := httptest.NewRecorder()
	w.ServeHTTP(got, r)
	if text, _ := io.ReadAll(got.Body); string(text) != "hello" || got.Header().Get("Content-Disposition") != "attachment; filename*=UTF-8''one.txt" {
		t.Errorf("download: %d %s %v", got.Code, text, got.Header())
	}
	v.Dry("aws s3api put-object-tagging --bucket docs --key d/one.txt --tagging '{\"TagSet\":[{\"Key\":\"a\",\"Value\":\"b\"}]}'", at, "tags", "tagKey", "a", "tagValue", "b")
	v.Dry("aws s3api delete-object-tagging --bucket docs --key d/one.txt", at, "tags", "tagKey", "", "tagValue", "")
	v.Does(at, "tags", "tagKey", "a", "tagValue", "b")
	v.Refused("InvalidTag", at, "tags", "tagKey", "<i>", "tagValue", "b")
	v.Dry("aws s3 presign s3://docs/d/one.txt --expires-in 900", at, "share", "expires", "900")
	v.Refused("Choose how long", at, "share", "expires", "1")
	if shared := v.Shows(at, "share", "expires", "900"); !strings.Contains(shared, "X-Amz-Expires=900") || !strings.Contains(shared, "http://127.0.0.1:9000/docs/d/one.txt") {
		t.Errorf("shared: %s", shared)
	}
	const acl = "/buckets/docs/object/permissions?key=d%2Fone.txt"
	v.Has(acl, "store", "FULL_CONTROL")
	v.Dry("aws s3api put-object-acl --bucket docs --key d/one.txt --acl public-read", acl, "canned", "acl", "public-read")
	v.Does(acl, "grants", "grantee", "http://acs.amazonaws.com/groups/global/AllUsers", "permission", "READ")
	body = v.Has(acl, "Everyone", "public")
	v.Refused("Nothing would change", acl, "grants", "grantee", "account")
	v.Refused("Choose what is granted", acl, "grants", "grantee", "account", "canonicalId", strings.Repeat("a", 64), "permission", "WRITE")
	remove := regexp.MustCompile(`name="remove" value="([^"]*AllUsers[^"]*)"`).FindStringSubmatch(body)
	v.Does(acl, "grants", "remove", html.UnescapeString(remove[1]), "grantee", "account")
	if body = v.Has(acl); strings.Contains(body, `badge warn">public`) {
		t.Error("the grant is still there")
	}
	v.Has("/buckets/docs/object/lock?key=d%2Fone.txt", "The bucket has no object lock")
	const to = "/buckets/docs/object/copy?key=d%2Fone.txt"
	v.Has(to, "Copy the object")
	v.Dry(`aws s3api copy-object --bucket docs --copy-source docs/d/one.txt --key 'x y' --acl private --storage-class GLACIER`, to, "copy", "targetBucket", "docs", "targetKey", "x y", "acl", "private", "storageClass", "GLACIER")
	v.Refused("Type the bucket", to, "copy", "targetBucket", "docs")
	put(t, w, v, "docs", nasty, "nasty")
	v.Does(query("/buckets/docs/object/copy", "key", nasty), "copy", "targetBucket", "docs", "targetKey", "copied")
	v.Has("/buckets/docs/object?key=copied", "5 bytes")
	v.Refused("type one.txt to confirm", at, "delete", "confirm", "d/one.txt")
	if to := v.Does(at, "delete", "confirm", "one.txt"); to != "/buckets/docs?prefix=d%2F" {
		t.Errorf("leads to %s", to)
	}
	v.Has(at, "There is no such object")
	v.Answers(404, "/buckets/docs/object")
}

// TestVersions deletes and restores.
func TestVersions(t *testing.T) {
	t.Parallel()
	w := s3test.New(t)
	w.CreateBucket("docs", true) // with object lock, and so with versions
	v := w.Visit(Section(), s3test.A)
	put(t, w, v, "docs", "k", "first")
	put(t, w, v, "docs", "k", "second!")
	put(t, w, v, "docs", "k2", "another")
	const at = "/buckets/docs/object/versions?key=k"
	choices := func() []string {
		var all []string
		for _, found := range regexp.MustCompile(`name="version" value="([^"]+)"`).FindAllStringSubmatch(v.Has(at), -1) {
			all = append(all, found[1])
		}
		return all
	}
	older := choices()
	if len(older) != 1 || !strings.HasPrefix(older[0], "version:") {
		t.Fatalf("to be restored: %q", older)
	}
	v.Does(at, "restore", "version", older[0])
	v.Has("/buckets/docs/object?key=k", "5 bytes")
	v.Refused("Choose a version", at, "restore")
	// Selected objects are deleted after a look at them.
	object := `{"Key":"k"}`
	if body := v.Shows("/buckets/docs/delete-objects", "review", "object", object, "back", "/buckets/docs?prefix=k"); !strings.Contains(body, "1 object is") {
		t.Error(body)
	}
	v.Dry(`aws s3api delete-objects --bucket docs --delete '{"Objects":[{"Key":"k"}],"Quiet":true}'`, "/buckets/docs/delete-objects", "delete", "object", object)
	v.Refused("type k to confirm", "/buckets/docs/delete-objects", "delete", "object", object)
	v.Refused("Nothing is selected", "/buckets/docs/delete-objects", "review")
	v.Refused("cannot be read", "/buckets/docs/delete-objects", "review", "object", "k")
	if to := v.Does("/buckets/docs/delete-objects", "delete", "object", object, "confirm", "k", "back", "//evil.example"); to != "/buckets/docs" {
		t.Errorf("leads to %s", to)
	}
	v.Has("/buckets/docs/object?key=k", "a delete marker hides it")
	v.Has("/buckets/docs?show=versions", "delete marker")
	all := choices()
	if len(all) != 4 || !strings.HasPrefix(all[0], "marker:") {
		t.Fatalf("to be restored: %q", all)
	}
	v.Has("/buckets/docs/object?key=k&versionId="+strings.TrimPrefix(all[0], "marker:"), "This version is a delete marker")
	v.Does(at, "restore", "version", all[0])
	v.Has("/buckets/docs/object?key=k", "5 bytes")
	// The lock keeps a version.
	lock := "/buckets/docs/object/lock?key=k2"
	v.Has(lock, "Legal hold", "Retention")
	v.Dry(`aws s3api put-object-legal-hold --bucket docs --key k2 --legal-hold '{"Status":"ON"}'`, lock, "hold", "hold", "ON")
	v.Does(lock, "hold", "hold", "ON")
	until := time.Now().UTC().AddDate(1, 0, 0).Format(dateField)
	v.Does(lock, "retain", "mode", "GOVERNANCE", "until", until)
	v.Has(lock, `value="ON" checked`, `value="`+until+`"`)
	v.Refused("Choose the day", lock, "retain", "mode", "GOVERNANCE", "until", "soon")
	version := regexp.MustCompile(`versionId=([^"&]+)`).FindStringSubmatch(v.Has("/buckets/docs/object/versions?key=k2"))[1]
	held := `{"Key":"k2","VersionId":"` + version + `"}`
	if body := v.Shows("/buckets/docs/delete-objects", "delete", "object", held, "confirm", "k2"); !strings.Contains(body, "1 object was not") && !strings.Contains(body, "AccessDenied") {
		t.Error(body)
	}
	v.Does(lock, "hold", "hold", "OFF")
	v.Does(lock, "retain", "mode", "", "bypass", "on")
	v.Does("/buckets/docs/delete-objects", "delete", "object", held, "confirm", "k2")
}

// TestKinds holds what is shown: never what could run.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"image/png", "a", "image"}, {"image/svg+xml; charset=utf-8", "a", "image"}, {"video/mp4", "a", "video"}, {"audio/ogg", "a", "audio"},
		{"text/plain", "a", "text"}, {"text/javascript", "a", "text"}, {"application/json", "a", "text"}, {"application/ld+json", "a", "text"},
		{"text/html", "a", ""}, {"Text/HTML; charset=x", "a.txt", ""}, {"application/xhtml+xml", "a", ""}, {"application/pdf", "a", ""}, {"image/tiff", "a", ""},
		{"binary/octet-stream", "a.txt", "text"}, {"binary/octet-stream", "a.html", ""}, {"binary/octet-stream", "a.png", ""}, {"", "a.json", "text"}, {"", "json", ""},
	} {
		if got := kindOf(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
	if got := disposition("a\"b\r\n/é"); strings.ContainsAny(got, "\"\r\né") {
		t.Errorf("disposition %q", got)
	}
}

// crc is a CRC-32 as S3 has it.
func crc(content string) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(content))))
}
