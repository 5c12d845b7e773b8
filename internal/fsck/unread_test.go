package fsck

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"crossgrant/internal/keys"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// TestRepairKeepsWhatUnreadRecordsName holds that a repair removes no bytes and no settings that a record may name which
// cannot be read, or not in full: once the record is what it was, everything is.
func TestRepairKeepsWhatUnreadRecordsName(t *testing.T) {
	t.Parallel()
	harm := map[string]func(e write) write{
		"cut": func(e write) write { return write{e.key, e.value[:len(e.value)-1]} },
		// The number of the field with the segments, or the content, is another one.
		"unknown field": func(e write) write {
			text := protowire.AppendTag(slices.Clone(e.value[:1]), 999, protowire.BytesType)
			return write{e.key, protowire.AppendBytes(text, e.value[1:])}
		},
		"unknown key": func(e write) write { return write{append([]byte{'z'}, e.key...), e.value} },
		"no blob":     withoutBlobs,
	}
	sound := newWorld(t)
	all := sound.all()
	for name, damage := range harm {
		w := sound.copy(t)
		for _, e := range all {
			if !slices.Contains([]byte("OVPBU"), e.key[0]) {
				continue
			}
			harmed := damage(e)
			w.remove(e.key)
			w.put(harmed.key, harmed.value)
			w.run(true)
			w.remove(harmed.key)
			w.put(e.key, e.value)
			w.run(true) // puts back what was removed of indexes
			for _, count := range all {
				if form, _, err := keys.Split(count.key); err == nil && form == `'I' account 'c' kind` {
					w.put(count.key, count.value) // one that is not there is made when it is needed
				}
			}
			for _, f := range w.run(false) {
				t.Errorf("%s of %q: found %v", name, e.key, f)
			}
			if !slices.EqualFunc(w.all(), all, func(a, b write) bool { return bytes.Equal(a.key, b.key) }) {
				t.Fatalf("%s of %q: there are %d keys, not %d", name, e.key, len(w.all()), len(all))
			}
		}
	}
}

// withoutBlobs returns a record whose segments say no IDs of blobs.
func withoutBlobs(e write) write {
	o, p := new(records.Object), new(records.Part)
	switch {
	case e.key[0] == 'P' && records.Unmarshal(e.value, p) == nil:
		for _, s := range p.Segments {
			s.Blob = "?"
		}
		return put(e.key, p)
	case e.key[0] != 'B' && e.key[0] != 'U' && records.Unmarshal(e.value, o) == nil:
		for _, s := range o.Segments {
			s.Blob = "?"
		}
		return put(e.key, o)
	}
	return e
}

// TestRepairOfPartsIsWhole holds that a repair of parts without an upload leaves nothing for another pass to find.
func TestRepairOfPartsIsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, u := range w.uploads() {
		w.remove(keys.Upload(u.bucket, u.key, id))
	}
	found := w.run(true)
	for _, f := range found {
		if !strings.Contains(f.What, "there is no upload") {
			t.Errorf("found %v", f)
		}
	}
	if len(found) != 2 {
		t.Errorf("%d findings, not those of 2 parts", len(found))
	}
}

// TestPartsOfAnUnreadUpload holds that nothing is said of parts of whose encryption an upload tells that cannot be read.
func TestPartsOfAnUnreadUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := &records.Upload{
		Key: "twice", Owner: string(w.canonical(accountA)), OwnerAccount: string(accountA),
		Encryption: &records.Encryption{Algorithm: sse.DSSE, KmsKeyId: w.kmsKey.ARN()},
	}
	w.must(w.objects.CreateUpload(w.ctx, w.bucket, "walnut", u, nil))
	for n, size := range []int{3000, 100} {
		must(w.objects.PutPart(w.ctx, objects.NewObject{Bucket: w.bucket, BucketName: "walnut", Key: "twice", Length: -1}, u.Id, n+1, body(size)))
	}
	if found := w.run(false); len(found) > 0 {
		t.Fatalf("a sound world: %v", found)
	}
	key := keys.Upload(w.bucket, "twice", u.Id)
	value := w.get(key)
	w.put(key, value[:len(value)-1])
	for _, repair := range []bool{false, true} {
		if found := w.run(repair); len(found) != 1 || !strings.Contains(found[0].What, "cannot be decoded") {
			t.Errorf("found %v", found)
		}
	}
	w.put(key, value)
	for _, f := range w.run(false) {
		t.Errorf("afterwards found %v", f)
	}
}

// TestHasUnknown holds that a field that is not known is found at any depth.
func TestHasUnknown(t *testing.T) {
	t.Parallel()
	unknown := func(m proto.Message) proto.Message {
		m.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 999, protowire.VarintType), 1))
		return m
	}
	for name, m := range map[string]func(inner func(proto.Message) proto.Message) proto.Message{
		"itself": func(inner func(proto.Message) proto.Message) proto.Message { return inner(&records.Object{Size: 1}) },
		"a field": func(inner func(proto.Message) proto.Message) proto.Message {
			return &records.Object{Etag: []byte("x"), Encryption: inner(&records.Encryption{Algorithm: "x"}).(*records.Encryption)}
		},
		"a list": func(inner func(proto.Message) proto.Message) proto.Message {
			return &records.Object{PartSizes: []int64{1}, Segments: []*records.Segment{{}, inner(&records.Segment{Size: 1}).(*records.Segment), {}}}
		},
		"a map": func(inner func(proto.Message) proto.Message) proto.Message {
			return &structpb.Struct{Fields: map[string]*structpb.Value{"x": inner(structpb.NewBoolValue(true)).(*structpb.Value)}}
		},
		"a map of numbers": func(inner func(proto.Message) proto.Message) proto.Message {
			return inner(&records.OrganizationCounts{Policies: map[string]int64{"x": 1}})
		},
	} {
		if hasUnknown(m(func(m proto.Message) proto.Message { return m }).ProtoReflect()) {
			t.Errorf("%s: one that is known", name)
		}
		if !hasUnknown(m(unknown).ProtoReflect()) {
			t.Errorf("%s: one that is unknown is not found", name)
		}
	}
}
