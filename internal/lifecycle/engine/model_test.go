package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/lifecycle"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// TestEngineAgreesWithModel has random versions under random rules, and holds what passes leave of them against what
// the rules say of a list of all versions, once nothing is due any more.
func TestEngineAgreesWithModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, Options{Page: 1 + random.IntN(9), Turn: 1 + random.IntN(3), Batch: 1 + random.IntN(5), Workers: 1, Interval: time.Nanosecond})
		fill(t, w, random)
		w.configure(rulesText(random))
		w.advance(time.Duration(24+random.IntN(96)) * time.Hour)
		want := model(w)
		for acted := true; acted; {
			w.advance(time.Nanosecond)
			w.pass()
			counted := w.counted()
			acted = strings.Contains(counted, Removed) || strings.Contains(counted, Marked) || strings.Contains(counted, Transitioned)
		}
		if got := remaining(w.versions()); !slices.Equal(got, want) {
			t.Fatalf("seed %d: left is\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// fill writes and deletes some keys, over some days.
func fill(t *testing.T, w *world, random *rand.Rand) {
	w.change(func(b *records.Bucket) {
		b.Versioning = []string{"", "Enabled", "Suspended"}[random.IntN(3)]
	})
	for range 40 {
		key := fmt.Sprintf("%c/%d", 'a'+random.IntN(2), random.IntN(4))
		switch random.IntN(8) {
		case 0, 1:
			_, err := w.Delete(t.Context(), objects.Deletion{Bucket: w.bucket, BucketName: bucketName, Key: key})
			w.check(err)
		case 2:
			w.advance(20 * time.Hour)
		case 3:
			w.put(key, &records.Tag{Key: "t", Value: "1"})
		default:
			w.put(key)
		}
	}
}

func rulesText(random *rand.Rand) string {
	var b strings.Builder
	for range 1 + random.IntN(4) {
		filter := []string{"", `prefix:"a/"`, `prefix:"b/1"`, `tags {key:"t" value:"1"}`, `larger_than:1`}[random.IntN(5)]
		action := []string{
			`expiration {days:%d}`, `noncurrent_expiration {days:%d}`, `noncurrent_expiration {days:%d newer_versions:2}`,
			`transitions {days:%d storage_class:"GLACIER"}`, `noncurrent_transitions {days:%d storage_class:"DEEP_ARCHIVE" newer_versions:1}`,
			`expiration {delete_marker:true} abort_upload_days:%d`,
		}[random.IntN(6)]
		fmt.Fprintf(&b, "rules {%s %s}\n", filter, fmt.Sprintf(action, 1+random.IntN(3)))
	}
	return b.String()
}

// model returns what is left by the rules alone: each version is judged in order, with those of its key that are left
// by then, again and again until nothing is due.
func model(w *world) []string {
	bucket := w.record()
	rules := lifecycle.New(w.settings())
	versions := w.versions()
	for acted := true; acted; {
		acted = false
		var left []objects.ListedVersion
		for i, v := range versions {
			facts := lifecycle.VersionOf(v.Key, v.Object, v.Current, w.now())
			facts.Only = i+1 == len(versions) || versions[i+1].Key != v.Key
			for _, newer := range left {
				if newer.Key == v.Key && !newer.Current && !newer.Object.DeleteMarker {
					facts.Newer++
				}
			}
			a := rules.Judge(&facts, bucket.Versioning != "", w.now(), lifecycle.Calendar{})
			acted = acted || a.Kind != lifecycle.None
			switch a.Kind {
			case lifecycle.Remove:
				continue
			case lifecycle.Transition:
				v.Object.StorageClass = a.Class
			case lifecycle.Mark:
				marker := &records.Object{DeleteMarker: true, Modified: w.now().UnixNano()}
				left = append(left, objects.ListedVersion{Key: v.Key, Object: marker, Current: true})
				if bucket.Versioning == "Suspended" && objects.VersionID(v.Object) == objects.NullVersion {
					continue
				}
				v.Object.Superseded, v.Current = w.now().UnixNano(), false
			}
			left = append(left, v)
		}
		versions = left
	}
	return remaining(versions)
}

// remaining describes versions, but for the times and IDs of delete markers that were made by the pass.
func remaining(versions []objects.ListedVersion) []string {
	var out []string
	for _, v := range versions {
		id := ""
		if !v.Object.DeleteMarker {
			id = objects.VersionID(v.Object) + fmt.Sprint(v.Object.Modified)
		}
		out = append(out, strings.Join([]string{v.Key, fmt.Sprint(v.Object.DeleteMarker), id, v.Object.StorageClass}, " "))
	}
	return out
}
