package keys

import (
	"encoding/binary"

	"crossgrant/internal/ids"
)

// UsageKind tells the records of real use apart, and the reports that are made of them.
type UsageKind byte

// The kinds of record of an account.
const (
	AccountUsageKind     UsageKind = 'a'
	KeyUsageKind         UsageKind = 'k'
	PrincipalUsageKind   UsageKind = 'p'
	AccessReportKind     UsageKind = 'j'
	AccessedEntitiesKind UsageKind = 'e'
	CredentialReportKind UsageKind = 'r'
)

// AccountUsage is the key of what the principals of an account did.
func AccountUsage(account ids.AccountID) []byte { return usage(account, AccountUsageKind) }

// PrincipalUsage is the key of what a principal did: the unique ID of a user or role, or the account ID for
// the root user.
func PrincipalUsage(account ids.AccountID, principal string) []byte {
	return append(usage(account, PrincipalUsageKind), principal...)
}

// KeyUsage is the key of what an access key was used for.
func KeyUsage(account ids.AccountID, id ids.AccessKeyID) []byte {
	return append(usage(account, KeyUsageKind), id...)
}

// AccessReport is the key of a report of the access advisor.
func AccessReport(account ids.AccountID, job string) []byte {
	return append(usage(account, AccessReportKind), job...)
}

// AccessReports is the range of the reports of the access advisor of an account, by job ID.
func AccessReports(account ids.AccountID) (from, to []byte) {
	return prefix(usage(account, AccessReportKind))
}

// AccessedEntities is the key of a part of what a report of the access advisor lists for a service. Parts
// count from 0.
func AccessedEntities(account ids.AccountID, job, namespace string, part int) []byte {
	key := escape(escape(usage(account, AccessedEntitiesKind), job), namespace)
	return binary.BigEndian.AppendUint32(key, uint32(part))
}

// AccessedEntitiesOf is the range of all parts that belong to a report.
func AccessedEntitiesOf(account ids.AccountID, job string) (from, to []byte) {
	return prefix(escape(usage(account, AccessedEntitiesKind), job))
}

// CredentialReport is the key of a part of an account's credential report. Parts count from 0.
func CredentialReport(account ids.AccountID, part int) []byte {
	return binary.BigEndian.AppendUint32(usage(account, CredentialReportKind), uint32(part))
}

// CredentialReportOf is the range of the parts of an account's credential report, in order.
func CredentialReportOf(account ids.AccountID) (from, to []byte) {
	return prefix(usage(account, CredentialReportKind))
}

// UsageOf is the range of all that is known of the real use of an account, reports included.
func UsageOf(account ids.AccountID) (from, to []byte) {
	return prefix(append([]byte{'u'}, account...))
}

// AllUsage is the range of all that is known of real use, by account.
func AllUsage() (from, to []byte) { return space('u') }

// ParseUsage returns account, kind and what follows it from a key of AllUsage.
func ParseUsage(key []byte) (account ids.AccountID, kind UsageKind, rest []byte, err error) {
	if len(key) < 14 || key[0] != 'u' {
		return "", 0, nil, errKey
	}
	return ids.AccountID(key[1:13]), UsageKind(key[13]), key[14:], nil
}

// ParseAccessedEntities returns the job from what ParseUsage returns as the rest of a key of that kind.
func ParseAccessedEntities(rest []byte) (job string, err error) {
	job, _, err = unescape(rest)
	return job, err
}

func usage(account ids.AccountID, kind UsageKind) []byte {
	return append(append([]byte{'u'}, account...), byte(kind))
}
