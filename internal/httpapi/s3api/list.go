package s3api

import (
	"context"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/objects"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// maxPage is the largest number of entries of one page of any list.
const maxPage = 1000

// nanos returns the time of a record.
func nanos(ns int64) time.Time { return time.Unix(0, ns) }

// pageQuery are the parameters that the lists of keys have in common.
type pageQuery struct {
	prefix, delimiter string
	encode            bool // encoding-type=url
	max               int  // as asked, at most maxPage
	// restored is when what was restored is told for; zero: it is not told.
	restored time.Time
}

// decodePage reads them; maxName is the parameter that limits the page.
func decodePage(query url.Values, maxName string) (pageQuery, error) {
	p := pageQuery{prefix: query.Get("prefix"), delimiter: query.Get("delimiter"), max: maxPage}
	if query.Has("encoding-type") {
		if query.Get("encoding-type") != "url" {
			return p, invalidArgument("encoding-type", query.Get("encoding-type"), "Invalid Encoding Method specified in Request")
		}
		p.encode = true
	}
	var err error
	p.max, err = decodeLimit(query, maxName, maxPage)
	return p, err
}

// decodeLimit reads a number of entries; one above limit is limit.
func decodeLimit(query url.Values, name string, limit int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return limit, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err != nil:
		return 0, invalidArgument(name, text, "Provided "+name+" not an integer or within integer range")
	case n < 0:
		return 0, invalidArgument(name, text, "Argument "+name+" must be an integer between 0 and 2147483647")
	}
	return min(int(n), limit), nil
}

// text returns a key or prefix as the answer has it.
func (p pageQuery) text(s string) string {
	if p.encode {
		return restxml.URLEncode(s)
	}
	return s
}

// writePrefixes writes the common prefixes of a page.
func (p pageQuery) writePrefixes(d *restxml.Document, prefixes []string) {
	for _, prefix := range prefixes {
		d.Open("CommonPrefixes")
		d.Text("Prefix", p.text(prefix))
		d.Close()
	}
}

// listKeys returns the condition keys of s3:ListBucket and its like: parameters as sent, absent if they
// were not.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
func listKeys(query url.Values) func(*policy.Context) {
	return func(k *policy.Context) {
		for _, name := range []string{"prefix", "delimiter", "max-keys"} {
			if query.Has(name) {
				k.Set("s3:"+name, query.Get(name))
			}
		}
	}
}

type listInput struct {
	pageQuery
	bucket *access.Bucket

	marker string // ListObjects
	// ListObjectsV2
	token, startAfter string // token as sent
	after             string // what the token says
	tokenGiven        bool
	owners            bool
}

// listObjects is ListObjects.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
func (s *Service) listObjects() httpapi.Operation {
	return s.listing("ListObjects", decodeList, s.runListObjects)
}

// listObjectsV2 is ListObjectsV2.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (s *Service) listObjectsV2() httpapi.Operation {
	return s.listing("ListObjectsV2", decodeListV2, s.runListObjectsV2)
}

func (s *Service) listing(name string, decode func(url.Values) (*listInput, error),
	run func(context.Context, *httpapi.Call, *listInput) (*httpapi.Response, error)) httpapi.Operation {
	return httpapi.Row[listInput]{
		Name: name,
		Decode: func(c *httpapi.Call) (*listInput, error) {
			in, err := decode(c.Query())
			if err == nil {
				in.restored, err = decodeOptional(c)
			}
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *listInput) (err error) {
			in.bucket, err = s.loadBucket(ctx, c)
			return err
		},
		Checks: func(c *httpapi.Call, in *listInput) []access.Check {
			return []access.Check{bucketCheck(in.bucket, "s3:ListBucket", listKeys(c.Query()))}
		},
		Run: run,
	}.Operation()
}

func decodeList(query url.Values) (*listInput, error) {
	p, err := decodePage(query, "max-keys")
	if err != nil {
		return nil, err
	}
	return &listInput{pageQuery: p, marker: query.Get("marker")}, nil
}

func decodeListV2(query url.Values) (*listInput, error) {
	p, err := decodePage(query, "max-keys")
	if err != nil {
		return nil, err
	}
	in := &listInput{
		pageQuery: p, startAfter: query.Get("start-after"), owners: query.Get("fetch-owner") == "true",
		token: query.Get("continuation-token"), tokenGiven: query.Has("continuation-token"),
	}
	if in.token != "" { // an empty one is taken for none and shown as sent, as s3-tests has it of S3
		var ok bool
		if in.after, ok = parseToken(in.token); !ok {
			return nil, invalidArgument("continuation-token", in.token, "The continuation token provided is incorrect")
		}
	}
	return in, nil
}

// A continuation token is "1", for the form, and the base64 of the key or common prefix after which the
// list goes on. Clients are told that it is opaque; it grants nothing, because every page is judged.
const tokenForm = "1"

func newToken(last string) string {
	return tokenForm + base64.RawURLEncoding.EncodeToString([]byte(last))
}

func parseToken(token string) (last string, ok bool) {
	encoded, ok := strings.CutPrefix(token, tokenForm)
	if !ok {
		return "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return string(b), err == nil && len(b) > 0 && len(b) <= maxKey
}

// query asks for the page.
func (in *listInput) query() objects.ListQuery {
	return objects.ListQuery{
		Bucket: in.bucket.ID, Prefix: in.prefix, Delimiter: in.delimiter, After: max(in.marker, in.after, in.startAfter), Max: in.max,
	}
}

func (s *Service) runListObjects(ctx context.Context, _ *httpapi.Call, in *listInput) (*httpapi.Response, error) {
	page, err := s.objects.List(ctx, in.query())
	if err != nil {
		return nil, err
	}
	d := restxml.New("ListBucketResult")
	in.writeHead(d, page)
	d.Text("Marker", in.text(in.marker))
	if page.Truncated && in.delimiter != "" {
		d.Text("NextMarker", in.text(page.Last))
	}
	if err := s.writeContents(ctx, d, in, page, true); err != nil {
		return nil, err
	}
	return s.listed(d), nil
}

func (s *Service) runListObjectsV2(ctx context.Context, _ *httpapi.Call, in *listInput) (*httpapi.Response, error) {
	page, err := s.objects.List(ctx, in.query())
	if err != nil {
		return nil, err
	}
	d := restxml.New("ListBucketResult")
	in.writeHead(d, page)
	d.Int("KeyCount", int64(len(page.Objects)+len(page.Prefixes)))
	if in.tokenGiven {
		d.Text("ContinuationToken", in.token)
	}
	if page.Truncated {
		d.Text("NextContinuationToken", newToken(page.Last))
	}
	d.TextIf("StartAfter", in.text(in.startAfter))
	if err := s.writeContents(ctx, d, in, page, in.owners); err != nil {
		return nil, err
	}
	return s.listed(d), nil
}

// listed is the answer of a list of objects, which tells the bucket's region too.
func (s *Service) listed(d *restxml.Document) *httpapi.Response {
	r := document(d)
	r.Header.Set("X-Amz-Bucket-Region", s.Region)
	return r
}

// writeHead writes what both lists begin with.
func (in *listInput) writeHead(d *restxml.Document, page objects.ListPage) {
	d.Text("Name", in.bucket.Record.Name)
	d.Text("Prefix", in.text(in.prefix))
	d.TextIf("Delimiter", in.text(in.delimiter))
	d.Int("MaxKeys", int64(in.max))
	if in.encode {
		d.Text("EncodingType", "url")
	}
	d.Bool("IsTruncated", page.Truncated)
}

// contentsSize is about what an object takes in a list beside its key, in bytes.
const contentsSize = 320

// longest returns the length of the longest key.
func longest(entries []objects.ListedObject) (n int) {
	for i := range entries {
		n = max(n, len(entries[i].Key))
	}
	return n
}

// writeContents writes the objects and common prefixes of a page.
func (s *Service) writeContents(ctx context.Context, d *restxml.Document, in *listInput, page objects.ListPage, owners bool) error {
	names := s.namesOf(ctx)
	d.Grow(len(page.Objects) * (contentsSize + longest(page.Objects)))
	for _, entry := range page.Objects {
		o := entry.Object
		d.Open("Contents")
		d.Text("Key", in.text(entry.Key))
		d.Time("LastModified", nanos(o.Modified))
		writeContent(d, o)
		if owners {
			names.write(d, "Owner", in.bucket.ObjectOwner(o))
		}
		d.Text("StorageClass", storageClass(o.StorageClass))
		in.writeRestored(d, o)
		d.Close()
	}
	in.writePrefixes(d, page.Prefixes)
	return names.err
}

// writeContent writes what lists tell of an object's content.
func writeContent(d *restxml.Document, o *records.Object) {
	d.Text("ETag", quotedETag(o))
	if o.Checksum != nil {
		d.Text("ChecksumAlgorithm", o.Checksum.Algorithm)
		d.Text("ChecksumType", checksumType(o.Checksum))
	}
	d.Int("Size", o.Size)
}

// names looks up the display names of accounts, each once per answer. It keeps the first error.
type names struct {
	lookup func(ids.CanonicalUserID) (*records.Account, bool, error)
	known  map[ids.CanonicalUserID]string
	err    error
}

func (s *Service) namesOf(ctx context.Context) *names {
	return &names{
		lookup: func(id ids.CanonicalUserID) (*records.Account, bool, error) { return s.Accounts.Account(ctx, id) },
		known:  map[ids.CanonicalUserID]string{},
	}
}

// of returns an account's name, or "" for an ID that belongs to no account.
func (n *names) of(id ids.CanonicalUserID) string {
	if id == authz.LogDeliveryCanonicalID {
		return "s3-log-service"
	}
	name, ok := n.known[id]
	if ok || n.err != nil {
		return name
	}
	account, ok, err := n.lookup(id)
	if err != nil {
		n.err = err
		return ""
	}
	if ok {
		name = account.Name
	}
	n.known[id] = name
	return name
}

// write writes an element that names an account, such as Owner.
func (n *names) write(d *restxml.Document, element string, id ids.CanonicalUserID) {
	d.Open(element)
	d.Text("ID", string(id))
	d.TextIf("DisplayName", n.of(id))
	d.Close()
}
