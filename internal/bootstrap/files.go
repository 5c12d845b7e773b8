package bootstrap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// source is where a file, and those that it names, are read from.
type source interface {
	// Open opens a file by its path, as it is written in the bootstrap file.
	Open(name string) (fs.File, error)
}

// folder is a directory of the system. Paths are relative to it, or absolute.
type folder string

func (f folder) Open(name string) (fs.File, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(string(f), name)
	}
	return os.Open(name)
}

// within is a directory of a file system, which paths do not leave.
type within struct {
	files fs.FS
	dir   string
}

func (w within) Open(name string) (fs.File, error) {
	if path.IsAbs(name) || !fs.ValidPath(path.Join(w.dir, name)) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it is outside of the archive")}
	}
	return w.files.Open(path.Join(w.dir, name))
}

// Read reads the file or directory path. An error names the file, and line and column where there is one.
func Read(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read bootstrap file: %w", err)
	}
	if info.IsDir() {
		return readDirectory(os.DirFS(path), folder(path), path)
	}
	return readFile(folder(filepath.Dir(path)), filepath.Base(path), path)
}

// ReadFS is Read for a path in a file system, which nothing is read from outside of.
func ReadFS(files fs.FS, name string) (*File, error) {
	name = path.Clean(name)
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, fmt.Errorf("read bootstrap file: %w", err)
	}
	if !info.IsDir() {
		return readFile(within{files, path.Dir(name)}, path.Base(name), name)
	}
	sub, err := fs.Sub(files, name)
	if err != nil {
		return nil, fmt.Errorf("read bootstrap file: %w", err)
	}
	return readDirectory(sub, within{files, name}, name)
}

// directoryFile is the file of a directory that is its bootstrap file.
const directoryFile = "accounts.yaml"

// readDirectory reads the bootstrap file of a directory or, if it has none, the directory itself.
func readDirectory(files fs.FS, from source, shown string) (*File, error) {
	if _, err := fs.Stat(files, directoryFile); err == nil {
		return readFile(from, directoryFile, path.Join(shown, directoryFile))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read bootstrap file: %w", err)
	}
	f, err := readTree(files)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return nil, fmt.Errorf("bootstrap directory %s: %w", shown, err)
	}
	f.source = from
	return f, nil
}

// readFile reads a bootstrap file.
func readFile(from source, name, shown string) (*File, error) {
	f := &File{source: from}
	text, err := f.read(name)
	if err != nil {
		return nil, fmt.Errorf("read bootstrap file: %w", err)
	}
	if f, err = parse(text); err != nil {
		return nil, fmt.Errorf("bootstrap file %s: %w", shown, err)
	}
	f.source = from
	return f, nil
}

// read returns the text of a file.
func (f *File) read(name string) (text []byte, err error) {
	file, err := f.source.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, name)
}
