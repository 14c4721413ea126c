#!/bin/bash
# Installs what a build (`build`), the tests (`test`) or the oracle alone (`oracle`) need and do not find. A tool that is there in the right version
# is used; one that is missing goes to target/tools, so that a version of your own elsewhere stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

TRUNK_VERSION=0.21.14
WASM_BINDGEN_VERSION=0.2.130 # the same as the crate in Cargo.toml: the two must be equal
BINARYEN_VERSION=132.0.0
MDBOOK_VERSION=0.5.4
TARGET=wasm32-unknown-unknown

tools="$PWD/target/tools"
export PATH="$tools/bin:$tools/node_modules/.bin:$HOME/.cargo/bin:$PATH"

say() { echo "== $*"; }
fail() { echo "error: $*" >&2; exit 1; }

have() { # have COMMAND VERSION: is that version of that command on the path?
    command -v "$1" >/dev/null && "$1" --version 2>/dev/null | grep -qwF "$2"
}

# A tool is compiled once and used for seconds: most of the optimiser's time would be lost.
cargo_tool() { # cargo_tool OPT_LEVEL ARGUMENTS...
    local opt=$1
    shift
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
        CARGO_PROFILE_RELEASE_OPT_LEVEL="$opt" CARGO_TARGET_DIR="$tools/build" \
        cargo install --quiet --root "$tools" "$@"
}

build() {
    command -v rustup >/dev/null || fail "rustup is needed: https://rustup.rs"
    command -v node >/dev/null || fail "node (18 or newer) with npm is needed: https://nodejs.org"
    if ! rustc --version >/dev/null 2>&1; then
        say "Installing the Rust toolchain that rust-toolchain.toml names (about a minute)"
        rustup toolchain install
    fi
    if ! rustup target list --installed 2>/dev/null | grep -qx "$TARGET"; then
        say "Adding the Rust target $TARGET (half a minute)"
        rustup target add "$TARGET"
    fi
    if ! have trunk "$TRUNK_VERSION"; then
        say "Installing trunk $TRUNK_VERSION, which bundles the page (about 3 minutes)"
        # Without default features: no self-update check, no second TLS stack.
        cargo_tool 0 --locked trunk --version "$TRUNK_VERSION" --no-default-features
    fi
    if ! have wasm-bindgen "$WASM_BINDGEN_VERSION" || ! have wasm-bindgen-test-runner "$WASM_BINDGEN_VERSION"; then
        say "Installing wasm-bindgen $WASM_BINDGEN_VERSION, which links Rust and JavaScript (about 2 minutes)"
        # Not --locked: the lock file that it ships names a version of a crate that registries no longer offer.
        cargo_tool 1 wasm-bindgen-cli --version "$WASM_BINDGEN_VERSION"
    fi
    if ! have wasm-opt "version ${BINARYEN_VERSION%%.*}"; then
        say "Installing wasm-opt (binaryen $BINARYEN_VERSION) from npm (some seconds)"
        mkdir -p "$tools"
        npm install --prefix "$tools" --no-save --no-audit --no-fund --loglevel=error "binaryen@$BINARYEN_VERSION"
    fi
}

apt_install() { # apt_install WHAT PACKAGES...
    local what=$1
    shift
    command -v apt-get >/dev/null || fail "$what is missing; install $* by your system's own means"
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    say "Installing $what: $* (about a minute)"
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq "$@" >/dev/null
}

tests() {
    command -v chromium >/dev/null && command -v chromedriver >/dev/null ||
        apt_install "Chromium and its driver" chromium chromium-driver
    command -v firefox-esr >/dev/null || command -v firefox >/dev/null || [ -n "${FIREFOX:-}" ] ||
        apt_install "Firefox" firefox-esr
    # The GPU tests run on a real adapter or on lavapipe, Mesa's software Vulkan: one of them must be there.
    compgen -G "/usr/share/vulkan/icd.d/*.json" >/dev/null || compgen -G "/etc/vulkan/icd.d/*.json" >/dev/null ||
        apt_install "a software Vulkan" mesa-vulkan-drivers libvulkan1
    for component in rustfmt clippy; do
        rustup component list --installed 2>/dev/null | grep -q "^$component" || {
            say "Adding the Rust component $component (some seconds)"
            rustup component add "$component"
        }
    done
    if [ ! -d tests/browser/node_modules ] || [ tests/browser/package-lock.json -nt tests/browser/node_modules ]; then
        say "Installing what the end-to-end tests use (playwright-core, puppeteer-core, axe-core) from npm (some seconds; no browser comes with it)"
        npm ci --prefix tests/browser --no-audit --no-fund --loglevel=error
        touch tests/browser/node_modules
    fi
    if ! have mdbook "v$MDBOOK_VERSION"; then
        say "Installing mdBook $MDBOOK_VERSION, whose pages hold a frame of Brink in the tests (about 2 minutes)"
        cargo_tool 0 --locked mdbook --version "$MDBOOK_VERSION" --no-default-features
    fi
    python_tool sphinx tests/hosts/requirements.txt "Sphinx, for the same (some seconds)"
}

python_tool() { # python_tool FOLDER REQUIREMENTS WHAT: a virtual environment in target/FOLDER
    python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install "Python with venv" python3 python3-venv
    if [ ! -f "target/$1/installed" ] || [ "$2" -nt "target/$1/installed" ]; then
        say "Installing from PyPI into target/$1: $3"
        python3 -m venv "target/$1"
        "target/$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2"
        touch "target/$1/installed"
    fi
}

# The oracle needs Python with venv and, from PyPI, JAX.
oracle() {
    python_tool oracle tests/oracle/requirements.txt "JAX, for the oracle (about a minute)"
}

for part in "$@"; do
    case $part in
    build) build ;;
    test) tests && oracle ;;
    oracle) oracle ;;
    *) fail "what is $part? (build, test, oracle)" ;;
    esac
done
