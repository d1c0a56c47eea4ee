.PHONY: help check test

help: ## show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

check: test ## everything that must hold before a commit

test: ## all tests, with the race detector
	go test -race ./...
