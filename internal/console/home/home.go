// Package home is the page that the console begins with.
package home

import (
	"context"
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the page.
func Section() page.Section {
	return page.Section{Name: "home", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{{Path: "/", Area: "home", Get: show}}}
}

func show(ctx context.Context, v *page.Visit) (*page.View, error) {
	return &page.View{Template: "home"}, nil
}
