# One command each. `make help` lists them; `.ci/run` is `make test`.

CARGO ?= cargo
NPM ?= npm
LISTEN ?= 127.0.0.1:8080
TARGET := $(or $(CARGO_TARGET_DIR),target)
STEP := .ci/step.sh
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD = 1

.PHONY: help demo test e2e check bench bench-plan bench-serve bench-desk docs-pictures web tools setup-test check-rust check-rooms check-web test-web test-rust

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: tools ## Build all and serve the sample city (first time: some minutes)
	@$(STEP) "1/3 Web app: npm ci, build (about a minute the first time)" $(MAKE) --no-print-directory web
	@$(STEP) "2/3 Program: cargo build --release (5 to 10 minutes the first time on two cores)" $(CARGO) build --locked --release
	@echo
	@echo "==> 3/3 Sample city on http://$(LISTEN) (made, planned and served in under a minute; Ctrl-C ends it)"
	@exec $(TARGET)/release/wangge demo --listen $(LISTEN)

test: tools ## Everything: checks, unit and store tests on both stores, web tests, browser tests
	@$(STEP) "System packages" .ci/setup.sh
	@$(STEP) "Web app: build" $(MAKE) --no-print-directory web
	@$(STEP) "Check: format, lints, rooms, types" $(MAKE) --no-print-directory check
	@$(STEP) "Web app: tests" $(MAKE) --no-print-directory test-web
	@$(STEP) "Program: tests, on GeoPackage and on a throw-away PostGIS" $(MAKE) --no-print-directory test-rust
	@$(STEP) "Browser tests" $(MAKE) --no-print-directory e2e

# The tests' own build of the program serves the browser tests: nothing is compiled twice.
e2e: tools web ## The browser tests alone, against the sample city
	$(CARGO) test --locked --no-run
	.ci/e2e.sh

check: check-rust check-rooms check-web ## Format, clippy, who may know whom, TypeScript types, web lint

check-rust: web/dist/index.html
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

check-rooms:
	node .ci/rooms.mjs

check-web: web/node_modules/.installed
	cd web && $(NPM) run --silent check

test-web: web/node_modules/.installed
	cd web && $(NPM) run --silent test

test-rust: web/dist/index.html
	.ci/postgres.sh $(CARGO) test --locked --no-fail-fast

bench: web/dist/index.html ## Benches with fixed seeds
	$(CARGO) bench --locked

# LIECHTENSTEIN=… HAIDIAN=… name OpenStreetMap extracts (.osm.pbf); the pictures of a town without its extract stay as they are.
docs-pictures: web/dist/index.html ## Draw the handbook's pictures anew
	$(CARGO) build --locked --release
	WANGGE=$(TARGET)/release/wangge docs/planning/draw.sh
	BIN=$(TARGET)/release/wangge .ci/e2e.sh --config playwright.aside.config.ts desk.pictures
# INSTANCES: a folder of survey folders, and score.py if there is one; without any, three are made from sample cities.
bench-plan: export CARGO := $(CARGO)
bench-plan: export INSTANCES ?= $(firstword $(wildcard ../*/bench/partition))
bench-plan: web/dist/index.html ## How good plans are: a table beside METIS, GerryChain and k-means-constrained, then a line a figure (INSTANCES= SEEDS= PEER_SECONDS=)
	@benches/plan/bench.sh

# MARTIN: a martin (`cargo install martin`), when it is not on PATH. ONLY=mixed MINUTES=10 is the long run.
bench-serve: export CARGO := $(CARGO)
bench-serve: web/dist/index.html ## How fast it serves: a table beside a bare axum and Martin, then a line a figure (MARTIN= HOUSEHOLDS= ONLY= MINUTES=)
	@benches/serve/bench.sh

# WANGGE: a prebuilt program. HOUSEHOLDS of the street, COMMANDS given, TIMES each thing is done in a browser.
bench-desk: export CARGO := $(CARGO)
bench-desk: web/dist/index.html ## How long a planner waits for a command, and for its picture (WANGGE= HOUSEHOLDS= COMMANDS= TIMES=)
	@benches/desk/bench.sh

web: web/node_modules/.installed ## Build the web app into web/dist
	cd web && $(NPM) run --silent build

# The program embeds web/dist, so it must be there before Rust compiles.
web/dist/index.html:
	$(MAKE) --no-print-directory web

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && $(NPM) ci --no-fund --no-audit
	@touch $@

setup-test: ## Install the system packages the tests need, where missing
	.ci/setup.sh

tools:
	@.ci/tools.sh
