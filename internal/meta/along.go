package meta

import "context"

// alongKey is the key of what Along puts into a context.
type alongKey struct{}

// Along returns a context whose Updates commit what write writes together with their own writes, if they have any: so
// that what has to be told of a change is durable when the change is, and is not there without it. write runs in each
// run of the transaction, after everything else; its error is that of the transaction. A nil write takes away what went
// along before, for what is done on the way and is no change that is to be told of.
func Along(ctx context.Context, write func(tx Tx) error) context.Context {
	return context.WithValue(ctx, alongKey{}, write)
}

// along writes what belongs to the writes of a transaction.
func along(ctx context.Context, tx *limitedTx) error {
	write, _ := ctx.Value(alongKey{}).(func(tx Tx) error)
	if write == nil || !tx.wrote {
		return nil
	}
	return write(tx)
}
