package digest

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// given is what testdata/traverse.py reads.
type given struct {
	Account      string            `json:"account"`
	Organization string            `json:"organization"`
	Trail        string            `json:"trail"`
	Region       string            `json:"region"`
	Home         string            `json:"home"`
	Bucket       string            `json:"bucket"`
	Prefix       string            `json:"prefix"`
	Start        string            `json:"start"`
	End          string            `json:"end"`
	Fingerprint  string            `json:"fingerprint"`
	Public       []byte            `json:"public"`
	Objects      map[string]object `json:"objects"`
}

type object struct {
	Body     []byte            `json:"body"`
	Metadata map[string]string `json:"metadata"`
}

// python returns the Python that has the AWS CLI.
func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	if out, err := exec.Command(path, "-c", "import awscli.customizations.cloudtrail.validation").CombinedOutput(); err != nil {
		t.Skipf("python3 has no AWS CLI: %v\n%s", err, out)
	}
	return path
}

// TestCLI: the AWS CLI's code finds a chain of digest files by their names, and valid; and what is altered or deleted it
// finds to be so.
func TestCLI(t *testing.T) {
	t.Parallel()
	path := python(t)
	for _, organization := range []string{"", "o-exampleorgid"} {
		g, names := chain(t, organization)
		valid := func(i int) string { return fmt.Sprintf("valid %s %d", names[i], i%3) }
		validate(t, path, g, valid(4), valid(3), "gap "+names[3], valid(2), valid(1), valid(0))

		whole := g.Objects[names[1]]
		g.Objects[names[1]] = object{whole.Body, map[string]string{"signature": strings.Repeat("0", 512), "signature-algorithm": SignatureAlgorithm}}
		invalid := fmt.Sprintf("invalid Digest file\ts3://%s/%s\tINVALID: signature verification failed", g.Bucket, names[1])
		validate(t, path, g, valid(4), valid(3), "gap "+names[3], valid(2), invalid, valid(0))

		g.Objects[names[1]] = object{pack(t, []byte(strings.Replace(unpack(t, whole.Body), g.Account, "444455556666", 1))), whole.Metadata}
		validate(t, path, g, valid(4), valid(3), "gap "+names[3], valid(2), invalid, valid(0))

		delete(g.Objects, names[1])
		validate(t, path, g, valid(4), valid(3), "gap "+names[3], valid(2), "missing "+names[1], valid(0))
	}
}

// validate has the CLI's code validate what is given and compares what it finds.
func validate(t *testing.T, path string, g *given, want ...string) {
	t.Helper()
	in, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "testdata/traverse.py")
	c.Stdin = bytes.NewReader(in)
	var fault bytes.Buffer
	c.Stderr = &fault
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, fault.String())
	}
	if got := strings.Split(strings.TrimSpace(string(out)), "\n"); !slices.Equal(got, want) {
		t.Errorf("the CLI finds\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// chain makes five digest files, with a new chain from the fourth on, and returns their keys.
func chain(t *testing.T, organization string) (g *given, names []string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := x509.MarshalPKCS1PublicKey(&key.PublicKey)
	fingerprint := md5.Sum(public)
	start := time.Date(2026, 11, 26, 22, 0, 0, 0, time.UTC)
	g = &given{
		Account: "111122223333", Organization: organization, Trail: "tr.ail_1", Region: "us-east-1", Home: "eu-west-1", Bucket: "logs", Prefix: "a/b",
		Start: start.Format(time.RFC3339), End: start.Add(5 * time.Hour).Format(time.RFC3339),
		Fingerprint: hex.EncodeToString(fingerprint[:]), Public: public, Objects: map[string]object{},
	}
	var previous *Previous
	for i := range 5 {
		if i == 3 {
			previous = nil
		}
		at := start.Add(time.Duration(i) * time.Hour)
		d := &Digest{
			Account: "111122223333", Start: at, End: at.Add(time.Hour), Bucket: g.Bucket, Fingerprint: g.Fingerprint, Previous: previous,
			Key: g.Prefix + "/" + DigestKey(organization, "111122223333", g.Region, g.Trail, g.Home, at.Add(time.Hour)),
		}
		for range i % 3 {
			d.Files = append(d.Files, LogFile{Bucket: g.Bucket, Key: LogKey(organization, "111122223333", g.Region, at, "x"), SHA256: fingerprint[:], Oldest: at, Newest: at})
		}
		previous = sign(t, key, d, g)
		names = append(names, d.Key)
	}
	return g, names
}

// sign signs a digest file, puts it among the objects, and returns it as the next one tells of it.
func sign(t *testing.T, key *rsa.PrivateKey, d *Digest, g *given) *Previous {
	t.Helper()
	text := d.JSON()
	sum := sha256.Sum256(text)
	before := ""
	if d.Previous != nil {
		before = d.Previous.Signature
	}
	signed := sha256.Sum256(StringToSign(d.End, d.Bucket, d.Key, sum[:], before))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, signed[:])
	if err != nil {
		t.Fatal(err)
	}
	g.Objects[d.Key] = object{pack(t, text), Metadata(hex.EncodeToString(signature))}
	return &Previous{d.Bucket, d.Key, sum[:], hex.EncodeToString(signature)}
}

func pack(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unpack(t *testing.T, packed []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
