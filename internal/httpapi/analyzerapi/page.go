package analyzerapi

import (
	"encoding/base64"
	"strconv"

	"crossgrant/internal/analyzer"
	"crossgrant/internal/wire/restjson"
)

// page is which part of a list is asked for.
type page struct {
	max   int
	token string
}

// maxPage is how many items a page has at most, and if the request does not say.
const maxPage = 100

// readPage reads the members of a list that are in the body, and queryPage those that are in the query.
func readPage(in *restjson.Input, to *input) {
	to.page = page{in.Int("maxResults", maxPage, 1, 1<<31-1), in.String("nextToken", tokenRules...)}
}

func queryPage(in *restjson.Input, to *input) {
	to.page = page{in.QueryInt("maxResults", maxPage, 1, 1<<31-1), in.Query("nextToken", tokenRules...)}
}

// cut returns the items of a page, and the token of the next one; empty if it is the last. id tells an item apart from
// the others of the list. A list that changes between two pages goes on behind the last item that was seen or, if that
// is gone, at the place that it had: rather an item twice than none.
func cut[T any](p page, all []T, id func(*T) string) (items []T, next string, err error) {
	from := 0
	if p.token != "" {
		place, last, ok := parseToken(p.token)
		if !ok {
			return nil, "", analyzer.Invalid(analyzer.FieldInvalid, "The value of nextToken is not valid.")
		}
		from = min(place-1, len(all))
		for i := range all {
			if id(&all[i]) == last {
				from = i + 1
			}
		}
	}
	to := min(from+min(p.max, maxPage), len(all))
	items = all[from:to]
	if to < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to) + "\x00" + id(&all[to-1])))
	}
	return items, next, nil
}

// parseToken returns the place behind the last item of a page, and the item's ID.
func parseToken(token string) (place int, id string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, "", false
	}
	for i := range b {
		if b[i] == 0 {
			place, err = strconv.Atoi(string(b[:i]))
			return place, string(b[i+1:]), err == nil && place > 0
		}
	}
	return 0, "", false
}
