// Package expect is access tests as code: files that say who must and who must not be able to do what, and the
// judgement of what a server, or a directory of policy documents, answers. It decides nothing and asks nobody: what it
// reads becomes questions, somebody asks them, and it compares and reports.
//
// A file of tests is YAML:
//
//	world: accounts.yaml         # where the accounts are that are tested when no server is asked; see package bootstrap
//	names:                       # short names for principals and resources
//	  testuser: arn:aws:iam::380701114427:user/testuser
//	tests:
//	  - name: B's user may not upload without the canned ACL
//	    as: testuser             # a name, an ARN, an account ID, a service principal or anonymous; or a list of them
//	    deny: s3:PutObject       # or allow; an action or a list of them
//	    on: arn:aws:s3:::awsseccookbook/image.png   # a name, an ARN or a list of them; left out where an action has no resource
//	    with: {aws:SecureTransport: true}           # condition keys with a value, or a list of values, each
//	    because: resource-based policy              # what must have decided: the layer, in the words of AWS's messages,
//	                                                # or {layer: …, source: …, statement: Sid}
//
// The source is the name of the policy that decided, the grant of an ACL such as "WRITE to Group …", or the setting.
// A name stands for every combination of its test's lists, each of which is a check that holds or fails by itself. It
// is told with the line of its element of the last of the lists (as, then the action, then on), or, without lists,
// with that of its test. What cannot be asked, such as about a bucket that is not there, is an error of the check
// whatever it expects. Unknown and repeated keys, anchors and aliases are errors.
//
// A txtar archive is the tests, in its file tests.yaml, and their world in one: what `world` names is in the archive,
// and all of it where tests.yaml names none. A line "-- NAME --" begins a file; what is before the first one is a
// comment. Lines are those of the archive.
//
// Source of the format: https://pkg.go.dev/golang.org/x/tools/txtar
package expect
