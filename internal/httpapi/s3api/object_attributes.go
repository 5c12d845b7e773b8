package s3api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/restxml"
)

const attributesHeader = "x-amz-object-attributes"

// objectAttributes are what GetObjectAttributes tells of an object.
var objectAttributes = []string{"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}

type objectAttributesInput struct {
	addressed
	asked      map[string]bool // of objectAttributes
	max, after int             // of the list of parts
}

// getObjectAttributes is GetObjectAttributes.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
func (s *Service) getObjectAttributes() httpapi.Operation {
	return httpapi.Row[objectAttributesInput]{
		Name:   "GetObjectAttributes",
		Decode: decodeObjectAttributes,
		Load: func(ctx context.Context, c *httpapi.Call, in *objectAttributesInput) error {
			return s.load(ctx, c, &in.addressed)
		},
		Checks: func(_ *httpapi.Call, in *objectAttributesInput) []access.Check { return in.checks() },
		Run: func(_ context.Context, c *httpapi.Call, in *objectAttributesInput) (*httpapi.Response, error) {
			if err := in.missing(c.HTTP.Method); err != nil {
				return nil, err
			}
			if err := refuseEncryption(c.HTTP); err != nil {
				return nil, err
			}
			if _, err := customerOf(c.HTTP, "", in.object.Encryption); err != nil {
				return nil, err
			}
			r := document(in.render())
			setVersion(r.Header, in.bucket, in.object)
			r.Header.Set("Last-Modified", modified(in.object).Format(http.TimeFormat))
			return r, nil
		},
	}.Operation()
}

func decodeObjectAttributes(c *httpapi.Call) (*objectAttributesInput, error) {
	in := &objectAttributesInput{asked: map[string]bool{}}
	var err error
	if in.version, err = decodeVersion(c); err != nil {
		return nil, err
	}
	sent := header(c.HTTP, attributesHeader)
	for name := range strings.SplitSeq(sent, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" && sent == "":
			return nil, invalidRequest("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
		case !slices.Contains(objectAttributes, name):
			return nil, invalidArgument(attributesHeader, sent, "Invalid attribute name specified.")
		}
		in.asked[name] = true
	}
	in.max = limitHeader(c.HTTP, "x-amz-max-parts", maxPage)
	in.after = limitHeader(c.HTTP, "x-amz-part-number-marker", 0)
	return in, nil
}

// limitHeader returns the number in a header. As on S3, what is no such number counts for nothing, and the
// largest page is what it is: https://github.com/versity/versitygw/issues/1806
func limitHeader(r *http.Request, name string, otherwise int) int {
	n, err := strconv.ParseInt(header(r, name), 10, 32)
	if err != nil || n < 0 {
		return otherwise
	}
	return int(n)
}

// checks are the questions of GetObjectAttributes: whoever may get the object may not yet get these.
// s3:ExistingObjectTag works with the first of them only.
//
// Source: section 6.5 of the S3 reference ("Probed limits")
func (in *objectAttributesInput) checks() []access.Check {
	checks := []access.Check{in.check("s3:GetObject", "s3:GetObjectVersion", nil)}
	if in.object != nil {
		action := in.version.action("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")
		checks = append(checks, objectCheck(in.bucket, in.key, action, in.object, in.version.set))
	}
	return checks
}

// render writes what was asked for. An attribute that the object has not is left out.
func (in *objectAttributesInput) render() *restxml.Document {
	o := in.object
	d := restxml.New("GetObjectAttributesResponse")
	if in.asked["ETag"] {
		d.Text("ETag", etag(o))
	}
	if in.asked["Checksum"] && o.Checksum != nil {
		d.Open("Checksum")
		writeChecksum(d, o.Checksum, o.Parts)
		d.Text("ChecksumType", checksumType(o.Checksum))
		d.Close()
	}
	if in.asked["ObjectParts"] && o.Parts > 0 {
		in.renderParts(d)
	}
	if in.asked["StorageClass"] {
		d.Text("StorageClass", storageClass(o.StorageClass))
	}
	if in.asked["ObjectSize"] {
		d.Int("ObjectSize", o.Size)
	}
	return d
}

// renderParts writes a page of the parts of a multipart object. They are listed where a checksum is applied to
// the object, which each part then has too; where that of the object is made of the content and not of theirs,
// theirs are not shown. Of objects from before there were checksums, the number of parts is told.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributesParts.html and
// https://github.com/ceph/s3-tests (test_get_multipart_object_attributes)
func (in *objectAttributesInput) renderParts(d *restxml.Document) {
	o := in.object
	d.Open("ObjectParts")
	defer d.Close()
	if o.Checksum == nil {
		d.Int("PartsCount", int64(o.Parts))
		return
	}
	first := min(in.after, len(o.PartSizes))
	last := min(first+min(in.max, maxPage), len(o.PartSizes))
	next := 0
	if last > first {
		next = last
	}
	d.Bool("IsTruncated", last < len(o.PartSizes))
	d.Int("MaxParts", int64(min(in.max, maxPage)))
	d.Int("NextPartNumberMarker", int64(next))
	d.Int("PartNumberMarker", int64(in.after))
	for i := first; i < last; i++ {
		d.Open("Part")
		if o.Checksum.Composite && i < len(o.PartChecksums) {
			writeChecksum(d, o.PartChecksums[i], 0)
		}
		d.Int("PartNumber", int64(i+1))
		d.Int("Size", o.PartSizes[i])
		d.Close()
	}
	d.Int("PartsCount", int64(o.Parts))
}
