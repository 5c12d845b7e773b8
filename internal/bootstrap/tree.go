package bootstrap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"crossgrant/internal/ids"
)

// maxRead is the largest file that a bootstrap file may name as a document, in bytes. Objects may be larger.
const maxRead = 64 << 20

func readAll(r io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxRead+1))
	if err == nil && len(text) > maxRead {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxRead)
	}
	return text, err
}

// readTree makes a bootstrap file of a directory without one. The directories whose names are account IDs are its
// accounts; nothing else in it is looked at.
func readTree(files fs.FS) (*File, error) {
	t := &tree{files: files}
	f := &File{}
	t.each(".", func(name string, dir bool) {
		if !dir || !ids.IsAccountID(name) {
			return
		}
		f.Accounts = append(f.Accounts, t.account(name))
	})
	if t.err != nil {
		return nil, t.err
	}
	if len(f.Accounts) == 0 {
		return nil, errors.New("it has neither accounts.yaml nor a directory that is named for an account ID")
	}
	return f, nil
}

// tree reads a directory. It remembers the first error, and does nothing from then on.
type tree struct {
	files fs.FS
	err   error
}

func (t *tree) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// strange refuses what has no meaning where it is.
func (t *tree) strange(at string) { t.fail(fmt.Errorf("%s has no meaning there", at)) }

// each calls fn with what is in a directory, by name. Names that begin with a dot are left out.
func (t *tree) each(dir string, fn func(name string, dir bool)) {
	if t.err != nil {
		return
	}
	entries, err := fs.ReadDir(t.files, dir)
	if err != nil {
		t.fail(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			info, err := fs.Stat(t.files, path.Join(dir, e.Name())) // which follows links
			if err != nil {
				t.fail(err)
				return
			}
			fn(e.Name(), info.IsDir())
		}
	}
}

// directories calls fn with the path and name of each directory in dir, which may have nothing else.
func (t *tree) directories(dir string, fn func(at, name string)) {
	t.each(dir, func(name string, isDir bool) {
		if at := path.Join(dir, name); isDir {
			fn(at, name)
		} else {
			t.strange(at)
		}
	})
}

// words returns the words in a file, of which a comment begins with #.
func (t *tree) words(at string) []string {
	if t.err != nil {
		return nil
	}
	file, err := t.files.Open(at)
	if err != nil {
		t.fail(err)
		return nil
	}
	defer file.Close()
	text, err := readAll(file, at)
	if err != nil {
		t.fail(err)
	}
	var words []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		words = append(words, strings.Fields(line)...)
	}
	return words
}

// word returns the one word in a file.
func (t *tree) word(at string) string {
	words := t.words(at)
	if t.err == nil && len(words) != 1 {
		t.fail(fmt.Errorf("%s has %d words, and not one", at, len(words)))
	}
	return strings.Join(words, " ")
}

// account reads the directory of an account.
func (t *tree) account(id string) Account {
	a := Account{ID: id, Name: id}
	t.each(id, func(name string, dir bool) {
		at := path.Join(id, name)
		switch {
		case dir && name == "policies":
			t.each(at, func(file string, dir bool) {
				if name, ok := document(file, dir); ok {
					a.Policies = append(a.Policies, Policy{Name: name, Content: Content{File: path.Join(at, file)}})
				} else {
					t.strange(path.Join(at, file))
				}
			})
		case dir && name == "groups":
			t.directories(at, func(at, name string) { a.Groups = append(a.Groups, t.group(at, name)) })
		case dir && name == "users":
			t.directories(at, func(at, name string) { a.Users = append(a.Users, t.user(at, name)) })
		case dir && name == "roles":
			t.directories(at, func(at, name string) { a.Roles = append(a.Roles, t.role(at, name)) })
		case dir && name == "buckets":
			t.directories(at, func(at, name string) { a.Buckets = append(a.Buckets, t.bucket(at, name)) })
		case !dir && name == "name":
			a.Name = strings.Join(t.words(at), " ")
		case !dir && name == "canonical-id":
			a.CanonicalID = t.word(at)
		case !dir && name == "email":
			a.Email = t.word(at)
		case !dir && name == "public-access-block.json":
			a.Block = &Block{File: at}
		default:
			t.strange(at)
		}
	})
	return a
}

// document returns the name of a policy from that of its file.
func document(file string, dir bool) (name string, ok bool) {
	name, ok = strings.CutSuffix(file, ".json")
	return name, ok && !dir && name != ""
}

// entity is what users, groups and roles have in common.
type entity struct {
	path   string
	attach []string
	inline []Inline
}

// entity reads the directory of a user, group or role. What is not common to them is left to other, which reports
// whether it knows it.
func (t *tree) entity(dir string, other func(at, name string) bool) entity {
	var e entity
	t.each(dir, func(name string, isDir bool) {
		at := path.Join(dir, name)
		switch policy, ok := document(name, isDir); {
		case isDir:
			t.strange(at)
		case other(at, name):
		case name == "path":
			e.path = t.word(at)
		case name == "attach":
			e.attach = t.words(at)
		case ok:
			e.inline = append(e.inline, Inline{Name: policy, Content: Content{File: at}})
		default:
			t.strange(at)
		}
	})
	return e
}

func (t *tree) group(dir, name string) Group {
	e := t.entity(dir, func(string, string) bool { return false })
	return Group{Name: name, Path: e.path, Attach: e.attach, Inline: e.inline}
}

func (t *tree) user(dir, name string) User {
	u := User{Name: name}
	e := t.entity(dir, func(at, name string) bool {
		switch name {
		case "groups":
			u.Groups = t.words(at)
		case "boundary":
			u.Boundary = t.word(at)
		default:
			return false
		}
		return true
	})
	u.Path, u.Attach, u.Inline = e.path, e.attach, e.inline
	return u
}

func (t *tree) role(dir, name string) Role {
	r := Role{Name: name}
	e := t.entity(dir, func(at, name string) bool {
		switch name {
		case "trust.json":
			r.Trust.File = at
		case "boundary":
			r.Boundary = t.word(at)
		default:
			return false
		}
		return true
	})
	r.Path, r.Attach, r.Inline = e.path, e.attach, e.inline
	return r
}

func (t *tree) bucket(dir, name string) Bucket {
	b := Bucket{Name: name}
	t.each(dir, func(name string, isDir bool) {
		at := path.Join(dir, name)
		switch {
		case isDir && name == "objects":
			b.Objects = t.objects(at)
		case isDir:
			t.strange(at)
		case name == "policy.json":
			b.Policy = &Content{File: at}
		case name == "acl.json":
			b.ACL = ACL{File: at}
		case name == "public-access-block.json":
			b.Block = &Block{File: at}
		case name == "ownership":
			b.Ownership = t.word(at)
		default:
			t.strange(at)
		}
	})
	return b
}

// objects returns an object for each file below a directory.
func (t *tree) objects(dir string) []Object {
	var found []Object
	t.each(dir, func(name string, isDir bool) {
		at := path.Join(dir, name)
		if !isDir {
			found = append(found, Object{Key: name, File: at})
			return
		}
		for _, o := range t.objects(at) {
			o.Key = name + "/" + o.Key
			found = append(found, o)
		}
	})
	return slices.Clip(found)
}
