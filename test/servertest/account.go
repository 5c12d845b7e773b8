package servertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
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
	command := exec.CommandContext(ctx, s.Program, "account", "create", name, "--data", s.Data, "--output", "json")
	out, err := command.Output()
	if err != nil {
		return a, fmt.Errorf("create account %s: %w", name, err)
	}
	return a, json.Unmarshal(out, &a)
}
