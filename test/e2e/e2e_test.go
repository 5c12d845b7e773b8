// Package e2e_test tells stories: a real server process, the real AWS CLI, and what comes out.
//
// Each .txtar file is a story in the language of testscript, with these commands added:
//
//	server start [-bootstrap FILE|none] [FLAG…]   starts the server on a free port, writes the profiles
//	server stop | kill9 | restart                 ends it as an operator or as a power cut does
//	crash                  kills the server in a stream of uploads, restarts it, compares
//	interlude              what is between set-up and question: nothing, a restart, or a crash
//	aws ARG…               the AWS CLI; a leading ! expects an exit status other than 0
//	variable NAME ARG…     the AWS CLI, which prints one word: the value of NAME from then on
//	code FILE STEPS NAME…  the values of the NAMEs are from then on the codes that the MFA device with the seed
//	                       in FILE shows, one after the other, from STEPS times 30 seconds after now
//	now NAME               the value of NAME is from then on the second that begins now, in UTC
//	status N|service-error the exit status of the last aws
//	failed CODE OPERATION MESSAGE   the last aws failed with exactly this error and printed nothing
//	denied OPERATION [MESSAGE]      failed AccessDenied, by default with "Access Denied"
//	session PROFILE        makes a profile of the credentials that aws sts just printed
//	profile NAME [FILE]    makes a profile of the access key that aws iam just printed, or printed to FILE; or
//	                       gives it to that profile
//	uploads start PROFILE BUCKET    starts a client that uploads all the time, with the keys that the profile
//	                       has when it does
//	uploads go-on | stop   waits until that client has uploaded more; it may not have failed
//	issuer start           starts an issuer of web identities: $ISSUER, and without the scheme $ISSUER_NAME
//	issuer token FILE CLAIMS        writes a token to FILE with the claims in the file CLAIMS
//	request [FLAG…] METHOD PATH     a raw signed request, for what the CLI refuses to send
//	until REGEXP ARG…      the AWS CLI, again until what it prints matches
//	webhook start          starts a webhook; its URL is $WEBHOOK
//	webhook away | back    lets it refuse what is posted, or take it again
//	webhook took REGEXP    waits until it has taken a message that matches; ! holds that it has not
//	logged PROFILE s3://BUCKET/PREFIX REGEXP…     waits until for each REGEXP the log files of a trail have an event that
//	                       matches, as JSON on one line; ! holds that they have none of them
//
// The stories of the 13 answers are told three times: as they are, with a restart before the question,
// and with a crash in the middle of a stream of uploads before it.
package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"crossgrant/test/oidcissuer"
	"crossgrant/test/servertest"
)

// Set by TestMain.
var (
	binDir   string // holds crossgrant
	examples string // the walkthrough's directory
	archived string // that of the example of logs in another account
	testdata string
	cli      cliVersion
)

func TestMain(m *testing.M) {
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// prepare builds the program once and runs the tests.
func prepare(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "crossgrant-e2e")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binDir = dir
	if _, err := servertest.Build(dir); err != nil {
		return 0, err
	}
	if examples, err = filepath.Abs("../../examples/walkthrough"); err != nil {
		return 0, err
	}
	if archived, err = filepath.Abs("../../examples/logs-in-another-account"); err != nil {
		return 0, err
	}
	if testdata, err = filepath.Abs("testdata"); err != nil {
		return 0, err
	}
	if cli, err = findCLI(); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// cliVersion is the version of the AWS CLI.
type cliVersion struct{ major, minor int }

var versionPattern = regexp.MustCompile(`^aws-cli/(\d+)\.(\d+)\.`)

func findCLI() (cliVersion, error) {
	out, err := exec.Command("aws", "--version").CombinedOutput()
	if err != nil {
		return cliVersion{}, fmt.Errorf("the AWS CLI is needed: run `make test`, which installs it, or `apt-get install awscli`: %w", err)
	}
	found := versionPattern.FindSubmatch(out)
	if found == nil {
		return cliVersion{}, fmt.Errorf("`aws --version` printed %q", out)
	}
	major, _ := strconv.Atoi(string(found[1]))
	minor, _ := strconv.Atoi(string(found[2]))
	return cliVersion{major, minor}, nil
}

// endpointInConfig reports whether the CLI reads endpoint_url from its configuration file; the older
// ones get it as an argument.
//
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func (v cliVersion) endpointInConfig() bool {
	return v.major == 1 && v.minor >= 29 || v.major == 2 && v.minor >= 13 || v.major > 2
}

// serviceError is the exit status after an error that a service reported.
//
// Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html
func (v cliVersion) serviceError() int {
	if v.major == 1 {
		return 255
	}
	return 254
}

func TestStories(t *testing.T) {
	stories, err := filepath.Glob("*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tell(t, nothing, stories)
}

func TestAnswersAfterRestart(t *testing.T) { tell(t, restart, answers(t)) }

func TestAnswersAfterCrash(t *testing.T) { tell(t, crash, answers(t)) }

// answers returns the stories of the 13 answers.
func answers(t *testing.T) []string {
	t.Helper()
	stories, err := filepath.Glob("answer*.txtar")
	if err != nil || len(stories) != 13 {
		t.Fatalf("there are %d answers (%v), want 13", len(stories), err)
	}
	return stories
}

// interlude is what happens between set-up and question.
type interlude int

const (
	nothing interlude = iota
	restart
	crash
)

func tell(t *testing.T, between interlude, stories []string) {
	if !cli.endpointInConfig() {
		t.Logf("the AWS CLI %d.%d does not read endpoint_url and gets --endpoint-url; profiles with role_arn are not tried with it",
			cli.major, cli.minor)
	}
	testscript.Run(t, testscript.Params{
		Files: stories,
		Setup: func(env *testscript.Env) error {
			s := &stage{between: between, work: env.WorkDir}
			env.Values[stageKey{}] = s
			env.Defer(func() { s.end(t) })
			stores, err := servertest.Environment(filepath.Join(env.WorkDir, "data"))
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, stores...)
			env.Setenv("PATH", binDir+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("EXAMPLES", examples)
			env.Setenv("ARCHIVED", archived)
			env.Setenv("TESTDATA", testdata)
			env.Setenv("AWS_CONFIG_FILE", filepath.Join(env.WorkDir, "aws", "config"))
			env.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(env.WorkDir, "aws", "credentials"))
			env.Setenv("AWS_MAX_ATTEMPTS", "1")
			env.Setenv("AWS_PAGER", "")
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Setenv("NO_PROXY", "127.0.0.1,localhost")
			env.Setenv("LONG", strings.Repeat("m", 2049))
			env.Setenv("HUGE", strings.Repeat("m", 20<<10))
			env.Setenv("KEY1024", strings.Repeat("k", 1024))
			env.Setenv("KEY1025", strings.Repeat("k", 1025))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": serverCommand, "interlude": interludeCommand,
			"crash": crashCommand, "aws": awsCommand, "variable": variableCommand, "code": codeCommand, "now": nowCommand, "status": statusCommand, "failed": failedCommand, "denied": deniedCommand,
			"session": sessionCommand, "request": requestCommand, "until": untilCommand, "webhook": webhookCommand,
			"profile": profileCommand, "uploads": uploadsCommand, "issuer": issuerCommand, "logged": loggedCommand,
		},
		Condition: func(condition string) (bool, error) {
			if condition == "role-profiles" {
				return cli.endpointInConfig(), nil
			}
			return false, fmt.Errorf("unknown condition %q", condition)
		},
	})
}

// stage is what one story has on it. A story runs in one goroutine.
type stage struct {
	between interlude
	work    string
	server  *servertest.Server
	status  int // of the last aws
	webhook *webhook
	uploads *uploads
	issuer  *oidcissuer.Issuer
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// end kills a server that the story left running.
func (s *stage) end(t *testing.T) {
	if s.server != nil && s.server.Running() {
		if err := s.server.Kill(); err != nil {
			t.Error(err)
		}
	}
}
