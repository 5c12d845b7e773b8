package clients_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRclone keeps a bucket like a folder, and copies it to a bucket of another account.
func TestRclone(t *testing.T) {
	t.Parallel()
	var env []string
	for name, who := range map[string]*caller{"FIRST": &first, "SECOND": &second} {
		for setting, value := range map[string]string{
			"TYPE": "s3", "PROVIDER": "Other", "REGION": "us-east-1", "ENDPOINT": who.endpoint(),
			"ACCESS_KEY_ID": who.AccessKeyID, "SECRET_ACCESS_KEY": who.SecretAccessKey, "UPLOAD_CUTOFF": "5Mi",
		} {
			env = append(env, "RCLONE_CONFIG_"+name+"_"+setting+"="+value)
		}
	}
	sh := first.newShell(t, env...)
	rclone := func(args ...string) string {
		t.Helper()
		return sh.run(t, "rclone", append([]string{"--retries", "1", "--verbose"}, args...)...)
	}
	mine, theirs := first.newBucket(t), second.newBucket(t)
	there, back := filepath.Join(sh.dir, "there"), filepath.Join(sh.dir, "back")
	local := sample()
	local.write(t, there)

	rclone("sync", there, "first:"+mine+"/tree")
	rclone("check", there, "first:"+mine+"/tree")
	first.objects(t, mine, "tree/").expect(t, "after sync", local)

	// A file that is gone, one that changed, and one whose time alone changed.
	if err := os.Remove(filepath.Join(there, "folder.txt")); err != nil {
		t.Fatal(err)
	}
	delete(local, "folder.txt")
	changed := files{"plain.txt": []byte("plain, and changed\n"), "blob.bin": local["blob.bin"]}
	changed.write(t, there)
	maps.Copy(local, changed)
	if out, err := sh.try(t, "rclone", "check", there, "first:"+mine+"/tree"); err == nil || !strings.Contains(out, "2 differences found") {
		t.Errorf("check of folders that differ printed (%v)\n%s", err, out)
	}
	rclone("sync", there, "first:"+mine+"/tree")
	rclone("check", "--download", there, "first:"+mine+"/tree")
	first.objects(t, mine, "tree/").expect(t, "after the second sync", local)

	rclone("copy", "first:"+mine+"/tree", "second:"+theirs)
	rclone("check", "first:"+mine+"/tree", "second:"+theirs)
	second.objects(t, theirs, "").expect(t, "after copy to the other account", local)
	if out, err := sh.try(t, "rclone", "--retries", "1", "--low-level-retries", "1", "ls", "second:"+mine); err == nil || !strings.Contains(out, "AccessDenied") {
		t.Errorf("the other account lists the bucket (%v)\n%s", err, out)
	}

	rclone("copy", "second:"+theirs, back)
	readFiles(t, back).expect(t, "after copy back", local)
	rclone("purge", "second:"+theirs)
}
