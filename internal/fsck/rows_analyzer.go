package fsck

import (
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// analyzerRows are those of Access Analyzer. Findings are about resources that may be gone.
var analyzerRows = map[string]row{
	`'y' account 'a' analyzer`: record(func(e *entry, a *records.Analyzer) {
		e.same("account ID", a.Account, e.parts[0])
		e.same("name", a.Name, e.parts[1])
		e.exists(keys.Account(e.account()), "account "+a.Account)
	}),
	`'y' account 'r' analyzer\0 rule`: record(func(e *entry, r *records.ArchiveRule) {
		e.same("name", r.Name, e.parts[2])
		e.exists(keys.Analyzer(e.account(), e.parts[1]), "analyzer "+e.parts[1])
	}),
	`'y' account 'f' analyzer\0 finding`: record(func(e *entry, f *records.AnalyzerFinding) {
		e.same("ID", f.Id, e.parts[2])
		e.exists(keys.Analyzer(e.account(), e.parts[1]), "analyzer "+e.parts[1])
	}),
}
