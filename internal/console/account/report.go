package account

import (
	"bytes"
	"context"
	"encoding/csv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"crossgrant/internal/console/page"
)

// shownRows is how many users are shown of a report; the file has all.
const shownRows = 200

// report is the page of the credential report.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
type report struct {
	Made *time.Time
	// State is why there is none: "absent", "expired" or "working"; empty: there is one.
	State   string
	Columns []string
	Rows    [][]string
	More    int
}

func showReport(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &report{}
	out, err := v.AWS.IAM().GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
	switch page.Code(err) {
	case "ReportNotPresent":
		d.State = "absent"
	case "ReportExpired":
		d.State = "expired"
	case "ReportInProgress":
		d.State = "working"
	default:
		if err != nil {
			return nil, err
		}
		rows, err := csv.NewReader(bytes.NewReader(out.Content)).ReadAll()
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			d.Columns, d.Rows = rows[0], rows[1:]
		}
		if len(d.Rows) > shownRows {
			d.More = len(d.Rows) - shownRows
			d.Rows = d.Rows[:shownRows]
		}
		d.Made = out.GeneratedTime
	}
	return &page.View{Title: "Credential report", Crumbs: crumbs("Credential report"), Template: "credential-report", Data: d}, nil
}

func generateReport(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.IAM().GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
	return &page.Done{To: "/account/credential-report", Note: "The report is asked for. One that is younger than four hours is not made anew."}, err
}

func downloadReport(ctx context.Context, v *page.Visit) (*page.View, error) {
	out, err := v.AWS.IAM().GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
	if err != nil {
		return nil, err
	}
	return &page.View{Raw: &page.Raw{Type: "text/csv; charset=utf-8", Body: out.Content, Name: "credential-report-" + v.Account() + ".csv"}}, nil
}
