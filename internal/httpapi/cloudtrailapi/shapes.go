package cloudtrailapi

import "crossgrant/internal/cloudtrail"

// The shapes of answers, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/cloudtrail

// answer renders a trail, unless there is an error.
func answer(t *cloudtrail.Trail, err error, shape func(*cloudtrail.Trail) any) (any, error) {
	if err != nil {
		return nil, err
	}
	return shape(t), nil
}

// shapes renders a list.
func shapes[T, S any](list []T, shape func(T) S) []S {
	out := make([]S, len(list))
	for i := range list {
		out[i] = shape(list[i])
	}
	return out
}

// settingsShape is the answer of CreateTrail and UpdateTrail.
type settingsShape struct {
	Name                       string
	S3BucketName               string
	S3KeyPrefix                string `json:",omitempty"`
	IncludeGlobalServiceEvents bool
	IsMultiRegionTrail         bool
	TrailARN                   string
	LogFileValidationEnabled   bool
	IsOrganizationTrail        bool
}

func settingsOf(t *cloudtrail.Trail) any { return settings(t) }

func settings(t *cloudtrail.Trail) *settingsShape {
	r := t.Record
	return &settingsShape{
		Name: r.Name, S3BucketName: r.Bucket, S3KeyPrefix: r.Prefix, IncludeGlobalServiceEvents: r.GlobalEvents, IsMultiRegionTrail: r.MultiRegion,
		TrailARN: t.ARN, LogFileValidationEnabled: r.Validation, IsOrganizationTrail: r.Organization != "",
	}
}

// trailShape is a trail as it is described.
type trailShape struct {
	*settingsShape
	HomeRegion              string
	HasCustomEventSelectors bool
	HasInsightSelectors     bool
}

func trailOf(t *cloudtrail.Trail) trailShape {
	return trailShape{settingsShape: settings(t), HomeRegion: t.Record.Region, HasCustomEventSelectors: t.Custom()}
}

// infoShape is a trail as it is listed.
type infoShape struct{ TrailARN, Name, HomeRegion string }

func infoOf(t *cloudtrail.Trail) infoShape {
	return infoShape{t.ARN, t.Record.Name, t.Record.Region}
}
