package checksum

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestCheckValues wants the published check values of the algorithms, the checksums of "123456789".
// Source: https://reveng.sourceforge.io/crc-catalogue/all.htm and FIPS 180-4.
func TestCheckValues(t *testing.T) {
	for a, want := range map[Algorithm]string{
		CRC32:     "cbf43926",
		CRC32C:    "e3069283",
		CRC64NVME: "ae8b14860a799888",
		SHA1:      "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
		SHA256:    "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
	} {
		h := a.New()
		h.Write([]byte("123456789"))
		if got := hex.EncodeToString(h.Sum(nil)); got != want || h.Size() != a.Size() {
			t.Errorf("%s: got %s, want %s", a, got, want)
		}
	}
	// The value in AWS's example of a trailer: 65 KiB of "a".
	h := CRC32C.New()
	h.Write(bytes.Repeat([]byte("a"), 66560))
	if got := Encode(h.Sum(nil)); got != "sOO8/Q==" {
		t.Errorf("example: got %s", got)
	}
}

func TestNames(t *testing.T) {
	for _, a := range Algorithms() {
		for _, name := range []string{string(a), strings.ToLower(string(a))} {
			if got, err := Parse(name); got != a || err != nil {
				t.Errorf("Parse(%q) = %q, %v", name, got, err)
			}
		}
		if want := "x-amz-checksum-" + strings.ToLower(string(a)); a.Header() != want {
			t.Errorf("header %q, want %q", a.Header(), want)
		}
		if got, ok := ParseHeader(strings.ToUpper(a.Header())); got != a || !ok {
			t.Errorf("ParseHeader(%q) = %q, %v", a.Header(), got, ok)
		}
	}
	if len(Algorithms()) != len(known) {
		t.Error("Algorithms is not all of them")
	}
	for _, name := range []string{"", "MD5", "CRC-32", "SHA512"} {
		if got, err := Parse(name); err == nil {
			t.Errorf("Parse(%q) = %q", name, got)
		}
	}
	for _, name := range []string{"", "x-amz-checksum-type", "x-amz-checksum-mode", "x-amz-checksum-md5", "content-md5"} {
		if got, ok := ParseHeader(name); ok {
			t.Errorf("ParseHeader(%q) = %q", name, got)
		}
	}
}

func TestTypes(t *testing.T) {
	for _, test := range []struct {
		a                     Algorithm
		composite, fullObject bool
		byDefault             Type
	}{
		{CRC32, true, true, Composite},
		{CRC32C, true, true, Composite},
		{CRC64NVME, false, true, FullObject},
		{SHA1, true, false, Composite},
		{SHA256, true, false, Composite},
	} {
		if c, f, d := test.a.Supports(Composite), test.a.Supports(FullObject), test.a.DefaultType(); c != test.composite || f != test.fullObject || d != test.byDefault {
			t.Errorf("%s: got %v %v %s", test.a, c, f, d)
		}
		if test.a.Supports("") {
			t.Errorf("%s supports no type", test.a)
		}
	}
	for _, want := range []Type{Composite, FullObject} {
		if got, err := ParseType(string(want)); got != want || err != nil {
			t.Errorf("ParseType(%q) = %q, %v", want, got, err)
		}
	}
	if _, err := ParseType("composite"); err == nil {
		t.Error("ParseType took lower case")
	}
}

func TestDecode(t *testing.T) {
	for _, a := range Algorithms() {
		digest := a.New().Sum(nil)
		value := Encode(digest)
		if got, err := a.Decode(value); err != nil || !bytes.Equal(got, digest) {
			t.Errorf("%s: %x, %v", a, got, err)
		}
		for _, bad := range []string{"", "=", strings.TrimRight(value, "=") + "*", value + "\n", "AA" + value, hex.EncodeToString(digest), Encode(digest[1:]), Encode(append(digest, 0))} {
			if got, err := a.Decode(bad); err == nil {
				t.Errorf("%s: Decode(%q) = %x", a, bad, got)
			}
		}
	}
	if got, err := CRC32.Decode("AAAAAB=="); err == nil {
		t.Errorf("second spelling of %x", got)
	}
}

// split cuts data at random places into digests and sizes; parts may be empty.
func split(a Algorithm, rnd *rand.Rand, data []byte, n int) []Part {
	var parts []Part
	for i := range n {
		size := len(data)
		if i < n-1 {
			size = rnd.IntN(len(data) + 1)
		}
		h := a.New()
		h.Write(data[:size])
		parts = append(parts, Part{h.Sum(nil), int64(size)})
		data = data[size:]
	}
	return parts
}

func random(rnd *rand.Rand, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	return data
}

// TestFullObject wants combine(crc(a), crc(b)) = crc(a‖b), for any number of parts.
func TestFullObject(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, a := range []Algorithm{CRC32, CRC32C, CRC64NVME} {
		for range 300 {
			data := random(rnd, rnd.IntN(5000))
			h := a.New()
			h.Write(data)
			want := h.Sum(nil)
			got, err := a.FullObjectOf(split(a, rnd, data, 1+rnd.IntN(6)))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s of %d bytes: got %x, want %x, %v", a, len(data), got, want, err)
			}
		}
	}
}

// TestFullObjectIsAssociative wants parts of sizes no test can hold to combine in any grouping.
func TestFullObjectIsAssociative(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, a := range []Algorithm{CRC32, CRC32C, CRC64NVME} {
		for range 100 {
			p := [3]Part{}
			for i := range p {
				p[i] = Part{random(rnd, a.Size()), rnd.Int64N(5 << 40)}
			}
			all, _ := a.FullObjectOf(p[:])
			tail, _ := a.FullObjectOf(p[1:])
			grouped, err := a.FullObjectOf([]Part{p[0], {tail, p[1].Size + p[2].Size}})
			if err != nil || !bytes.Equal(all, grouped) {
				t.Fatalf("%s: %x and %x, %v", a, all, grouped, err)
			}
		}
	}
}

func TestComposite(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, a := range Algorithms() {
		parts := split(a, rnd, random(rnd, 1000), 3)
		var digests []byte
		for _, p := range parts {
			digests = append(digests, p.Digest...)
		}
		h := a.New()
		h.Write(digests)
		value, err := a.CompositeOf(parts)
		if want := Encode(h.Sum(nil)) + "-3"; value != want || err != nil {
			t.Errorf("%s: got %s, want %s, %v", a, value, want, err)
		}
		if digest, n, err := a.DecodeComposite(value); !bytes.Equal(digest, h.Sum(nil)) || n != 3 || err != nil {
			t.Errorf("%s: DecodeComposite = %x, %d, %v", a, digest, n, err)
		}
		base, _, _ := strings.Cut(value, "-")
		for _, bad := range []string{"", "-", base, base + "-", base + "-0", base + "-01", base + "-+1", base + "-10001", "-3", base + "--3", base[1:] + "-3"} {
			if _, n, err := a.DecodeComposite(bad); err == nil {
				t.Errorf("%s: DecodeComposite(%q) = %d", a, bad, n)
			}
		}
	}
}

func TestPartErrors(t *testing.T) {
	ok := Part{make([]byte, 4), 1}
	for name, parts := range map[string][]Part{"none": nil, "digest": {ok, {make([]byte, 3), 1}}, "size": {ok, {make([]byte, 4), -1}}} {
		if got, err := CRC32.FullObjectOf(parts); err == nil {
			t.Errorf("%s: FullObjectOf = %x", name, got)
		}
		if got, err := CRC32.CompositeOf(parts); err == nil {
			t.Errorf("%s: CompositeOf = %s", name, got)
		}
	}
	if got, err := SHA256.FullObjectOf([]Part{{make([]byte, 32), 1}}); err == nil {
		t.Errorf("SHA256: %x", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("AAAAAA==")
	f.Add("AAAAAA==-3")
	f.Add("AAAAAB==-1")
	f.Fuzz(func(t *testing.T, value string) {
		for _, a := range Algorithms() {
			if digest, err := a.Decode(value); err == nil && Encode(digest) != value {
				t.Errorf("%s: %q is not the spelling of %x", a, value, digest)
			}
			if digest, n, err := a.DecodeComposite(value); err == nil && (len(digest) != a.Size() || n < 1) {
				t.Errorf("%s: %q is %x, %d", a, value, digest, n)
			}
		}
	})
}

func BenchmarkFullObject(b *testing.B) {
	parts := make([]Part, 10000)
	for i := range parts {
		parts[i] = Part{make([]byte, 8), 5 << 20}
	}
	for b.Loop() {
		if _, err := CRC64NVME.FullObjectOf(parts); err != nil {
			b.Fatal(err)
		}
	}
}
