# Two commands: `make serve` builds the page and serves it, `make test` runs every test.
# Both install what is missing first; .ci/tools.sh says each step and how long it takes.

SHELL := /bin/bash
# Tools that had to be installed for this project alone lie under target/tools and go first.
export PATH := $(CURDIR)/target/tools/bin:$(CURDIR)/target/tools/node_modules/.bin:$(HOME)/.cargo/bin:$(PATH)

PORT ?= 8080

SOURCES := Cargo.toml Cargo.lock Trunk.toml index.html $(shell find .cargo src style -type f)

.PHONY: serve test oracle dist fmt clean

serve: dist
	@exec node .ci/serve.mjs dist $(PORT)

# Beside the profile `page` (Cargo.toml), what makes the page small and has no stable place to be said: the standard library is
# compiled with the page, for size; a panic is a trap and carries no text. docs/decisions.md tells what each saves.
# `trunk serve` without these builds a larger page, whose panics tell where.
SMALL := RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size \
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none"

# The release build of the page, made again only when something it is made of is newer.
dist:
	@.ci/tools.sh build
	@$(MAKE) --no-print-directory dist/index.html

dist/index.html: $(SOURCES)
	@echo "== Building the page (release, one WebAssembly file; about 4 minutes the first time, 1 to 2 after a change)"
	$(SMALL) trunk build --release
	@touch dist/index.html

test:
	@.ci/tools.sh build test
	@node .ci/test.mjs

# Recomputes traces in JAX: every placement and rule, 100 steps. Not a part of `make test`: it needs Python and JAX.
oracle:
	cargo build --release --bin brink
	python3 -m venv target/oracle
	target/oracle/bin/pip install --quiet --requirement tests/oracle/requirements.txt
	target/oracle/bin/python tests/oracle/oracle.py target/release/brink

fmt:
	cargo fmt --all

clean:
	cargo clean
	rm -rf dist tests/browser/node_modules
