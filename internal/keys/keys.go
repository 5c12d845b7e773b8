// Package keys is the layout of the metadata store: it alone encodes and decodes keys.
//
// A key is a tuple: one byte that names its space, then components. A component of fixed width is
// written as it is; a component of any width is written with 0x00 escaped as 0x00 0xff and ended by
// 0x00 0x01, so that tuples sort component by component; the last component of a key is written as
// it is. Names that IAM compares ignoring case are folded to lower case here.
//
//	'A' account                      Account by ID (12 digits)
//	'C' canonical-id                 account ID by canonical user ID
//	'E' email                        account ID by root user's e-mail, lower case
//	'K' access-key-id                AccessKey
//	'I' account 'u' user             User by name, lower case
//	'I' account 'g' group            Group by name, lower case
//	'I' account 'r' role             Role by name, lower case
//	'I' account 'p' policy           ManagedPolicy by name, lower case
//	'I' account 'n' unique-id        kind letter and lower-case name of the entity with this unique ID
//	'I' account 'm' group\0 user     membership, by group; value: the user's name
//	'I' account 'a' policy\0 kind entity   attachment of a managed policy, by its ARN; value: entity's name
//	'I' account 'b' policy\0 kind entity   permissions boundary of a user or role, by policy ARN; value: entity's name
//	'I' account 'c' kind             EntityCount: how many keys the account has of this kind
//	'I' account 'd' device           MFADevice by path and name
//	'I' account 'e' owner\0 device   MFA devices that are enabled, by unique ID of a user, or account ID for the root user; empty value
//	'I' account 'i' profile          InstanceProfile by name, lower case
//	'I' account 'k' task             RoleDeletion by the ID of the task
//	'I' account 't' policy           PolicyUses of a managed policy of AWS, by its ARN
//	'a' alias                        account ID by account alias
//	'I' account 'o' issuer           OIDCProvider by URL without its scheme
//	'I' account 's' name             SAMLProvider by name
//	'N' unique-id                    account ID by unique ID of a user or role
//	'B' bucket                       Bucket by name
//	'L' account bucket               bucket names of an account; empty value
//	'O' bucket-id key                Object, current version, unless that is a delete marker
//	'V' bucket-id key\0 version     Object, the versions that are not there, latest first
//	'Y' bucket-id key                place of the null version among those versions, if it is one of them
//	'T' bucket-id kind               setting of a bucket that is not in its record, by SettingKind
//	'X' bucket                       LifecycleProgress of a bucket with a lifecycle, by name
//	'U' bucket-id key\0 upload-id    Upload in progress
//	'P' upload-id\0 number           Part, number as two bytes
//	'c' sequence random             content of an object up to 64 KiB, as Object.content names it; sequence as 8 bytes
//	'G' blob-id                      blob that no record names any more, to be deleted
//	'b' blob-id                      blob that a record names; empty value. Of blobs written by format 3 and before there is none
//	'W' blob-id                      of format 3 and before: blob whose record was being written; garbage if found at start
//	'D' account                      Membership of an account in an organization
//	'R' org\0 'o'                    Organization
//	'R' org\0 'n' node               OrganizationNode: the root or an OU, by ID
//	'R' org\0 'p' policy             OrganizationPolicy by ID
//	'R' org\0 'm' account            accounts of an organization; empty value
//	'R' org\0 'c' parent\0 child     OUs below a root or OU, by ID; empty value
//	'R' org\0 'u' parent\0 name      OU ID by parent and name
//	'R' org\0 't' type\0 name        policy ID by type and name
//	'R' org\0 'a' policy\0 target    attachment of a policy to a root, OU or account; empty value
//	'R' org\0 'f'                    RootFeatures
//	'R' org\0 'h' handshake          invitations of an organization; empty value
//	'R' org\0 'q' request            CreateAccountRequest by ID
//	'R' org\0 'b' parent\0 account   accounts below a root or OU, by ID; empty value
//	'R' org\0 'i' handshake          invitations of an organization that were not answered; empty value
//	'R' org\0 'k'                    OrganizationCounts
//	'R' org\0 'd'                    OrganizationResourcePolicy
//	'H' handshake                    Handshake by ID
//	'J' account handshake            invitations of an account; empty value
//	'Q' org\0 request                CreateAccountRequest that is in progress; empty value
//	'S' 'k' key-id                   KMSKey by ID
//	'S' 'a' account alias            ID of a KMS key by its alias
//	'Z' destination\0 sequence random   Event that is to be delivered, by ARN; sequence as 8 bytes
//	'F' 'l' bucket-id sequence random    LogLines, of the access log of a bucket; sequence as 8 bytes
//	'F' 'o' bucket-id sequence random    LogObject that is to be delivered
//	'd' 'a' account                  AccountDeletion: one that goes on and, when it is finished, what is left of the account
//	'd' 'c' canonical-id             account ID of a deleted account by its canonical user ID
//	'u' account 'a'                  Usage of an account: what all of its principals did
//	'u' account 'k' access-key-id    Usage of an access key
//	'u' account 'p' unique-id        Usage of a user or role, or by account ID of the root user
//	'u' account 'j' job              AccessReport
//	'u' account 'e' job\0 service\0 part   AccessedEntities of an AccessReport, part as 4 bytes
//	'u' account 'r' part             CredentialReport, part as 4 bytes
//	'y' account 'a' analyzer          Analyzer by name
//	'y' account 'r' analyzer\0 rule   ArchiveRule by name
//	'y' account 'f' analyzer\0 finding   AnalyzerFinding by ID
//	't' 't' account name             Trail by name
//	't' 's' account name             TrailState
//	't' 'v' account name\0 sequence   TrailVersion, by the time until which it was so; sequence as 8 bytes
//	't' 'f' account name\0 sequence random   TrailFile that is to be delivered; sequence as 8 bytes
//	't' 'b' account name\0 sequence random   TrailContent: that of the TrailFile of this place
//	't' 'd' account name\0 member sequence   TrailDelivered, by the account whose events it has; sequence as 8 bytes
//	't' 'g' account name\0 member     TrailDigests of that account
//	't' 'k' begins                   TrailKey by the time from which it signs
//	't' 'h' account                  TrailHistory: how much the event history of an account has
//	'h' account sequence             TrailEvents of an account; sequence as 8 bytes
//	'M' name                         facts about the store itself
//	'j' 's' sequence                 JournalSegment; 'j' 'd' sequence holds its content
//	'j' 'd' sequence                 JournalContent
//	'j' 'c' name                     JournalReader: how far the reader of that name has come
//	'j' 't'                          JournalState
//	'j' 'k' request                  JournalKept: an entry that is in no segment yet, by request ID
//	'f' kind                         ScrubProgress of the pass over what kind names
//	'l' 'l' name                     Lease of work that one server at a time does
//	'l' 'r' name                     LeaseRenewal: that its holder is there
//	'l' 's' server                   Server that is there, by the ID that it drew
//	'w' session                      ConsoleSession by the hash of its token
//
// What begins with 'l' or 'w' is only in stores that several servers share, and of no use in a copy of one.
//
// The layout is a format on disk: golden tests hold it, and Format is raised when it changes.
package keys

import (
	"encoding/binary"
	"errors"
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
)

// Format is the version of the layout and of the records, kept under Meta("format"). A program reads those of
// older formats and writes its own.
//
//	1  objects without versions, their content in the clear
//	2  versions and delete markers, encrypted content, settings of buckets beside their records
//	3  uses of AWS's managed policies and of permissions boundaries
//	4  the content of small objects beside their records; blobs that are named, instead of those that are being written
//	5  small blobs many to a file, where their IDs say
//	6  the journal of request records, analyzers
//	7  trails, event history, entries of the journal that commit with a change
const Format = 7

// OldestWritten is the oldest format that this program can write as well, so that it runs beside programs of that format on one store
// (package servers).
const OldestWritten = 7

// FormatFact is the name of the fact which format a store has: what is in it is of that format or of an older one.
const FormatFact = "format"

// FormatHeld is the format of a store that takes part in a migration: no program can read it as one.
const FormatHeld = "held by crossgrant migrate"

// errKey says that bytes are not a key of the space they were taken for.
var errKey = errors.New("keys: malformed key")

// Kind tells IAM entities apart in a key.
type Kind byte

// The kinds of IAM entity that policies are attached to, managed policies, and instance profiles.
const (
	UserKind            Kind = 'u'
	GroupKind           Kind = 'g'
	RoleKind            Kind = 'r'
	PolicyKind          Kind = 'p'
	InstanceProfileKind Kind = 'i'
)

// The kinds of what is counted as entities are.
const (
	MFADeviceKind        Kind = 'd' // virtual MFA devices
	EnabledMFADeviceKind Kind = 'e'
	OIDCProviderKind     Kind = 'o'
	SAMLProviderKind     Kind = 's'
	BucketKind           Kind = 'b'
	PolicyVersionKind    Kind = 'v' // of managed policies; they have no keys of their own
)

// BucketID is the internal identity of one creation of a bucket.
type BucketID [8]byte

// Account is the key of an account.
func Account(id ids.AccountID) []byte { return append([]byte{'A'}, id...) }

// Accounts is the range of all accounts, by ID.
func Accounts() (from, to []byte) { return space('A') }

// CanonicalID is the key of the index from canonical user ID to account ID.
func CanonicalID(id ids.CanonicalUserID) []byte { return append([]byte{'C'}, id...) }

// AccountDeletion is the key of the deletion of an account.
func AccountDeletion(id ids.AccountID) []byte { return append([]byte("da"), id...) }

// AccountDeletions is the range of all deletions, by account ID.
func AccountDeletions() (from, to []byte) { return prefix([]byte("da")) }

// DeletedCanonicalID is the key that keeps the canonical user ID of a deleted account from being given out again.
func DeletedCanonicalID(id ids.CanonicalUserID) []byte { return append([]byte("dc"), id...) }

// Email is the key of the index from a root user's e-mail address to account ID.
func Email(address string) []byte { return append([]byte{'E'}, strings.ToLower(address)...) }

// AccountAlias is the key of the account that has an alias.
func AccountAlias(alias string) []byte { return append([]byte{'a'}, alias...) }

// AccessKey is the key of an access key.
func AccessKey(id ids.AccessKeyID) []byte { return append([]byte{'K'}, id...) }

// Entity is the key of a user, group, role or managed policy, whose name is compared ignoring case.
func Entity(account ids.AccountID, k Kind, name string) []byte {
	return append(iam(account, byte(k)), strings.ToLower(name)...)
}

// Entities is the range of an account's entities of one kind, by lower-case name.
func Entities(account ids.AccountID, k Kind) (from, to []byte) { return prefix(iam(account, byte(k))) }

// Counted is the range of what an account has of one kind: entities, virtual MFA devices or buckets.
func Counted(account ids.AccountID, k Kind) (from, to []byte) {
	if k == BucketKind {
		return BucketsOf(account)
	}
	return Entities(account, k)
}

// EntityCount is the key of the number of the keys of Counted.
func EntityCount(account ids.AccountID, k Kind) []byte {
	return append(iam(account, 'c'), byte(k))
}

// InIAM is the range of everything that IAM keeps of an account and of nothing else.
func InIAM(account ids.AccountID) (from, to []byte) { return prefix(append([]byte{'I'}, account...)) }

// UniqueID is the key of the index from unique ID to entity, in an account.
func UniqueID(account ids.AccountID, id ids.UniqueID) []byte {
	return append(iam(account, 'n'), id...)
}

// EntityAccount is the key of the index from unique ID of a user or role to account ID.
func EntityAccount(id ids.UniqueID) []byte { return append([]byte{'N'}, id...) }

// ParseUniqueID returns the unique ID from a key of UniqueIDs; ok is false for another key.
func ParseUniqueID(key []byte) (id ids.UniqueID, ok bool) {
	if len(key) < 15 || key[0] != 'I' || key[13] != 'n' {
		return "", false
	}
	return ids.UniqueID(key[14:]), true
}

// Member is the key of a user's membership in a group.
func Member(account ids.AccountID, group, user string) []byte {
	return append(escape(iam(account, 'm'), strings.ToLower(group)), strings.ToLower(user)...)
}

// Members is the range of a group's members, by lower-case user name.
func Members(account ids.AccountID, group string) (from, to []byte) {
	return prefix(escape(iam(account, 'm'), strings.ToLower(group)))
}

// Attachment is the key that records that a managed policy is attached to an entity of account.
// policy is the policy's ARN.
func Attachment(account ids.AccountID, policy string, k Kind, entity string) []byte {
	return append(append(escape(iam(account, 'a'), policy), byte(k)), strings.ToLower(entity)...)
}

// Attachments is the range of the entities of account that a managed policy is attached to, by kind
// and lower-case name.
func Attachments(account ids.AccountID, policy string) (from, to []byte) {
	return prefix(escape(iam(account, 'a'), policy))
}

// BoundaryUse is the key that records that a managed policy is the permissions boundary of a user or role.
// policy is the policy's ARN.
func BoundaryUse(account ids.AccountID, policy string, k Kind, entity string) []byte {
	return append(append(escape(iam(account, 'b'), policy), byte(k)), strings.ToLower(entity)...)
}

// BoundaryUses is the range of the entities of account that a managed policy is the boundary of, by kind and
// lower-case name.
func BoundaryUses(account ids.AccountID, policy string) (from, to []byte) {
	return prefix(escape(iam(account, 'b'), policy))
}

// PolicyUses is the key of the number of uses that account makes of a managed policy of AWS.
func PolicyUses(account ids.AccountID, policy string) []byte {
	return append(iam(account, 't'), policy...)
}

// RoleDeletion is the key of the task of deleting a service-linked role.
func RoleDeletion(account ids.AccountID, task string) []byte {
	return append(iam(account, 'k'), task...)
}

// RoleDeletions is the range of an account's tasks of deleting service-linked roles, by ID.
func RoleDeletions(account ids.AccountID) (from, to []byte) { return prefix(iam(account, 'k')) }

// Bucket is the key of a bucket.
func Bucket(name string) []byte { return append([]byte{'B'}, name...) }

// AllBuckets is the range of all buckets, by name.
func AllBuckets() (from, to []byte) { return space('B') }

// BucketOf is the key that lists a bucket under its account.
func BucketOf(account ids.AccountID, name string) []byte {
	return append(append([]byte{'L'}, account...), name...)
}

// BucketsOf is the range of an account's buckets, by name.
func BucketsOf(account ids.AccountID) (from, to []byte) {
	return prefix(append([]byte{'L'}, account...))
}

// ParseBucketOf returns the bucket's name from a key of BucketsOf.
func ParseBucketOf(key []byte) (string, error) {
	if len(key) < 14 || key[0] != 'L' {
		return "", errKey
	}
	return string(key[13:]), nil
}

// Object is the key of the current version of an object.
func Object(b BucketID, key string) []byte { return append(append([]byte{'O'}, b[:]...), key...) }

// Objects is the range of a bucket's objects whose keys begin with prefix.
func Objects(b BucketID, keyPrefix string) (from, to []byte) { return prefix(Object(b, keyPrefix)) }

// ParseObject returns the object's key from a key of Objects.
func ParseObject(key []byte) (string, error) {
	if len(key) < 9 || key[0] != 'O' {
		return "", errKey
	}
	return string(key[9:]), nil
}

// Upload is the key of a multipart upload.
func Upload(b BucketID, key, upload string) []byte {
	return append(escape(append([]byte{'U'}, b[:]...), key), upload...)
}

// Uploads is the range of a bucket's multipart uploads, by object key and upload ID.
func Uploads(b BucketID) (from, to []byte) { return prefix(append([]byte{'U'}, b[:]...)) }

// AllUploads is the range of the multipart uploads of all buckets.
func AllUploads() (from, to []byte) { return space('U') }

// ParseUpload returns object key and upload ID from a key of Uploads.
func ParseUpload(key []byte) (object, upload string, err error) {
	if len(key) < 9 || key[0] != 'U' {
		return "", "", errKey
	}
	object, rest, err := unescape(key[9:])
	return object, string(rest), err
}

// Part is the key of one part of an upload; number is 1 to 10,000.
func Part(upload string, number int) []byte {
	return binary.BigEndian.AppendUint16(escape([]byte{'P'}, upload), uint16(number))
}

// Parts is the range of an upload's parts, by number.
func Parts(upload string) (from, to []byte) { return prefix(escape([]byte{'P'}, upload)) }

// Content is the key of the content of a small object. Places are in the order of time, so that what is written
// together lies together, and a log-structured store has nothing to merge it with.
func Content(p Place) []byte { return p.appendTo([]byte{'c'}) }

// Present are the first bytes of keys that are read only where they are: another key names each of them.
func Present() []byte { return []byte{'c'} }

// AllContents is the range of the contents of small objects.
func AllContents() (from, to []byte) { return space('c') }

// Garbage is the key of a blob that is to be deleted.
func Garbage(blob string) []byte { return append([]byte{'G'}, blob...) }

// AllGarbage is the range of the blobs that are to be deleted.
func AllGarbage() (from, to []byte) { return space('G') }

// Blob is the key of a blob that a record names.
func Blob(blob string) []byte { return append([]byte{'b'}, blob...) }

// AllBlobs is the range of the blobs that records name; it has none that format 3 or an older one wrote.
func AllBlobs() (from, to []byte) { return space('b') }

// Writing is the key of a blob whose record had not been committed when format 3 or an older one wrote it.
func Writing(blob string) []byte { return append([]byte{'W'}, blob...) }

// AllWriting is the range of the blobs whose records had not been committed.
func AllWriting() (from, to []byte) { return space('W') }

// ParseBlob returns the blob's ID from a key of AllGarbage or AllWriting.
func ParseBlob(key []byte) (string, error) {
	if len(key) < 2 || key[0] != 'G' && key[0] != 'W' {
		return "", errKey
	}
	return string(key[1:]), nil
}

// Meta is the key of a fact about the store itself.
func Meta(name string) []byte { return append([]byte{'M'}, name...) }

// After returns the smallest key that sorts after every key that begins with p.
func After(p []byte) []byte { return meta.After(p) }

func iam(account ids.AccountID, kind byte) []byte {
	return append(append([]byte{'I'}, account...), kind)
}

func space(b byte) (from, to []byte) { return []byte{b}, []byte{b + 1} }

// prefix returns the half-open range of the keys that begin with p.
func prefix(p []byte) (from, to []byte) { return p, meta.After(p) }

// escape appends a component of any width to key.
func escape(key []byte, component string) []byte {
	for i := range len(component) {
		key = append(key, component[i])
		if component[i] == 0 {
			key = append(key, 0xff)
		}
	}
	return append(key, 0, 1)
}

// unescape splits the component that escape wrote off the front of b.
func unescape(b []byte) (component string, rest []byte, err error) {
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != 0 {
			out = append(out, b[i])
			continue
		}
		if i+1 >= len(b) {
			return "", nil, errKey
		}
		switch b[i+1] {
		case 0xff:
			out = append(out, 0)
			i++
		case 1:
			return string(out), b[i+2:], nil
		default:
			return "", nil, errKey
		}
	}
	return "", nil, errKey
}
