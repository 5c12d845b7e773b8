package cloudtrailapi

import (
	"context"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/json11"
)

// trails returns the rows for trails.
func (a *api) trails() []row {
	return []row{
		{
			name: "CreateTrail", about: aTrail,
			decode: func(r *json11.Reader, in *input) {
				readSettings(r, in)
				readTags(r, in)
			},
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				if err := in.delivery.refuse(); err != nil {
					return nil, err
				}
				t, err := a.Trails.Create(ctx, c.Caller.Account, in.first(), in.settings, in.tags)
				return answer(t, err, settingsOf)
			},
		},
		{
			name: "UpdateTrail", about: aTrail, decode: readSettings,
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				if err := in.delivery.refuse(); err != nil {
					return nil, err
				}
				t, err := a.Trails.Update(ctx, c.Caller.Account, in.first(), in.settings)
				return answer(t, err, settingsOf)
			},
		},
		{
			name: "GetTrail", about: aTrail, decode: on("Name"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				t, err := a.Trails.Get(ctx, c.Caller.Account, in.first())
				return answer(t, err, func(t *cloudtrail.Trail) any { return map[string]any{"Trail": trailOf(t)} })
			},
		},
		{
			// It has no resource: whom the trails are named to may see all of them.
			name: "DescribeTrails",
			decode: func(r *json11.Reader, in *input) {
				in.on = r.Strings("trailNameList")
				include := r.Bool("includeShadowTrails")
				in.shadows = include == nil || *include
			},
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				find := func() ([]*cloudtrail.Trail, error) { return a.Trails.List(ctx, c.Caller.Account, in.shadows) }
				if len(in.on) > 0 {
					find = func() ([]*cloudtrail.Trail, error) { return a.Trails.Describe(ctx, c.Caller.Account, in.on) }
				}
				all, err := find()
				return map[string]any{"trailList": shapes(all, trailOf)}, err
			},
		},
		{
			name: "ListTrails", decode: func(r *json11.Reader, in *input) { in.token = r.String("NextToken", tokens...) },
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				if in.token != "" { // there is one page, and the operation has no error for tokens
					return nil, cloudtrail.Error("OperationNotPermitted", "The value of NextToken is not valid.")
				}
				all, err := a.Trails.List(ctx, c.Caller.Account, true)
				return map[string]any{"Trails": shapes(all, infoOf)}, err
			},
		},
		{
			name: "DeleteTrail", about: aTrail, decode: on("Name"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return nil, a.Trails.Delete(ctx, c.Caller.Account, in.first())
			},
		},
	}
}

// readSettings reads the settings of a trail.
func readSettings(r *json11.Reader, in *input) {
	in.on = []string{r.String("Name")}
	in.settings = cloudtrail.Settings{
		Bucket: r.Optional("S3BucketName"), Prefix: r.Optional("S3KeyPrefix"), GlobalEvents: r.Bool("IncludeGlobalServiceEvents"),
		MultiRegion: r.Bool("IsMultiRegionTrail"), Validation: r.Bool("EnableLogFileValidation"), Organization: r.Bool("IsOrganizationTrail"),
	}
	in.delivery = delivery{
		topic: r.String("SnsTopicName"), group: r.String("CloudWatchLogsLogGroupArn"), role: r.String("CloudWatchLogsRoleArn"), key: r.String("KmsKeyId"),
	}
}

// delivery is the settings of a trail that are about what there is not here. Empty ones take away what a trail has not
// anyway.
type delivery struct{ topic, group, role, key string }

// refuse refuses what is not offered, with the error that AWS has for a topic, log group, role or key that it cannot
// use. There is KMS here, but log files are not encrypted by CloudTrail: the default encryption of the bucket may be.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors
func (d *delivery) refuse() error {
	switch {
	case d.topic != "":
		return cloudtrail.Error("InvalidSnsTopicName", "SNS topics are not offered here: there is no topic of this name.")
	case d.group != "":
		return cloudtrail.Error("InvalidCloudWatchLogsLogGroupArn", "CloudWatch Logs is not offered here: there is no log group of this ARN.")
	case d.role != "":
		return cloudtrail.Error("InvalidCloudWatchLogsRoleArn", "CloudWatch Logs is not offered here: the role has no log group to write to.")
	case d.key != "":
		return cloudtrail.Error("Kms", "Encryption under a KMS key of the trail is not offered here: log files are encrypted with SSE-S3.")
	}
	return nil
}
