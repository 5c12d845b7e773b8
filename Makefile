GO       ?= go
DATA     ?= crossgrant-data
LOGSDATA ?= crossgrant-data-logs
FUZZTIME ?= 30s
WORKERS  ?= 4
ROUNDS   ?= 200
OBJECTS  ?= 1000000
KILLS    ?= 5
SPAN     ?= 30s
HISTORIES ?= 200
SEED     ?= 0
MIN      ?= 0
MIN_IAM  ?= 0
MIN_STS  ?= 0

# What `make bench` measures beside this server, and how; see bin/s3bench --help.
ENDPOINTS  ?=
BENCHFLAGS ?= --clients 1,8,32,128 --seconds 1 --rounds 3
RGWFLAGS   ?= --ops put,get,list --clients 1,32 --seconds 2 --rounds 5
KEYS       ?= 200000
MINUTES    ?= 30

# Everything but the suites that run the program.
UNITS = $$($(GO) list ./... | grep -v '/test/')

# What s3-tests imports, and what runs it.
MODULES = boto3,dateutil,isodate,munch,pytest,xdist,pytz,requests,urllib3

.PHONY: build run run-logs test check fuzz e2e crash migrate-million s3-tests bench bench-others bench-records bench-trails bench-scale bench-go soak s3bench screenshots need-clients need-browser need-cc need-python need-postgres blobs-conformance deploy-check scale need-ceph need-patroni rigs test-rigs bench-rgw blobs-conformance-rgw failover e2e-cluster linear

build:
	@mkdir -p bin
	$(GO) build -o bin/crossgrant ./cmd/crossgrant

# The server with the setting of the walkthrough. It prints what to type in another terminal.
run: build
	@DATA='$(DATA)' exec sh examples/walkthrough/run.sh

# The same with the setting of examples/logs-in-another-account, in a data folder of its own.
run-logs: build
	@DATA='$(LOGSDATA)' exec sh examples/logs-in-another-account/run.sh

# What runs the program is run anew each time: the go command does not see that the program has changed.
test: need-clients need-browser need-postgres
	$(GO) test -timeout 20m $(UNITS)
	$(GO) test -count 1 -timeout 30m ./test/...

check: need-cc need-postgres
	@unformatted=$$(gofmt -l bench cmd deploy internal test); if [ -n "$$unformatted" ]; then echo "gofmt: $$unformatted" >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test ./internal/layers
	$(GO) test -race -timeout 20m $(UNITS)

# Every fuzz target there is, one after the other.
fuzz:
	@set -e; for dir in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n 1 dirname | sort -u); do \
		for target in $$(grep -h -o '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -d ' ' -f 2); do \
			echo "$$dir $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$dir; \
		done; \
	done

e2e: need-clients need-browser need-postgres
	$(GO) test -count 1 -timeout 30m -v ./test/...

# The stories, and the suites about IAM and authorization, on three servers over PostgreSQL and a networked blob store, all of
# them processes of this machine. The start of its output lists what is not run that way, and why.
e2e-cluster: need-clients need-browser need-postgres
	$(GO) test -count 1 -timeout 4h -v ./test/cluster -all

# Whether three servers are, to their clients, one: HISTORIES histories of objects, and as many of permissions, while servers are
# killed, paused and cut off, and PostgreSQL is restarted. Without the rights of root no network can be cut: the output says so.
linear: need-postgres
	@sh .ci/need ip iproute2
	$(GO) test -count 1 -timeout 4h -v ./test/linear -histories $(HISTORIES) -seed $(SEED)

# Every page of the console as a picture in the folder screenshots: light and dark, in a wide window and on a phone.
screenshots: need-browser
	$(GO) test -count 1 -timeout 30m -run '^TestPages$$' ./test/console -screenshots '$(CURDIR)/screenshots'

# The server is killed, and the power is cut, ROUNDS times each in the middle of work. The log says how to repeat a run.
crash:
	$(GO) test -count 1 -timeout 4h -v ./test/crash -rounds $(ROUNDS)

# OBJECTS objects and some of everything else are moved to PostgreSQL and an S3 service, and back, by processes that are killed
# KILLS times on the way; the two ends are compared.
migrate-million: need-postgres
	$(GO) test -count 1 -timeout 6h -v ./test/migrate -run Networked -objects '$(OBJECTS)' -kills '$(KILLS)' -span '$(SPAN)'

# Ceph's s3-tests, from the checkout in the folder SUITE. It fails if fewer than MIN tests pass, or fewer than
# MIN_IAM of test_iam.py, or fewer than MIN_STS of test_sts.py.
s3-tests: need-python
	@mkdir -p bin
	$(GO) build -o bin/s3tests ./test/s3tests
	@bin/s3tests -suite '$(SUITE)' -workers '$(WORKERS)' -min '$(MIN)' -min 'test_iam.py=$(MIN_IAM)' -min 'test_sts.py=$(MIN_STS)'

# The suite of blob engines over a bucket of another S3 service, ENDPOINT='s3://BUCKET?endpoint=URL&region=REGION', with
# credentials from the environment (AWS_ACCESS_KEY_ID, ...). It uses names that begin with the prefix, and leaves blobs there.
blobs-conformance:
	CROSSGRANT_TEST_BLOBS='$(ENDPOINT)' $(GO) test -count 1 -timeout 30m -v -run '^TestService$$' ./internal/blob/s3blob

# The suite of blob engines over Ceph's gateway.
blobs-conformance-rgw: rigs need-ceph
	@bin/rigs ceph -- sh -c 'AWS_ACCESS_KEY_ID=$$CEPH_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$$CEPH_SECRET_ACCESS_KEY CROSSGRANT_TEST_BLOBS=$$CEPH_BLOBS \
		exec $(MAKE) --no-print-directory blobs-conformance ENDPOINT="$$CEPH_BLOBS"'

# The primary of PostgreSQL under Patroni is killed ROUNDS times while clients of two servers work. It fails if anything is lost that
# was acknowledged, or if service is away for more than 30 seconds.
failover: ROUNDS = 10
failover: need-patroni
	$(GO) test -count 1 -timeout 2h -v ./test/failover -rounds $(ROUNDS)

# Other people's servers, brought up and ended.
rigs:
	@mkdir -p bin
	$(GO) build -o bin/rigs ./test/rigs/cmd
test-rigs: need-ceph need-patroni
	$(GO) test -count 1 -v ./test/rigs/... -start

s3bench: build
	$(GO) build -o bin/s3bench ./bench/s3bench

# This server, and the ENDPOINTS="NAME=URL,KEY,SECRET ..." that are given, in turn under the same load.
bench: s3bench
	@bin/s3bench --start bin/crossgrant $(foreach e,$(ENDPOINTS),--endpoint '$(e)') $(BENCHFLAGS)

# The same beside MinIO, versitygw and SeaweedFS, as far as they are installed, in the path or in the folder OTHERS.
bench-others: s3bench
	@sh bench/others.sh with bin/s3bench --start bin/crossgrant $(BENCHFLAGS)

# One server over PostgreSQL and blobs in another server, and then over PostgreSQL and blobs in Ceph, each beside Ceph's own gateway in
# the same run; all on this machine, with one copy of everything.
bench-rgw: s3bench rigs need-ceph need-postgres
	@bin/rigs ceph postgres store -- sh bench/rgw.sh STORE bin/s3bench --start bin/crossgrant $(RGWFLAGS)
	@bin/rigs ceph postgres -- sh bench/rgw.sh CEPH bin/s3bench --start bin/crossgrant $(RGWFLAGS)

# One bucket with KEYS small objects compared with one of 10,000.
bench-scale: s3bench
	@bin/s3bench scale --program bin/crossgrant --keys '$(KEYS)'

# The models of a store of 10¹² objects: writes docs/SCALE.md and the plots in docs/scale anew.
scale:
	$(GO) run ./bench/scale

# Mixed load from 128 clients with 512 MiB of memory, for MINUTES.
soak: s3bench
	@bin/s3bench soak --program bin/crossgrant --minutes '$(MINUTES)'

# What it costs to record requests: beside a server that records denials only.
bench-records: s3bench
	@bin/s3bench --start records=bin/crossgrant --start none=bin/crossgrant,CROSSGRANT_RECORD_ALLOWS=0 $(BENCHFLAGS)

# What it costs to log every event by a trail into a bucket of another account: a server that does, delivering every five
# seconds, beside two that do not.
bench-trails: s3bench
	@bin/s3bench --trail trail --start trail=bin/crossgrant,CROSSGRANT_TRAIL_INTERVAL=5s --start none=bin/crossgrant --start again=bin/crossgrant $(BENCHFLAGS)

# Every file below deploy/, by the programs that will read it.
deploy-check: need-postgres
	@for need in haproxy:haproxy promtool:prometheus systemd-analyze:systemd; do sh .ci/need $${need%:*} $${need#*:}; done
	@GO='$(GO)' sh deploy/check.sh

# The benchmarks in Go.
bench-go:
	$(GO) test -run '^$$' -bench . -benchmem $(UNITS)

# What the tests need and the machine lacks is installed where that is allowed.
need-clients:
	@sh .ci/need aws awscli
	@for client in s3cmd rclone restic; do sh .ci/need $$client $$client; done
	@sh .ci/need python:boto3 python3-boto3
# A browser for the tests of the console, and the checks of accessibility that run in it, at the version in package-lock.json.
need-browser: test/console/node_modules/.package-lock.json
	@sh .ci/need chromium chromium
test/console/node_modules/.package-lock.json: test/console/package.json test/console/package-lock.json
	@sh .ci/need npm 'nodejs npm'
	cd test/console && npm ci --ignore-scripts --no-audit --no-fund
need-cc:
	@sh .ci/need gcc 'gcc libc6-dev'
need-python:
	@sh .ci/need 'python:$(MODULES)' '$(patsubst %,python3-%,boto3 dateutil isodate munch pytest pytest-xdist requests tz urllib3)'
# A server for the tests of the networked metadata engine, which they start themselves. Its programs are in no folder of the path.
need-postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || sh .ci/need initdb postgresql
# One machine's cluster of Ceph with its gateway, and PostgreSQL with a standby under Patroni and etcd, for test/rigs.
need-ceph:
	@for program in ceph-mon ceph-mgr ceph-osd radosgw; do sh .ci/need $$program 'ceph-mon ceph-mgr ceph-osd radosgw ceph-common'; done
need-patroni: need-postgres
	@sh .ci/need etcd etcd-server
	@sh .ci/need patroni 'patroni python3-etcd python3-psycopg2'
