package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assets serves the files that pages are made of, which are part of the program. Their URLs have a hash of their
// content, so that browsers keep them for ever.
type assets struct {
	files map[string]asset // by name
}

type asset struct {
	kind         string
	plain, small []byte // small is compressed
	version      string
}

// newAssets takes the files of the frame and of sections. It panics if two have one name.
func newAssets(sections []Section) *assets {
	a := &assets{map[string]asset{}}
	a.add(folder(assetFiles, "assets"))
	for _, section := range sections {
		if section.Assets != nil {
			a.add(section.Assets)
		}
	}
	return a
}

// add takes the files of a folder.
func (a *assets) add(files fs.FS) {
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if _, twice := a.files[name]; twice {
			return fmt.Errorf("page: there are two assets %s", name)
		}
		plain, err := fs.ReadFile(files, name)
		if err == nil {
			a.files[name], err = newAsset(name, plain)
		}
		return err
	})
	if err != nil {
		panic(err) // the files are in the program
	}
}

func newAsset(name string, plain []byte) (asset, error) {
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return asset{}, err
	}
	if _, err := z.Write(plain); err != nil {
		return asset{}, err
	}
	if err := z.Close(); err != nil {
		return asset{}, err
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	sum := sha256.Sum256(plain)
	return asset{kind, plain, small.Bytes(), hex.EncodeToString(sum[:6])}, nil
}

// url returns the URL of a file. It panics if there is none, which the first page shows.
func (a *assets) url(name string) string {
	f, ok := a.files[name]
	if !ok {
		panic("page: no asset " + name)
	}
	return "/assets/" + name + "?v=" + f.version
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[strings.TrimPrefix(r.URL.Path, "/assets/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if !safe(r.Method) {
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+f.version+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.small
	}
	if r.Method == http.MethodHead {
		return
	}
	w.Write(body)
}
