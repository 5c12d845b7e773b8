package keys

import "crossgrant/internal/ids"

// Analyzer is the key of an analyzer of Access Analyzer, by name.
func Analyzer(account ids.AccountID, name string) []byte {
	return append(analyzer(account, 'a'), name...)
}

// Analyzers is the range of an account's analyzers, by name.
func Analyzers(account ids.AccountID) (from, to []byte) { return prefix(analyzer(account, 'a')) }

// ArchiveRule is the key of an archive rule of an analyzer, by name.
func ArchiveRule(account ids.AccountID, analyzerName, rule string) []byte {
	return append(escape(analyzer(account, 'r'), analyzerName), rule...)
}

// ArchiveRules is the range of the archive rules of an analyzer, by name.
func ArchiveRules(account ids.AccountID, analyzerName string) (from, to []byte) {
	return prefix(escape(analyzer(account, 'r'), analyzerName))
}

// AnalyzerFinding is the key of a finding of an analyzer, by ID.
func AnalyzerFinding(account ids.AccountID, analyzerName, id string) []byte {
	return append(escape(analyzer(account, 'f'), analyzerName), id...)
}

// AnalyzerFindings is the range of the findings of an analyzer, by ID.
func AnalyzerFindings(account ids.AccountID, analyzerName string) (from, to []byte) {
	return prefix(escape(analyzer(account, 'f'), analyzerName))
}

// AnalyzersOf is the range of all that Access Analyzer keeps of an account.
func AnalyzersOf(account ids.AccountID) (from, to []byte) {
	return prefix(append([]byte{'y'}, account...))
}

func analyzer(account ids.AccountID, kind byte) []byte {
	return append(append([]byte{'y'}, account...), kind)
}
