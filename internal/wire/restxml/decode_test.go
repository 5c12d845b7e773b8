package restxml

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"crossgrant/internal/apierr"
)

type sample struct {
	Name  string   `element:"Name,required"`
	Flag  bool     `element:"Flag"`
	Count *int     `element:"Count"`
	Size  int64    `element:"Size"`
	Inner *inner   `element:"Inner"`
	Items []inner  `element:"Item"`
	Words []string `element:"Word"`
	Extra Present  `element:"Extra"`
}

type inner struct {
	Value string `element:"Value"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	five := 5
	for name, c := range map[string]struct {
		text string
		want sample
	}{
		"smallest":      {`<S><Name>n</Name></S>`, sample{Name: "n"}},
		"namespace":     {`<S xmlns="` + Namespace + `"><Name>n</Name></S>`, sample{Name: "n"}},
		"prefix":        {`<a:S xmlns:a="` + Namespace + `"><a:Name>n</a:Name></a:S>`, sample{Name: "n"}},
		"declaration":   {"\ufeff" + `<?xml version="1.0" encoding="UTF-8"?><!-- c --> <S><Name>n</Name></S> `, sample{Name: "n"}},
		"blanks kept":   {"<S>\n <Name> a\tb </Name>\n</S>", sample{Name: " a\tb "}},
		"blanks off":    {"<S><Name>n</Name><Count> 5 </Count><Flag> TRUE\n</Flag></S>", sample{Name: "n", Count: &five, Flag: true}},
		"entities":      {`<S><Name>&lt;&amp;&#x41;&apos;</Name></S>`, sample{Name: "<&A'"}},
		"CDATA":         {`<S><Name><![CDATA[<x>]]></Name></S>`, sample{Name: "<x>"}},
		"comment":       {`<S><Name>a<!-- c -->b</Name></S>`, sample{Name: "ab"}},
		"repeated":      {`<S><Name>n</Name><Item><Value>1</Value></Item><Word>a</Word><Item/><Word/></S>`, sample{Name: "n", Items: []inner{{"1"}, {}}, Words: []string{"a", ""}}},
		"nested":        {`<S><Inner><Value>v</Value></Inner><Name/></S>`, sample{Inner: &inner{"v"}}},
		"numbers":       {`<S><Name/><Size>-9223372036854775808</Size></S>`, sample{Size: -1 << 63}},
		"booleans":      {`<S><Name/><Flag>1</Flag></S>`, sample{Flag: true}},
		"utf-8 keyword": {`<?xml version="1.0" encoding="utf-8" standalone="yes"?><S><Name>é</Name></S>`, sample{Name: "é"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sample
			err := Decode([]byte(c.text), "S", &got)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestDecodePresent(t *testing.T) {
	t.Parallel()
	var got sample
	if err := Decode([]byte(`<S><Name/><Extra><Deep>x</Deep></Extra></S>`), "S", &got); err != nil || !got.Extra {
		t.Errorf("got %v, %v", got.Extra, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":                "",
		"no root":                "<!-- -->",
		"other root":             "<T><Name/></T>",
		"two roots":              "<S><Name/></S><S><Name/></S>",
		"text after the root":    "<S><Name/></S>x",
		"text before the root":   "x<S><Name/></S>",
		"open end":               "<S><Name>n</Name>",
		"wrong end":              "<S><Name>n</S></Name>",
		"unknown element":        "<S><Name/><Other/></S>",
		"repeated element":       "<S><Name/><Name/></S>",
		"missing element":        "<S></S>",
		"text between":           "<S>x<Name/></S>",
		"children in text":       "<S><Name>a<b/></Name></S>",
		"foreign namespace":      `<S xmlns="http://example.com/"><Name/></S>`,
		"foreign child":          `<S><Name xmlns="http://example.com/"/></S>`,
		"unbound prefix":         "<S><a:Name/></S>",
		"attribute":              `<S id="1"><Name/></S>`,
		"DOCTYPE":                `<!DOCTYPE S><S><Name/></S>`,
		"entity":                 `<!DOCTYPE S [<!ENTITY e "x">]><S><Name>&e;</Name></S>`,
		"undeclared entity":      `<S><Name>&nbsp;</Name></S>`,
		"instruction":            `<?php x?><S><Name/></S>`,
		"instruction inside":     `<S><?x y?><Name/></S>`,
		"late declaration":       ` <?xml version="1.0"?><S><Name/></S>`,
		"other encoding":         `<?xml version="1.0" encoding="UTF-16"?><S><Name/></S>`,
		"other version":          `<?xml version="1.1"?><S><Name/></S>`,
		"control character":      "<S><Name>&#1;</Name></S>",
		"no UTF-8":               "<S><Name>\xff</Name></S>",
		"no number":              "<S><Name/><Count>five</Count></S>",
		"number out of range":    "<S><Name/><Size>9223372036854775808</Size></S>",
		"no boolean":             "<S><Name/><Flag>yes</Flag></S>",
		"empty boolean":          "<S><Name/><Flag/></S>",
		"case of a name":         "<S><name/></S>",
		"JSON":                   `{"S":{}}`,
		"deep nesting":           strings.Repeat("<S>", 100_000),
		"unknown, deeply nested": "<S><Name/><Extra>" + strings.Repeat("<x>", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Decode([]byte(text), "S", new(sample))
			if !apierr.Is(err, "MalformedXML") {
				t.Errorf("got %v, want MalformedXML", err)
			}
		})
	}
}

// TestDecodeIsBounded: a document takes no more than a small multiple of its own size, whatever it is.
func TestDecodeIsBounded(t *testing.T) {
	const size = 1 << 20
	for name, text := range map[string]string{
		"nesting":    "<S><Name/><Extra>" + strings.Repeat("<x>", size/3),
		"nested":     "<S><Name/><Extra>" + strings.Repeat("<x>", size/7) + strings.Repeat("</x>", size/7) + "</Extra></S>",
		"attributes": "<S " + strings.Repeat(`xmlns:a="" `, size/11) + "><Name/></S>",
		"text":       "<S><Name>" + strings.Repeat("n", size) + "</Name></S>",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := Decode([]byte(text), "S", new(sample))
		runtime.ReadMemStats(&after)
		if !apierr.Is(err, "MalformedXML") {
			t.Errorf("%s: got %v, want MalformedXML", name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 5*size {
			t.Errorf("%s: took %d bytes", name, took)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`<S><Name>n</Name><Item><Value>1</Value></Item></S>`,
		`<?xml version="1.0" encoding="UTF-8"?><S xmlns="` + Namespace + `"><Name>&lt;</Name><Word> </Word></S>`,
		`<!DOCTYPE S [<!ENTITY e "x">]><S><Name>&e;</Name></S>`,
		"<S><Name>\r\n]]></Name></S>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got, again sample
		if err := Decode([]byte(text), "S", &got); err != nil {
			if !apierr.Is(err, "MalformedXML") {
				t.Fatalf("got %v", err)
			}
			return
		}
		got.Extra = false // its content is not kept
		if err := Decode(encodeSample(&got), "S", &again); err != nil {
			t.Fatalf("%q does not decode again: %v", encodeSample(&got), err)
		}
		if !reflect.DeepEqual(got, again) {
			t.Errorf("got %+v, then %+v", got, again)
		}
	})
}

func encodeSample(s *sample) []byte {
	d := New("S")
	d.Text("Name", s.Name)
	d.Bool("Flag", s.Flag)
	if s.Count != nil {
		d.Int("Count", int64(*s.Count))
	}
	d.Int("Size", s.Size)
	if s.Inner != nil {
		d.Open("Inner")
		d.Text("Value", s.Inner.Value)
		d.Close()
	}
	for _, i := range s.Items {
		d.Open("Item")
		d.Text("Value", i.Value)
		d.Close()
	}
	for _, w := range s.Words {
		d.Text("Word", w)
	}
	return d.Bytes()
}

// TestTypeAttribute holds that xsi:type is taken where a struct has room for it, under any prefix, and nowhere
// else.
func TestTypeAttribute(t *testing.T) {
	t.Parallel()
	const xsi = `xmlns:x="http://www.w3.org/2001/XMLSchema-instance"`
	type grantee struct {
		Type string `element:"@type"`
		ID   string `element:"ID"`
	}
	for body, want := range map[string]string{
		`<D ` + xsi + `><G x:type="Group"><ID>a</ID></G></D>`: "Group",
		`<D><G ` + xsi + ` x:type="CanonicalUser"/></D>`:      "CanonicalUser",
		`<D><G/></D>`:                                                       "",
		`<D><G type="Group"/></D>`:                                          "refused",
		`<D><G x:type="Group"/></D>`:                                        "refused",
		`<D ` + xsi + ` x:type="Group"><G/></D>`:                            "refused",
		`<D ` + xsi + `><G x:type="a" x:type="b"/></D>`:                     "refused",
		`<D ` + xsi + `><G x:nil="true"/></D>`:                              "refused",
		`<D ` + xsi + `><G><ID x:type="Group">a</ID></G></D>`:               "refused",
		`<D><G><type>Group</type></G></D>`:                                  "refused",
		`<D xmlns:y="` + Namespace + `"><G y:type="Group"></G></D>`:         "refused",
		`<D ` + xsi + `><G x:type="Group" ` + xsi + ` unknown="1"></G></D>`: "refused",
		`<D ` + xsi + `><x:G x:type="Group"></x:G></D>`:                     "refused",
		`<D ` + xsi + `><G x:type="Group"></G><G x:type="Group"></G></D>`:   "refused",
	} {
		var v struct {
			G grantee `element:"G"`
		}
		got := "refused"
		if err := Decode([]byte(body), "D", &v); err == nil {
			got = v.G.Type
		}
		if got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
