package orgs

import (
	"encoding/base64"
	"slices"
	"strings"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

const (
	// MaxPage is how many items a page has at most, and if the caller does not say.
	//
	// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
	MaxPage = 20
	// maxLookedAt is how many entries are looked at for one page at most. A page may have fewer items than
	// were asked for, and still not be the last.
	maxLookedAt = 200
)

// Page asks for one page of a list.
type Page struct {
	// Max is the largest number of items to return; 0 means MaxPage.
	Max int
	// Token is that of the page before; empty for the first.
	Token string
}

// List is one page. Token asks for the next page; it is empty on the last one. Pages are in the order
// of IDs, those of policies in that of names.
type List[T any] struct {
	Items []T
	Token string
}

// most returns how many items the page has at most.
func (p Page) most() int {
	if p.Max <= 0 || p.Max > MaxPage {
		return MaxPage
	}
	return p.Max
}

// after returns what the page before ended with; ok is false for the first page.
func (p Page) after() (last string, ok bool, err error) {
	if p.Token == "" {
		return "", false, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.Token)
	last, ok = strings.CutPrefix(string(text), "=")
	if err != nil || !ok {
		return "", false, errNextToken
	}
	return last, true, nil
}

// tokenAfter returns the token of the page that follows one that ended with last.
func tokenAfter(last string) string { return base64.RawURLEncoding.EncodeToString([]byte("=" + last)) }

// pageOf returns the page p of a short list of IDs. describe returns an item; ok is false for one that is
// not listed. Only what the page needs is described.
func pageOf[T any](ids []string, p Page, describe func(id string) (item T, ok bool, err error)) (out List[T], err error) {
	after, follows, err := p.after()
	if err != nil {
		return out, err
	}
	last := ""
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if follows && id <= after {
			continue
		}
		item, ok, err := describe(id)
		if err != nil {
			return List[T]{}, err
		}
		if !ok {
			continue
		}
		if len(out.Items) == p.most() {
			out.Token = tokenAfter(last)
			break
		}
		out.Items = append(out.Items, item)
		last = id
	}
	return out, nil
}

// entry is a key of a range, without what all of the range begin with, and its value.
type entry struct {
	last  string
	value []byte
}

// scan returns the page p of a range of keys. What it costs depends on the page alone.
func scan(r meta.Reader, from, to []byte, p Page) (List[entry], error) {
	return scanSome(r, from, to, p, func(entry) (bool, error) { return true, nil })
}

// scanSome is scan of the entries that are listed.
func scanSome(r meta.Reader, from, to []byte, p Page, listed func(entry) (bool, error)) (out List[entry], err error) {
	after, follows, err := p.after()
	if err != nil {
		return out, err
	}
	begin := from
	if follows {
		begin = append(append(from[:len(from):len(from)], after...), 0)
	}
	it := r.Scan(begin, to)
	last := after
	for looked := 0; err == nil && it.Next(); looked++ {
		if len(out.Items) == p.most() || looked == maxLookedAt {
			out.Token = tokenAfter(last)
			break
		}
		e := entry{keys.LastOf(from, it.Key()), slices.Clone(it.Value())}
		ok := false
		if ok, err = listed(e); ok {
			out.Items = append(out.Items, e)
		}
		last = e.last
	}
	if closed := it.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return List[entry]{}, err
	}
	return out, nil
}

// listOf makes of a page of entries one of what they stand for.
func listOf[T any](page List[entry], err error, describe func(entry) (T, error)) (out List[T], _ error) {
	if err != nil {
		return out, err
	}
	for _, e := range page.Items {
		item, err := describe(e)
		if err != nil {
			return List[T]{}, err
		}
		out.Items = append(out.Items, item)
	}
	out.Token = page.Token
	return out, nil
}
