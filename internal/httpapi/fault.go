package httpapi

import (
	"errors"
	"syscall"

	"crossgrant/internal/apierr"
)

// systemFault is a failure of the operating system that passes when its cause does.
type systemFault struct {
	error
	full bool
}

var _ apierr.Fault = (*systemFault)(nil)

func (f *systemFault) Full() bool    { return f.full }
func (f *systemFault) Unwrap() error { return f.error }

// passing tells by the number of an error whether it passes, and whether it is that there is no room. The value of
// the map is the latter.
var passing = map[syscall.Errno]bool{
	syscall.ENOSPC: true, syscall.EDQUOT: true,
	syscall.EIO: false, syscall.EROFS: false, // the disk
	syscall.EMFILE: false, syscall.ENFILE: false, syscall.ENOMEM: false, // what the system gives to processes
}

// faultOf returns err as an apierr.Fault if it is a failure of the operating system that passes, else err.
func faultOf(err error) error {
	var number syscall.Errno
	if err == nil || !errors.As(err, &number) {
		return err
	}
	if full, ok := passing[number]; ok {
		return &systemFault{err, full}
	}
	return err
}
