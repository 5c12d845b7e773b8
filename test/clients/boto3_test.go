package clients_test

import (
	"bytes"
	"path/filepath"
	"testing"
)

// TestBoto3 runs a program in Python, and looks at what it leaves.
func TestBoto3(t *testing.T) {
	t.Parallel()
	python, err := filepath.Abs("../../.ci/python")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/boto3_client.py")
	if err != nil {
		t.Fatal(err)
	}
	bucket := bucketName()
	first.newShell(t).run(t, "sh", python, script, first.endpoint(), bucket)

	var row []byte
	for i := range 251 {
		row = append(row, byte(i*7%251))
	}
	large := bytes.Repeat(row, 80_000)
	first.objects(t, bucket, "").expect(t, "after boto3", files{
		"typed": []byte("<p>"), "presigned": []byte("by URL"), "large": large, "copy": large,
	})
}
