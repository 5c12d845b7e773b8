package fsck

import (
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// trailRows are those of CloudTrail. Histories stay while the account does; what is delivered for a trail
// may be left of one that was deleted, and of accounts that are gone.
var trailRows = map[string]row{
	`'t' 't' account name`: record(func(e *entry, t *records.Trail) {
		e.same("account ID", t.Account, e.parts[0])
		e.same("name", t.Name, e.parts[1])
		e.exists(keys.Account(e.account()), "account "+t.Account)
	}),
	`'t' 's' account name`: record(func(*entry, *records.TrailState) {}),
	`'t' 'f' account name\0 sequence random`: record(func(e *entry, _ *records.TrailFile) {
		e.exists(keys.TrailContent(e.account(), e.parts[1], e.place(2)), "its content")
	}),
	`'t' 'b' account name\0 sequence random`: record(func(e *entry, _ *records.TrailContent) {
		e.exists(keys.TrailFile(e.account(), e.parts[1], e.place(2)), "what is known of it")
	}),
	`'t' 'd' account name\0 member sequence`: record(func(*entry, *records.TrailDelivered) {}),
	`'t' 'g' account name\0 member`:          record(func(*entry, *records.TrailDigests) {}),
	`'t' 'v' account name\0 sequence`: record(func(e *entry, v *records.TrailVersion) {
		e.same("account ID", v.Trail.GetAccount(), e.parts[0])
		e.same("name", v.Trail.GetName(), e.parts[1])
	}),
	`'t' 'k' begins`: record(func(e *entry, k *records.TrailKey) {
		e.opens(k.SealedPrivate, k.Fingerprint, "private key")
	}),
	`'t' 'h' account`: record(func(e *entry, _ *records.TrailHistory) {
		e.exists(keys.Account(e.account()), "account "+e.parts[0])
	}),
	`'h' account sequence`: record(func(e *entry, _ *records.TrailEvents) {
		e.exists(keys.Account(e.account()), "account "+e.parts[0])
	}),
}

// place returns the place that begins at a part of the key.
func (e *entry) place(at int) keys.Place {
	return keys.Place{Sequence: sequence(e.parts[at]), Random: [8]byte([]byte(e.parts[at+1]))}
}
