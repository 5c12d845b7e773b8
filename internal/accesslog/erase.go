package accesslog

import (
	"bytes"
	"context"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// removeBatch is how many values one transaction of EraseAccount removes.
const removeBatch = 100

// AccountContents tells how many lines of the access logs of an account's buckets wait to be delivered, if exactly is
// set.
func (s *Service) AccountContents(r meta.Reader, account ids.AccountID, exactly bool, tell func(what string, n int)) error {
	if !exactly {
		return nil
	}
	_, lines, err := waitingOf(r, account, meta.All)
	tell("LogLines", lines)
	return err
}

// EraseAccount removes some of the lines that wait to be delivered of the buckets of an account that is being
// deleted, in one transaction, and returns how many: 0 if none is left. No log objects are made for an account that is
// closed (put), so that none follow.
func (s *Service) EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error) {
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		found, lines, err := waitingOf(tx, account, removeBatch)
		if err != nil {
			return err
		}
		removed = max(len(found), lines)
		return meta.DeleteAll(tx, found)
	})
	return removed, err
}

// waitingOf returns the keys of up to most values, of lines first and of log objects then, that wait for an account,
// and how many lines they are. In this order, no lines become a log object after log objects were removed.
func waitingOf(r meta.Reader, account ids.AccountID, most int) (found [][]byte, lines int, err error) {
	collect := func(from, to []byte, read func(value []byte) (of string, n int)) error {
		it := r.Scan(from, to)
		for len(found) < most && it.Next() {
			// What cannot be read tells of nobody.
			if of, n := read(it.Value()); of == string(account) {
				found = append(found, bytes.Clone(it.Key()))
				lines += n
			}
		}
		return it.Close()
	}
	from, to := keys.AllLogLines()
	err = collect(from, to, func(value []byte) (string, int) {
		l := new(records.LogLines)
		return read(value, l).GetAccount(), len(l.Lines)
	})
	if err != nil || len(found) > 0 && most < meta.All {
		return found, lines, err
	}
	from, to = keys.AllLogObjects()
	err = collect(from, to, func(value []byte) (string, int) {
		o := new(records.LogObject)
		return read(value, o).GetAccount(), int(o.Lines)
	})
	return found, lines, err
}

// read reads a record, which is empty if it cannot be read.
func read[M proto.Message](value []byte, m M) M {
	if records.Unmarshal(value, m) != nil {
		proto.Reset(m)
	}
	return m
}
