package meta

import "context"

// guardKey is the key of what Guarded puts into a context.
type guardKey struct{}

// Guarded returns a context whose Updates commit what they write only if check returns nil: it runs in each run of the
// transaction, after everything else, and its error is that of the transaction. Updates that write nothing are not checked.
// A nil check takes away the one that there was, for what has to be done also when that would fail.
func Guarded(ctx context.Context, check func(Reader) error) context.Context {
	return context.WithValue(ctx, guardKey{}, check)
}

// guard checks whether a transaction may commit.
func guard(ctx context.Context, tx *limitedTx) error {
	check, _ := ctx.Value(guardKey{}).(func(Reader) error)
	if check == nil || !tx.wrote {
		return nil
	}
	return check(tx)
}
