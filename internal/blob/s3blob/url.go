package s3blob

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Location says where blobs are kept.
type Location struct {
	Bucket string
	// Endpoint is the URL of the service; empty: what the configuration of the AWS SDK says, which is AWS if it says nothing.
	Endpoint string
	// Region is that of the bucket; empty: what the configuration of the AWS SDK says.
	Region string
	// Prefix begins the names of all objects; it is empty or ends with a slash.
	Prefix string
	// PathStyle says that the bucket is named in the path and not in the host.
	PathStyle bool
}

var (
	bucketPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$`)
	regionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)
	prefixPattern = regexp.MustCompile(`^[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*/?$`)
)

// ParseURL reads s3://BUCKET?endpoint=URL&region=R&prefix=P&path-style=true|false; all parameters may be missing. The
// bucket is named in the path, unless path-style says otherwise, if there is an endpoint. It does no I/O. Its errors do not repeat the URL,
// which may hold a password by mistake.
func ParseURL(text string) (Location, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Location{}, errors.New("the URL is malformed: want s3://BUCKET?endpoint=URL&region=REGION&prefix=PREFIX")
	case u.Scheme != "s3" || u.Opaque != "":
		return Location{}, errors.New("the URL does not begin with s3://")
	case u.User != nil:
		return Location{}, errors.New("the URL holds a user or password: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
	case u.Path != "" && u.Path != "/":
		return Location{}, errors.New("the URL has a path: what names of objects begin with is said by prefix=PREFIX")
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return Location{}, errors.New("the URL has a fragment (#)")
	case !bucketPattern.MatchString(u.Host):
		return Location{}, errors.New("the URL names no bucket: want s3://BUCKET")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Location{}, errors.New("the parameters of the URL are malformed")
	}
	l := Location{Bucket: u.Host, PathStyle: query.Has("endpoint")}
	for name, values := range query {
		if len(values) != 1 || values[0] == "" {
			return Location{}, fmt.Errorf("parameter %.40q of the URL has no value, or more than one", name)
		}
		if err := l.set(name, values[0]); err != nil {
			return Location{}, err
		}
	}
	return l, nil
}

// set takes over a parameter of the URL.
func (l *Location) set(name, value string) (err error) {
	switch name {
	case "endpoint":
		l.Endpoint, err = parseEndpoint(value)
	case "region":
		l.Region = value
		if !regionPattern.MatchString(value) {
			err = errors.New("region: want letters, digits and hyphens")
		}
	case "prefix":
		l.Prefix = strings.TrimSuffix(value, "/") + "/"
		if !prefixPattern.MatchString(value) || len(value) > 500 {
			err = errors.New("prefix: want up to 500 letters, digits and any of !_.*'()-, in parts that a slash separates, and no slash at the beginning")
		}
	case "path-style":
		if l.PathStyle, err = strconv.ParseBool(value); err != nil || value != strconv.FormatBool(l.PathStyle) {
			err = errors.New("path-style: want true or false")
		}
	default:
		err = fmt.Errorf("the URL has an unknown parameter %.40q: there are endpoint, region, prefix and path-style", name)
	}
	return err
}

func parseEndpoint(value string) (string, error) {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("endpoint: want http://HOST:PORT or https://HOST:PORT, without user, path and parameters")
	}
	return u.Scheme + "://" + u.Host, nil
}

// String returns where blobs are kept, for people. There are no secrets in it.
func (l Location) String() string {
	at := l.Endpoint
	if at == "" {
		at = "AWS"
	}
	return fmt.Sprintf("s3://%s/%s at %s", l.Bucket, l.Prefix, at)
}
