package meta

import "context"

// Damage is a place in the files of an engine that is not what was written.
type Damage struct {
	File string // its name in the folder of the engine
	What string
	// From and To are the bounds, half-open, of the keys whose entries may be lost or hidden by it; both nil if no
	// entry is. A nil To means no upper bound.
	From, To []byte
}

// Verifier is an Engine that can read all of its files and tell which are damaged. It may be used meanwhile.
type Verifier interface {
	Engine
	// Verify reads every file in full. read is called as bytes are read, with how many; its error ends Verify. An
	// error is not a damage: something could not be read.
	Verify(ctx context.Context, read func(n int) error, found func(Damage)) error
}

// Verify has the engine verify its files; an engine that has none finds nothing.
func (s *Store) Verify(ctx context.Context, read func(n int) error, found func(Damage)) error {
	if v, ok := s.engine.(Verifier); ok {
		return v.Verify(ctx, read, found)
	}
	return nil
}
