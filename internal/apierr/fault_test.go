package apierr

import (
	"errors"
	"fmt"
	"testing"
)

type fault bool

func (f fault) Error() string { return "disk /dev/sda1 fails" }
func (f fault) Full() bool    { return bool(f) }

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		code   string
		status int
	}{
		{fault(false), "SlowDown", 503},
		{fmt.Errorf("put: %w", fault(true)), "InsufficientStorage", 507},
		{New(404, "NoSuchKey", "x").Because(fault(true)), "NoSuchKey", 404},
		{errors.New("x"), "InternalError", 500},
	} {
		if e := From(c.err); e.Code != c.code || e.Status != c.status || errors.Is(e, c.err) && e.Message == c.err.Error() {
			t.Errorf("From(%v) = %v, want %s", c.err, e, c.code)
		}
	}
}
