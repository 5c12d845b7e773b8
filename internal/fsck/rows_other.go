package fsck

import (
	"encoding/binary"
	"slices"
	"strconv"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/migrate"
	"crossgrant/internal/records"
)

// otherRows are those of KMS keys, of what is to be delivered, of real use and of the store itself.
var otherRows = map[string]row{
	`'S' 'k' key-id`: record(func(e *entry, k *records.KMSKey) {
		e.same("key ID", k.Id, e.parts[0])
		e.exists(keys.Account(ids.AccountID(k.Account)), "account "+k.Account)
		for i, m := range k.Material {
			e.opens(m.Sealed, "KMS key "+k.Id, "its material "+strconv.Itoa(i))
		}
		if len(k.Material) == 0 {
			e.wrong(Record, "it has no material")
		}
		for _, alias := range k.Aliases {
			e.needs(keys.KMSAlias(ids.AccountID(k.Account), alias), []byte(k.Id), "alias "+alias, false)
		}
	}),
	`'S' 'a' account alias`: plain(func(e *entry) {
		k := new(records.KMSKey)
		p := e.read(keys.KMSKey(string(e.value)), k)
		e.led(p, k.Account == e.parts[0] && slices.Contains(k.Aliases, e.parts[1]), "KMS key "+string(e.value))
	}),
	// Their buckets may be gone: what happened is told all the same.
	`'Z' destination\0 sequence random`: record(func(*entry, *records.Event) {}),
	`'F' 'l' bucket-id sequence random`: record(func(*entry, *records.LogLines) {}),
	`'F' 'o' bucket-id sequence random`: record(func(*entry, *records.LogObject) {}),
	// Of use by what is gone, package usage removes the records by itself.
	`'u' account 'a'`:                      record(func(*entry, *records.Usage) {}),
	`'u' account 'k' access-key-id`:        record(func(*entry, *records.Usage) {}),
	`'u' account 'p' unique-id`:            record(func(*entry, *records.Usage) {}),
	`'u' account 'j' job`:                  record(func(*entry, *records.AccessReport) {}),
	`'u' account 'e' job\0 service\0 part`: record(func(*entry, *records.AccessedEntities) {}),
	`'u' account 'r' part`:                 record(func(*entry, *records.CredentialReport) {}),
	`'j' 's' sequence`: record(func(e *entry, _ *records.JournalSegment) {
		e.exists(keys.JournalContent(sequence(e.parts[0])), "its content")
	}),
	`'j' 'd' sequence`: record(func(e *entry, _ *records.JournalContent) {
		e.exists(keys.JournalSegment(sequence(e.parts[0])), "what is known of it")
	}),
	`'j' 'c' name`:    record(func(*entry, *records.JournalReader) {}),
	`'j' 't'`:         record(func(*entry, *records.JournalState) {}),
	`'j' 'k' request`: record(func(*entry, *records.JournalKept) {}),
	`'f' kind`:        record(func(*entry, *records.ScrubProgress) {}),
	`'M' name`:        plain(checkFact),
	// Of a server that is gone they may be left; the others remove them, or take them over.
	`'l' 'l' name`:   record(func(*entry, *records.Lease) {}),
	`'l' 'r' name`:   record(func(*entry, *records.LeaseRenewal) {}),
	`'l' 's' server`: record(func(*entry, *records.Server) {}),
	`'w' session`:    record(func(*entry, *records.ConsoleSession) {}),
}

// sequence returns a sequence as the number that it is.
func sequence(part string) uint64 { return binary.BigEndian.Uint64([]byte(part)) }

// checkFact verifies a fact about the store itself.
func checkFact(e *entry) {
	switch e.parts[0] {
	case "format":
		if n, err := strconv.Atoi(string(e.value)); err != nil || n < 1 || n > keys.Format {
			e.wrong(Record, "it says that the format is %q", e.value)
		}
	case "migration":
		if _, err := migrate.ParseMark(e.value); err != nil {
			e.wrong(Record, "%v", err)
		}
	case "master-key-check":
		e.opens(e.value, "master-key-check", "the value that the master key is checked with")
	case "console-form-key":
		e.opens(e.value, "console-form-key", "the key of the console's forms")
	}
}
