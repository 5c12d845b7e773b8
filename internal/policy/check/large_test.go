package check

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/policy"
)

// TestLargeDocumentsEnd holds that documents which tell very much apart are given up soon, and never pass for it.
func TestLargeDocumentsEnd(t *testing.T) {
	t.Parallel()
	list := func(n int, format string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"`+format+`"`, i))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	statement := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":%s,"Action":%s,"Resource":%s,"Condition":%s}}`
	for name, text := range map[string]string{
		"principals": fmt.Sprintf(statement, `{"AWS":`+list(900, "%012d")+`,"CanonicalUser":`+list(300, "%064x")+`}`, `"s3:*"`, `"*"`, `{}`),
		"resources":  fmt.Sprintf(statement, `"*"`, `"s3:*"`, list(200, "arn:aws:s3:::*%d*x"), `{}`),
		"actions":    fmt.Sprintf(statement, `"*"`, list(300, "ec2:*a%d*"), `"*"`, `{}`),
		"values":     fmt.Sprintf(statement, `"*"`, `"s3:*"`, `"*"`, `{"StringLike":{"aws:username":`+list(300, "*%d*b")+`}}`),
		"exact":      fmt.Sprintf(statement, `{"AWS":`+list(200, "arn:aws:iam::%012d:role/r")+`}`, `"s3:*"`, list(300, "arn:aws:s3:::b/%d"), `{"StringEquals":{"aws:username":`+list(300, "u%d")+`}}`),
	} {
		d, err := policy.Parse(policy.Resource, []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		other, err := policy.Parse(policy.Resource, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/1"}}`))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		found, err := NoNewAccess(d, other)
		if err != nil && !errors.Is(err, ErrTooLarge) || err == nil && len(found) == 0 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		t.Logf("%s: %v after %v", name, err, time.Since(start))
	}
}
