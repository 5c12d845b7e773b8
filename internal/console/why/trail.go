package why

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"crossgrant/internal/console/page"
)

// trailView is the page of one trail.
type trailView struct {
	shownTrail
	Selectors        string
	SelectorsProblem *page.Problem
}

func showTrail(ctx context.Context, v *page.Visit) (*page.View, error) {
	name := v.Query("name")
	out, err := v.AWS.CloudTrail().GetTrail(ctx, &cloudtrail.GetTrailInput{Name: &name})
	if err != nil {
		return nil, err
	}
	p := trailView{shownTrail: shownTrail{Trail: *out.Trail}}
	p.Own = p.Owner() == v.Account()
	v.Together(
		func() { p.status(ctx, v) },
		func() {
			out, err := v.AWS.CloudTrail().GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: p.TrailARN})
			if err != nil {
				p.SelectorsProblem = v.Problem(err)
				return
			}
			p.Selectors = writeSelectors(out.EventSelectors, out.AdvancedEventSelectors)
		},
	)
	return &page.View{Title: "Trail " + aws.ToString(p.Name), Template: "why-trail", Data: &p, Crumbs: append(trailCrumbs[:2:2], page.Crumb{Text: aws.ToString(p.Name)})}, nil
}

// here is the address of the page of the trail that a form is about.
func here(v *page.Visit) string { return page.Query("/why/trails/view", "name", v.Query("name")) }

func startLogging(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Query("name")
	if _, err := v.AWS.CloudTrail().StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: here(v), Note: "The trail logs."}, nil
}

func stopLogging(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Query("name")
	if err := v.Confirmed(shortName(name)); err != nil {
		return nil, page.Invalid("Nothing was stopped: type %s to confirm.", shortName(name))
	}
	if _, err := v.AWS.CloudTrail().StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: here(v), Note: "The trail does not log any more."}, nil
}

// updateTrail changes where a trail delivers to, and whether its files can be validated.
func updateTrail(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Query("name")
	in := &cloudtrail.UpdateTrailInput{
		Name: &name, S3BucketName: aws.String(v.Text("bucket")), S3KeyPrefix: aws.String(v.Text("prefix")), EnableLogFileValidation: aws.Bool(v.Checked("validation")),
	}
	if v.Checked("organization") != (v.Form("was-organization") == "true") {
		in.IsOrganizationTrail = aws.Bool(v.Checked("organization"))
	}
	if _, err := v.AWS.CloudTrail().UpdateTrail(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: here(v), Note: "The trail has been changed."}, nil
}

func putSelectors(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Query("name")
	in := &cloudtrail.PutEventSelectorsInput{TrailName: &name}
	var err error
	if in.EventSelectors, in.AdvancedEventSelectors, err = readSelectors(v.Form("selectors")); err != nil {
		return nil, err
	}
	if _, err := v.AWS.CloudTrail().PutEventSelectors(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: here(v), Note: "The event selectors have been saved."}, nil
}

func deleteTrail(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Query("name")
	if err := v.Confirmed(shortName(name)); err != nil {
		return nil, err
	}
	if _, err := v.AWS.CloudTrail().DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/why/trails", Note: "The trail has been deleted. The log files that it has delivered stay in their bucket."}, nil
}
