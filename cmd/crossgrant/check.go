package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"crossgrant/internal/admin"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/expect"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/questions"
)

// checkCommand tests who can do what.
type checkCommand struct {
	Files      []string `arg:"" name:"file" help:"Files of tests: YAML, or txtar archives of tests with what they are about."`
	Data       string   `help:"Data folder to ask about: its server or, if none runs, the folder itself." placeholder:"DIR"`
	Meta       string   `help:"Engine of the metadata of the data folder, if no server runs: pebble:, pebble:DIR or postgres://HOST/DATABASE." default:"pebble:" placeholder:"URL"`
	World      string   `help:"Accounts to ask about without a server: a bootstrap file, or a directory of policy documents. If not given, what each file names." placeholder:"PATH"`
	Region     string   `help:"Region to ask about without a server." default:"us-east-1" placeholder:"REGION"`
	NewBuckets string   `help:"How buckets are made without a server if nothing else is said: acls-enabled or acls-disabled." enum:"acls-enabled,acls-disabled" default:"acls-enabled"`
	Verbose    bool     `short:"v" help:"Print what holds as well."`
	JSON       bool     `name:"json" help:"Print all results as one JSON object."`
	JUnit      string   `name:"junit" help:"Write a JUnit XML report." placeholder:"FILE"`
}

// Run asks and tells what does not hold. Whatever keeps it from asking has the exit status of usage, so that it cannot
// be taken for an answer.
func (c *checkCommand) Run(ctx context.Context, s streams) error {
	if c.Data != "" && c.World != "" {
		return usagef("--data and --world do not go together")
	}
	report, err := c.ask(ctx)
	if err == nil {
		err = c.print(s.out, report)
	}
	if err != nil {
		return usageError{err}
	}
	if held, _, _ := report.Counts(); held < len(report.Results) {
		return errors.New(report.Summary())
	}
	return nil
}

// ask reads all files, asks what they ask, and judges the answers.
func (c *checkCommand) ask(ctx context.Context) (*expect.Report, error) {
	suites := make([]*expect.Suite, len(c.Files))
	for i, name := range c.Files {
		text, err := readTests(name)
		if err != nil {
			return nil, err
		}
		if suites[i], err = expect.Parse(name, text); err != nil {
			return nil, err
		}
	}
	report := &expect.Report{}
	if c.Data != "" {
		return report, c.live(ctx, func(o admin.AskOperator) error {
			for _, suite := range suites {
				if err := judge(ctx, o, suite, report); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, suite := range suites {
		if err := c.bare(ctx, suite, report); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// readTests returns the text of a file, which is looked at no further than it may be large.
func readTests(name string) (string, error) {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".txtar":
	default:
		return "", usagef("%s is no file of tests: their names end in .yaml, .yml or .txtar", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, expect.MaxFile+1))
	return string(text), err
}

// live runs do with the server of the data folder or, if there is none, with the folder itself.
func (c *checkCommand) live(ctx context.Context, do func(admin.AskOperator) error) error {
	return dataFlag{Data: c.Data, Meta: c.Meta}.without(ctx, "", false, func(e engines) engines { return engines{meta: e.meta} },
		func(o *offline) error { return do(o.asking(c.Region)) }, func(o admin.Operator) error { return do(o) })
}

// bare judges a suite by the world that it, or the command line, names.
func (c *checkCommand) bare(ctx context.Context, suite *expect.Suite, report *expect.Report) error {
	buckets := s3api.ACLsEnabled
	if c.NewBuckets == "acls-disabled" {
		buckets = s3api.ACLsDisabled
	}
	err := withWorld(c.World, suite, func(file *bootstrap.File) error {
		w, err := newWorld(ctx, file, c.Region, buckets)
		if err != nil {
			return err
		}
		return errors.Join(judge(ctx, w.operator, suite, report), w.close())
	})
	if err != nil {
		return fmt.Errorf("the world of %s: %w", suite.File, err)
	}
	return nil
}

// maxAskedText is how many bytes of questions are asked at once, about.
const maxAskedText = 256 << 10

// judge asks what a suite asks, and adds what comes out.
func judge(ctx context.Context, o admin.AskOperator, suite *expect.Suite, report *expect.Report) error {
	for rest := suite.Checks; len(rest) > 0; {
		var asked []questions.Question
		for size := 0; len(asked) < min(len(rest), admin.MaxQuestions) && size < maxAskedText; {
			q := question(&rest[len(asked)])
			asked = append(asked, q)
			size += sizeOf(q)
		}
		answers, err := o.Ask(ctx, asked)
		if err != nil {
			return fmt.Errorf("ask what %s asks: %w", suite.File, err)
		}
		for i, a := range answers {
			report.Results = append(report.Results, expect.Judge(rest[i], expect.Answer(a)))
		}
		rest = rest[len(asked):]
	}
	return nil
}

// question returns the question of a check.
func question(c *expect.Check) questions.Question {
	q := questions.Question{As: c.Principal, Action: c.Action, Resource: c.Resource}
	for _, v := range c.With {
		q.Context = append(q.Context, questions.Value(v))
	}
	return q
}

func sizeOf(q questions.Question) int {
	n := len(q.As) + len(q.Action) + len(q.Resource)
	for _, v := range q.Context {
		n += len(v.Key)
		for _, value := range v.Values {
			n += len(value)
		}
	}
	return n
}

// print prints the results and writes the JUnit report.
func (c *checkCommand) print(out io.Writer, report *expect.Report) error {
	if c.JUnit != "" {
		var text bytes.Buffer
		if err := report.JUnit(&text); err != nil {
			return err
		}
		if err := os.WriteFile(c.JUnit, text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if c.JSON {
		return report.JSON(out)
	}
	return report.Text(out, c.Verbose)
}
