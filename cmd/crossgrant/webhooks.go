package main

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"crossgrant/internal/notify"
)

// destinationPattern is the ARN of a topic, a queue or a function, with its region. FIFO topics and queues
// are no destinations of event notifications.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
var destinationPattern = regexp.MustCompile(`^arn:aws:(?:(?:sns|sqs):([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}|lambda:([a-z0-9-]+):[0-9]{12}:function:[A-Za-z0-9_:$-]{1,140})$`)

// parseWebhooks returns the destinations of event notifications: each of hooks is ARN=URL, and each of
// authorizations ARN=FILE, a file with the value of the Authorization header.
func parseWebhooks(hooks, authorizations []string, region string) (map[string]notify.Webhook, error) {
	out := map[string]notify.Webhook{}
	for _, text := range hooks {
		arn, target, ok := strings.Cut(text, "=")
		found := destinationPattern.FindStringSubmatch(arn)
		switch {
		case !ok || found == nil:
			return nil, usagef("--webhook: %q does not begin with the ARN of an SNS topic, an SQS queue or a Lambda function and an equals sign", arn)
		case found[1]+found[2] != region:
			return nil, usagef("--webhook: %s is not in the region of this server, %s", arn, region)
		}
		if _, twice := out[arn]; twice {
			return nil, usagef("--webhook: %s is given twice", arn)
		}
		// The URL may hold a secret: it is not shown.
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, usagef("--webhook: that of %s is not a URL of http or https", arn)
		}
		out[arn] = notify.Webhook{URL: target}
	}
	for _, text := range authorizations {
		arn, file, _ := strings.Cut(text, "=")
		hook, ok := out[arn]
		if !ok || file == "" {
			return nil, usagef("--webhook-authorization: %q is not the ARN of a --webhook, an equals sign and a file", text)
		}
		value, err := readSecret(file)
		if err != nil {
			return nil, err
		}
		hook.Authorization = value
		out[arn] = hook
	}
	return out, nil
}

// readSecret returns the one line of a file.
func readSecret(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the authorization of a webhook: %w", err)
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" || strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("read the authorization of a webhook: %s does not hold one line", file)
	}
	return value, nil
}
