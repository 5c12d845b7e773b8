GO       ?= go
DATA     ?= crossgrant-data
FUZZTIME ?= 30s

# Everything but the suites that run the program.
UNITS = $$($(GO) list ./... | grep -v '/test/')

.PHONY: build run test check fuzz e2e bench need-aws need-cc

build:
	@mkdir -p bin
	$(GO) build -o bin/crossgrant ./cmd/crossgrant

# The server with the setting of the walkthrough. It prints what to type in another terminal.
run: build
	@DATA='$(DATA)' exec sh examples/walkthrough/run.sh

# What runs the program is run anew each time: the go command does not see that the program has changed.
test: need-aws
	$(GO) test -timeout 20m $(UNITS)
	$(GO) test -count 1 -timeout 20m ./test/...

check: need-cc
	@unformatted=$$(gofmt -l cmd internal test); if [ -n "$$unformatted" ]; then echo "gofmt: $$unformatted" >&2; exit 1; fi
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

e2e: need-aws
	$(GO) test -count 1 -timeout 20m -v ./test/...

bench:
	$(GO) test -run '^$$' -bench . -benchmem $(UNITS)

# What the tests need and the machine lacks is installed where that is allowed.
need-aws:
	@sh .ci/need aws awscli
need-cc:
	@sh .ci/need gcc 'gcc libc6-dev'
