package s3api

import (
	"context"
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
	"crossgrant/internal/website"
	"crossgrant/internal/wire/restxml"
)

// maxWebsite is the largest body of PutBucketWebsite, in bytes.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
const maxWebsite = 128 << 10

// decodeWebsite reads the body of PutBucketWebsite.
func decodeWebsite(body []byte) (*records.Website, error) {
	config := new(website.Config)
	if err := restxml.Decode(body, "WebsiteConfiguration", config); err != nil {
		return nil, err
	}
	err := website.Check(config)
	switch {
	case errors.Is(err, website.ErrSchema):
		return nil, restxml.Malformed(err)
	case err != nil:
		return nil, err
	}
	return httpapi.StoredWebsite(config), nil
}

// putBucketWebsite is PutBucketWebsite.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
func (s *Service) putBucketWebsite() httpapi.Operation {
	return largeSetting(s, "PutBucketWebsite", "s3:PutBucketWebsite", keys.Website, decodeWebsite, http.StatusOK)
}

// deleteBucketWebsite is DeleteBucketWebsite. A bucket that is no website is none afterwards. The status is
// that of the model; the text of the page speaks of 200.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html
func (s *Service) deleteBucketWebsite() httpapi.Operation {
	return largeSetting[records.Website](s, "DeleteBucketWebsite", "s3:DeleteBucketWebsite", keys.Website, nil, http.StatusNoContent)
}

// getBucketWebsite is GetBucketWebsite.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html
func (s *Service) getBucketWebsite() httpapi.Operation {
	return s.onlyBucket("GetBucketWebsite", "s3:GetBucketWebsite", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		if b.Settings.Website == nil {
			return nil, httpapi.NoSuchWebsite(b.Record.Name)
		}
		return document(renderWebsite(httpapi.Website(b.Settings.Website))), nil
	})
}

func renderWebsite(c *website.Config) *restxml.Document {
	d := restxml.New("WebsiteConfiguration")
	if c.All != nil {
		d.Open("RedirectAllRequestsTo")
		d.Text("HostName", c.All.Host)
		textOf(d, "Protocol", c.All.Protocol)
		return d
	}
	d.Open("IndexDocument")
	d.Text("Suffix", c.Index.Suffix)
	d.Close()
	if c.Error != nil {
		d.Open("ErrorDocument")
		d.Text("Key", c.Error.Key)
		d.Close()
	}
	if c.Rules != nil {
		d.Open("RoutingRules")
		for i := range c.Rules.Rules {
			renderRoutingRule(d, &c.Rules.Rules[i])
		}
	}
	return d
}

func renderRoutingRule(d *restxml.Document, r *website.Rule) {
	d.Open("RoutingRule")
	if c := r.Condition; c != nil {
		d.Open("Condition")
		textOf(d, "HttpErrorCodeReturnedEquals", c.Code)
		textOf(d, "KeyPrefixEquals", c.Prefix)
		d.Close()
	}
	d.Open("Redirect")
	textOf(d, "Protocol", r.Redirect.Protocol)
	textOf(d, "HostName", r.Redirect.Host)
	textOf(d, "ReplaceKeyPrefixWith", r.Redirect.ReplacePrefix)
	textOf(d, "ReplaceKeyWith", r.Redirect.ReplaceKey)
	textOf(d, "HttpRedirectCode", r.Redirect.Code)
	d.Close()
	d.Close()
}

// textOf writes an element, unless value is nil.
func textOf(d *restxml.Document, name string, value *string) {
	if value != nil {
		d.Text(name, *value)
	}
}
