package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"crossgrant/internal/notify"
)

const (
	topic = "arn:aws:sns:us-east-1:111111111111:t"
	queue = "arn:aws:sqs:us-east-1:111111111111:q"
	lamb  = "arn:aws:lambda:us-east-1:111111111111:function:f"
)

func TestParseWebhooks(t *testing.T) {
	t.Parallel()
	secret, empty := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "empty")
	for file, text := range map[string]string{secret: "Bearer x=y\n", empty: "\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		hooks, authorizations []string
		want                  map[string]notify.Webhook
		err                   string
	}{
		{want: map[string]notify.Webhook{}},
		{
			hooks:          []string{topic + "=http://127.0.0.1:1/a?b=c,d;e", queue + "=https://h", lamb + "=https://h"},
			authorizations: []string{queue + "=" + secret},
			want: map[string]notify.Webhook{
				topic: {URL: "http://127.0.0.1:1/a?b=c,d;e"}, queue: {URL: "https://h", Authorization: "Bearer x=y"}, lamb: {URL: "https://h"},
			},
		},
		{hooks: []string{topic}, err: "equals sign"},
		{hooks: []string{"arn:aws:sns:us-east-1:1:t=http://h"}, err: "does not begin with the ARN"},
		{hooks: []string{topic + ".fifo=http://h"}, err: "does not begin with the ARN"},
		{hooks: []string{"arn:aws:s3:::b=http://h"}, err: "does not begin with the ARN"},
		{hooks: []string{"arn:aws:sns:eu-west-1:111111111111:t=http://h"}, err: "not in the region"},
		{hooks: []string{topic + "=http://h", topic + "=http://i"}, err: "given twice"},
		{hooks: []string{topic + "=ftp://h"}, err: "not a URL"},
		{hooks: []string{topic + "=http://"}, err: "not a URL"},
		{hooks: []string{topic + "=http://h"}, authorizations: []string{queue + "=" + secret}, err: "not the ARN of a --webhook"},
		{hooks: []string{topic + "=http://h"}, authorizations: []string{topic}, err: "and a file"},
		{hooks: []string{topic + "=http://h"}, authorizations: []string{topic + "=" + empty}, err: "one line"},
		{hooks: []string{topic + "=http://h"}, authorizations: []string{topic + "=" + secret + "x"}, err: "no such file"},
	} {
		got, err := parseWebhooks(c.hooks, c.authorizations, "us-east-1")
		if c.err == "" && (err != nil || !reflect.DeepEqual(got, c.want)) {
			t.Errorf("%v is %v, %v, want %v", c.hooks, got, err, c.want)
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%v: %v, want %s", c.hooks, err, c.err)
		}
	}
}

// TestWebhooksOfTheEnvironment holds that several can be given there, and that no URL is split.
func TestWebhooksOfTheEnvironment(t *testing.T) {
	want := []string{topic + "=http://h/a,b;c", queue + "=http://i"}
	t.Setenv("CROSSGRANT_WEBHOOK", strings.Join(want, " "))
	var line commandLine
	parser := kong.Must(&line, kong.DefaultEnvars("CROSSGRANT"))
	if _, err := parser.Parse([]string{"serve"}); err != nil || !reflect.DeepEqual(line.Serve.Webhook, want) {
		t.Errorf("the environment gives %q, %v", line.Serve.Webhook, err)
	}
	t.Setenv("CROSSGRANT_WEBHOOK", "")
	line = commandLine{}
	if _, err := parser.Parse([]string{"serve", "--webhook", want[0], "--webhook", want[1]}); err != nil || !reflect.DeepEqual(line.Serve.Webhook, want) {
		t.Errorf("the flags give %q, %v", line.Serve.Webhook, err)
	}
}
