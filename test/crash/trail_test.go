package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"crossgrant/test/servertest"
)

const (
	// logsBucket is the bucket of the other account, trailBucket and trailVersions those whose data events are logged.
	logsBucket, trailBucket, trailVersions = "trail-logs", "trail-data", "trail-versions"

	changers = 5 // the last of whom is of the other account
	// soon is how long before a kill a refused read has to be answered to be told of whatever happens. The server means
	// it to be durable within a second, and then needs one write to the disk; three times that is a bound on what is
	// lost, for a machine that is busy with other things, and not one on the time that it takes.
	soon = 3 * time.Second
	// patience is how long the test waits for what is to be delivered at the end before it says that it is missing.
	patience = 2 * time.Minute
)

// logsPolicy lets CloudTrail deliver the trails of any account.
const logsPolicy = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::` + logsBucket + `"},
	{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + logsBucket + `/*",
	 "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`

// guestPolicy lets an account write and delete objects in a bucket.
const guestPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":["s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::%s/*"}}`

// logging is a server process with an account whose trails are delivered into a bucket of another account.
type logging struct {
	t          *testing.T
	server     *servertest.Server
	rng        *rand.Rand
	work, logs servertest.Account
	// stranger is a user of work who may do nothing.
	strangerID, strangerSecret string
	changers                   []*changer
	refused                    *reader
	kills                      int
	furnishing                 []string // changes by which the trails were made
}

// TestTrail kills a real server in the middle of changes of every kind, again and again. Each change that was acknowledged
// has to be in the delivered log files, and in the event history if it is a management event, under one event ID; and so has
// each read that was refused a while before a kill.
func TestTrail(t *testing.T) {
	start := begin(t)
	dir, err := os.MkdirTemp("", "cg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program, err := servertest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &logging{t: t, rng: rand.New(rand.NewPCG(start, 99)), server: &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "server.log"),
		Flags: []string{"--trail-interval", "1s"},
	}}
	t.Cleanup(func() {
		if l.server.Running() {
			if err := l.server.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	if err := l.furnish(start); err != nil {
		t.Fatal(err)
	}
	for round := range *rounds {
		if err := l.round(round); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	l.verify()
}

// furnish makes the accounts, the buckets, the trails and the clients.
func (l *logging) furnish(start uint64) (err error) {
	if err := l.server.Start(); err != nil {
		return err
	}
	if l.work, err = l.server.CreateAccount(context.Background(), "work"); err != nil {
		return err
	}
	if l.logs, err = l.server.CreateAccount(context.Background(), "logs"); err != nil {
		return err
	}
	archive, work := l.client(l.logs.AccessKeyID, l.logs.SecretAccessKey), l.client(l.work.AccessKeyID, l.work.SecretAccessKey)
	if err := archive.CreateBucket(logsBucket, false); err != nil {
		return err
	}
	if _, err := archive.s3("PUT", logsBucket, "", "policy", nil, []byte(logsPolicy), 204); err != nil {
		return err
	}
	if err := errors.Join(work.CreateBucket(trailBucket, false), work.CreateBucket(trailVersions, true)); err != nil {
		return err
	}
	if _, err := work.s3("PUT", trailBucket, "secret", "", nil, []byte("x"), 200); err != nil {
		return err
	}
	if l.strangerID, l.strangerSecret, err = newUser(work, "stranger"); err != nil {
		return err
	}
	root, err := organize(work)
	if err != nil {
		return err
	}
	if l.furnishing, err = makeTrails(work); err != nil {
		return err
	}
	for i := range changers {
		l.changers = append(l.changers, &changer{
			id: i, rng: rand.New(rand.NewPCG(start, uint64(100+i))), root: root, kinds: changes,
			trailARN: "arn:aws:cloudtrail:us-east-1:" + l.work.ID + ":trail/second", api: l.client(l.work.AccessKeyID, l.work.SecretAccessKey),
		})
	}
	guest := l.changers[changers-1]
	guest.kinds, guest.api = ofGuest, archive
	for _, bucket := range []string{trailBucket, trailVersions} {
		if _, err := work.s3("PUT", bucket, "", "policy", nil, []byte(fmt.Sprintf(guestPolicy, l.logs.ID, bucket)), 204); err != nil {
			return err
		}
		l.furnishing = append(l.furnishing, "PutBucketPolicy")
	}
	l.refused = &reader{api: l.client(l.strangerID, l.strangerSecret)}
	return nil
}

// makeTrails makes the trail whose log files are looked at, and one that is changed all the time.
func makeTrails(work *httpClient) (done []string, err error) {
	const data = `{"TrailName":"main","EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":` +
		`[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::` + trailBucket + `/","arn:aws:s3:::` + trailVersions + `/"]}]}]}`
	for _, call := range [][2]string{
		{"CreateTrail", `{"Name":"main","S3BucketName":"` + logsBucket + `"}`},
		{"PutEventSelectors", data},
		{"StartLogging", `{"Name":"main"}`},
		{"CreateTrail", `{"Name":"second","S3BucketName":"` + logsBucket + `","S3KeyPrefix":"second"}`},
		{"StartLogging", `{"Name":"second"}`},
	} {
		if _, err := work.trail(call[0], call[1]); err != nil {
			return nil, err
		}
		done = append(done, call[0])
	}
	return done, nil
}

func (l *logging) client(id, secret string) *httpClient {
	return &httpClient{l.server.Address, id, secret, &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}}
}

// round kills the running server and starts it again. Now and then it works long enough that refused reads count.
func (l *logging) round(round int) error {
	pause := time.Duration(100+l.rng.IntN(1500)) * time.Millisecond
	if round%5 == 2 {
		pause += soon
	}
	if err := l.killDuringWork(pause); err != nil {
		return err
	}
	if l.rng.IntN(4) == 0 {
		if err := l.killWhileStarting(); err != nil {
			return err
		}
	}
	return l.server.Start()
}

// killDuringWork lets the clients work and kills the server after a while.
func (l *logging) killDuringWork(pause time.Duration) error {
	faults := make([]error, changers+1)
	var working sync.WaitGroup
	for i, c := range l.changers {
		working.Go(func() { faults[i] = c.run() })
	}
	working.Go(func() { faults[changers] = l.refused.run() })
	time.Sleep(pause)
	killed := time.Now()
	err := l.server.Kill()
	l.kills++
	working.Wait()
	l.refused.settle(killed)
	for _, fault := range faults {
		if !errors.Is(fault, errDown) {
			err = errors.Join(err, fault)
		}
	}
	return err
}

// killWhileStarting starts the server and kills it before, or soon after, it is ready: also while it takes up again what the
// kill before has left.
func (l *logging) killWhileStarting() error {
	process := exec.Command(l.server.Program, append([]string{"serve", "--data", l.server.Data, "--listen", l.server.Address}, l.server.Flags...)...)
	if err := process.Start(); err != nil {
		return err
	}
	time.Sleep(time.Duration(l.rng.IntN(2000)) * time.Millisecond)
	err := process.Process.Kill()
	_ = process.Wait() // it says that the process was killed
	l.kills++
	return err
}

// newUser makes a user with an access key.
func newUser(work *httpClient, name string) (id, secret string, err error) {
	if _, err := work.query("CreateUser", "UserName", name); err != nil {
		return "", "", err
	}
	a, err := work.query("CreateAccessKey", "UserName", name)
	if err != nil {
		return "", "", err
	}
	if id, secret = element(a.body, "AccessKeyId"), element(a.body, "SecretAccessKey"); id == "" || secret == "" {
		err = fmt.Errorf("no access key is made: %s", a.body)
	}
	return id, secret, err
}

// organize makes an organization, and returns the ID of its root.
func organize(work *httpClient) (root string, err error) {
	if _, err := work.organization("CreateOrganization", `{"FeatureSet":"ALL"}`); err != nil {
		return "", err
	}
	a, err := work.organization("ListRoots", `{}`)
	if err != nil {
		return "", err
	}
	var listed struct{ Roots []struct{ ID string } }
	if err := decode(a, &listed); err != nil || len(listed.Roots) != 1 {
		return "", fmt.Errorf("roots: %w: %s", err, a.body)
	}
	return listed.Roots[0].ID, nil
}
