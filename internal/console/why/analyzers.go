package why

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"crossgrant/internal/console/page"
)

// external reports whether an analyzer is one of external access; there are no others here.
func external(t types.Type) bool { return t == types.TypeAccount || t == types.TypeOrganization }

// analyzers returns the analyzers of the visitor's account.
func analyzers(ctx context.Context, v *page.Visit) ([]types.AnalyzerSummary, error) {
	var all []types.AnalyzerSummary
	in := &accessanalyzer.ListAnalyzersInput{}
	for {
		out, err := v.AWS.Analyzer().ListAnalyzers(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, a := range out.Analyzers {
			if external(a.Type) {
				all = append(all, a)
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return all, nil
		}
		in.NextToken = out.NextToken
	}
}

// chosen returns the analyzer that a page is about: the one that it names, or the first.
func chosen(all []types.AnalyzerSummary, name string) *types.AnalyzerSummary {
	for i := range all {
		if aws.ToString(all[i].Name) == name {
			return &all[i]
		}
	}
	if len(all) > 0 && name == "" {
		return &all[0]
	}
	return nil
}

// analyzerARN returns the ARN of the analyzer that a page or form names.
func analyzerARN(ctx context.Context, v *page.Visit, name string) (*string, error) {
	out, err := v.AWS.Analyzer().GetAnalyzer(ctx, &accessanalyzer.GetAnalyzerInput{AnalyzerName: &name})
	if err != nil {
		return nil, err
	}
	return out.Analyzer.Arn, nil
}

// analyzerName returns the name of the analyzer that a form is about.
func analyzerName(v *page.Visit) string {
	if name := v.Text("analyzer"); name != "" {
		return name
	}
	return v.Query("analyzer")
}

func createAnalyzer(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Text("name")
	_, err := v.AWS.Analyzer().CreateAnalyzer(ctx, &accessanalyzer.CreateAnalyzerInput{AnalyzerName: &name, Type: types.Type(v.Form("type"))})
	if err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query("/why/findings", "analyzer", name), Note: "The analyzer " + name + " has been created."}, nil
}

func deleteAnalyzer(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := analyzerName(v)
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	if _, err := v.AWS.Analyzer().DeleteAnalyzer(ctx, &accessanalyzer.DeleteAnalyzerInput{AnalyzerName: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/why/findings", Note: "The analyzer " + name + " has been deleted, with its findings and archive rules."}, nil
}

// scan has a resource looked at at once.
func scan(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, resource := analyzerName(v), resourceOf(v.Text("resource"))
	analyzer, err := analyzerARN(ctx, v, name)
	if err != nil {
		return nil, err
	}
	if _, err := v.AWS.Analyzer().StartResourceScan(ctx, &accessanalyzer.StartResourceScanInput{AnalyzerArn: analyzer, ResourceArn: &resource}); err != nil {
		return nil, err
	}
	return &page.Done{To: v.Request.URL.RequestURI(), Note: resource + " has been scanned."}, nil
}
