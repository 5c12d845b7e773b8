package linear_test

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/anishathalye/porcupine"
)

// permissions is who may do what in a history. The zero value is how it begins.
type permissions struct {
	// guest is what the bucket's policy says: empty without one, or the effect for the user of another account.
	guest string
	// attached: the user of the bucket's own account has a policy that allows it.
	attached bool
	// inactive: that user's access key is.
	inactive bool
	// public: the ACL of one object lets everyone read it.
	public bool
}

// setting is what an administrator changes.
type setting string

const (
	bucketPolicy setting = "bucket policy"
	userPolicy   setting = "user policy"
	accessKey    setting = "access key"
	objectACL    setting = "ACL"
)

// who asks for something.
type who string

const (
	member who = "user"            // of the bucket's account; reads the object "own"
	guest  who = "user of another" // account; reads "shared"
	anyone who = "anyone"          // reads "open"
)

// permissionInput changes a setting, or has somebody ask.
type permissionInput struct {
	setting setting // empty: nothing is changed
	to      string  // for a bucket policy its effect or empty; else on or off
	who     who
}

// permissionOutput is what came of it.
type permissionOutput struct{ status int } // 0: unknown

// permissionsModel is one server that decides by what was changed before, and by nothing else.
var permissionsModel = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{permissions{}} },
	Step: func(state, input, output any) []any {
		return stepPermissions(state.(permissions), input.(permissionInput), output.(permissionOutput))
	},
	DescribeOperation: func(input, output any) string {
		in, out := input.(permissionInput), output.(permissionOutput)
		if in.setting == "" {
			return fmt.Sprintf("%s asks -> %d", in.who, out.status)
		}
		return fmt.Sprintf("%s := %q -> %d", in.setting, in.to, out.status)
	},
	DescribeState: func(state any) string { return fmt.Sprintf("%+v", state) },
}).ToModel()

// stepPermissions returns the states that may follow s; none if the outcome is impossible then.
func stepPermissions(s permissions, in permissionInput, out permissionOutput) []any {
	if in.setting == "" {
		if (out.status == http.StatusOK) == s.allow(in.who) {
			return []any{s}
		}
		return nil
	}
	next, missing := s, false
	switch in.setting {
	case bucketPolicy:
		next.guest = in.to
	case userPolicy:
		next.attached = in.to == "on"
		missing = !s.attached && !next.attached
	case accessKey:
		next.inactive = in.to == "off"
	case objectACL:
		next.public = in.to == "on"
	}
	switch {
	case out.status == 0:
		return slices.Compact([]any{s, next})
	case (out.status == http.StatusNotFound) != missing:
		return nil
	}
	return []any{next}
}

// allow reports whether somebody may read the object that they ask for.
func (s permissions) allow(asks who) bool {
	switch asks {
	case member:
		return s.attached && !s.inactive
	case guest:
		return s.guest == "Allow"
	default:
		return s.public
	}
}
