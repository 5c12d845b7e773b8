package websiteapi

import (
	"net"
	"strings"
)

// site is what the host of a website says.
type site struct {
	bucket string // empty: the endpoint itself
	region string // empty: not said
	domain string // what the host ends with
}

// parse reads the host of a request; ok is false if it is not a website's. A bucket whose name ends like the
// host of a website is not reachable by virtual-hosted requests, but in path style.
//
//	[bucket.]s3-website.domain
//	[bucket.]s3-website-region.domain
//	[bucket.]s3-website.region.domain
//	[bucket.]website-domain
//
// Of several domains that a host ends with, the longest counts, whichever kind it is.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
func (s *Service) parse(host string) (site, bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	domain, own := "", false
	find := func(domains []string, websites bool) {
		for _, d := range domains {
			if (host == d || strings.HasSuffix(host, "."+d)) && len(d) > len(domain) {
				domain, own = d, websites
			}
		}
	}
	find(s.Domains, false)
	find(s.Websites, true)
	if domain == "" {
		return site{}, false
	}
	labels := strings.TrimSuffix(strings.TrimSuffix(host, domain), ".")
	if own {
		return site{bucket: labels, domain: domain}, true
	}
	rest, last := cutLast(labels)
	switch before, label := cutLast(rest); {
	case last == endpoint:
		return site{bucket: rest, domain: domain}, true
	case strings.HasPrefix(last, endpoint+"-"):
		return site{bucket: rest, region: last[len(endpoint)+1:], domain: domain}, true
	case label == endpoint:
		return site{bucket: before, region: last, domain: domain}, true
	}
	return site{}, false
}

// endpoint is the label that makes the host of a website of one.
const endpoint = "s3-website"

// cutLast cuts the last label off a name.
func cutLast(name string) (rest, last string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}

// Claims reports whether a host is that of a website.
func (s *Service) Claims(host string) bool {
	_, ok := s.parse(host)
	return ok
}
