package website

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
)

// maxRules is the largest number of routing rules.
const maxRules = 50

// redirectCodes are the codes that a redirect may have: of 3XX those that mean something, but 300.
//
// Source: s3tests/functional/test_s3_website.py of https://github.com/ceph/s3-tests, as of 2024
var redirectCodes = []string{"301", "302", "303", "304", "305", "307", "308"}

// ErrSchema says that a configuration is not what S3's schema lets through. S3 has no words of its own for
// it.
var ErrSchema = errors.New("website: configuration does not follow the schema")

// Check returns what S3 has against c: ErrSchema, InvalidArgument or InvalidRequest.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html and, for messages,
// https://github.com/localstack/localstack (validate_website_configuration, checked against S3) and
// https://github.com/ceph/ceph/blob/main/src/rgw/rgw_website.cc
func Check(c *Config) error {
	if c.All != nil {
		if c.Index != nil || c.Error != nil || c.Rules != nil {
			return argument("RedirectAllRequestsTo", "not null", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.")
		}
		if c.All.Host == "" {
			return invalid(`A host name must be provided to redirect all requests (e.g. "example.com").`)
		}
		return checkProtocol(c.All.Protocol)
	}
	switch {
	case c.Index == nil:
		return argument("IndexDocument", "null", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty")
	case c.Index.Suffix == "" || strings.Contains(c.Index.Suffix, "/"):
		return argument("IndexDocument", c.Index.Suffix, "The IndexDocument Suffix is not well formed")
	case c.Error != nil && c.Error.Key == "":
		return argument("ErrorDocument", "", "The ErrorDocument Key is not well formed")
	case c.Rules != nil && len(c.Rules.Rules) == 0:
		return ErrSchema
	case len(c.rules()) > maxRules:
		return invalid("%d routing rules provided, the number of routing rules in a website configuration is limited to %d.", len(c.rules()), maxRules)
	}
	for _, r := range c.rules() {
		if err := r.check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) check() error {
	if c := r.Condition; c != nil {
		if c.Prefix == nil && c.Code == nil {
			return invalid("Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.")
		}
		if err := checkErrorCode(c.Code); err != nil {
			return err
		}
	}
	to := r.Redirect
	switch {
	case *to == Redirect{}:
		return ErrSchema
	case to.Host != nil && *to.Host == "":
		return invalid("The HostName cannot be blank. To redirect within the same domain, the element should not be present.")
	case to.ReplacePrefix != nil && to.ReplaceKey != nil:
		return invalid("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
	}
	if err := checkProtocol(to.Protocol); err != nil {
		return err
	}
	return checkRedirectCode(to.Code)
}

func checkProtocol(protocol *string) error {
	if protocol != nil && *protocol != "http" && *protocol != "https" {
		return invalid("Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.")
	}
	return nil
}

func checkErrorCode(code *string) error {
	if code == nil {
		return nil
	}
	n, err := strconv.Atoi(*code)
	if err != nil {
		return ErrSchema
	}
	if strconv.Itoa(n) != *code || n < 400 || n > 599 {
		return invalid("The provided HTTP error code (%s) is not valid. Valid codes are 4XX or 5XX.", *code)
	}
	return nil
}

func checkRedirectCode(code *string) error {
	if code == nil || slices.Contains(redirectCodes, *code) {
		return nil
	}
	if _, err := strconv.Atoi(*code); err != nil {
		return ErrSchema
	}
	return invalid("The provided HTTP redirect code (%s) is not valid. Valid codes are 3XX except 300.", *code)
}

func invalid(format string, args ...any) error {
	return apierr.New(400, "InvalidRequest", format, args...)
}

// argument is the error for a member that S3 names with its value.
func argument(name, value, message string) error {
	return apierr.New(400, "InvalidArgument", "%s", message).With("ArgumentName", name).With("ArgumentValue", value)
}
