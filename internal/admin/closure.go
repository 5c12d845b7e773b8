package admin

import (
	"context"
	"net/http"
	"net/url"

	"crossgrant/internal/closure"
	"crossgrant/internal/ids"
)

// ClosureOperator ends accounts. who and errors are those of Operator.
type ClosureOperator interface {
	// AccountContents returns what an account has. Unless exactly is set, what lies in its buckets is not counted.
	AccountContents(ctx context.Context, who string, exactly bool) (Contents, error)
	CloseAccount(ctx context.Context, who string) (Account, error)
	// ReopenAccount opens a closed account again.
	ReopenAccount(ctx context.Context, who string) (Account, error)
	// DeletableContents is AccountContents, exactly, of an account that DeleteAccount would not refuse.
	DeletableContents(ctx context.Context, who string) (Contents, error)
	// DeleteAccount begins to delete a closed account, which cannot be undone.
	DeleteAccount(ctx context.Context, who string) (Deletion, error)
	// ContinueDeletion goes on with a deletion that has begun, for about a second, and returns how far it has come. id is
	// an account ID.
	ContinueDeletion(ctx context.Context, id string) (Deletion, error)
}

// Contents is what an account has.
type Contents struct {
	AccountID   string `json:"AccountId"`
	CanonicalID string `json:"CanonicalId"`
	Name        string
	State       string
	// Contents has no item of what there is none of.
	Contents []Item
}

// Item is how much an account has of something.
type Item struct {
	Name  string
	Count int
}

// Deletion is how far the deletion of an account has come: how many records were removed since the program started that
// removes them.
type Deletion struct {
	AccountID   string `json:"AccountId"`
	CanonicalID string `json:"CanonicalId,omitempty"`
	Name        string `json:",omitempty"`
	State       string // Deleting or Deleted
	Removed     int
}

// AccountContents returns what an account has.
func (l *Local) AccountContents(ctx context.Context, who string, exactly bool) (Contents, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err != nil {
		return Contents{}, err
	}
	items, err := l.Closure.Contents(ctx, a.ID, exactly)
	c := Contents{AccountID: string(a.ID), CanonicalID: string(a.CanonicalID), Name: a.Name, State: stateOf(a), Contents: []Item{}}
	for _, i := range items {
		c.Contents = append(c.Contents, Item(i))
	}
	return c, err
}

// DeletableContents returns what an account has that can be deleted.
func (l *Local) DeletableContents(ctx context.Context, who string) (Contents, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err == nil {
		err = l.Accounts.CheckDeletable(ctx, a.ID)
	}
	if err != nil {
		return Contents{}, err
	}
	return l.AccountContents(ctx, string(a.ID), true)
}

// CloseAccount closes one account.
func (l *Local) CloseAccount(ctx context.Context, who string) (Account, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err != nil {
		return Account{}, err
	}
	a, err = l.Accounts.Close(ctx, a.ID)
	return describe(a), err
}

// ReopenAccount opens a closed account again.
func (l *Local) ReopenAccount(ctx context.Context, who string) (Account, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err != nil {
		return Account{}, err
	}
	a, err = l.Accounts.Reopen(ctx, a.ID)
	return describe(a), err
}

// DeleteAccount begins to delete a closed account.
func (l *Local) DeleteAccount(ctx context.Context, who string) (Deletion, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err == nil {
		err = l.Closure.Begin(ctx, a.ID)
	}
	if err != nil {
		return Deletion{}, err
	}
	return Deletion{AccountID: string(a.ID), CanonicalID: string(a.CanonicalID), Name: a.Name, State: Deleting}, nil
}

// ContinueDeletion goes on with a deletion.
func (l *Local) ContinueDeletion(ctx context.Context, id string) (Deletion, error) {
	account, err := ids.ParseAccountID(id)
	if err != nil {
		return Deletion{}, err
	}
	p, err := l.Closure.Continue(ctx, account)
	return deletionOf(id, p), err
}

func deletionOf(id string, p closure.Progress) Deletion {
	d := Deletion{AccountID: id, State: Deleting, Removed: p.Removed}
	if p.Finished {
		d.State = Deleted
	}
	return d
}

// AccountContents returns what an account has.
func (c *Client) AccountContents(ctx context.Context, who string, exactly bool) (contents Contents, err error) {
	query := url.Values{"who": {who}}
	if exactly {
		query.Set("exactly", "true")
	}
	return contents, c.patient().do(ctx, http.MethodGet, "/account/contents", query, nil, &contents)
}

// DeletableContents returns what an account has that can be deleted.
func (c *Client) DeletableContents(ctx context.Context, who string) (contents Contents, err error) {
	return contents, c.patient().do(ctx, http.MethodGet, "/account/deletable", url.Values{"who": {who}}, nil, &contents)
}

// CloseAccount closes one account.
func (c *Client) CloseAccount(ctx context.Context, who string) (a Account, err error) {
	return a, c.do(ctx, http.MethodPost, "/account/close", url.Values{"who": {who}}, nil, &a)
}

// ReopenAccount opens a closed account again.
func (c *Client) ReopenAccount(ctx context.Context, who string) (a Account, err error) {
	return a, c.do(ctx, http.MethodPost, "/account/reopen", url.Values{"who": {who}}, nil, &a)
}

// DeleteAccount begins to delete a closed account.
func (c *Client) DeleteAccount(ctx context.Context, who string) (d Deletion, err error) {
	return d, c.do(ctx, http.MethodPost, "/account/delete", url.Values{"who": {who}}, nil, &d)
}

// ContinueDeletion goes on with a deletion.
func (c *Client) ContinueDeletion(ctx context.Context, id string) (d Deletion, err error) {
	return d, c.patient().do(ctx, http.MethodPost, "/account/delete/continue", url.Values{"id": {id}}, nil, &d)
}

// patient returns the client without its bound on the time of a request: what is asked looks at all that an account
// has.
func (c *Client) patient() *Client {
	patient := &Client{c.http}
	patient.http.Timeout = 0
	return patient
}

// handleClosure serves operator's actions that end accounts.
func handleClosure(mux *http.ServeMux, operator ClosureOperator) {
	mux.HandleFunc("GET /account/contents", func(w http.ResponseWriter, r *http.Request) {
		contents, err := operator.AccountContents(r.Context(), r.URL.Query().Get("who"), r.URL.Query().Get("exactly") == "true")
		answer(w, contents, err)
	})
	mux.HandleFunc("GET /account/deletable", func(w http.ResponseWriter, r *http.Request) {
		contents, err := operator.DeletableContents(r.Context(), r.URL.Query().Get("who"))
		answer(w, contents, err)
	})
	mux.HandleFunc("POST /account/close", func(w http.ResponseWriter, r *http.Request) {
		account, err := operator.CloseAccount(r.Context(), r.URL.Query().Get("who"))
		answer(w, account, err)
	})
	mux.HandleFunc("POST /account/reopen", func(w http.ResponseWriter, r *http.Request) {
		account, err := operator.ReopenAccount(r.Context(), r.URL.Query().Get("who"))
		answer(w, account, err)
	})
	mux.HandleFunc("POST /account/delete", func(w http.ResponseWriter, r *http.Request) {
		deletion, err := operator.DeleteAccount(r.Context(), r.URL.Query().Get("who"))
		answer(w, deletion, err)
	})
	mux.HandleFunc("POST /account/delete/continue", func(w http.ResponseWriter, r *http.Request) {
		deletion, err := operator.ContinueDeletion(r.Context(), r.URL.Query().Get("id"))
		answer(w, deletion, err)
	})
}
