package cluster_test

// suite is tests of another package that run on several servers, unchanged.
type suite struct {
	path  string // of the package, from the root of the repository
	short string // which tests `make test` runs; empty: none
}

var suites = []suite{
	{"./test/e2e", "^TestStories$/^(part1_acl|part2_bucket_policy|part3_role|revoke|organization)$"},
	{"./test/matrix", ""},
	{"./test/escalation", ""},
	{"./test/halves", ""},
	{"./test/clients", ""},
	{"./test/console", ""},
	// These run no server, but what decides, over PostgreSQL.
	{"./internal/iam", ""},
	{"./internal/sts", ""},
	{"./internal/orgs", ""},
	{"./internal/accounts", ""},
	{"./internal/kms", ""},
}

// away is what does not run on several servers, because it is about a folder, or about one process.
var away = []struct {
	path   string
	test   string // empty: all of the package
	reason string
}{
	{"./test/e2e", "^TestStories$/^backup$", "copies a data folder; several servers are backed up by their stores' own means"},
	{"./internal/orgs", "^TestCreateAccount$", "has a new server finish at once what one that is gone had begun; with several, which of them are gone is not known at once"},
	{"./test/clients", "^TestMemory$", "measures the memory of one process"},
	{"./test/crash", "", "cuts the power of a folder's disk; what several servers do when they are killed is test/linear"},
	{"./test/faults", "", "fills a folder's disk, and takes files from one process"},
	{"./test/limits", "", "measures the memory and connections of one process"},
	{"./test/bench", "", "runs the load generator, which starts single servers"},
	{"./test/s3tests", "", "tests the program that runs Ceph's s3-tests"},
	{"./test/oidcissuer", "", "runs no server"},
	{"./test/failover", "", "runs a server over a PostgreSQL with a standby, and kills that"},
	{"./test/migrate", "", "moves between a folder and stores of its own"},
	{"./test/rigs/ceph", "", "tests a rig"},
	{"./test/rigs/patroni", "", "tests a rig"},
	{"./test/rigs/postgres", "", "tests a rig"},
	{"./test/spread", "", "runs no server"},
	{"./test/relay", "", "runs no server"},
	{"./test/linear", "", "runs three servers of its own"},
	{"./test/cluster", "", "is this one"},
}
