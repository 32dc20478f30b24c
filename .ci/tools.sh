#!/usr/bin/env bash
# Says which of the tools a build starts from is missing, and where to get it.
set -uo pipefail
ok=0
need() {
    command -v "$1" >/dev/null 2>&1 || {
        echo "missing: $1: $2" >&2
        ok=1
    }
}
need cargo "Rust 1.95 or newer, https://rustup.rs"
need cc "a C compiler and linker, apt install build-essential"
need node "Node.js 20 or newer, https://nodejs.org"
need npm "comes with Node.js"
exit "$ok"
