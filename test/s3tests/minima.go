package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// minima says how many tests have to pass. It is the value of the flag -min.
type minima []minimum

// minimum is the number of tests of one file that have to pass, or of all files.
type minimum struct {
	file  string // empty: all
	least int
}

// String returns the minima as they were given.
func (m *minima) String() string {
	var all []string
	for _, one := range *m {
		all = append(all, strings.TrimPrefix(one.file+"="+strconv.Itoa(one.least), "="))
	}
	return strings.Join(all, " ")
}

// Set adds a minimum: NUMBER or FILE=NUMBER.
func (m *minima) Set(text string) error {
	file, number, named := strings.Cut(text, "=")
	if !named {
		file, number = "", text
	}
	least, err := strconv.Atoi(number)
	if err != nil || least < 0 || named && file == "" {
		return errors.New("want NUMBER or FILE=NUMBER")
	}
	*m = append(*m, minimum{file, least})
	return nil
}

// check returns an error for every minimum that is not reached.
func (m minima) check(r *report) error {
	var missed []error
	for _, one := range m {
		if r.count(one.file, passed) < one.least {
			missed = append(missed, fmt.Errorf("%d tests of %s have to pass", one.least, cmp.Or(one.file, "all files")))
		}
	}
	return errors.Join(missed...)
}
