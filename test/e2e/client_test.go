package e2e_test

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"crossgrant/internal/sigv4"
)

// credentials are those of a profile.
type credentials struct{ id, secret, token string }

// credentialsOf reads a profile from the story's credentials file.
func (s *stage) credentialsOf(profile string) (credentials, error) {
	text, err := os.ReadFile(filepath.Join(s.work, "aws", "credentials"))
	if err != nil {
		return credentials{}, err
	}
	_, section, found := strings.Cut(string(text), "["+profile+"]\n")
	if !found {
		return credentials{}, fmt.Errorf("there is no profile %s", profile)
	}
	section, _, _ = strings.Cut(section, "[")
	var c credentials
	for line := range strings.Lines(section) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		switch name {
		case "aws_access_key_id":
			c.id = value
		case "aws_secret_access_key":
			c.secret = value
		case "aws_session_token":
			c.token = value
		}
	}
	return c, nil
}

// rawRequest is a request byte by byte, for what clients refuse to send.
type rawRequest struct {
	method, path, query string
	header              http.Header
	body                []byte
	claimed             int    // Content-Length, where it is not that of body; -1: as it is
	service             string // of the signature
	as                  credentials
	at                  time.Time
	payload             string // x-amz-content-sha256; empty: the hash of body
	host                string // empty: the server's address
}

// bytes returns the signed request as it is sent.
func (r *rawRequest) bytes(host string) []byte {
	sum := sha256.Sum256(r.body)
	hash := hex.EncodeToString(sum[:])
	if r.payload != "" {
		hash = r.payload
	}
	length := len(r.body)
	if r.claimed >= 0 {
		length = r.claimed
	}
	header := r.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if r.as.id != "" {
		signed := sigv4.Request{
			Method: r.method, RawPath: r.path, RawQuery: r.query, Host: host, Header: header,
			ContentLength: int64(length), BodySHA256: hash,
		}
		signer := sigv4.Signer{
			AccessKeyID: r.as.id, Secret: sigv4.NewSecret(r.as.secret), SessionToken: r.as.token, Region: "us-east-1",
			Service: r.service, Dialect: sigv4.S3,
		}
		if r.service != "s3" {
			signer.Dialect = sigv4.Query
		}
		signer.Sign(&signed, hash, r.at)
	}
	target := r.path
	if r.query != "" {
		target += "?" + r.query
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nConnection: close\r\n", r.method, target, host, length)
	header.Write(&out)
	out.WriteString("\r\n")
	out.Write(r.body)
	return out.Bytes()
}

// send sends the request on a connection of its own, ends the sending side, and returns the answer
// with its body.
func (r *rawRequest) send(host string) (*http.Response, []byte, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, nil, err
	}
	// A server may answer and close before it has read everything, so an error of Write does not
	// mean that there is no answer.
	_, writeErr := conn.Write(r.bytes(cmp.Or(r.host, host)))
	if r.claimed > len(r.body) {
		conn.(*net.TCPConn).CloseWrite()
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.method})
	if err != nil {
		return nil, nil, fmt.Errorf("read answer: %w (write: %v)", err, writeErr)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

// requestCommand is the command request. It prints the status code, the headers that are to be shown, and
// the body below them.
func requestCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	r := &rawRequest{header: http.Header{}}
	flags := flag.NewFlagSet("request", flag.ContinueOnError)
	as := flags.String("as", "", "profile that signs; none: unsigned")
	secret := flags.String("secret", "", "sign with this secret instead")
	file := flags.String("body", "", "file that is the body")
	size := flags.Int("size", 0, "bytes of a body of zeros")
	skew := flags.Duration("skew", 0, "how far the client's clock is ahead")
	flags.StringVar(&r.query, "query", "", "query string as sent")
	flags.StringVar(&r.service, "service", "s3", "service in the credential scope")
	flags.StringVar(&r.payload, "payload", "", "value of x-amz-content-sha256")
	flags.StringVar(&r.host, "host", "", "value of Host, where it is not the server's address")
	var shown []string
	flags.Func("show", "name of a header of the answer to print", func(name string) error {
		shown = append(shown, name)
		return nil
	})
	set := map[string]string{}
	flags.Func("set", "VARIABLE=NAME: the variable gets the value of a header of the answer", func(text string) error {
		variable, name, _ := strings.Cut(text, "=")
		set[variable] = name
		return nil
	})
	flags.IntVar(&r.claimed, "claim", -1, "Content-Length, where it is not the body's")
	flags.Func("header", "NAME=VALUE", func(text string) error {
		name, value, _ := strings.Cut(text, "=")
		r.header.Add(name, value)
		return nil
	})
	ts.Check(flags.Parse(args))
	if neg || flags.NArg() != 2 {
		ts.Fatalf("usage: request [FLAG…] METHOD PATH")
	}
	r.method, r.path = flags.Arg(0), flags.Arg(1)
	r.at = time.Now().Add(*skew)
	r.body = make([]byte, *size)
	if *file != "" {
		r.body = []byte(ts.ReadFile(*file))
	}
	if *as != "" {
		var err error
		r.as, err = s.credentialsOf(*as)
		ts.Check(err)
	}
	if *secret != "" {
		r.as.secret = *secret
	}
	response, body, err := r.send(s.server.Address)
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), response.StatusCode)
	for _, name := range shown {
		fmt.Fprintf(ts.Stdout(), "%s: %s\n", name, response.Header.Get(name))
	}
	for variable, name := range set {
		ts.Setenv(variable, response.Header.Get(name))
	}
	fmt.Fprintf(ts.Stdout(), "%s\n", body)
}
