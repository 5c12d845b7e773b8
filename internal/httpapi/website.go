package httpapi

import (
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
	"crossgrant/internal/website"
)

// NoSuchWebsite is the error for a bucket that is no website.
func NoSuchWebsite(bucket string) *apierr.Error {
	return apierr.New(http.StatusNotFound, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration").
		With("BucketName", bucket)
}

// StoredWebsite returns a configuration, which has to be a valid one, as it is stored. Members that may not
// be empty are absent where they are.
func StoredWebsite(c *website.Config) *records.Website {
	if c.All != nil {
		return &records.Website{RedirectAll: &records.WebsiteRedirect{Host: c.All.Host, Protocol: text(c.All.Protocol)}}
	}
	out := &records.Website{Index: c.Index.Suffix}
	if c.Error != nil {
		out.Error = c.Error.Key
	}
	if c.Rules == nil {
		return out
	}
	for _, r := range c.Rules.Rules {
		rule := &records.RoutingRule{Redirect: &records.WebsiteRedirect{
			Host: text(r.Redirect.Host), Protocol: text(r.Redirect.Protocol), Code: text(r.Redirect.Code),
			ReplacePrefix: r.Redirect.ReplacePrefix, ReplaceKey: r.Redirect.ReplaceKey,
		}}
		if r.Condition != nil {
			rule.Prefix, rule.ErrorCode = r.Condition.Prefix, text(r.Condition.Code)
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

// Website returns the configuration that StoredWebsite returned the stored form of.
func Website(stored *records.Website) *website.Config {
	if all := stored.RedirectAll; all != nil {
		return &website.Config{All: &website.RedirectAll{Host: all.Host, Protocol: member(all.Protocol)}}
	}
	out := &website.Config{Index: &website.IndexDocument{Suffix: stored.Index}}
	if stored.Error != "" {
		out.Error = &website.ErrorDocument{Key: stored.Error}
	}
	if len(stored.Rules) > 0 {
		out.Rules = &website.RoutingRules{Rules: make([]website.Rule, len(stored.Rules))}
	}
	for i, r := range stored.Rules {
		rule := &out.Rules.Rules[i]
		rule.Redirect = &website.Redirect{
			Host: member(r.Redirect.GetHost()), Protocol: member(r.Redirect.GetProtocol()), Code: member(r.Redirect.GetCode()),
			ReplacePrefix: r.Redirect.ReplacePrefix, ReplaceKey: r.Redirect.ReplaceKey,
		}
		if r.Prefix != nil || r.ErrorCode != "" {
			rule.Condition = &website.Condition{Prefix: r.Prefix, Code: member(r.ErrorCode)}
		}
	}
	return out
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// member is the opposite of text: absent if s is empty.
func member(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
