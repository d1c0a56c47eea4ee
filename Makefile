.DEFAULT_GOAL := help
.PHONY: help demo build test lint generate generate-check tidy-check check bench soak fuzz faults faults-short docker screenshots reliability vulnerabilities sbom reproducible

services := go run ./build/services
golangci := go tool -modfile=build/lint.mod golangci-lint
FUZZTIME ?= 10s
SOAK ?= 30m
ROWS ?= all
SEED ?= 0
SCALE ?= 1
SHORT := TestChecker|TestRow01|TestRow10|TestRow13|TestRow20

help: ## show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## run the service in a temporary place and play recorded deliveries to it
	go run ./cmd/accolade demo

build: ## build the binary as a release has it: static, reproducible
	CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags '-s -w' -o accolade ./cmd/accolade

test: ## all tests with the race detector, on SQLite and a throw-away Postgres and Redis, with a browser
	$(services) -- go test -race -timeout 40m ./...
	go test -run 'BoundedMemory' ./internal/forge

lint: ## every linter of .golangci.yml, and that of openapi.yaml
	$(golangci) run ./...
	./build/redocly/lint.sh openapi.yaml

generate: ## everything that is made from something else
	go generate ./...
	go run ./cmd/accolade config list > docs/configuration.md
	go run ./build/errors > docs/errors.md
	go run ./build/reliability
	go run ./cmd/accolade rules schema > rules/rules.schema.json
	go run ./build/avatars

generate-check: ## fail when make generate would change something
	./build/unchanged.sh api docs/configuration.md docs/errors.md docs/reliability.md rules/rules.schema.json rules/avatars -- $(MAKE) --no-print-directory generate

tidy-check: ## fail when go.mod or go.sum is not what the code needs
	go mod tidy -diff

faults: ## processes killed and frozen, Postgres and Redis in trouble, fleets, in full; SEED=n repeats a run, SCALE=0.1 makes it a tenth as long
	$(services) -browser=false -- go test -tags faults -count=1 -timeout 120m -v ./internal/faults -faults.seed $(SEED) -faults.scale $(SCALE)

faults-short: ## those that need two minutes and show most: kills, crashes, forgotten keys, and that the checker finds damage
	$(services) -browser=false -- go test -tags faults -short -count=1 -timeout 15m -run '$(SHORT)' ./internal/faults -faults.seed $(SEED)

check: tidy-check generate-check lint test faults-short ## everything that must hold before a commit

bench: ## the benchmark: bare, naive and ours, taking in and reading, side by side; about a quarter of an hour, written into docs/performance.md
	$(services) -durable -browser=false -- go run ./internal/bench -json docs/performance.json -document docs/performance.md

soak: ## everything at once for SOAK (30m): memory, goroutines, open files and p99 must stay as they are
	$(services) -durable -browser=false -- go run ./internal/bench -soak $(SOAK) -json docs/soak.json -document docs/performance.md

fuzz: ## every fuzz target for FUZZTIME (10s)
	./build/fuzz.sh $(FUZZTIME)

reliability: ## run the tests of every fault that is tried, or of ROWS (15,23-33), and write docs/reliability.md; HOW=-short for a tenth of the time
	$(services) -- go run ./build/reliability -run $(ROWS) $(HOW)

vulnerabilities: ## fail when a known vulnerability can be reached; asks vuln.go.dev
	go tool -modfile=build/vuln.mod govulncheck -tags nomsgpack ./cmd/accolade

sbom: build ## what the binary is made of, read from it, as CycloneDX: accolade.cdx.json
	go tool -modfile=build/sbom.mod cyclonedx-gomod bin -json -std -version "$$(git describe --tags --always --dirty)" -output accolade.cdx.json accolade

reproducible: ## build the release twice, in different places, and fail unless the binaries are equal
	./build/reproducible.sh

screenshots: ## the pictures in docs/images of every page, and docs/pages.md, which shows them
	mkdir -p docs/images
	$(services) -- go test -count=1 -run '^TestPicturesOfPages$$' ./internal/app -pictures ../../docs/images

docker: ## the image
	docker build -t accolade .
