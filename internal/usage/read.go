package usage

import (
	"context"
	"fmt"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Key returns what an access key of an account was last used for. Its Used is 0 if it never was.
func (s *Service) Key(ctx context.Context, account ids.AccountID, id ids.AccessKeyID) (*records.Usage, error) {
	return s.one(ctx, subject{account, keys.KeyUsageKind, string(id)})
}

// Keys returns what access keys of an account were last used for, in their order.
func (s *Service) Keys(ctx context.Context, account ids.AccountID, all []ids.AccessKeyID) ([]*records.Usage, error) {
	of := make([]subject, len(all))
	for i, id := range all {
		of[i] = subject{account, keys.KeyUsageKind, string(id)}
	}
	return s.read(ctx, of)
}

// Principal returns what a user or role of an account, given by its unique ID, or its root user, given by
// the account ID, did within the tracking period. Its Used is 0 if it did nothing.
func (s *Service) Principal(ctx context.Context, account ids.AccountID, id string) (*records.Usage, error) {
	return s.one(ctx, subject{account, keys.PrincipalUsageKind, id})
}

// Principals returns what principals of an account did within the tracking period, in their order.
func (s *Service) Principals(ctx context.Context, account ids.AccountID, all []string) ([]*records.Usage, error) {
	of := make([]subject, len(all))
	for i, id := range all {
		of[i] = subject{account, keys.PrincipalUsageKind, id}
	}
	return s.read(ctx, of)
}

// Accounts returns what the principals of accounts did within the tracking period, in the order of the
// accounts, without actions.
func (s *Service) Accounts(ctx context.Context, all []ids.AccountID) ([]*records.Usage, error) {
	of := make([]subject, len(all))
	for i, account := range all {
		of[i] = subject{account, keys.AccountUsageKind, ""}
	}
	return s.read(ctx, of)
}

func (s *Service) one(ctx context.Context, of subject) (*records.Usage, error) {
	all, err := s.read(ctx, []subject{of})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// read returns the uses of subjects, those that are not written yet included.
func (s *Service) read(ctx context.Context, of []subject) ([]*records.Usage, error) {
	out := make([]*records.Usage, len(of))
	names := make([][]byte, len(of))
	for i := range of {
		names[i] = of[i].key()
		out[i] = s.inMemory(of[i]) // before the store is read, so that nothing is missed that is written meanwhile
	}
	err := s.store.View(ctx, func(r meta.Reader) error {
		values, err := r.GetMany(names)
		if err != nil {
			return err
		}
		for i, value := range values {
			if value == nil {
				continue
			}
			u := new(records.Usage)
			if err := records.Unmarshal(value, u); err != nil {
				return fmt.Errorf("read data of real use: %w", err)
			}
			merge(out[i], u)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	oldest := s.opts.Now().Add(-Period).UnixNano()
	for i, u := range out {
		forgetBefore(u, oldest)
		if of[i].kind != keys.KeyUsageKind && u.Used < oldest {
			u.Used, u.Region, u.Service = 0, "", ""
		}
	}
	return out, nil
}

// inMemory returns a copy of the uses that are not written yet.
func (s *Service) inMemory(of subject) *records.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := new(records.Usage)
	for _, uses := range []map[subject]*records.Usage{s.writing, s.pending} {
		if u := uses[of]; u != nil {
			merge(out, u)
		}
	}
	return out
}
