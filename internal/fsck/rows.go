package fsck

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// row is what is known of the entries whose keys have one shape.
type row struct {
	// message returns an empty record of the entry, or nil if the entry is not one that is known, which it notes. A
	// nil function means that the value is no record.
	message func(e *entry) proto.Message
	// check notes what is wrong with an entry; m is its record.
	check func(e *entry, m proto.Message)
}

// record is the row of entries whose values are records of type M.
func record[M any, P interface {
	*M
	proto.Message
}](check func(e *entry, m P)) row {
	return row{
		func(*entry) proto.Message { return P(new(M)) },
		func(e *entry, m proto.Message) { check(e, m.(P)) },
	}
}

// plain is the row of entries whose values are no records.
func plain(check func(e *entry)) row {
	return row{nil, func(e *entry, _ proto.Message) { check(e) }}
}

// rows are what is known, by shape: one for each of keys.Shapes, which a test holds. It is filled in when the
// program starts, because the functions in it use it.
var rows map[string]row

func init() {
	rows = map[string]row{}
	for _, some := range []map[string]row{accountRows, iamRows, bucketRows, objectRows, organizationRows, analyzerRows, trailRows, otherRows} {
		for form, r := range some {
			rows[form] = r
		}
	}
}

// empty notes that an entry that only its key says something with has a value.
func empty(e *entry) {
	if len(e.value) > 0 {
		e.wrong(Record, "it has a value of %d bytes, and none is written", len(e.value))
	}
}

// account returns the account in the key of an entry, which is its first component.
func (e *entry) account() ids.AccountID { return ids.AccountID(e.parts[0]) }

// accountRows are those of accounts and of what leads to them.
var accountRows = map[string]row{
	`'A' account`: record(func(e *entry, a *records.Account) {
		e.same("account ID", a.Id, e.parts[0])
		e.needs(keys.CanonicalID(ids.CanonicalUserID(a.CanonicalId)), []byte(a.Id), "canonical user ID", false)
		if a.Email != "" {
			e.needs(keys.Email(a.Email), []byte(a.Id), "e-mail address", false)
		}
		if a.Alias != "" {
			e.needs(keys.AccountAlias(a.Alias), []byte(a.Id), "account alias", false)
		}
		for _, id := range a.AccessKeys {
			e.exists(keys.AccessKey(ids.AccessKeyID(id)), "access key "+id)
		}
		if a.Deleting != 0 {
			e.exists(keys.AccountDeletion(ids.AccountID(a.Id)), "its deletion")
		}
	}),
	`'C' canonical-id`: plain(func(e *entry) {
		e.leadsToAccount(func(a *records.Account) bool { return a.CanonicalId == e.parts[0] })
	}),
	`'E' email`: plain(func(e *entry) {
		e.leadsToAccount(func(a *records.Account) bool { return strings.ToLower(a.Email) == e.parts[0] })
	}),
	`'a' alias`: plain(func(e *entry) {
		e.leadsToAccount(func(a *records.Account) bool { return a.Alias == e.parts[0] })
	}),
	`'K' access-key-id`: record(checkAccessKey),
	`'d' 'a' account`: record(func(e *entry, d *records.AccountDeletion) {
		e.same("account ID", d.Account, e.parts[0])
		if d.Finished == 0 {
			e.exists(keys.Account(e.account()), "the account that is being deleted")
		}
	}),
	`'d' 'c' canonical-id`: plain(func(e *entry) {
		d := new(records.AccountDeletion)
		p := e.read(keys.AccountDeletion(ids.AccountID(e.value)), d)
		if e.err == nil && (p == missing || p == present && d.CanonicalId != e.parts[0]) {
			e.wrong(Reference, "it names the deleted account %s, of whose deletion there is no record with this ID", e.value)
		}
	}),
}

// leadsToAccount verifies an entry of an index whose value is an account ID.
func (e *entry) leadsToAccount(has func(a *records.Account) bool) {
	a := new(records.Account)
	p := e.read(keys.Account(ids.AccountID(e.value)), a)
	e.led(p, has(a), "account "+string(e.value))
}

// checkAccessKey verifies an access key, which its owner has to list.
func checkAccessKey(e *entry, k *records.AccessKey) {
	e.same("access key ID", k.Id, e.parts[0])
	e.opens(k.SealedSecret, k.Id, "its secret")
	var p presence
	var listed []string
	if k.UserName == "" {
		a := new(records.Account)
		p = e.read(keys.Account(ids.AccountID(k.Account)), a)
		listed = a.AccessKeys
	} else {
		u := new(records.User)
		p = e.read(keys.Entity(ids.AccountID(k.Account), keys.UserKind, k.UserName), u)
		listed = u.AccessKeys
		if p == present && u.Id != k.UserId {
			p = missing
		}
	}
	switch {
	case e.err != nil || p == unreadable:
	case p == missing:
		// It is of no use to anybody: a caller is looked for under the owner that the key names.
		e.wrong(Reference, "its owner, %s in account %s, is not there", owner(k), k.Account)
		e.repair("remove the access key", write{e.key, nil})
	case !slices.Contains(listed, k.Id):
		e.wrong(Reference, "its owner, %s in account %s, does not list it", owner(k), k.Account)
	}
}

func owner(k *records.AccessKey) string {
	if k.UserName == "" {
		return "the root user"
	}
	return "user " + k.UserName
}
