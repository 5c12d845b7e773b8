package digest

import (
	"time"

	"crossgrant/internal/ids"
)

// UniqueLength is how many letters and digits the unique part of the key of a log file has.
const UniqueLength = 16

// LogKey returns the key of a log file with events of account, without the prefix of its trail. The trail is
// organization's; empty: the account's own. unique keeps two log files of one minute apart.
//
// Sources:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html#cloudtrail-log-filename-format
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html
func LogKey(organization string, account ids.AccountID, region string, delivered time.Time, unique string) string {
	const kind = "CloudTrail"
	return folder(organization, account, kind, region, delivered) + string(account) + "_" + kind + "_" + region + "_" +
		delivered.UTC().Format("20060102T1504Z") + "_" + unique + ".json.gz"
}

// DigestKey returns the key of the digest file of a trail with log files of account, without the prefix of the trail, as
// LogKey does. region is where the log files are from, home the home region of the trail. Digest files of one chain have to
// end in different seconds: their keys differ in nothing else.
func DigestKey(organization string, account ids.AccountID, region, trail, home string, end time.Time) string {
	const kind = "CloudTrail-Digest"
	return folder(organization, account, kind, region, end) + string(account) + "_" + kind + "_" + region + "_" + trail + "_" + home + "_" +
		end.UTC().Format("20060102T150405Z") + ".json.gz"
}

// folder returns what the keys of a day begin with.
func folder(organization string, account ids.AccountID, kind, region string, day time.Time) string {
	if organization != "" {
		organization += "/"
	}
	return "AWSLogs/" + organization + string(account) + "/" + kind + "/" + region + "/" + day.UTC().Format("2006/01/02/")
}

// WithPrefix returns a key of a trail with a prefix.
func WithPrefix(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "/" + key
}
