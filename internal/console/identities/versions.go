package identities

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"crossgrant/internal/console/page"
)

// mostVersions is how many versions a policy may have.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
const mostVersions = 5

func versionsOf(ctx context.Context, v *page.Visit, arn string) ([]types.PolicyVersion, error) {
	return whole(func(marker *string) ([]types.PolicyVersion, *string, error) {
		out, err := v.AWS.IAM().ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &arn, Marker: marker})
		if err != nil {
			return nil, nil, err
		}
		return out.Versions, out.Marker, nil
	})
}

// oldest returns the version to delete before a new one can be made, the one with the lowest number that is not in
// force; empty if there is room.
func oldest(versions []types.PolicyVersion) string {
	if len(versions) < mostVersions {
		return ""
	}
	first, lowest := "", 0
	for _, each := range versions {
		id := aws.ToString(each.VersionId)
		number, err := strconv.Atoi(strings.TrimPrefix(id, "v"))
		if err == nil && !each.IsDefaultVersion && (first == "" || number < lowest) {
			first, lowest = id, number
		}
	}
	return first
}

// createVersion makes a new version of what is typed, exactly. If there are as many as there may be, it first deletes
// the one that the form says.
func createVersion(ctx context.Context, v *page.Visit) (*page.Done, error) {
	arn, text, c := v.Query("arn"), v.Form("document"), v.AWS.IAM()
	if old := v.Form("oldest"); old != "" && v.Checked("delete-oldest") {
		if _, err := c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &old}); err != nil {
			return nil, err
		}
	}
	out, err := c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: &text, SetAsDefault: v.Checked("set-default")})
	if err != nil || v.Dry() {
		return nil, err
	}
	if !v.Checked("set-default") {
		return &page.Done{To: policyPath(arn, "tab", "versions"), Note: "Version " + aws.ToString(out.PolicyVersion.VersionId) + " is there. It is not in force until it is made the default."}, nil
	}
	return &page.Done{To: policyPath(arn), Note: "Version " + aws.ToString(out.PolicyVersion.VersionId) + " is in force."}, nil
}

func setDefault(ctx context.Context, v *page.Visit) (*page.Done, error) {
	arn, version := v.Query("arn"), v.Form("version")
	if version == "" {
		if v.Dry() {
			return nil, nil
		}
		return nil, page.Invalid("Choose a version.")
	}
	if _, err := v.AWS.IAM().SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: &arn, VersionId: &version}); err != nil {
		return nil, err
	}
	return &page.Done{To: policyPath(arn, "tab", "versions"), Note: "Version " + version + " is in force."}, nil
}

func deleteVersion(ctx context.Context, v *page.Visit) (*page.Done, error) {
	arn, version := v.Query("arn"), v.Form("version")
	if err := v.Confirmed(version); err != nil {
		return nil, err
	}
	if version == "" {
		return nil, page.Invalid("Choose a version.")
	}
	if _, err := v.AWS.IAM().DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &version}); err != nil {
		return nil, err
	}
	return &page.Done{To: policyPath(arn, "tab", "versions"), Note: "Version " + version + " is deleted."}, nil
}

// comparison is what differs between two versions.
type comparison struct {
	Left, Right string
	Lines       []line
	Problem     *page.Problem
}

// line is a line of one version, or of both. Numbers count from 1; 0: the version has no such line.
type line struct {
	// Mark is "-" for a line of the left version only, "+" for one of the right, and "" for one of both.
	Mark        string
	Left, Right int
	Text        string
}

// compare reads two versions, if two are asked for, and tells how they differ.
func compare(ctx context.Context, v *page.Visit, arn, left, right string) *comparison {
	if left == "" || right == "" {
		return nil
	}
	c := &comparison{Left: left, Right: right}
	var a, b *document
	var aProblem, bProblem *page.Problem
	v.Together(func() { a, aProblem = documentOfVersion(ctx, v, arn, left) }, func() { b, bProblem = documentOfVersion(ctx, v, arn, right) })
	if c.Problem = aProblem; c.Problem == nil {
		c.Problem = bProblem
	}
	if c.Problem == nil {
		c.Lines = diff(strings.Split(a.Shown, "\n"), strings.Split(b.Shown, "\n"))
	}
	return c
}

// mostPairs is how many pairs of lines are compared. White space does not count towards the size of a policy, so that
// one may have very many lines.
const mostPairs = 1 << 22

// diff returns the lines of two texts, with the longest sequence that they have in common once. What is too long for
// that is all of one, and then all of the other.
func diff(a, b []string) []line {
	if len(a)*len(b) > mostPairs {
		var out []line
		for i, text := range a {
			out = append(out, line{"-", i + 1, 0, text})
		}
		for i, text := range b {
			out = append(out, line{"+", 0, i + 1, text})
		}
		return out
	}
	// same[i][j] is how many lines a[i:] and b[j:] have in common.
	same := make([][]int, len(a)+1)
	for i := range same {
		same[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				same[i][j] = same[i+1][j+1] + 1
			} else {
				same[i][j] = max(same[i+1][j], same[i][j+1])
			}
		}
	}
	var out []line
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, line{"", i + 1, j + 1, a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && same[i+1][j] >= same[i][j+1]:
			out = append(out, line{"-", i + 1, 0, a[i]})
			i++
		default:
			out = append(out, line{"+", 0, j + 1, b[j]})
			j++
		}
	}
	return out
}
