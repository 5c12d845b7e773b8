package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"crossgrant/internal/meta"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	server := func(code string) error { return fmt.Errorf("exchange: %w", &pgconn.PgError{Code: code}) }
	zero := &pgconn.PgError{Code: divisionByZero}
	ended, end := context.WithCancel(context.Background())
	end()
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want error // nil: none of package meta's
		lost bool
	}{
		{"serialization", nil, server("40001"), meta.ErrConflict, false},
		{"deadlock", nil, server("40P01"), meta.ErrConflict, false},
		{"a key that was to be absent", nil, server("23505"), meta.ErrConflict, false},
		{"a revision that was to be", nil, &failed{swapKnown, zero}, meta.ErrConflict, false},
		{"a late commit", nil, &failed{beforeDeadline, zero}, meta.ErrUnavailable, false},
		{"disk full", nil, server("53100"), meta.ErrNoSpace, false},
		{"too many connections", nil, server("53300"), meta.ErrUnavailable, false},
		{"shutdown", nil, server("57P01"), meta.ErrUnavailable, true},
		{"starting", nil, server("57P03"), meta.ErrUnavailable, true},
		{"statement_timeout", nil, server("57014"), meta.ErrUnavailable, false},
		{"standby", nil, server("25006"), meta.ErrUnavailable, true},
		{"password", nil, server("28P01"), meta.ErrUnavailable, false},
		{"ambiguous", nil, server("40003"), meta.ErrUnavailable, false},
		{"damaged page", nil, server("XX001"), meta.ErrCorrupt, false},
		{"damaged index", nil, server("XX002"), meta.ErrCorrupt, false},
		{"internal error", nil, server("XX000"), meta.ErrUnavailable, false},
		{"syntax", nil, server("42601"), nil, false},
		{"end of the connection", nil, io.ErrUnexpectedEOF, meta.ErrUnavailable, true},
		{"end of the context", ended, io.ErrUnexpectedEOF, context.Canceled, true},
	}
	known := []error{meta.ErrConflict, meta.ErrUnavailable, meta.ErrNoSpace, meta.ErrCorrupt, context.Canceled}
	for _, test := range tests {
		ctx := test.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		got := translate(ctx, test.err)
		for _, k := range known {
			if errors.Is(got, k) != (k == test.want) {
				t.Errorf("%s: %v is %v: %v", test.name, got, k, errors.Is(got, k))
			}
		}
		if got == nil || lost(test.err) != test.lost {
			t.Errorf("%s: %v, lost: %v, want %v", test.name, got, lost(test.err), test.lost)
		}
	}
}
