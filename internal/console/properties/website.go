package properties

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

const noWebsite = "NoSuchWebsiteConfiguration"

func getWebsite(v *page.Visit) func(context.Context) (types.WebsiteConfiguration, error) {
	return func(ctx context.Context) (types.WebsiteConfiguration, error) {
		out, err := v.AWS.S3().GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: named(v)})
		if err != nil {
			return types.WebsiteConfiguration{}, err
		}
		return types.WebsiteConfiguration{ErrorDocument: out.ErrorDocument, IndexDocument: out.IndexDocument, RedirectAllRequestsTo: out.RedirectAllRequestsTo, RoutingRules: out.RoutingRules}, nil
	}
}

// endpoint is the URL of the bucket's website that works on the machine of the server; what else does is up to the
// operator, who says --website-domain.
func endpoint(v *page.Visit) string {
	host := name(v) + ".s3-website.localhost"
	u, err := url.Parse(v.APIURL())
	if err != nil {
		return "http://" + host + "/"
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host + "/"
}

// rules are the routing rules, as the form has them.
type rules struct{ RoutingRules []types.RoutingRule }

// websitePage is the page of the static website.
type websitePage struct {
	Bucket, Endpoint string
	Website          bucket.Read[types.WebsiteConfiguration]
	// Kind is host or redirect.
	Kind                         string
	Index, Error, Host, Protocol string
	Rules, Start                 string
}

var rulesStart = cli.JSON(rules{[]types.RoutingRule{{
	Condition: &types.Condition{KeyPrefixEquals: aws.String("docs/")}, Redirect: &types.Redirect{ReplaceKeyPrefixWith: aws.String("documents/")},
}}})

func showWebsite(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &websitePage{Bucket: name(v), Endpoint: endpoint(v), Kind: "host", Index: "index.html", Start: rulesStart}
	bucket.Reading(ctx, v, &d.Website, getWebsite(v), noWebsite)()
	if err := bucket.Gone(d.Bucket, d.Website.Problem); err != nil {
		return nil, err
	}
	w := d.Website.Is
	if w.IndexDocument != nil {
		d.Index = aws.ToString(w.IndexDocument.Suffix)
	}
	if w.ErrorDocument != nil {
		d.Error = aws.ToString(w.ErrorDocument.Key)
	}
	if w.RedirectAllRequestsTo != nil {
		d.Kind, d.Host, d.Protocol = "redirect", aws.ToString(w.RedirectAllRequestsTo.HostName), string(w.RedirectAllRequestsTo.Protocol)
	}
	if len(w.RoutingRules) > 0 {
		d.Rules = cli.JSON(rules{w.RoutingRules})
	}
	d.Rules = v.Value("save", "rules", d.Rules)
	return view(v, "Static website", "website", d), nil
}

// saveWebsite puts what the form has, which shows all that a website may have.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_WebsiteConfiguration.html
func saveWebsite(ctx context.Context, v *page.Visit) (*page.Done, error) {
	c := &types.WebsiteConfiguration{}
	if v.Form("kind") == "redirect" {
		if v.Text("host") == "" {
			return nil, page.Invalid("Type the host that requests are redirected to.")
		}
		c.RedirectAllRequestsTo = &types.RedirectAllRequestsTo{HostName: aws.String(v.Text("host")), Protocol: types.Protocol(v.Form("protocol"))}
	} else {
		if v.Text("index") == "" {
			return nil, page.Invalid("Type the name of the index document.")
		}
		c.IndexDocument = &types.IndexDocument{Suffix: aws.String(v.Text("index"))}
		if key := v.Form("error"); key != "" {
			c.ErrorDocument = &types.ErrorDocument{Key: &key}
		}
		if v.Text("rules") != "" {
			var r rules
			if err := bucket.Parse(v.Form("rules"), &r); err != nil {
				return nil, err
			}
			c.RoutingRules = r.RoutingRules
		}
	}
	if _, err := v.AWS.S3().PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: named(v), WebsiteConfiguration: c}); err != nil {
		return nil, err
	}
	return done(v, "The website of "+name(v)+" is saved."), nil
}

func deleteWebsite(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(name(v)); err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().DeleteBucketWebsite(ctx, &s3.DeleteBucketWebsiteInput{Bucket: named(v)}); err != nil {
		return nil, err
	}
	return done(v, name(v)+" is no website any more. Its objects stay."), nil
}

func checkWebsite(_ context.Context, v *page.Visit) (*page.Done, error) {
	if v.Text("rules") == "" {
		return bucket.Check("{}", new(rules)), nil
	}
	return bucket.Check(v.Form("rules"), new(rules)), nil
}
