package main

import (
	"io"
	"os"

	"crossgrant/internal/picture"
	"crossgrant/internal/reach"
	"crossgrant/internal/reachmap"
)

// drawAccess writes the picture of an answer into a file, in place of what it has, or to w if its name is "-". A file
// that is new can be read by its owner only: it tells what no single account may know.
func drawAccess(w io.Writer, file string, r *reach.Result) error {
	svg, err := picture.SVG(reachmap.Of(r))
	if err != nil {
		return err
	}
	if file == "-" {
		_, err := w.Write(svg)
		return err
	}
	return os.WriteFile(file, svg, 0o600)
}
