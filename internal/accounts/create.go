package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Bounds of what an account is made of. Names and e-mail addresses are as in CreateAccount:
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
const (
	maxName   = 50
	minEmail  = 6
	maxEmail  = 64
	minSecret = 8
	maxSecret = 128
)

var emailPattern = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)

// errDrawn says that a value drawn at random is taken, so that another one must be drawn.
var errDrawn = errors.New("a value drawn at random is taken")

// NewAccount says what account to make. Only Name is required; the rest is drawn where it is empty.
type NewAccount struct {
	// Name is 1 to 50 printable ASCII characters, without a blank at either end.
	Name        string
	ID          string
	CanonicalID string
	// Email is the root user's address; the one that is made up has the name and the ID in it and
	// lies in the domain accounts.invalid, which cannot exist.
	Email string
	// AccessKeyID and SecretAccessKey are the root user's access key. A fixed secret needs a fixed ID.
	AccessKeyID     string
	SecretAccessKey string
}

// Create makes an account with an access key for its root user, whose secret is returned here and
// never again. ID, canonical user ID, e-mail address and access key ID must all be free (an e-mail
// address ignoring case): CodeDuplicate. It returns CodeInvalid for what is malformed.
func (s *Service) Create(ctx context.Context, n NewAccount) (Account, Key, error) {
	if err := n.validate(); err != nil {
		return Account{}, Key{}, apierr.New(http.StatusBadRequest, CodeInvalid, "%v", err)
	}
	for range 3 {
		account, key, err := s.tryCreate(ctx, n)
		if !errors.Is(err, errDrawn) {
			return account, key, wrap(err, "create account %s", n.Name)
		}
	}
	return Account{}, Key{}, fmt.Errorf("create account %s: %w", n.Name, errDrawn)
}

func (n *NewAccount) validate() error {
	if n.ID != "" {
		if _, err := ids.ParseAccountID(n.ID); err != nil {
			return err
		}
	}
	if n.CanonicalID != "" {
		if _, err := ids.ParseCanonicalUserID(n.CanonicalID); err != nil {
			return err
		}
	}
	if n.AccessKeyID != "" {
		if _, err := ids.ParseAccessKeyID(n.AccessKeyID); err != nil {
			return err
		}
	}
	return errors.Join(checkName(n.Name), checkEmail(n.Email), checkSecret(n.AccessKeyID, n.SecretAccessKey))
}

func checkName(name string) error {
	if len(name) < 1 || len(name) > maxName || !printable(name) || strings.TrimSpace(name) != name {
		return fmt.Errorf("account name %q is not 1 to %d printable ASCII characters without a blank at either end", name, maxName)
	}
	return nil
}

func checkEmail(email string) error {
	if email == "" {
		return nil
	}
	if len(email) < minEmail || len(email) > maxEmail || !printable(email) || !emailPattern.MatchString(email) {
		return fmt.Errorf("email %q is not an address of %d to %d characters", email, minEmail, maxEmail)
	}
	return nil
}

// checkSecret does not repeat the secret in its error.
func checkSecret(id, secret string) error {
	switch {
	case secret == "":
		return nil
	case id == "":
		return errors.New("a fixed secret access key needs a fixed access key id")
	case len(secret) < minSecret, len(secret) > maxSecret, !printable(secret), strings.Contains(secret, " "):
		return fmt.Errorf("the secret access key is not %d to %d printable ASCII characters without blanks", minSecret, maxSecret)
	}
	return nil
}

// printable reports whether s consists of printable ASCII characters and spaces.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// tryCreate draws what n leaves open and stores the account. It returns errDrawn if something that
// was drawn is taken.
func (s *Service) tryCreate(ctx context.Context, n NewAccount) (Account, Key, error) {
	full, err := s.draw(n)
	if err != nil {
		return Account{}, Key{}, err
	}
	key := Key{ids.AccessKeyID(full.AccessKeyID), full.SecretAccessKey}
	sealed, err := s.box.Seal([]byte(key.Secret), []byte(key.ID))
	if err != nil {
		return Account{}, Key{}, err
	}
	now := s.now().UnixNano()
	account := &records.Account{
		Id: full.ID, CanonicalId: full.CanonicalID, Name: full.Name, Email: full.Email,
		Created: now, AccessKeys: []string{full.AccessKeyID},
	}
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		if err := free(tx, &n, &full); err != nil {
			return err
		}
		id := []byte(full.ID)
		return errors.Join(
			records.Put(tx, keys.Account(ids.AccountID(full.ID)), account),
			tx.Put(keys.CanonicalID(ids.CanonicalUserID(full.CanonicalID)), id),
			tx.Put(keys.Email(full.Email), id),
			records.Put(tx, keys.AccessKey(key.ID), &records.AccessKey{
				Id: full.AccessKeyID, Account: full.ID, SealedSecret: sealed, Created: now,
			}),
		)
	})
	if err != nil {
		return Account{}, Key{}, err
	}
	return fromRecord(account), key, nil
}

// draw returns n with everything filled in.
func (s *Service) draw(n NewAccount) (NewAccount, error) {
	var errs [4]error
	if n.ID == "" {
		n.ID, errs[0] = str(ids.NewAccountID(s.rand))
	}
	if n.CanonicalID == "" {
		n.CanonicalID, errs[1] = str(ids.NewCanonicalUserID(s.rand))
	}
	if n.AccessKeyID == "" {
		n.AccessKeyID, errs[2] = str(ids.NewAccessKeyID(s.rand, ids.AccessKey))
	}
	if n.SecretAccessKey == "" {
		n.SecretAccessKey, errs[3] = ids.NewSecretAccessKey(s.rand)
	}
	if n.Email == "" {
		n.Email = defaultEmail(n.Name, n.ID)
	}
	return n, errors.Join(errs[:]...)
}

func str[T ~string](v T, err error) (string, error) { return string(v), err }

// defaultEmail makes an address of at most maxEmail characters out of an account's name and ID.
func defaultEmail(name, id string) string {
	tail := "+" + id + "@accounts.invalid"
	slug := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	slug = strings.Trim(slug[:min(len(slug), maxEmail-len(tail))], "-")
	if slug == "" {
		slug = "account"
	}
	return slug + tail
}

// free reports whether everything that names the account full alone is free: nil, CodeDuplicate if
// the caller asked for it in n, errDrawn if it was drawn.
func free(r meta.Reader, n, full *NewAccount) error {
	const (
		taken = "is taken"
		once  = "was that of an account that is deleted, and is never given out again"
	)
	id, canonical := ids.AccountID(full.ID), ids.CanonicalUserID(full.CanonicalID)
	unique := []struct {
		what, asked, value string
		key                []byte
		is                 string
	}{
		{"account id", n.ID, full.ID, keys.Account(id), taken},
		{"account id", n.ID, full.ID, keys.AccountDeletion(id), once},
		{"canonical user id", n.CanonicalID, full.CanonicalID, keys.CanonicalID(canonical), taken},
		{"canonical user id", n.CanonicalID, full.CanonicalID, keys.DeletedCanonicalID(canonical), once},
		{"email", n.Email, full.Email, keys.Email(full.Email), taken},
		{"access key id", n.AccessKeyID, full.AccessKeyID, keys.AccessKey(ids.AccessKeyID(full.AccessKeyID)), taken},
	}
	for _, u := range unique {
		if u.value == "" {
			continue // an account made without an access key
		}
		_, err := r.Get(u.key)
		switch {
		case errors.Is(err, meta.ErrNotFound):
		case err != nil:
			return err
		case u.asked == "":
			return errDrawn
		default:
			return apierr.New(http.StatusConflict, CodeDuplicate, "%s %s %s", u.what, u.value, u.is)
		}
	}
	return nil
}
