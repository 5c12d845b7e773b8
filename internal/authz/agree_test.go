package authz

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/datadriven"
)

var (
	seedFlag  = flag.Uint64("seed", 1, "where the random tests of decisions begin")
	pairsFlag = flag.Int("pairs", defaultPairs, "how many pairs of policies and request the random tests judge")
)

// requestsPerWorld is how many requests are made against each set of policies, which are parsed once.
const requestsPerWorld = 200

// TestNaiveEvaluatorAgrees compares Decide with the naive evaluator on random policies and requests: the
// effect always, and for a denial the layer that is named. It also counts the answers, to be sure that
// every way to be allowed and every layer that denies is among them.
func TestNaiveEvaluatorAgrees(t *testing.T) {
	t.Parallel()
	t.Logf("-seed %d -pairs %d", *seedFlag, *pairsFlag)
	var seen tally
	eachWorld(t, *pairsFlag, func(seed uint64) error {
		d := randomDice(seed)
		w := newRandomWorld(d)
		answers := map[naiveAnswer]int{}
		for range requestsPerWorld {
			c := w.ask(d)
			want, got, err := compare(c)
			if err != nil {
				return fmt.Errorf("seed %d: %w", seed, err)
			}
			if got != "" {
				return fmt.Errorf("seed %d: %s", seed, disagreement(c))
			}
			answers[want]++
		}
		seen.add(answers)
		return nil
	})
	seen.check(t)
}

// eachWorld runs judge with a seed of its own for each world, on all processors, until one fails. A world
// stands for requestsPerWorld pairs; a world that fails is the first one under -seed with the seed it names.
func eachWorld(t *testing.T, pairs int, judge func(seed uint64) error) {
	t.Helper()
	worlds := uint64(max(1, pairs/requestsPerWorld))
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1); i <= worlds && !t.Failed(); i = next.Add(1) {
				if err := judge(*seedFlag + i - 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
}

// compare asks both evaluators. got is empty if they agree, else what Decide says; an error means that a
// policy of the case is not valid.
func compare(c *plainCase) (want naiveAnswer, got string, err error) {
	in, err := c.input()
	if err != nil {
		return naiveAnswer{}, "", err
	}
	want = naive(c)
	d := Decide(in)
	effect, layer := outcome(&d)
	if effect != want.effect || effect != "allow" && layer != want.why {
		got = effect + " by " + layer
	}
	return want, got, nil
}

// outcome returns what the random tests look at in a decision.
func outcome(d *Decision) (effect, layer string) {
	switch d.Effect {
	case Allow:
		effect = "allow"
	case ExplicitDeny:
		effect = "explicit"
	default:
		effect = "implicit"
	}
	return effect, d.By.Layer.String()
}

// tally counts answers; it is safe for concurrent use.
type tally struct {
	mu      sync.Mutex
	answers map[naiveAnswer]int
}

func (s *tally) add(answers map[naiveAnswer]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers == nil {
		s.answers = map[naiveAnswer]int{}
	}
	for a, n := range answers {
		s.answers[a] += n
	}
}

// expectedAnswers are the answers that random cases have to give.
var expectedAnswers = []naiveAnswer{
	{"explicit", "resource control policy"}, {"explicit", "service control policy"}, {"explicit", "resource-based policy"},
	{"explicit", "role trust policy"}, {"explicit", "identity-based policy"}, {"explicit", "permissions boundary"}, {"explicit", "session policy"},
	{"implicit", "resource control policy"}, {"implicit", "service control policy"}, {"implicit", "resource-based policy"},
	{"implicit", "role trust policy"}, {"implicit", "identity-based policy"}, {"implicit", "permissions boundary"}, {"implicit", "session policy"},
	{"implicit", "Requester Pays setting"},
	{"allow", "own account"},
	{"allow", "direct policy to the own account"}, {"allow", "limited policy to the own account"}, {"allow", "direct ACL to the own account"},
	{"allow", "policy across accounts"}, {"allow", "ACL across accounts"},
	{"allow", "direct policy in the user context"}, {"allow", "limited policy in the user context"},
	{"allow", "policy to an outsider"}, {"allow", "ACL to an outsider"},
	{"allow", "anonymous writer"}, {"allow", "implied ACL of another account"},
}

func (s *tally) check(t *testing.T) {
	t.Helper()
	total, allowed := 0, 0
	for a, n := range s.answers {
		t.Logf("%9d %s: %s", n, a.effect, a.why)
		total += n
		if a.effect == "allow" {
			allowed += n
		}
	}
	if t.Failed() {
		return
	}
	for _, a := range expectedAnswers {
		if s.answers[a] == 0 {
			t.Errorf("no case is answered %s: %s", a.effect, a.why)
		}
	}
	if allowed < total/10 || allowed > total*9/10 {
		t.Errorf("%d of %d cases are allowed", allowed, total)
	}
}

// TestStories holds that a case that is written down as a file of testdata means the same there.
func TestStories(t *testing.T) {
	t.Parallel()
	d := randomDice(*seedFlag)
	for range 30 {
		w := newRandomWorld(d)
		for range 5 {
			s := newSetting()
			datadriven.RunTestFromString(t, w.ask(d).story(), func(t *testing.T, d *datadriven.TestData) string {
				return s.run(t, d)
			})
		}
	}
}
