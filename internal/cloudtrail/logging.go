package cloudtrail

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// StartLogging makes a trail log. It does nothing if it does.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
func (s *Service) StartLogging(ctx context.Context, account ids.AccountID, text string) error {
	_, err := s.change(ctx, account, text, changing, func(t *records.Trail) error {
		if !t.Logging {
			t.Logging, t.Started = true, s.Now().UnixNano()
		}
		return nil
	})
	return err
}

// StopLogging makes a trail log no longer. It does nothing if it does not.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html
func (s *Service) StopLogging(ctx context.Context, account ids.AccountID, text string) error {
	_, err := s.change(ctx, account, text, changing, func(t *records.Trail) error {
		if t.Logging {
			t.Logging, t.Stopped = false, s.Now().UnixNano()
		}
		return nil
	})
	return err
}

// Status is whether a trail logs, and what became of its deliveries. Times are zero for what never was.
type Status struct {
	Logging              bool
	Started, Stopped     time.Time // last
	Delivered, Attempted time.Time // log files: when one was last, and when one was to be
	DeliveryError        string    // why it was not; empty if it was
	DigestDelivered      time.Time
	DigestError          string
}

// Status returns the status of a trail that the account may see.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
func (s *Service) Status(ctx context.Context, account ids.AccountID, text string) (status Status, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		t, err := s.find(r, account, text, reading)
		if err != nil {
			return err
		}
		state := new(records.TrailState)
		err = records.Get(r, keys.TrailState(ids.AccountID(t.Account), t.Name), state)
		if err != nil && !errors.Is(err, meta.ErrNotFound) {
			return err
		}
		status = Status{
			Logging: t.Logging, Started: fromNano(t.Started), Stopped: fromNano(t.Stopped),
			Delivered: fromNano(state.Delivered), Attempted: fromNano(state.Attempted), DeliveryError: state.Error,
			DigestDelivered: fromNano(state.DigestDelivered), DigestError: state.DigestError,
		}
		return nil
	})
	return status, err
}

// Delete removes a trail. Events that came before are still delivered, with digest files if the trail had them, and what
// lies in its bucket stays.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html; what becomes of events that
// are under way is not documented: they are delivered, so that nobody hides them by deleting the trail.
func (s *Service) Delete(ctx context.Context, account ids.AccountID, text string) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		t, err := s.find(tx, account, text, changing)
		if err != nil {
			return err
		}
		owner := ids.AccountID(t.Account)
		return errors.Join(s.keep(tx, t), tx.Delete(keys.TrailState(owner, t.Name)), tx.Delete(keys.Trail(owner, t.Name)))
	})
}
