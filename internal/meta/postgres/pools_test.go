package postgres

import (
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/postgres/postgrestest"
)

// TestReadsWithinTransactions: more transactions than there are connections, each of which reads beside itself, as when a
// permission is looked up in the middle of one, do not wait for each other for ever.
func TestReadsWithinTransactions(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	if strings.Contains(url, "?") {
		url += "&pool_max_conns=4"
	} else {
		url += "?pool_max_conns=4"
	}
	store := meta.New(open(t, url, Options{}))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			err := store.Update(t.Context(), func(tx meta.Tx) error {
				if _, err := tx.GetMany([][]byte{[]byte("a")}); err != nil {
					return err
				}
				_, err := store.Read(t.Context(), [][]byte{[]byte("b")})
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
