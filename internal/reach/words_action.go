package reach

import (
	"fmt"
	"slices"
	"strings"
)

// kindsOfAction are groups of actions and what they are in words.
var kindsOfAction = []struct {
	words string
	takes func(name string) bool // without the service
}{
	{"assume the role", anyPrefix("AssumeRole")},
	{"list the bucket", anyPrefix("ListBucket")},
	{"replicate objects", func(n string) bool {
		return strings.Contains(n, "Replicat") && strings.Contains(n, "Object") || n == "ReplicateDelete" || n == "ReplicateTags" || n == "ObjectOwnerOverrideToBucketOwner"
	}},
	{"read torrents", anySuffix("Torrent")},
	{"read objects", oneWord("GetObject", "GetObjectVersion", "GetObjectAttributes", "GetObjectVersionAttributes")},
	{"write objects", oneWord("PutObject", "RestoreObject", "UpdateObjectEncryption")},
	{"delete objects", oneWord("DeleteObject", "DeleteObjectVersion")},
	{"manage uploads", oneWord("AbortMultipartUpload", "ListMultipartUploadParts")},
	{"read ACLs", func(n string) bool { return strings.HasPrefix(n, "Get") && strings.HasSuffix(n, "Acl") }},
	{"change ACLs", func(n string) bool {
		return strings.HasSuffix(n, "Acl") && !strings.HasPrefix(n, "Get")
	}},
	{"read tags", func(n string) bool { return strings.HasPrefix(n, "Get") && strings.Contains(n, "Tagging") }},
	{"change tags", func(n string) bool { return strings.Contains(n, "Tagging") || strings.Contains(n, "Tags") }},
	{"read retention", func(n string) bool {
		return strings.HasPrefix(n, "GetObject") && (strings.Contains(n, "Retention") || strings.Contains(n, "LegalHold"))
	}},
	{"change retention", func(n string) bool { return strings.Contains(n, "Retention") || strings.Contains(n, "LegalHold") }},
	{"change the bucket policy", oneWord("PutBucketPolicy", "DeleteBucketPolicy")},
	{"delete the bucket", oneWord("DeleteBucket")},
	{"read settings", anyPrefix("Get", "List")},
	{"change settings", func(string) bool { return true }},
}

func anyPrefix(prefixes ...string) func(string) bool {
	return func(n string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(n, p) })
	}
}

func anySuffix(suffix string) func(string) bool {
	return func(n string) bool { return strings.HasSuffix(n, suffix) }
}

func oneWord(words ...string) func(string) bool {
	return func(n string) bool { return slices.Contains(words, n) }
}

// ActionsText tells actions in words: what kinds of actions they are, and, if they are few, which.
func ActionsText(names []string) string {
	var kinds []string
	for i := range kindsOfAction {
		if slices.ContainsFunc(names, func(n string) bool { return kindOf(n) == i }) {
			kinds = append(kinds, kindsOfAction[i].words)
		}
	}
	const few = 4
	if len(names) <= few {
		return listOf(kinds, "and") + " (" + strings.Join(names, ", ") + ")"
	}
	if s3 := bucketActions.or(objectActions); len(names) == len(s3.places()) || len(names) == len(objectActions.places()) || len(names) == len(bucketActions.places()) {
		return fmt.Sprintf("everything (all %d actions)", len(names))
	}
	return fmt.Sprintf("%s (%d actions)", strings.Join(kinds, ", "), len(names))
}

// kindOf returns the place of an action in kindsOfAction.
func kindOf(action string) int {
	_, name, _ := strings.Cut(action, ":")
	return slices.IndexFunc(kindsOfAction, func(k struct {
		words string
		takes func(string) bool
	}) bool {
		return k.takes(name)
	})
}
