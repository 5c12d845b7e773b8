package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/kms"
)

// KeyOperator keeps KMS keys and the master key. A key is named by its ID or its ARN. Errors are *apierr.Error
// with the codes of packages kms and accounts, or others.
type KeyOperator interface {
	CreateKey(ctx context.Context, n NewKey) (Key, error)
	// ListKeys returns all keys of all accounts, by ID.
	ListKeys(ctx context.Context) (KeyList, error)
	// ChangeKey does one of KeyChanges to a key.
	ChangeKey(ctx context.Context, id, change string) (Key, error)
	// RotateMasterKey makes a new master key, which seals from then on.
	RotateMasterKey(ctx context.Context) (Done, error)
}

// What ChangeKey does.
const (
	RotateKey  = "rotate"
	EnableKey  = "enable"
	DisableKey = "disable"
)

// NewKey says what KMS key to make; see kms.NewKey.
type NewKey struct {
	Account string // as Operator names accounts
	KeyID   string `json:"KeyId,omitempty"`
	Alias   string `json:",omitempty"`
	Policy  string `json:",omitempty"`
	// Region is that of the key if no server runs, whose region it is otherwise.
	Region string `json:",omitempty"`
}

// Key is a KMS key as it is listed.
type Key struct {
	KeyID     string `json:"KeyId"`
	ARN       string `json:"Arn"`
	AccountID string `json:"AccountId"`
	Aliases   []string
	Enabled   bool
	Managed   bool // by AWS: alias/aws/s3
	Created   time.Time
	// Rotated is when its current material was made.
	Rotated time.Time
}

// KeyList is KMS keys.
type KeyList struct{ Keys []Key }

// Done says that something was done of which there is nothing to tell.
type Done struct{}

// CreateKey makes a KMS key.
func (l *Local) CreateKey(ctx context.Context, n NewKey) (Key, error) {
	a, err := l.Accounts.Lookup(ctx, n.Account)
	if err != nil {
		return Key{}, err
	}
	k, err := l.KMS.Create(ctx, kms.NewKey{Account: a.ID, ID: n.KeyID, Alias: n.Alias, Policy: n.Policy, Region: n.Region})
	if err != nil {
		return Key{}, err
	}
	return describeKey(k), nil
}

// ListKeys returns all KMS keys.
func (l *Local) ListKeys(ctx context.Context) (KeyList, error) {
	all, err := l.KMS.List(ctx)
	list := KeyList{Keys: make([]Key, len(all))}
	for i, k := range all {
		list.Keys[i] = describeKey(k)
	}
	return list, err
}

// ChangeKey rotates, enables or disables a KMS key.
func (l *Local) ChangeKey(ctx context.Context, id, change string) (Key, error) {
	var k *kms.Key
	var err error
	switch change {
	case RotateKey:
		k, err = l.KMS.Rotate(ctx, id)
	case EnableKey, DisableKey:
		k, err = l.KMS.SetEnabled(ctx, id, change == EnableKey)
	default:
		return Key{}, apierr.New(http.StatusBadRequest, kms.CodeInvalid, "%q is not what a key can be made to do", change)
	}
	if err != nil {
		return Key{}, err
	}
	return describeKey(k), nil
}

// RotateMasterKey makes a new master key, unless other servers use the store: they could not open what is sealed with it.
func (l *Local) RotateMasterKey(ctx context.Context) (Done, error) {
	if l.Alone != nil {
		if err := l.Alone(ctx); err != nil {
			return Done{}, err
		}
	}
	return Done{}, l.Box.Rotate()
}

func describeKey(k *kms.Key) Key {
	return Key{
		KeyID: k.ID, ARN: k.ARN(), AccountID: string(k.Account), Aliases: k.Aliases, Enabled: k.Enabled, Managed: k.Managed,
		Created: k.Created, Rotated: k.Rotated[len(k.Rotated)-1],
	}
}

// CreateKey makes a KMS key.
func (c *Client) CreateKey(ctx context.Context, n NewKey) (k Key, err error) {
	return k, c.do(ctx, http.MethodPost, "/keys", nil, n, &k)
}

// ListKeys returns all KMS keys.
func (c *Client) ListKeys(ctx context.Context) (list KeyList, err error) {
	return list, c.do(ctx, http.MethodGet, "/keys", nil, nil, &list)
}

// ChangeKey rotates, enables or disables a KMS key.
func (c *Client) ChangeKey(ctx context.Context, id, change string) (k Key, err error) {
	return k, c.do(ctx, http.MethodPost, "/key/"+url.PathEscape(change), url.Values{"id": {id}}, nil, &k)
}

// RotateMasterKey makes a new master key.
func (c *Client) RotateMasterKey(ctx context.Context) (d Done, err error) {
	return d, c.do(ctx, http.MethodPost, "/master-key/rotate", nil, nil, &d)
}

// handleKeys serves operator's actions on keys.
func handleKeys(mux *http.ServeMux, operator KeyOperator) {
	mux.HandleFunc("POST /keys", func(w http.ResponseWriter, r *http.Request) {
		var n NewKey
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &n); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, kms.CodeInvalid, "malformed request: %v", err))
			return
		}
		n.Region = "" // a server has its own
		k, err := operator.CreateKey(r.Context(), n)
		answer(w, k, err)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		list, err := operator.ListKeys(r.Context())
		answer(w, list, err)
	})
	mux.HandleFunc("POST /key/{change}", func(w http.ResponseWriter, r *http.Request) {
		k, err := operator.ChangeKey(r.Context(), r.URL.Query().Get("id"), r.PathValue("change"))
		answer(w, k, err)
	})
	mux.HandleFunc("POST /master-key/rotate", func(w http.ResponseWriter, r *http.Request) {
		done, err := operator.RotateMasterKey(r.Context())
		answer(w, done, err)
	})
}
