package servertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

// Account is what `crossgrant account create` prints: an account, and the access key of its root user.
type Account struct {
	ID              string `json:"AccountId"`
	CanonicalID     string `json:"CanonicalId"`
	Name, Email     string
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
}

// CreateAccount has an operator make an account.
func (s *Server) CreateAccount(ctx context.Context, name string) (Account, error) {
	var a Account
	return a, s.operate(ctx, &a, "account", "create", name)
}

// CreateKey has an operator make a KMS key of an account, and returns its ARN.
func (s *Server) CreateKey(ctx context.Context, account string) (keyARN string, err error) {
	var key struct {
		ARN string `json:"Arn"`
	}
	err = s.operate(ctx, &key, "key", "create", "--account", account)
	return key.ARN, err
}

// operate runs a command of an operator and reads what it prints.
func (s *Server) operate(ctx context.Context, printed any, args ...string) error {
	out, err := exec.CommandContext(ctx, s.Program, append(args, "--data", s.Data, "--output", "json")...).Output()
	if err != nil {
		return fmt.Errorf("crossgrant %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(out, printed)
}
