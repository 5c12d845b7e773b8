package iam

import (
	"cmp"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// DefaultPage is how many items a page has if the caller does not say.
const DefaultPage = 100

// Page asks for one page of a list.
type Page struct {
	// Max is the largest number of items to return; 0 means DefaultPage.
	Max int
	// Marker is that of the page before; empty for the first.
	Marker string
}

// List is one page. Marker asks for the next page; it is empty on the last one.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
type List[T any] struct {
	Items  []T
	Marker string
}

func (p Page) size() int {
	if p.Max <= 0 {
		return DefaultPage
	}
	return p.Max
}

// after returns the sort key that the page begins behind, "" for the first page.
func (p Page) after() (string, error) {
	if p.Marker == "" {
		return "", nil
	}
	key, err := base64.RawURLEncoding.DecodeString(p.Marker)
	if err != nil || len(key) == 0 {
		return "", validationError("Invalid Marker.")
	}
	return string(key), nil
}

// marker returns the marker of a page that ends with the item of this sort key. It has at most the
// 320 characters that the API allows, since sort keys are names.
func marker(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// paginate cuts one page out of items. key gives each item's sort key, which is unique; pages are in
// its order.
func paginate[T any](items []T, key func(T) string, p Page) (List[T], error) {
	after, err := p.after()
	if err != nil {
		return List[T]{}, err
	}
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	if after != "" {
		items = slices.DeleteFunc(items, func(item T) bool { return key(item) <= after })
	}
	if len(items) <= p.size() {
		return List[T]{Items: items}, nil
	}
	items = items[:p.size()]
	return List[T]{Items: items, Marker: marker(key(items[len(items)-1]))}, nil
}

// scan returns one page of the account's entities of a kind, by lower-case name: those for which pick
// returns ok. Only what the page needs is read.
func scan[R entity, T any](v view, k keys.Kind, p Page, record func() R, pick func(R) (item T, ok bool, err error)) (List[T], error) {
	after, err := p.after()
	if err != nil {
		return List[T]{}, err
	}
	from, to := keys.Entities(v.account, k)
	if after != "" {
		from = append(keys.Entity(v.account, k, after), 0)
	}
	it := v.Scan(from, to)
	list, err := fill(it, p.size(), record, pick)
	return list, errors.Join(err, it.Close())
}

// fill reads a page of at most size items from it.
func fill[R entity, T any](it meta.Iterator, size int, record func() R, pick func(R) (item T, ok bool, err error)) (List[T], error) {
	var list List[T]
	var last string
	for it.Next() {
		r := record()
		if err := records.Unmarshal(it.Value(), r); err != nil {
			return List[T]{}, err
		}
		item, ok, err := pick(r)
		if err != nil {
			return List[T]{}, err
		}
		if !ok {
			continue
		}
		if len(list.Items) == size {
			list.Marker = marker(last)
			break
		}
		list.Items = append(list.Items, item)
		last = strings.ToLower(r.GetName())
	}
	return list, nil
}
