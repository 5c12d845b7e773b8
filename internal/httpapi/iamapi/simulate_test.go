package iamapi_test

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

// TestSimulate runs the stories of testdata/simulate through the whole pipeline. Each begins with an empty
// account A (111111111111) and B (222222222222), of which the keys of the root users are A and B; a user
// that is made has a key of its name. Commands:
//
//	iam ACTION [as=KEY]                calls an operation; prints "ok" or the error
//	simulate (custom|principal) [as=KEY]   simulates; prints the results
//	keys (custom|principal) [as=KEY]       prints the context keys
//
// The input has a parameter a line, "Name=value"; lines that begin with | go on with the value, as lines of
// it. Lists are given member by member, by these names:
//
//	Policy, Boundary     a document
//	Action, Resource     names, separated by blanks
//	Context              a key, its type and its values: "aws:SourceIp ip 203.0.113.7"
//
// Results tell the statements that decided with their places, and what else the answer has.
func TestSimulate(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/simulate", func(t *testing.T, path string) {
		w := querytest.New(t)
		s := &simulateStory{World: w, keys: map[string]querytest.Key{"A": w.Account(accountA), "B": w.Account(accountB)}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.T = t
			return s.run(d)
		})
	})
}

type simulateStory struct {
	*querytest.World
	keys map[string]querytest.Key
}

func (s *simulateStory) run(d *datadriven.TestData) string {
	as := "A"
	d.MaybeScanArgs(s.T, "as", &as)
	key, ok := s.keys[as]
	if !ok {
		d.Fatalf(s.T, "there is no key %s", as)
	}
	what := d.CmdArgs[0].Key
	operations := map[string]string{
		"simulate custom": "SimulateCustomPolicy", "simulate principal": "SimulatePrincipalPolicy",
		"keys custom": "GetContextKeysForCustomPolicy", "keys principal": "GetContextKeysForPrincipalPolicy",
	}
	operation := operations[d.Cmd+" "+what]
	if d.Cmd == "iam" {
		operation = what
	}
	answer := s.IAMCall(key, operation, s.params(d)...)
	switch {
	case answer.Status != 200:
		return fmt.Sprintf("%d %s: %s", answer.Status, answer.Get("Error>Code"), answer.Get("Error>Message"))
	case d.Cmd == "simulate":
		return s.results(answer)
	case d.Cmd == "keys":
		return strings.Join(answer.All("ContextKeyNames>member"), "\n")
	}
	if what == "CreateUser" {
		made := s.IAMCall(key, "CreateAccessKey", "UserName", answer.Get("UserName")).OK()
		s.keys[answer.Get("UserName")] = querytest.Key{ID: made.Get("AccessKeyId"), Secret: made.Get("SecretAccessKey")}
	}
	return "ok"
}

// params turns the input into parameters, names and values in turn.
func (s *simulateStory) params(d *datadriven.TestData) []string {
	var params []string
	counts := map[string]int{}
	member := func(list, value string) {
		counts[list]++
		params = append(params, fmt.Sprintf("%s.member.%d", list, counts[list]), value)
	}
	for _, line := range strings.Split(strings.ReplaceAll(d.Input, "\n|", "\x00"), "\n") {
		name, value, _ := strings.Cut(strings.ReplaceAll(line, "\x00", "\n"), "=")
		switch name {
		case "":
		case "Policy":
			member("PolicyInputList", value)
		case "Boundary":
			member("PermissionsBoundaryPolicyInputList", value)
		case "Action", "Resource":
			for _, v := range strings.Fields(value) {
				member(map[string]string{"Action": "ActionNames", "Resource": "ResourceArns"}[name], v)
			}
		case "Context":
			counts[name]++
			prefix := fmt.Sprintf("ContextEntries.member.%d.", counts[name])
			fields := strings.Fields(value)
			params = append(params, prefix+"ContextKeyName", fields[0], prefix+"ContextKeyType", fields[1])
			for i, v := range fields[2:] {
				params = append(params, fmt.Sprintf("%sContextKeyValues.member.%d", prefix, i+1), v)
			}
		default:
			params = append(params, name, value)
		}
	}
	return params
}

// The parts of an answer.
type (
	simulated struct {
		Results []outcome `xml:"SimulateCustomPolicyResult>EvaluationResults>member"`
		Others  []outcome `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
	}
	outcome struct {
		EvalActionName, EvalResourceName, EvalDecision, EvalResourceDecision string

		Matched []struct {
			SourcePolicyId, SourcePolicyType string
			StartPosition, EndPosition       struct{ Line, Column int }
		} `xml:"MatchedStatements>member"`
		MissingContextValues *struct {
			Names []string `xml:"member"`
		}
		AllowedByOrganizations       *bool `xml:"OrganizationsDecisionDetail>AllowedByOrganizations"`
		AllowedByPermissionsBoundary *bool `xml:"PermissionsBoundaryDecisionDetail>AllowedByPermissionsBoundary"`
		EvalDecisionDetails          *struct {
			Entries []struct {
				Key   string `xml:"key"`
				Value string `xml:"value"`
			} `xml:"entry"`
		}
		Resources []outcome `xml:"ResourceSpecificResults>member"`
	}
)

func (s *simulateStory) results(answer querytest.Answer) string {
	var a simulated
	if err := xml.Unmarshal([]byte(answer.Body), &a); err != nil {
		s.Fatal(err)
	}
	var b strings.Builder
	for _, o := range append(a.Results, a.Others...) {
		fmt.Fprintf(&b, "%s on %s: %s\n", o.EvalActionName, o.EvalResourceName, o.EvalDecision)
		o.print(&b, "  ")
		for _, r := range o.Resources {
			fmt.Fprintf(&b, "  on %s: %s\n", r.EvalResourceName, r.EvalResourceDecision)
			r.print(&b, "    ")
		}
	}
	if answer.Get("IsTruncated") == "true" {
		fmt.Fprintf(&b, "more: %s\n", answer.Get("Marker"))
	}
	return b.String()
}

func (o *outcome) print(b *strings.Builder, indent string) {
	for _, m := range o.Matched {
		fmt.Fprintf(b, "%s%s (%s) %d:%d to %d:%d\n", indent, m.SourcePolicyId, m.SourcePolicyType,
			m.StartPosition.Line, m.StartPosition.Column, m.EndPosition.Line, m.EndPosition.Column)
	}
	if o.MissingContextValues != nil && len(o.MissingContextValues.Names) > 0 {
		fmt.Fprintf(b, "%smissing %s\n", indent, strings.Join(o.MissingContextValues.Names, " "))
	}
	if o.AllowedByOrganizations != nil {
		fmt.Fprintf(b, "%sorganization: %t\n", indent, *o.AllowedByOrganizations)
	}
	if o.AllowedByPermissionsBoundary != nil {
		fmt.Fprintf(b, "%sboundary: %t\n", indent, *o.AllowedByPermissionsBoundary)
	}
	if o.EvalDecisionDetails != nil {
		fmt.Fprintf(b, "%sdetails", indent)
		for _, e := range o.EvalDecisionDetails.Entries {
			fmt.Fprintf(b, " %q=%s", e.Key, e.Value)
		}
		b.WriteString("\n")
	}
}

// TestSimulateIsRequest: for random policies of a user, its group and its boundary, the simulator gives the
// decision that a request gets.
func TestSimulateIsRequest(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, random := w.Account(accountA), rand.New(rand.NewPCG(1, 2))
	w.IAMCall(root, "CreateUser", "UserName", "bob").OK()
	w.IAMCall(root, "CreateGroup", "GroupName", "devs").OK()
	w.IAMCall(root, "CreateUser", "UserName", "ann", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue").OK()
	made := w.IAMCall(root, "CreateAccessKey", "UserName", "ann").OK()
	ann := querytest.Key{ID: made.Get("AccessKeyId"), Secret: made.Get("SecretAccessKey")}
	w.IAMCall(root, "AddUserToGroup", "GroupName", "devs", "UserName", "ann").OK()
	boundary := w.IAMCall(root, "CreatePolicy", "PolicyName", "limit", "PolicyDocument", allow(`"iam:*"`, "*", "")).OK().Get("Policy>Arn")
	seen := map[string]int{}
	for i := range 60 {
		w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", randomPolicy(random)).OK()
		w.IAMCall(root, "PutGroupPolicy", "GroupName", "devs", "PolicyName", "p", "PolicyDocument", randomPolicy(random)).OK()
		switch i % 3 {
		case 0:
			w.IAMCall(root, "CreatePolicyVersion", "PolicyArn", boundary, "PolicyDocument", randomPolicy(random), "SetAsDefault", "true").OK()
			w.IAMCall(root, "PutUserPermissionsBoundary", "UserName", "ann", "PermissionsBoundary", boundary).OK()
		case 2:
			w.IAMCall(root, "DeleteUserPermissionsBoundary", "UserName", "ann").OK()
			for _, v := range w.IAMCall(root, "ListPolicyVersions", "PolicyArn", boundary).OK().All("member>VersionId")[1:] {
				w.IAMCall(root, "DeletePolicyVersion", "PolicyArn", boundary, "VersionId", v).OK()
			}
		}
		for _, action := range []string{"GetUser", "ListUserPolicies"} {
			for _, name := range []string{"ann", "bob"} {
				w.IAMCall(ann, action, "UserName", name)
				want := w.Records[len(w.Records)-1].Decisions[0].Decision.Effect.String()
				got := w.IAMCall(root, "SimulatePrincipalPolicy", "PolicySourceArn", "arn:aws:iam::111111111111:user/ann",
					"ActionNames.member.1", "iam:"+action, "ResourceArns.member.1", "arn:aws:iam::111111111111:user/"+name).OK().Get("EvalDecision")
				if got != want {
					t.Errorf("%d: %s of %s is %s, and simulated %s", i, action, name, want, got)
				}
				seen[want]++
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("the sample has only %v", seen)
	}
}

// randomPolicy returns a policy about users and keys that depend on the caller and the resource alone.
func randomPolicy(random *rand.Rand) string {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	var statements []string
	for range 1 + random.IntN(3) {
		s := fmt.Sprintf(`{"Effect":%q,%q:%q,"Resource":%q`,
			pick("Allow", "Allow", "Allow", "Deny"), pick("Action", "Action", "NotAction"), pick("iam:GetUser", "iam:List*", "iam:*", "s3:*"),
			pick("*", "arn:aws:iam::111111111111:user/bob", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::111111111111:group/*"))
		if condition := pick("", "", `"StringEquals":{"aws:username":"ann"}`, `"StringNotEquals":{"aws:PrincipalTag/team":"blue"}`,
			`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/a*"}`, `"StringEquals":{"aws:ResourceAccount":"111111111111"}`,
			`"Null":{"aws:PrincipalTag/team":"true"}`, `"StringLike":{"aws:userid":"AIDA*"}`, `"StringEquals":{"aws:PrincipalType":"User"}`,
			`"Null":{"aws:TokenIssueTime":"false"}`); condition != "" {
			s += `,"Condition":{` + condition + `}`
		}
		statements = append(statements, s+"}")
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + "]}"
}

// TestSimulatePages: the pages of a simulation are what it is as a whole, and no page is endless.
func TestSimulatePages(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	document := func(statements int) string {
		one := `{"Effect":"Allow","Action":"s3:*","Resource":"*"}` // matches nothing, so that answers are short
		return `{"Version":"2012-10-17","Statement":[` + strings.Repeat(one+",", statements-1) + one + "]}"
	}
	request := func(statements, actions, resources int, extra ...string) []string {
		params := append([]string{"PolicyInputList.member.1", document(statements)}, extra...)
		for i := range actions {
			params = append(params, "ActionNames.member."+strconv.Itoa(i+1), fmt.Sprintf("iam:Get%d", i))
		}
		for i := range resources {
			params = append(params, "ResourceArns.member."+strconv.Itoa(i+1), fmt.Sprintf("arn:aws:iam::111111111111:user/%d", i))
		}
		return params
	}
	for _, c := range []struct {
		statements, actions, resources int
		most                           string
		pages                          int
	}{
		{1, 250, 0, "100", 3},
		{1, 250, 0, "250", 1},
		{1, 250, 0, "60", 5},
		{499, 5, 100, "1000", 3}, // a page has room for 100,000 statements, and so for two actions
	} {
		var got []string
		pages, marker := 0, []string{}
		for pages == 0 || marker != nil {
			answer := w.IAMCall(root, "SimulateCustomPolicy", request(c.statements, c.actions, c.resources, append(marker, "MaxItems", c.most)...)...).OK()
			got, pages = append(got, answer.All("member>EvalActionName")...), pages+1
			if marker = nil; answer.Get("Marker") != "" {
				marker = []string{"Marker", answer.Get("Marker")}
			}
		}
		for i, name := range got {
			if name != fmt.Sprintf("iam:Get%d", i) {
				t.Errorf("result %d is about %s", i, name)
			}
		}
		if len(got) != c.actions || pages != c.pages {
			t.Errorf("%+v: %d pages of %d results", c, pages, len(got))
		}
	}
	w.IAMCall(root, "SimulateCustomPolicy", request(999, 1, 101)...).Refused(400, "InvalidInput", "The policies have too many statements for so many resources.")
	// One long statement counts for many: a page has room for 64 MiB of text.
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":[` + strings.Repeat(`"arn:aws:s3:::`+strings.Repeat("x", 1000)+`",`, 120) + `"*"]}}`
	if got := w.IAMCall(root, "SimulateCustomPolicy", append(request(1, 5, 200), "PolicyInputList.member.2", long)...).OK().All("member>EvalActionName"); len(got) != 2 {
		t.Errorf("a page of a long policy has %d results, want 2", len(got))
	}
	w.IAMCall(root, "SimulateCustomPolicy", append(request(1, 1, 600), "PolicyInputList.member.2", long)...).Refused(400, "InvalidInput", "The policies are too long for so many resources.")
	for _, marker := range []string{"x", "YWN0aW9uIDA", "YWN0aW9uIDI1MA", "YWN0aW9uICsx"} { // nothing, and actions 0, 250 and +1
		w.IAMCall(root, "SimulateCustomPolicy", request(1, 250, 0, "Marker", marker)...).Refused(400, "ValidationError", "Invalid Marker.")
	}
}
