package stsapi

import (
	"time"

	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

// Rules of parameters, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/sts
var (
	arnRules = []query.Rule{
		query.Length(20, 2048),
		query.Pattern(`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD]+`),
	}
	sessionNameRules    = []query.Rule{query.Length(2, 64), query.Pattern(`[\w+=,.@-]*`)}
	federatedNameRules  = []query.Rule{query.Length(2, 32), query.Pattern(`[\w+=,.@-]*`)}
	sourceIdentityRules = []query.Rule{query.Length(2, 64), query.Pattern(`[\w+=,.@-]*`)}
	externalIDRules     = []query.Rule{query.Length(2, 1224), query.Pattern(`[\w+=,.@:\/-]*`)}
	policyRules         = []query.Rule{query.Length(1, 131072), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
	shortPolicyRules    = []query.Rule{query.Length(1, 2048), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
	tagKeyRules         = []query.Rule{query.Length(1, 128), query.Pattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`)}
	tagValueRules       = []query.Rule{query.Length(0, 256), query.Pattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)}
	serialNumberRules   = []query.Rule{query.Length(9, 256), query.Pattern(`[\w+=/:,.@-]*`)}
	tokenCodeRules      = []query.Rule{query.Length(6, 6), query.Pattern(`[\d]*`)}
	accessKeyRules      = []query.Rule{query.Length(16, 128), query.Pattern(`[\w]*`)}
	messageRules        = []query.Rule{query.Length(1, sts.MaxMessage)}
)

// duration reads the parameter DurationSeconds; 0 if it was not sent. The limits are in whole seconds.
func duration(q *query.Reader, least, most time.Duration) time.Duration {
	return time.Duration(q.Int("DurationSeconds", 0, int(least/time.Second), int(most/time.Second))) * time.Second
}

// policyARNs reads the managed policies that are passed as session policies.
func policyARNs(q *query.Reader) (arns []string) {
	for _, item := range q.List("PolicyArns", sts.MaxPolicyARNs) {
		arns = append(arns, item.Required("arn", arnRules...))
	}
	return arns
}

// passedTags reads the session tags.
func passedTags(q *query.Reader) (tags []sts.Tag) {
	for _, item := range q.List("Tags", sts.MaxTags) {
		tags = append(tags, sts.Tag{Key: item.Required("Key", tagKeyRules...), Value: item.Required("Value", tagValueRules...)})
	}
	return tags
}

// requestTags adds the condition keys of tags that a request passes.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
func requestTags(k *policy.Context, tags []sts.Tag) {
	if len(tags) == 0 {
		return
	}
	names := make([]string, len(tags))
	for i, tag := range tags {
		k.Set("aws:RequestTag/"+tag.Key, tag.Value)
		names[i] = tag.Key
	}
	k.SetMulti("aws:TagKeys", names)
}
