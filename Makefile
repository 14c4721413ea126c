# Two commands: `make serve` builds the page and serves it, `make test` runs every test.
# Both install what is missing first; .ci/tools.sh says each step and how long it takes.

SHELL := /bin/bash
# Tools that had to be installed for this project alone lie under target/tools and go first.
export PATH := $(CURDIR)/target/tools/bin:$(CURDIR)/target/tools/node_modules/.bin:$(HOME)/.cargo/bin:$(PATH)

PORT ?= 8080

SOURCES := Cargo.toml Cargo.lock Trunk.toml index.html rust-toolchain.toml $(shell find .cargo src style -type f)

.PHONY: serve test oracle figures dist fmt clean

serve: dist
	@exec node .ci/serve.mjs dist $(PORT)

# The release build of the page, made again only when something it is made of is newer.
dist:
	@.ci/tools.sh build
	@$(MAKE) --no-print-directory dist/index.html

dist/index.html: $(SOURCES)
	@echo "== Building the page (release, one WebAssembly file) and the stills of its figures; about 6 minutes the first time, 1 to 2 after a change"
	trunk build
	@touch dist/index.html

test:
	@.ci/tools.sh build test
	@node .ci/test.mjs

# Recomputes traces in JAX: every placement and rule. `make test` runs a fixed sample of it; this runs all of it.
oracle:
	@.ci/tools.sh oracle
	cargo build --release --locked -p brink-cli
	target/oracle/bin/python tests/oracle/oracle.py target/release/brink

# Trains every figure of the playbook over 40 seeds, and writes what held into docs/figures.md, with a picture of each (half an hour).
figures:
	cargo build --release --locked -p brink-cli
	@node .ci/figures.mjs write cpu
	@node .ci/figures.mjs write gpu

fmt:
	cargo fmt --all

clean:
	cargo clean
	rm -rf dist tests/browser/node_modules
