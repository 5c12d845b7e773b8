package escalation_test

import (
	"context"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/saml/samltest"
	"crossgrant/internal/totp"
	"crossgrant/test/oidcissuer"
	"crossgrant/test/servertest"
)

// setting is what all worlds share.
type setting struct {
	server   *servertest.Server
	operator *admin.Client
	issuer   *oidcissuer.Issuer
	theirs   *samltest.Provider // the directory that is trusted
	mine     *samltest.Provider // mallory's own, of the same name
	worlds   int
}

// world is two accounts in which a way is gone once: $account, whose root user is root and whose user mallory
// escalates, and $other, whose root user is stranger. Each has a bucket with a secret.
type world struct {
	*setting
	ctx       context.Context
	callers   map[string]keys
	variables map[string]string
	last      *answer
}

// newWorld makes the accounts, the buckets and mallory.
func (s *setting) newWorld(ctx context.Context) (*world, error) {
	s.worlds++
	name := strings.TrimPrefix(s.issuer.URL, "http://")
	w := &world{setting: s, ctx: ctx, callers: map[string]keys{}, variables: map[string]string{"issuer": s.issuer.URL, "issuer_name": name}}
	for who, variable := range map[string]string{"root": "account", "stranger": "other"} {
		made, err := s.operator.CreateAccount(ctx, admin.NewAccount{Name: who + strconv.Itoa(s.worlds)})
		if err != nil {
			return nil, err
		}
		w.callers[who], w.variables[variable] = keys{id: made.AccessKeyID, secret: made.SecretAccessKey}, made.AccountID
	}
	w.variables["theirs"], w.variables["mine"] = s.theirs.Metadata(""), s.mine.Metadata("")
	w.variables["bucket"], w.variables["other_bucket"] = fmt.Sprintf("secrets-%d", s.worlds), fmt.Sprintf("other-secrets-%d", s.worlds)
	return w, w.all("root s3 PUT /$bucket", "root s3 PUT /$bucket/secret", "stranger s3 PUT /$other_bucket", "stranger s3 PUT /$other_bucket/secret")
}

// all runs lines that have to succeed.
func (w *world) all(lines ...string) error {
	for _, line := range lines {
		if a, err := w.run(line); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		} else if !a.ok() {
			return fmt.Errorf("%s: %d %s", line, a.status, a.body)
		}
	}
	return nil
}

// errGone says that a line cannot be run, because what it needs was never made.
var errGone = errors.New("nobody has these keys")

// run runs a line:
//
//	WHO SERVICE OPERATION NAME=VALUE…      a call of IAM, STS or Organizations; WHO is - for nobody
//	WHO s3 METHOD PATH [BODY]              a request of S3
//	user WHO [ROOT]                        makes a user with an access key, in the account of the root user ROOT
//	login WHO                              WHO has the credentials in the last answer
//	set NAME ELEMENT                       $NAME is that element of the last answer
//	token NAME AUDIENCE                    $NAME is a token of the issuer for boss
//	assertion NAME                         $NAME is an assertion of mallory's directory, for the role work
func (w *world) run(line string) (*answer, error) {
	words := strings.Fields(line)
	var err error
	switch words[0] {
	case "user":
		root := append(words, "root")[2]
		err = w.addUser(words[1], root)
	case "login":
		err = w.login(words[1])
	case "set":
		w.variables[words[1]], err = w.last.element(words[2])
	case "token":
		w.variables[words[1]], err = w.issuer.Token(map[string]any{"sub": "boss", "aud": words[2]})
	case "assertion":
		w.variables[words[1]], err = w.assertion()
	default:
		return w.ask(words)
	}
	return &answer{status: 200}, err
}

// ask makes a call.
func (w *world) ask(words []string) (*answer, error) {
	as, known := w.callers[words[0]]
	if !known && words[0] != "-" {
		return nil, errGone
	}
	c := &call{service: words[1], operation: words[2], parameters: map[string]string{}}
	if c.service == "s3" {
		c.path, c.body = w.expand(words[3]), w.expand(append(words, "")[4])
	} else {
		for _, word := range words[3:] {
			name, value, _ := strings.Cut(word, "=")
			c.parameters[name] = w.expand(value)
		}
	}
	a, err := w.do(as, c)
	if err == nil {
		w.last = a
	}
	return a, err
}

func (w *world) addUser(name, root string) error {
	return w.all(root+" iam CreateUser UserName="+name, root+" iam CreateAccessKey UserName="+name, "login "+name)
}

// assertion returns what mallory's directory says: that mallory has the role work.
func (w *world) assertion() (string, error) {
	account := "arn:aws:iam::" + w.variables["account"]
	response, err := w.mine.SignAssertion(w.mine.Document(samltest.Response{Now: time.Now(), Attributes: [][]string{
		{samltest.AWS + "Role", account + ":role/work," + account + ":saml-provider/directory"},
		{samltest.AWS + "RoleSessionName", "mallory"},
	}})).WriteToBytes()
	return base64.StdEncoding.EncodeToString(response), err
}

// login takes over the credentials of the last answer.
func (w *world) login(who string) error {
	var k keys
	var err error
	if k.id, err = w.last.element("AccessKeyId"); err != nil {
		return err
	}
	if k.secret, err = w.last.element("SecretAccessKey"); err != nil {
		return err
	}
	k.token, _ = w.last.element("SessionToken") // long-term keys have none
	w.callers[who] = k
	return nil
}

var (
	documentPattern = regexp.MustCompile(`@([\w-]+)`)
	variablePattern = regexp.MustCompile(`\$(\w+)`)
	codePattern     = regexp.MustCompile(`^code:(\w+):(-?\d+)$`)
)

// expand puts documents for @NAME, values for $NAME, and the code of a device for code:SEED:STEP; a seed
// is in base 32, and that in base 64, as IAM answers it.
func (w *world) expand(text string) string {
	if found := codePattern.FindStringSubmatch(text); found != nil {
		text, _ := base64.StdEncoding.DecodeString(w.variables[found[1]])
		seed, err := base32.StdEncoding.DecodeString(string(text))
		step, stepErr := strconv.ParseInt(found[2], 10, 64)
		if err != nil || stepErr != nil {
			return "" // refused by the server
		}
		return totp.Code(seed, totp.StepAt(time.Now())+step)
	}
	text = documentPattern.ReplaceAllStringFunc(text, func(name string) string { return documents[name[1:]] })
	return variablePattern.ReplaceAllStringFunc(text, func(name string) string {
		if value, known := w.variables[name[1:]]; known {
			return value
		}
		return name
	})
}

// mask puts the names of variables for what differs from run to run.
func (w *world) mask(text string) string {
	for _, name := range []string{"account", "other", "bucket", "other_bucket", "issuer_name", "org", "scp", "ou", "handshake", "rootid"} {
		if value := w.variables[name]; value != "" {
			text = strings.ReplaceAll(text, value, "$"+name)
		}
	}
	return text
}
