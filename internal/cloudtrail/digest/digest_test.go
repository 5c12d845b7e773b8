package digest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// published returns the example of AWS's documentation of that name, as JSON without space.
func published(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// sample returns the first example of AWS's documentation.
func sample(t *testing.T) *Digest {
	t.Helper()
	const bucket, account, region, trail = "S3-bucket-name", "111122223333", "us-east-2", "your-trail-name"
	start, end := moment(t, "2015-08-17T14:01:31Z"), moment(t, "2015-08-17T15:01:31Z")
	return &Digest{
		Account: account, Start: start, End: end, Bucket: bucket, Key: DigestKey("", account, region, trail, region, end),
		Fingerprint: "31e8b5433410dfb61a9dc45cc65b22ff",
		Files: []LogFile{{
			Bucket: bucket, Key: LogKey("", account, region, moment(t, "2015-08-17T14:45:59Z"), "9nYN7gp2eWAJHIfT"),
			SHA256: unhex(t, "9bb6196fc6b84d6f075a56548feca262bd99ba3c2de41b618e5b6e22c1fc71f6"),
			Oldest: moment(t, "2015-08-17T14:42:27Z"), Newest: moment(t, "2015-08-17T14:52:27Z"),
		}},
		Previous: &Previous{
			Bucket: bucket, Key: DigestKey("", account, region, trail, region, start),
			SHA256: unhex(t, "97fb791cf91ffc440d274f8190dbdd9aa09c34432aba82739df18b6d3c13df2d"),
			Signature: "50887ccffad4c002b97caa37cc9dc626e3c680207d41d27fa5835458e066e0d3652fc4dfc30937e4d5f4cc7f796e7a258fb50a43ac427f2237f6e505d4efaf37" +
				"3d156e15e3b68dea9f58111d395b62628d6bd367a9024d2183b5c5f6e19466d3a996b92df705bc997b8a0e13430f241d733cf95df4e41bb6c304c3f58363043572ea57a27085639c" +
				"e187e679c0d81c7519b1184fa77fb7ab0b0e40a32dace6e1eefc3995c5ae182da49b62b26398cebb52a2201a6387b75b89c83e5570bcb9bba6c34a80f2f00a1c6ebe07d1ff149ecc" +
				"d812dc805bb3eeff6657db32a6cb48d2d096404eb76181877bc6ebb8cd0b23f823200155b2fd8848d428e46e8456328a",
		},
	}
}

// TestPublished: what AWS publishes as examples comes out member by member.
func TestPublished(t *testing.T) {
	t.Parallel()
	if got, want := string(sample(t).JSON()), published(t, "sample.json"); got != want {
		t.Errorf("the sample is\n%s\nnot\n%s", got, want)
	}
	const bucket, account, region, trail = "example-bucket-name", "111122223333", "us-east-2", "example-trail-name"
	start, end := moment(t, "2015-08-20T17:01:31Z"), moment(t, "2015-08-20T18:01:31Z")
	empty := &Digest{
		Account: account, Start: start, End: end, Bucket: bucket, Key: DigestKey("", account, region, trail, region, end),
		Fingerprint: "31e8b5433410dfb61a9dc45cc65b22ff",
		Previous: &Previous{
			Bucket: bucket, Key: DigestKey("", account, region, trail, region, start),
			SHA256: unhex(t, "ed96c4bac9eaa8fe9716ca0e515da51938be651b1db31d781956416a9d05cdfa"),
			Signature: "82705525fb0fe7f919f9434e5b7138cb41793c776c7414f3520c0242902daa8cc8286b29263d2627f2f259471c745b1654af76e2073264b2510fd45236b3aea4" +
				"d80c0e8e6455223d7bd54ff80af0edf22a5f14fa856626daec919f0591479aa4f213787ba1e1076328dcf8ff624e03a977fa5612dcf58594c590fd8c1c5b48bddf43fc84ecc00b41" +
				"bedd0ff7f293c3e2de8dcdc78f98b03e17577f5822ba842399d69eb79921c0429773509520e08c8b518702d987dfbb3a4e5d8c5f17673ce1f989dfff82d4becf24e452f20d3bcac9" +
				"4ad50131f93e57f10155536acb54c60efbe9d57228c2b930bc6082b2318e3ccd36834a8e835b8d112dbf32145f445c11",
		},
	}
	if got, want := string(empty.JSON()), published(t, "empty.json"); got != want {
		t.Errorf("the one without log files is\n%s\nnot\n%s", got, want)
	}
}

// TestStarting: the digest file that begins a chain has the members about the one before it, all null.
//
// Source: the page of the package, "Starting digest file"
func TestStarting(t *testing.T) {
	t.Parallel()
	d := sample(t)
	before := members(t, d.JSON())
	d.Previous = nil
	after := members(t, d.JSON())
	if len(after) != len(before) {
		t.Errorf("there are %d members, not %d", len(after), len(before))
	}
	for name, value := range after {
		want := before[name]
		if strings.HasPrefix(name, "previousDigest") {
			want = nil
		}
		if !reflect.DeepEqual(value, want) {
			t.Errorf("%s is %v, not %v", name, value, want)
		}
	}
}

func members(t *testing.T, text []byte) (all map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSpan: the times of events are those of all log files, in whatever order these are, and keys are as they are.
func TestSpan(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time {
		return time.Date(2026, 11, 26, 12, minute, 30, 999, time.FixedZone("", 3600))
	}
	d := &Digest{Key: "<a>&\"b\"/é", Files: []LogFile{{Oldest: at(20), Newest: at(30)}, {Oldest: at(10), Newest: at(40)}, {Oldest: at(25), Newest: at(26)}}}
	got := string(d.JSON())
	for _, want := range []string{
		`"newestEventTime":"2026-11-26T11:40:30Z","oldestEventTime":"2026-11-26T11:10:30Z","previous`, `"digestS3Object":"<a>&\"b\"/é"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

// TestStringToSign: AWS's published example, whose signature is cut here where the page breaks it; and that of the AWS
// CLI's own tests for the first of a chain.
func TestStringToSign(t *testing.T) {
	t.Parallel()
	const key = "AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/12/111122223333_us-east-2_CloudTrail-Digest_us-east-2_20150812T040131Z.json.gz"
	got := StringToSign(moment(t, "2015-08-12T04:01:31Z"), "S3-bucket-name", key,
		unhex(t, "4ff08d7c6ecd6eb313257e839645d20363ee3784a2328a7d76b99b53cc9bcacd"), "6e8540b83c3ac86a0312d971a225361d")
	want := "2015-08-12T04:01:31Z\nS3-bucket-name/" + key + "\n4ff08d7c6ecd6eb313257e839645d20363ee3784a2328a7d76b99b53cc9bcacd\n6e8540b83c3ac86a0312d971a225361d"
	if string(got) != want {
		t.Errorf("the example is %q", got)
	}
	got = StringToSign(moment(t, "2015-08-12T04:01:31Z"), "b", "c", unhex(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "")
	if string(got) != "2015-08-12T04:01:31Z\nb/c\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nnull" {
		t.Errorf("that of the first of a chain is %q", got)
	}
}

// TestKeys: AWS's published names, and the folder of an organization.
func TestKeys(t *testing.T) {
	t.Parallel()
	at := time.Date(2015, 8, 1, 2, 10, 59, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{
			LogKey("", "111122223333", "us-east-2", at, "Mu0KsOhtH1ar15ZZ"),
			"AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/01/111122223333_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
		},
		{
			LogKey("o-exampleorgid", "111122223333", "us-east-2", at.In(time.FixedZone("", 8*3600)), "Mu0KsOhtH1ar15ZZ"),
			"AWSLogs/o-exampleorgid/111122223333/CloudTrail/us-east-2/2015/08/01/111122223333_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
		},
		{
			DigestKey("o-exampleorgid", "111122223333", "us-east-2", "all", "eu-west-1", at.In(time.FixedZone("", -8*3600))),
			"AWSLogs/o-exampleorgid/111122223333/CloudTrail-Digest/us-east-2/2015/08/01/111122223333_CloudTrail-Digest_us-east-2_all_eu-west-1_20150801T021059Z.json.gz",
		},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
}
