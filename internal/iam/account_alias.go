package iam

import (
	"context"
	"regexp"
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// AccountAliasPattern is what an alias has to match as a whole, as the API's model gives it. Its look-ahead, against
// two hyphens in a row, is one that Go's regular expressions have not.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html
const AccountAliasPattern = `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`

var aliasRegexp = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// ValidAccountAlias reports whether text can be the alias of an account: it matches the pattern and is no account ID.
func ValidAccountAlias(text string) bool {
	return aliasRegexp.MatchString(text) && !strings.Contains(text, "--") && !ids.IsAccountID(text)
}

// CreateAccountAlias gives an account an alias, in place of the one that it has. No two accounts have the same; one
// that the account itself has already is EntityAlreadyExists too.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html; the message is from
// https://github.com/trussworks/terraform-aws-bootstrap/issues/118
func (s *Service) CreateAccountAlias(ctx context.Context, account ids.AccountID, alias string) error {
	if !ValidAccountAlias(alias) {
		return validationError("The account alias %q is not valid.", alias)
	}
	return s.changeAccount(ctx, account, func(c change, r *records.Account) error {
		if err := c.absent(keys.AccountAlias(alias), alreadyExists("The account alias %s already exists.", alias)); err != nil {
			return err
		}
		if r.Alias != "" {
			if err := c.tx.Delete(keys.AccountAlias(r.Alias)); err != nil {
				return err
			}
		}
		r.Alias = alias
		return c.tx.Put(keys.AccountAlias(alias), []byte(account))
	})
}

// DeleteAccountAlias takes the alias of an account away. Which one it is has to be said.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html
func (s *Service) DeleteAccountAlias(ctx context.Context, account ids.AccountID, alias string) error {
	return s.changeAccount(ctx, account, func(c change, r *records.Account) error {
		if alias == "" || r.Alias != alias {
			return noSuchEntity("The account alias %s does not exist.", alias)
		}
		r.Alias = ""
		return c.tx.Delete(keys.AccountAlias(alias))
	})
}

// AccountAliases returns the alias of an account, if it has one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html
func (s *Service) AccountAliases(ctx context.Context, account ids.AccountID, p Page) (list List[string], err error) {
	err = s.read(ctx, account, func(v view) error {
		r, err := v.root()
		if err != nil {
			return err
		}
		var aliases []string
		if r.Alias != "" {
			aliases = []string{r.Alias}
		}
		list, err = paginate(aliases, func(alias string) string { return alias }, p)
		return err
	})
	return list, err
}
