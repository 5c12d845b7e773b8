package main

import (
	"os"
	"path/filepath"
	"testing"

	"crossgrant/internal/admin"
)

func TestMergeKeepsOtherProfiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	before := "# a remark\n[profile a]\nregion = old\nendpoint_url = http://old\n\n[profile mine]\nrole_arn = arn\nsource_profile = a"
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	config, _ := sections(&admin.Profiles{Endpoint: "https://host:1", Region: "eu-west-1", Profiles: []admin.Profile{{Name: "a"}, {Name: "b"}}})
	if err := merge(path, config); err != nil {
		t.Fatal(err)
	}
	want := "[profile a]\nregion = eu-west-1\noutput = json\nendpoint_url = https://host:1\ns3 =\n    signature_version = s3v4\n" +
		"[profile b]\nregion = eu-west-1\noutput = json\nendpoint_url = https://host:1\ns3 =\n    signature_version = s3v4\n" +
		"[profile mine]\nrole_arn = arn\nsource_profile = a\n"
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("merged file =\n%s\n(%v) want\n%s", got, err, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
}

func TestSectionsOfAStoppedServer(t *testing.T) {
	t.Parallel()
	config, credentials := sections(&admin.Profiles{Profiles: []admin.Profile{{Name: "a", AccessKeyID: "AKIA", SecretAccessKey: "s"}}})
	if got, want := join(config), "[profile a]\nregion = us-east-1\noutput = json\nendpoint_url = http://127.0.0.1:9000\ns3 =\n    signature_version = s3v4\n"; got != want {
		t.Errorf("config =\n%s\nwant\n%s", got, want)
	}
	if got, want := join(credentials), "[a]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"; got != want {
		t.Errorf("credentials =\n%s\nwant\n%s", got, want)
	}
}
