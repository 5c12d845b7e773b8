package admin

import (
	"context"
	"net/http"
	"net/url"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
)

// QuotaOperator keeps the quotas of accounts. who and errors are those of Operator.
type QuotaOperator interface {
	Quotas(ctx context.Context, who string) (QuotaList, error)
	// SetQuotas changes quotas, all or none, and returns them as they are then.
	SetQuotas(ctx context.Context, who string, c QuotaChange) (QuotaList, error)
}

// QuotaList is the quotas of an account.
type QuotaList struct {
	AccountID string `json:"AccountId"`
	Quotas    []Quota
}

// Quota is one quota of an account.
type Quota struct {
	Name    string
	Value   int
	Default int
	// AWSMaximum is the value up to which AWS raises the quota by request; 0: AWS does not raise it.
	AWSMaximum int `json:",omitempty"`
	// Used is how many the account has; absent where that is not counted for the account as a whole.
	Used *int `json:",omitempty"`
}

// QuotaChange says which quotas to set, by name, and which are to have their defaults again.
type QuotaChange struct {
	Set   map[string]int `json:",omitempty"`
	Reset []string       `json:",omitempty"`
}

// Quotas returns the quotas of an account.
func (l *Local) Quotas(ctx context.Context, who string) (QuotaList, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err != nil {
		return QuotaList{}, err
	}
	values, err := l.Accounts.Quotas(ctx, a.ID)
	list := QuotaList{AccountID: string(a.ID)}
	for _, v := range values {
		list.Quotas = append(list.Quotas, describeQuota(v))
	}
	return list, err
}

// SetQuotas changes quotas of an account.
func (l *Local) SetQuotas(ctx context.Context, who string, c QuotaChange) (QuotaList, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err != nil {
		return QuotaList{}, err
	}
	if err := l.Accounts.SetQuotas(ctx, a.ID, c.Set, c.Reset); err != nil {
		return QuotaList{}, err
	}
	return l.Quotas(ctx, string(a.ID))
}

func describeQuota(v accounts.QuotaValue) Quota {
	q := Quota{Name: v.Name, Value: v.Value, Default: v.Default, AWSMaximum: v.AWSMaximum}
	if v.Used >= 0 {
		q.Used = &v.Used
	}
	return q
}

// Quotas returns the quotas of an account.
func (c *Client) Quotas(ctx context.Context, who string) (list QuotaList, err error) {
	return list, c.do(ctx, http.MethodGet, "/account/quotas", url.Values{"who": {who}}, nil, &list)
}

// SetQuotas changes quotas of an account.
func (c *Client) SetQuotas(ctx context.Context, who string, change QuotaChange) (list QuotaList, err error) {
	return list, c.do(ctx, http.MethodPost, "/account/quotas", url.Values{"who": {who}}, change, &list)
}

// handleQuotas serves operator's actions on quotas.
func handleQuotas(mux *http.ServeMux, operator QuotaOperator) {
	mux.HandleFunc("GET /account/quotas", func(w http.ResponseWriter, r *http.Request) {
		list, err := operator.Quotas(r.Context(), r.URL.Query().Get("who"))
		answer(w, list, err)
	})
	mux.HandleFunc("POST /account/quotas", func(w http.ResponseWriter, r *http.Request) {
		var c QuotaChange
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &c); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, accounts.CodeInvalid, "malformed request: %v", err))
			return
		}
		list, err := operator.SetQuotas(r.Context(), r.URL.Query().Get("who"), c)
		answer(w, list, err)
	})
}
