package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/keys"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// TestStories runs the stories of testdata: objects, a lifecycle and time.
//
//	start [versioning=Enabled] [mfa]        a new bucket; page= turn= batch= interval= day= of the engine
//	versioning state=Suspended
//	lifecycle                               rules as text of Protocol Buffers; those whose ID begins with "off" are disabled
//	put|delete|upload key=… [tag=k:v]
//	hold key=… [n=…]                        legal hold on the nth latest version, from 0
//	class key=… to=…
//	advance by=26h
//	pass                                    rounds of the engine until nothing is left
//	meanwhile put|delete|tag|… …            done between the look at the next page and what is done about it
//	show                                    all versions, latest first, and uploads
func TestStories(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var w *world
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "start" {
				w = startWorld(t, d)
				return ""
			}
			w.t = t
			if d.Cmd == "meanwhile" {
				d.Cmd = d.CmdArgs[0].Key
				again := *d
				again.CmdArgs = d.CmdArgs[1:]
				w.meanwhile = func() { w.run(&again) }
				return ""
			}
			return w.run(d)
		})
	})
}

func startWorld(t *testing.T, d *datadriven.TestData) *world {
	var opts Options
	var interval, day, versioning string
	d.MaybeScanArgs(t, "page", &opts.Page)
	d.MaybeScanArgs(t, "turn", &opts.Turn)
	d.MaybeScanArgs(t, "batch", &opts.Batch)
	d.MaybeScanArgs(t, "interval", &interval)
	d.MaybeScanArgs(t, "day", &day)
	d.MaybeScanArgs(t, "versioning", &versioning)
	opts.Interval, _ = time.ParseDuration(interval)
	opts.Calendar.Day, _ = time.ParseDuration(day)
	w := newWorld(t, opts)
	w.change(func(b *records.Bucket) { b.Versioning, b.MfaDelete = versioning, d.HasArg("mfa") })
	return w
}

func (w *world) run(d *datadriven.TestData) string {
	var key, to, by string
	var n int
	d.MaybeScanArgs(w.t, "key", &key)
	d.MaybeScanArgs(w.t, "to", &to)
	d.MaybeScanArgs(w.t, "by", &by)
	d.MaybeScanArgs(w.t, "n", &n)
	var tags []*records.Tag
	for _, a := range d.CmdArgs {
		if a.Key == "tag" {
			k, v, _ := strings.Cut(a.Vals[0], ":")
			tags = append(tags, &records.Tag{Key: k, Value: v})
		}
	}
	switch d.Cmd {
	case "versioning":
		d.ScanArgs(w.t, "state", &to)
		w.change(func(b *records.Bucket) { b.Versioning = to })
	case "lifecycle":
		w.configure(d.Input)
	case "stop":
		unchanged := func(*records.Bucket, *records.Account) error { return nil }
		w.check(w.PutSetting(w.t.Context(), bucketName, keys.Lifecycle, nil, unchanged))
	case "put":
		w.put(key, tags...)
	case "delete":
		_, err := w.Delete(w.t.Context(), objects.Deletion{Bucket: w.bucket, BucketName: bucketName, Key: key})
		w.check(err)
	case "upload":
		u := &records.Upload{Key: key}
		w.check(w.CreateUpload(w.t.Context(), w.bucket, bucketName, u, nil))
		w.uploads = append(w.uploads, u)
	case "hold", "class", "tag":
		w.edit(key, n, func(o *records.Object) {
			switch d.Cmd {
			case "hold":
				o.LegalHold = true
			case "class":
				o.StorageClass = to
			case "tag":
				o.Tags = tags
			}
		})
	case "advance":
		length, err := time.ParseDuration(by)
		w.check(err)
		w.advance(length)
	case "pass":
		rounds := w.pass()
		return fmt.Sprintf("%d rounds: %s\n", rounds, w.counted())
	case "show":
		return w.show()
	default:
		d.Fatalf(w.t, "unknown command %s", d.Cmd)
	}
	return ""
}

// edit changes the record of the nth latest version of a key.
func (w *world) edit(key string, n int, change func(*records.Object)) {
	var of []objects.ListedVersion
	for _, v := range w.versions() {
		if v.Key == key {
			of = append(of, v)
		}
	}
	w.check(w.UpdateObject(w.t.Context(), w.record(), key, objects.VersionID(of[n].Object), objects.Origin{}, func(o *records.Object) error {
		change(o)
		return nil
	}))
}

func (w *world) show() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", w.now().Format("2006-01-02T15:04"))
	for _, v := range w.versions() {
		o := v.Object
		words := []string{v.Key, w.age(o.Modified)}
		if o.DeleteMarker {
			words = append(words, "marker")
		}
		if o.NullVersion {
			words = append(words, "null")
		}
		if !v.Current {
			words = append(words, "noncurrent for "+w.age(o.Superseded))
		}
		if o.StorageClass != "" {
			words = append(words, o.StorageClass)
		}
		fmt.Fprintln(&b, strings.Join(words, " "))
	}
	page, err := w.Uploads(w.t.Context(), objects.UploadQuery{Bucket: w.bucket, Max: 1000})
	w.check(err)
	for _, u := range page.Uploads {
		fmt.Fprintln(&b, "upload", u.Key, w.age(u.Created))
	}
	for _, event := range w.events {
		fmt.Fprintln(&b, event)
	}
	w.events = nil
	return b.String()
}

func (w *world) age(since int64) string {
	return fmt.Sprintf("%.0fh", w.now().Sub(time.Unix(0, since)).Hours())
}
