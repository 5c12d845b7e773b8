package linear_test

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	administrators = 3
	askers         = 7
	// changePause and askPause are the mean times between two requests of one of them.
	changePause = 80 * time.Millisecond
	askPause    = 30 * time.Millisecond
)

// recordPermissions makes a history in which administrators change permissions through all servers at once, while others make
// requests that depend on them. It has a bucket and users of its own.
func (w *world) recordPermissions(t *testing.T, seed uint64) *history {
	t.Helper()
	s := w.newScene(t, fmt.Sprintf("%s-%d", strings.ToLower(run), seed))
	h := &history{start: time.Now()}
	w.during(t, seed, func(until <-chan struct{}) {
		var running sync.WaitGroup
		for c := range administrators + askers {
			rng := rand.New(rand.NewPCG(seed, uint64(c)+1))
			running.Go(func() { s.work(h, c, rng, until) })
		}
		running.Wait()
	})
	h.end()
	return h
}

// scene is a bucket and those who want to read its objects.
type scene struct {
	*world
	bucket        string
	user          string // of the bucket's account
	guestARN      string
	member, guest key
}

// newScene makes a scene, in which nobody may read anything.
func (w *world) newScene(t *testing.T, name string) *scene {
	t.Helper()
	s := &scene{world: w, bucket: "scene-" + name, user: "member-" + name}
	s.member = w.newUser(t, w.owner, s.user)
	s.guest = w.newUser(t, w.other, "guest-"+name)
	s.guestARN = fmt.Sprintf("arn:aws:iam::%s:user/guest-%s", w.otherID, name)
	w.must(t, w.owner, request{service: "s3", method: http.MethodPut, target: "/" + s.bucket})
	for _, object := range []string{"own", "shared", "open"} {
		w.must(t, w.owner, request{service: "s3", method: http.MethodPut, target: "/" + s.bucket + "/" + object, body: []byte(object)})
	}
	w.must(t, w.other, iamRequest("PutUserPolicy", "UserName", "guest-"+name, "PolicyName", "all", "PolicyDocument", allowAll))
	return s
}

const (
	allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	// readOnlyARN is a managed policy that lets a user read.
	readOnlyARN = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
)

// newUser makes a user with an access key.
func (w *world) newUser(t *testing.T, as key, name string) key {
	t.Helper()
	w.must(t, as, iamRequest("CreateUser", "UserName", name))
	var created struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	if err := xml.Unmarshal(w.must(t, as, iamRequest("CreateAccessKey", "UserName", name)).body, &created); err != nil {
		t.Fatal(err)
	}
	return key{created.ID, created.Secret}
}

// iamRequest returns a request of IAM's API, with names and values in turn.
func iamRequest(action string, parameters ...string) request {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return request{
		service: "iam", method: http.MethodPost, target: "/", body: []byte(form.Encode()),
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

// work changes settings, or asks, until it is told to end.
func (s *scene) work(h *history, client int, rng *rand.Rand, until <-chan struct{}) {
	pause, next := askPause, s.ask
	if client < administrators {
		pause, next = changePause, s.change
	}
	for {
		select {
		case <-until:
			return
		case <-time.After(time.Duration(rng.Int64N(int64(2 * pause)))):
		}
		in, r, as, expected := next(rng)
		call := h.now()
		a := r.do(s.choose(rng), as)
		if err := a.failed(r, expected...); err != nil {
			h.fault(fmt.Errorf("%+v: %w", in, err))
			continue
		}
		known := a.status != 0 && a.status != http.StatusServiceUnavailable
		out := permissionOutput{}
		if known {
			out.status = a.status
		}
		if known || a.sent && in.setting != "" { // others say nothing, and did nothing
			h.add(client, call, in, out, !known)
		}
		if !known {
			rest(until)
		}
	}
}

// ask has somebody read an object.
func (s *scene) ask(rng *rand.Rand) (permissionInput, request, key, []int) {
	one := []struct {
		who    who
		as     key
		object string
	}{{member, s.member, "own"}, {guest, s.guest, "shared"}, {anyone, key{}, "open"}}[rng.IntN(3)]
	r := request{service: "s3", method: http.MethodGet, target: "/" + s.bucket + "/" + one.object}
	return permissionInput{who: one.who}, r, one.as, []int{http.StatusOK, http.StatusForbidden}
}

// change has an administrator change something.
func (s *scene) change(rng *rand.Rand) (permissionInput, request, key, []int) {
	on := rng.IntN(2) == 0
	in := permissionInput{to: map[bool]string{true: "on", false: "off"}[on]}
	expected := []int{http.StatusOK}
	var r request
	switch rng.IntN(4) {
	case 0:
		in.setting, in.to = bucketPolicy, []string{"", "Allow", "Deny"}[rng.IntN(3)]
		r, expected = s.policyRequest(in.to), []int{http.StatusNoContent}
	case 1:
		in.setting = userPolicy
		action := map[bool]string{true: "AttachUserPolicy", false: "DetachUserPolicy"}[on]
		r = iamRequest(action, "UserName", s.user, "PolicyArn", readOnlyARN)
		if !on {
			expected = append(expected, http.StatusNotFound)
		}
	case 2:
		in.setting = accessKey
		status := map[bool]string{true: "Active", false: "Inactive"}[on]
		r = iamRequest("UpdateAccessKey", "UserName", s.user, "AccessKeyId", s.member.id, "Status", status)
	case 3:
		in.setting = objectACL
		acl := map[bool]string{true: "public-read", false: "private"}[on]
		r = request{service: "s3", method: http.MethodPut, target: "/" + s.bucket + "/open?acl=", header: http.Header{"X-Amz-Acl": {acl}}}
	}
	return in, r, s.owner, append(expected, http.StatusConflict)
}

// policyRequest returns the request that puts a policy with an effect for the guest on the bucket, or takes it away.
func (s *scene) policyRequest(effect string) request {
	r := request{service: "s3", method: http.MethodDelete, target: "/" + s.bucket + "?policy="}
	if effect != "" {
		r.method = http.MethodPut
		r.body = fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":{"AWS":%q},"Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/shared"}]}`,
			effect, s.guestARN, s.bucket)
	}
	return r
}
