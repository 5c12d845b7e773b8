package orgs

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/quotas"
	"crossgrant/internal/records"
)

// counting is an engine that counts what is read from it.
type counting struct {
	meta.Engine
	read int
}

type countingReader struct {
	meta.Reader
	c *counting
}

type countingIterator struct {
	meta.Iterator
	c *counting
}

func (c *counting) View(ctx context.Context, fn func(meta.Reader) error) error {
	return c.Engine.View(ctx, func(r meta.Reader) error { return fn(countingReader{r, c}) })
}

func (r countingReader) Get(key []byte) ([]byte, error) {
	r.c.read++
	return r.Reader.Get(key)
}

func (r countingReader) GetMany(keys [][]byte) ([][]byte, error) {
	r.c.read += len(keys)
	return r.Reader.GetMany(keys)
}

func (r countingReader) Scan(from, to []byte) meta.Iterator {
	return countingIterator{r.Reader.Scan(from, to), r.c}
}

func (i countingIterator) Next() bool {
	i.c.read++
	return i.Iterator.Next()
}

// fill makes accounts in the organization, without asking for room.
func (w *world) fill(first, n int) {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		v, err := w.enter(tx, management)
		if err != nil {
			return err
		}
		for i := range n {
			id := ids.AccountID(fmt.Sprintf("5%011d", first+i))
			if err := records.Put(tx, keys.Account(id), &records.Account{Id: string(id), Name: "n", Email: string(id) + "@example.com"}); err != nil {
				return err
			}
			if err := (change{v, tx}).join(id, Invited, nil, 1); err != nil {
				return err
			}
		}
		return nil
	}))
}

// TestCostOfPages: what a page of a list costs does not depend on how large the organization is.
func TestCostOfPages(t *testing.T) {
	t.Parallel()
	engine := &counting{Engine: memory.New()}
	quotas := DefaultQuotas()
	quotas.Accounts, quotas.Units = 10000, 1000
	w := newWorldOver(t, quotas, engine)
	root := w.organization()
	w.join(member)
	unit := w.unit(root, "unit")
	w.must(w.MoveAccount(w.ctx, management, member, root, unit))
	lists := map[string]func() (int, error){
		"accounts":       func() (int, error) { l, err := w.Accounts(w.ctx, management, "", Page{}); return len(l.Items), err },
		"below the root": func() (int, error) { l, err := w.Accounts(w.ctx, management, root, Page{}); return len(l.Items), err },
		"below a unit": func() (int, error) {
			l, err := w.Accounts(w.ctx, management, unit, Page{})
			return 19 + len(l.Items), err
		},
		"children": func() (int, error) {
			l, err := w.Children(w.ctx, management, root, AccountKind, Page{})
			return len(l.Items), err
		},
		"units": func() (int, error) { l, err := w.Units(w.ctx, management, root, Page{}); return len(l.Items), err },
		"policies": func() (int, error) {
			l, err := w.Policies(w.ctx, management, managed.SCP, Page{})
			return len(l.Items), err
		},
		"targets": func() (int, error) {
			l, err := w.TargetsForPolicy(w.ctx, management, managed.FullAWSAccess, Page{})
			return len(l.Items), err
		},
		"invitations": func() (int, error) {
			l, err := w.HandshakesForOrganization(w.ctx, management, HandshakeFilter{}, Page{})
			return 19 + len(l.Items), err
		},
	}
	fill := func(from, to int) {
		w.fill(from, to-from)
		for i := from; i < to; i++ {
			w.unit(root, fmt.Sprint("u", i))
			w.policy(managed.SCP, fmt.Sprint("p", i), denyDelete)
		}
	}
	fill(0, 40)
	cost := map[string]int{}
	for name, list := range lists {
		engine.read = 0
		n, err := list()
		w.must(err)
		if n != 20 {
			t.Errorf("%s: %d items", name, n)
		}
		cost[name] = engine.read
	}
	fill(40, 400)
	for name, list := range lists {
		engine.read = 0
		_, err := list()
		w.must(err)
		if engine.read != cost[name] || engine.read > 200 {
			t.Errorf("%s: a page cost %d reads, then %d", name, cost[name], engine.read)
		}
	}
}

// TestOrderOfPages goes through lists page by page: each item is there once, and in order.
func TestOrderOfPages(t *testing.T) {
	t.Parallel()
	quotas := DefaultQuotas()
	quotas.Accounts = 100
	w := newWorld(t, quotas)
	w.organization()
	w.fill(0, 7)
	for i := range 4 {
		w.policy(managed.SCP, fmt.Sprint("p", i), denyDelete)
	}
	for most := 1; most <= 9; most++ {
		accounts := all(w, most, func(p Page) (List[Account], error) { return w.Accounts(w.ctx, management, "", p) }, func(a Account) string { return string(a.ID) })
		if len(accounts) != 8 || !slices.IsSorted(accounts) {
			t.Errorf("%d: accounts %v", most, accounts)
		}
		names := all(w, most, func(p Page) (List[Policy], error) { return w.Policies(w.ctx, management, managed.SCP, p) }, func(p Policy) string { return p.Name })
		if fmt.Sprint(names) != "[FullAWSAccess p0 p1 p2 p3]" {
			t.Errorf("%d: policies %v", most, names)
		}
	}
	for _, token := range []string{"!", "YQ"} {
		_, err := w.Accounts(w.ctx, management, "", Page{Token: token})
		w.refused(err, "InvalidInput", "INVALID_NEXT_TOKEN")
		_, err = w.Roots(w.ctx, management, Page{Token: token})
		w.refused(err, "InvalidInput", "INVALID_NEXT_TOKEN")
	}
}

// all returns what all pages of a list hold.
func all[T any](w *world, most int, page func(Page) (List[T], error), name func(T) string) (names []string) {
	w.Helper()
	for token := ""; ; {
		list, err := page(Page{Max: most, Token: token})
		w.must(err)
		if len(list.Items) > most {
			w.Errorf("%d items on a page of %d", len(list.Items), most)
		}
		for _, item := range list.Items {
			names = append(names, name(item))
		}
		if token = list.Token; token == "" {
			return names
		}
	}
}

// TestPagesOfWhatIsNotListed: a page looks at so many entries and no more, and says that there are others.
func TestPagesOfWhatIsNotListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	o := w.organization()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		v, err := w.enter(tx, management)
		for i := range maxLookedAt + 1 {
			id := fmt.Sprintf("car-%08d", i)
			if err == nil {
				err = records.Put(tx, keys.CreateAccountRequest(v.id, id), &records.CreateAccountRequest{Id: id, State: Succeeded})
			}
		}
		return err
	}))
	page, err := w.AccountStatuses(w.ctx, management, []string{Failed}, Page{})
	w.must(err)
	if len(page.Items) != 0 || page.Token == "" {
		t.Errorf("first page of %s: %+v", o, page)
	}
	page, err = w.AccountStatuses(w.ctx, management, []string{Failed}, Page{Token: page.Token})
	w.must(err)
	if len(page.Items) != 0 || page.Token != "" {
		t.Errorf("second page: %+v", page)
	}
}

// TestIndexesOfOldData: what a program without them left is given its indexes and counts.
func TestIndexesOfOldData(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	root := w.organization()
	w.join(member)
	unit := w.unit(root, "unit")
	w.must(w.MoveAccount(w.ctx, management, member, root, unit))
	w.policy(managed.SCP, "p", denyDelete)
	_, err := w.Invite(w.ctx, management, Invitation{Target: string(outsider), TargetType: AccountParty})
	w.must(err)
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		v, err := w.enter(tx, management)
		if err != nil {
			return err
		}
		c := change{v, tx}
		for _, parent := range []string{root, unit} {
			if err := c.removeAll(keys.ChildAccounts(v.id, parent)); err != nil {
				return err
			}
		}
		if err := c.removeAll(keys.OpenInvitations(v.id)); err != nil {
			return err
		}
		return tx.Delete(keys.OrganizationCounts(v.id))
	}))
	w.must(w.Recover(w.ctx))
	w.must(w.Recover(w.ctx))
	list, err := w.Accounts(w.ctx, management, unit, Page{})
	w.must(err)
	if len(list.Items) != 1 || list.Items[0].ID != member {
		t.Errorf("below the unit: %+v", list.Items)
	}
	w.refused(w.DeleteUnit(w.ctx, management, unit), "OrganizationalUnitNotEmpty", "")
	_, err = w.Invite(w.ctx, management, Invitation{Target: string(outsider), TargetType: AccountParty})
	w.refused(err, "DuplicateHandshake", "")
}

// TestQuotaOfAccounts: an operator sets how many accounts an organization may have.
func TestQuotaOfAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Quotas{})
	w.organization()
	w.join(member)
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error {
		record := new(records.Account)
		if err := records.Get(tx, keys.Account(management), record); err != nil {
			return err
		}
		record.Quotas = map[string]int64{quotas.Accounts: 2}
		return records.Put(tx, keys.Account(management), record)
	}))
	_, err := w.CreateAccount(w.ctx, management, NewAccount{Name: "n", Email: "n@example.com"})
	w.refused(err, "ConstraintViolation", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
	_, err = w.Invite(w.ctx, management, Invitation{Target: string(outsider), TargetType: AccountParty})
	w.refused(err, "ConstraintViolation", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")
}
