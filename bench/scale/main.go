// Command scale runs the models of a store of 10¹² objects, and writes docs/SCALE.md, and the plots in docs/scale, of what
// they say. What it writes depends on the program only: a test holds the committed files against it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "the folder of the repository")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "scale: %q is not expected; see -help\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := write(*root); err != nil {
		fmt.Fprintf(os.Stderr, "scale: %v\n", err)
		os.Exit(1)
	}
}

// write writes all files below the folder of the repository.
func write(root string) error {
	files, err := documents()
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
