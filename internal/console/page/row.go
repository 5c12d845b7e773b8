// Package page is what all pages of the console have in common: the way of a request from the visitor's session to the
// answer, the frame around pages, and their parts. It knows no page: each section of the console has a table of them,
// in which a page is one Row.
//
//	accept -> session -> forgery? -> row -> the visitor's client -> Get or Action -> render
//
// A page calls the APIs with the visitor's own credentials and nothing else. Every page shows the commands of the AWS
// CLI for what it called; a form shows those for what it is about to do, by being carried out dry.
package page

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

// Row declares a page.
type Row struct {
	// Path is a pattern of http.ServeMux without a method, such as "/buckets/{bucket}". Object keys stand in the query,
	// not in paths, which clean themselves.
	Path string
	// Area is the ID of the item of the navigation that the page belongs to; empty: none.
	Area string
	// Public says that the page is for those who are not signed in as well.
	Public bool
	// Get makes the page.
	Get func(ctx context.Context, v *Visit) (*View, error)
	// Actions are what forms of the page do, by the value of their field "do". A form whose action fails is shown again,
	// with what was typed and what went wrong.
	Actions map[string]Action
}

// Action does what a form says. It must do everything through the client of the visit, so that it can be carried out
// dry.
type Action func(ctx context.Context, v *Visit) (*Done, error)

// Done says where to go after an action. One of To and View is set.
type Done struct {
	// To is a path of the console.
	To string
	// Note is told there.
	Note string
	// View is shown at once, for what is shown once only, such as a secret key.
	View *View
}

// View is a page that is ready to be shown.
type View struct {
	Title  string
	Crumbs []Crumb
	// Template is the name of a template of the section. It gets a Frame.
	Template string
	Data     any
	// Bare says that it is a part of a page, without the frame.
	Bare bool
	// Status is that of the answer; 0: 200.
	Status int
	// Raw is sent instead of a template.
	Raw *Raw
}

// Raw is an answer that is no page, such as a picture or JSON for a script.
type Raw struct {
	Type string // media type
	Body []byte
	// Picture says that it is a picture with styles of its own, which pages show in a frame. The frame is sandboxed, but of
	// this origin: where a frame of no origin leads, browsers do not send the cookie of the session. There is nothing that
	// could run in it.
	Picture bool
	// Name has it downloaded under that name.
	Name string
}

// Crumb is a step of the way to a page.
type Crumb struct{ Text, To string }

// Frame is what templates get.
type Frame struct {
	V *Visit
	D any // View.Data
}

// Start is a document to begin with, for the part "starts". Text says what it does.
type Start struct{ Name, Text, Document string }

// Section is pages that belong together, with the folders of their templates, files *.html that define them, and of their
// assets, which are styles and scripts of their own; nil: none.
type Section struct {
	Name      string
	Templates []fs.FS
	Assets    fs.FS
	Rows      []Row
}

// Templates returns the folder "templates" of files that are part of the program.
func Templates(files embed.FS) fs.FS { return folder(files, "templates") }

// Assets returns the folder "assets" of files that are part of the program.
func Assets(files embed.FS) fs.FS { return folder(files, "assets") }

func folder(files embed.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // only a name that is none
	}
	return sub
}

// Item is an entry of the navigation.
type Item struct {
	ID, Text, To, Icon string
}

// Group is entries of the navigation that belong together.
type Group struct {
	Text  string
	Items []Item
}

// check panics, at start, if a row is incomplete.
func (r Row) check() {
	if !strings.HasPrefix(r.Path, "/") || r.Get == nil {
		panic("page: row " + r.Path + " is incomplete")
	}
}

// safe reports whether a method changes nothing.
func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }
