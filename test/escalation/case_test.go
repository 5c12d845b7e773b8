package escalation_test

import (
	"fmt"
	"strings"
)

// path is a way to more permissions, as a file of cases has it.
type path struct {
	by    string // the root user of whose account mallory is
	needs []need
	given []string // arranged by others
	try   []string // what the one who escalates calls, and whoever that makes able to
	prize string   // what nobody was meant to be able to
}

// need is a permission that the way takes.
type need struct{ action, resource, condition string }

// parsePath reads the lines of a case.
func parsePath(lines string) (*path, error) {
	p := &path{by: "root"}
	for line := range strings.SplitSeq(lines, "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "need":
			words := strings.Fields(rest)
			if len(words) < 2 || len(words) > 3 {
				return nil, fmt.Errorf("want need ACTION RESOURCE [CONDITION]: %s", line)
			}
			words = append(words, "")
			p.needs = append(p.needs, need{words[0], words[1], words[2]})
		case "by":
			p.by = rest
		case "given":
			p.given = append(p.given, rest)
		case "try":
			p.try = append(p.try, rest)
		case "prize":
			p.prize = rest
		default:
			return nil, fmt.Errorf("unknown line: %s", line)
		}
	}
	if len(p.needs) == 0 || len(p.try) == 0 || p.prize == "" {
		return nil, fmt.Errorf("want need, try and prize:\n%s", lines)
	}
	return p, nil
}

// Names of what every world has. mallory is who escalates.
const (
	mallory    = "mallory"
	policyName = "what-mallory-may"
)

// documents are what @NAME stands for. Nothing in them lets anybody read the secret but @all and @secret.
var documents = map[string]string{
	"all":            `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	"secret":         `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`,
	"nothing":        `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetBucketLocation","Resource":"*"}}`,
	"not-s3":         `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}}`,
	"deny":           `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}`,
	"nobody":         `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::$account:user/boss"},"Action":"sts:AssumeRole"}}`,
	"mallory":        `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::$account:user/mallory"},"Action":"sts:AssumeRole"}}`,
	"account":        `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"$account"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}`,
	"team":           `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}}`,
	"source":         `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"aws:SourceIdentity":"boss"}}}}`,
	"kept":           `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/kept":"yes"}}}}`,
	"mfa":            `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}}`,
	"oidc":           `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::$account:oidc-provider/$issuer_name"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"$issuer_name:sub":"boss"}}}}`,
	"saml":           `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::$account:saml-provider/directory"},"Action":"sts:AssumeRoleWithSAML"}}`,
	"delegate":       `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::$other:root"},"Action":["organizations:DetachPolicy"],"Resource":"*"}}`,
	"delegate-roles": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:CreateRole","iam:AttachRolePolicy","iam:PutRolePolicy","iam:PutRolePermissionsBoundary"],"Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::$account:policy/own"}}}}`,
	"fed":            `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::$account:federated-user/eve"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::$bucket/*"}}`,
	"locked":         `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::$other_bucket/*"}}`,
}

// without returns a document that allows everything but one action, and S3; or that action only where it is
// of no use.
func without(n need, elsewhere bool) string {
	document := fmt.Sprintf(`{"Effect":"Allow","NotAction":["s3:*",%q],"Resource":"*"}`, n.action)
	if elsewhere {
		document += fmt.Sprintf(`,{"Effect":"Allow","Action":%q,"NotResource":%q}`, n.action, n.resource)
	}
	return `{"Version":"2012-10-17","Statement":[` + document + `]}`
}

// exactly returns a document that allows what the way takes, and nothing else.
func exactly(needs []need) string {
	var statements []string
	for _, n := range needs {
		condition := ""
		if key, value, found := strings.Cut(n.condition, "="); found {
			condition = fmt.Sprintf(`,"Condition":{"StringEquals":{%q:%q}}`, key, value)
		}
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q%s}`, n.action, n.resource, condition))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}
