package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// awsCommand is the command aws.
func awsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if !cli.endpointInConfig() && len(args) > 0 && args[0] != "configure" {
		args = append([]string{"--endpoint-url", ts.Getenv("ENDPOINT")}, args...)
	}
	err := ts.Exec("aws", args...)
	s := stageOf(ts)
	s.status = 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		s.status = exit.ExitCode()
	case err != nil:
		ts.Fatalf("run aws: %v", err)
	}
	if neg == (s.status == 0) {
		ts.Fatalf("aws %s: exit status %d", strings.Join(args, " "), s.status)
	}
}

// variableCommand is the command variable.
func variableCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: variable NAME ARG…")
	}
	awsCommand(ts, false, args[1:])
	value := strings.TrimSpace(ts.ReadFile("stdout"))
	if value == "" || strings.ContainsAny(value, " \t\n") {
		ts.Fatalf("aws %s printed %q, want one word", strings.Join(args[1:], " "), value)
	}
	ts.Setenv(args[0], value)
}

// statusCommand is the command status.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: status N|service-error")
	}
	want := cli.serviceError()
	if args[0] != "service-error" {
		var err error
		want, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	if got := stageOf(ts).status; got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// failurePattern is an error as the CLI prints it, and what its commands print before it.
var failurePattern = regexp.MustCompile(`^(?:aws: \[ERROR\]: |upload failed: \S+ to \S+ |download failed: \S+ to \S+ |delete failed: \S+ |copy failed: \S+ to \S+ |fatal error: )?` +
	`An error occurred \(([^)]+)\) when calling the (\w+) operation(?: \(reached max retries: \d+\))?: (.*)$`)

// failedCommand is the command failed.
func failedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: failed CODE OPERATION MESSAGE")
	}
	checkFailure(ts, args[0], args[1], args[2])
}

// deniedCommand is the command denied.
func deniedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: denied OPERATION [MESSAGE]")
	}
	message := "Access Denied"
	if len(args) == 2 {
		message = args[1]
	}
	checkFailure(ts, "AccessDenied", args[0], message)
}

// checkFailure compares what the last aws printed, and its exit status, which is 1 for the commands
// of `aws s3` that move files.
func checkFailure(ts *testscript.TestScript, code, operation, message string) {
	stderr := strings.TrimSpace(ts.ReadFile("stderr"))
	found := failurePattern.FindStringSubmatch(stderr)
	if found == nil {
		ts.Fatalf("the CLI printed to stderr\n%s\nwant the error %s of %s", stderr, code, operation)
	}
	got := fmt.Sprintf("%s of %s: %s", found[1], found[2], found[3])
	if want := fmt.Sprintf("%s of %s: %s", code, operation, message); got != want {
		ts.Fatalf("the error is\n%s\nwant\n%s", got, want)
	}
	moves := strings.Contains(stderr, "failed: ") || strings.HasPrefix(stderr, "fatal error: ")
	want := cli.serviceError()
	if moves {
		want = 1
	}
	if status := stageOf(ts).status; status != want {
		ts.Fatalf("exit status %d, want %d", status, want)
	}
	if stdout := ts.ReadFile("stdout"); stdout != "" && !moves {
		ts.Fatalf("the CLI printed to stdout\n%s\nwant nothing", stdout)
	}
}

// sessionCommand is the command session.
func sessionCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: session PROFILE")
	}
	var answer struct {
		Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &answer))
	c := answer.Credentials
	if c.SessionToken == "" {
		ts.Fatalf("the last aws printed no temporary credentials")
	}
	appendTo(ts, ts.Getenv("AWS_SHARED_CREDENTIALS_FILE"), fmt.Sprintf("\n[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n",
		args[0], c.AccessKeyID, c.SecretAccessKey, c.SessionToken))
	appendTo(ts, ts.Getenv("AWS_CONFIG_FILE"), fmt.Sprintf("\n[profile %s]\nregion = us-east-1\noutput = json\nendpoint_url = %s\n",
		args[0], ts.Getenv("ENDPOINT")))
}

func appendTo(ts *testscript.TestScript, path, text string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteString(text)
	ts.Check(errors.Join(err, f.Close()))
}
