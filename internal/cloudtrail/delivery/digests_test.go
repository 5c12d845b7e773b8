package delivery

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/digest"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// digested is what a test looks at of a digest file.
type digested struct {
	DigestStartTime, DigestEndTime time.Time
	DigestS3Bucket, DigestS3Object string
	DigestPublicKeyFingerprint     string
	PreviousDigestS3Bucket         *string
	PreviousDigestS3Object         *string
	PreviousDigestHashValue        *string
	PreviousDigestSignature        *string
	LogFiles                       []struct{ S3Bucket, S3Object, HashValue string }
}

// digests returns the digest files of a bucket, in order, of which each was found to be where and as it says, and to be
// signed.
func (w *world) digests(bucket string) (all []digested) {
	w.t.Helper()
	public, err := w.keys.Public(w.t.Context(), w.now().Add(-time.Hour*24*400), w.now().Add(time.Hour))
	w.must(err)
	for _, key := range w.keysIn(bucket, "/CloudTrail-Digest/") {
		o, text := w.object(bucket, key)
		var d digested
		w.must(json.Unmarshal(text, &d))
		if d.DigestS3Bucket != bucket || d.DigestS3Object != key || !strings.HasSuffix(key, d.DigestEndTime.Format("20060102T150405Z.json.gz")) {
			w.t.Errorf("%s says %+v", key, d)
		}
		previous := ""
		if d.PreviousDigestSignature != nil {
			previous = *d.PreviousDigestSignature
		}
		sum := sha256.Sum256(text)
		signed := sha256.Sum256(digest.StringToSign(d.DigestEndTime, bucket, key, sum[:], previous))
		signature, err := hex.DecodeString(o.Metadata.User["signature"])
		w.must(err)
		verified := false
		for _, k := range public {
			if k.Fingerprint == d.DigestPublicKeyFingerprint {
				key, err := x509.ParsePKCS1PublicKey(k.DER)
				w.must(err)
				verified = rsa.VerifyPKCS1v15(key, crypto.SHA256, signed[:], signature) == nil
			}
		}
		if !verified {
			w.t.Errorf("the signature of %s is wrong", key)
		}
		for _, f := range d.LogFiles {
			_, text := w.object(f.S3Bucket, f.S3Object)
			if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f.HashValue {
				w.t.Errorf("%s has another hash than %s says", f.S3Object, key)
			}
		}
		all = append(all, d)
	}
	return all
}

// TestDigests: every interval has a digest file, chained to the one before, which together name every log file once.
func TestDigests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for hour := range 4 {
		for range hour {
			w.user()
			w.pass(5 * time.Minute)
			w.deliver()
		}
		w.pass(time.Hour - time.Duration(hour)*5*time.Minute)
		w.deliver()
		w.deliver()
	}
	all := w.digests("archive")
	if len(all) != 4 {
		t.Fatalf("there are %d digest files", len(all))
	}
	named := map[string]int{}
	for i, d := range all {
		if i == 0 && (d.PreviousDigestS3Object != nil || d.PreviousDigestHashValue != nil || d.PreviousDigestSignature != nil) {
			t.Errorf("the first has one before it: %+v", d)
		}
		if i > 0 {
			before := all[i-1]
			o, text := w.object("archive", before.DigestS3Object)
			sum := sha256.Sum256(text)
			if !d.DigestStartTime.Equal(before.DigestEndTime) || *d.PreviousDigestS3Object != before.DigestS3Object || *d.PreviousDigestS3Bucket != "archive" ||
				*d.PreviousDigestHashValue != hex.EncodeToString(sum[:]) || *d.PreviousDigestSignature != o.Metadata.User["signature"] {
				t.Errorf("after %+v comes %+v", before, d)
			}
		}
		if d.DigestEndTime.Sub(d.DigestStartTime) != time.Hour || len(d.LogFiles) != i {
			t.Errorf("digest file %d is %+v", i, d)
		}
		for _, f := range d.LogFiles {
			named[f.S3Object]++
		}
	}
	for _, key := range w.keysIn("archive", "/CloudTrail/") {
		if named[key] != 1 {
			t.Errorf("%s is named %d times", key, named[key])
		}
	}
	if s := w.state("main"); s.DigestDelivered == 0 || s.DigestError != "" || w.left("main") != 0 {
		t.Errorf("the state is %+v, and %d values are left", s, w.left("main"))
	}
	w.pass(5 * time.Hour) // no server runs
	w.deliver()
	if last := w.digests("archive")[4]; last.DigestEndTime.Sub(last.DigestStartTime) != 5*time.Hour {
		t.Errorf("after a pause comes %+v", last)
	}
}

// TestDigestCrash: wherever the server ends, the chain goes on, with one digest file for each interval.
func TestDigestCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user()
	w.deliver()
	w.pass(time.Hour)
	w.policy("archive", "")
	w.must(w.delivery.digests(t.Context()))
	if s := w.state("main"); s.DigestError != "AccessDenied" {
		t.Errorf("the state is %+v", s)
	}
	w.open() // it is pending
	w.policy("archive", strings.ReplaceAll(allowed, "NAME", "archive"))
	chains, err := w.delivery.chains(t.Context())
	w.must(err)
	pending := chains[0].record
	w.must(w.delivery.digests(t.Context()))
	// It was delivered, and that was not noted.
	w.write(keys.TrailDigests(work, "main", work), pending)
	w.open()
	w.must(w.delivery.digests(t.Context()))
	w.pass(time.Hour)
	w.must(w.delivery.digests(t.Context()))
	all := w.digests("archive")
	if len(all) != 2 || len(all[0].LogFiles) != 1 || len(all[1].LogFiles) != 0 || *all[1].PreviousDigestS3Object != all[0].DigestS3Object || w.left("main") != 0 {
		t.Errorf("the digest files are %+v", all)
	}
	if s := w.state("main"); s.DigestError != "" {
		t.Errorf("the state is %+v", s)
	}
}

// TestDigestEndsLast: a chain does not end before all that came before the trail stopped was delivered, and is in it.
func TestDigestEndsLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user()
	w.deliver()
	w.pass(time.Hour)
	w.deliver()
	w.user()
	w.must(w.trails.StopLogging(t.Context(), work, "main"))
	w.pass(time.Hour)
	w.must(w.delivery.digests(t.Context())) // the event is in memory
	w.pass(settled)
	w.must(w.journal.Flush(t.Context()))
	w.must(w.delivery.digests(t.Context())) // it is in the journal
	w.policy("archive", "")
	w.deliver()
	w.pass(time.Hour + settled)
	w.must(w.delivery.digests(t.Context())) // its log file waits
	w.policy("archive", strings.ReplaceAll(allowed, "NAME", "archive"))
	w.deliver()
	w.pass(time.Hour)
	w.deliver()
	all := w.digests("archive")
	if len(all) != 2 || len(all[1].LogFiles) != 1 || all[1].PreviousDigestS3Object == nil || *all[1].PreviousDigestS3Object != all[0].DigestS3Object {
		t.Fatalf("the digest files are %+v", all)
	}
	w.pass(time.Hour + settled)
	w.deliver()
	if n := len(w.digests("archive")); n != 2 || w.left("main") != 0 {
		t.Errorf("there are %d digest files, and %d values are left", n, w.left("main"))
	}
}

// TestDigestEnds: a chain ends with a digest file of what was delivered before the logging was stopped, and another one
// begins when the logging does.
func TestDigestEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user()
	w.deliver()
	w.must(w.trails.StopLogging(t.Context(), work, "main"))
	for range 3 {
		w.pass(time.Hour)
		w.deliver()
	}
	if all := w.digests("archive"); len(all) != 1 || len(all[0].LogFiles) != 1 {
		t.Errorf("the digest files are %+v", all)
	}
	w.must(w.trails.StartLogging(t.Context(), work, "main"))
	w.pass(time.Hour)
	w.deliver()
	if all := w.digests("archive"); len(all) != 2 || all[1].PreviousDigestS3Object != nil || all[1].DigestStartTime.Before(all[0].DigestEndTime.Add(time.Hour)) {
		t.Errorf("the digest files are %+v", all)
	}
	off := false
	_, err := w.trails.Update(t.Context(), work, "main", cloudtrail.Settings{Validation: &off})
	w.must(err)
	w.pass(time.Millisecond)
	w.user()
	w.deliver()
	w.pass(3 * time.Hour)
	w.deliver()
	if n := len(w.digests("archive")); n != 2 {
		t.Errorf("without validation there are %d digest files", n)
	}
	w.must(w.store.View(t.Context(), func(r meta.Reader) error {
		from, to := keys.AllTrailDigests()
		left, err := meta.Keys(r, from, to, meta.All)
		if len(left) != 0 {
			t.Errorf("%d chains are left", len(left))
		}
		return err
	}))
}

// TestDigestFollows: a bucket that is no longer the trail's gets a last digest file; one that refuses it does not, and the
// chain goes on in the trail's bucket either way.
func TestDigestFollows(t *testing.T) {
	t.Parallel()
	for name, refuses := range map[string]bool{"moved": false, "mended": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.user()
			w.deliver()
			if refuses {
				w.policy("archive", "")
			}
			attic := "attic"
			_, err := w.trails.Update(t.Context(), work, "main", cloudtrail.Settings{Bucket: &attic})
			w.must(err)
			for range 3 {
				w.pass(time.Hour)
				w.deliver()
			}
			old, now := w.digests("archive"), w.digests("attic")
			if refuses && (len(old) != 0 || len(now) == 0 || len(now[0].LogFiles) != 1) || !refuses && (len(old) != 1 || len(now) != 2 || len(old[0].LogFiles) != 1 || *now[0].PreviousDigestS3Bucket != "archive") {
				t.Errorf("the digest files are %+v and %+v", old, now)
			}
		})
	}
}

// TestDigestBegins: the first digest file of a trail whose log files were not validated before does not say that it is about
// that time.
func TestDigestBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	off, on := false, true
	_, err := w.trails.Update(t.Context(), work, "main", cloudtrail.Settings{Validation: &off})
	w.must(err)
	w.pass(time.Minute)
	w.user()
	w.deliver()
	w.pass(10 * time.Hour)
	_, err = w.trails.Update(t.Context(), work, "main", cloudtrail.Settings{Validation: &on})
	w.must(err)
	enabled := w.now()
	w.must(w.delivery.digests(t.Context()))
	w.pass(time.Hour)
	w.must(w.delivery.digests(t.Context()))
	if all := w.digests("archive"); len(all) != 1 || all[0].DigestStartTime.Before(enabled.Truncate(time.Second)) || len(all[0].LogFiles) != 0 {
		t.Errorf("the digest files are %+v", all)
	}
}

// TestKeysBeforeDigests: the key of a trail that has just been started is listed before a digest file is signed with it.
func TestKeysBeforeDigests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.delivery.digests(t.Context()))
	public, err := w.keys.Public(t.Context(), w.now(), w.now())
	if n := len(w.keysIn("archive", "")); err != nil || len(public) != 1 || n != 0 {
		t.Errorf("there are %d public keys, %v, and %d objects", len(public), err, n)
	}
}
