package fsck

import (
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// trailRows are those of CloudTrail. Histories stay while the account does; the accounts whose events a trail has may be
// gone.
var trailRows = map[string]row{
	`'t' 't' account name`: record(func(e *entry, t *records.Trail) {
		e.same("account ID", t.Account, e.parts[0])
		e.same("name", t.Name, e.parts[1])
		e.exists(keys.Account(e.account()), "account "+t.Account)
	}),
	`'t' 's' account name`:                   record(func(e *entry, _ *records.TrailState) { e.trail() }),
	`'t' 'f' account name\0 sequence random`: record(func(e *entry, _ *records.TrailFile) { e.trail() }),
	`'t' 'd' account name\0 member sequence`: record(func(e *entry, _ *records.TrailDelivered) { e.trail() }),
	`'t' 'g' account name\0 member`:          record(func(e *entry, _ *records.TrailDigests) { e.trail() }),
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

// trail is where what is kept of the trail that the entry names has to be.
func (e *entry) trail() { e.exists(keys.Trail(e.account(), e.parts[1]), "trail "+e.parts[1]) }
