package orgs

import (
	"encoding/base64"
	"slices"
)

// MaxPage is how many items a page has at most, and if the caller does not say.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
const MaxPage = 20

// Page asks for one page of a list.
type Page struct {
	// Max is the largest number of items to return; 0 means MaxPage.
	Max int
	// Token is that of the page before; empty for the first.
	Token string
}

// List is one page. Token asks for the next page; it is empty on the last one. Pages are in the order
// of IDs.
type List[T any] struct {
	Items []T
	Token string
}

// pageOf returns the page p of what ids name. describe returns an item; ok is false for one that is
// not listed. Only what the page needs is read.
func pageOf[T any](ids []string, p Page, describe func(id string) (item T, ok bool, err error)) (List[T], error) {
	after, err := base64.RawURLEncoding.DecodeString(p.Token)
	if err != nil {
		return List[T]{}, errNextToken
	}
	most := p.Max
	if most <= 0 || most > MaxPage {
		most = MaxPage
	}
	ids = slices.Sorted(slices.Values(ids))
	var out List[T]
	last := ""
	for _, id := range ids {
		if id <= string(after) {
			continue
		}
		item, ok, err := describe(id)
		if err != nil {
			return List[T]{}, err
		}
		if !ok {
			continue
		}
		if len(out.Items) == most {
			out.Token = base64.RawURLEncoding.EncodeToString([]byte(last))
			break
		}
		out.Items = append(out.Items, item)
		last = id
	}
	return out, nil
}
