#!/usr/bin/env bash
# `make bench-desk`: how long a planner waits for a command on a street of 40,000 households, and for its picture; then bench.py.
# CARGO, WANGGE (a prebuilt program), HOUSEHOLDS, COMMANDS and TIMES come from the environment.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(dirname "$0")
command -v python3 >/dev/null || { echo "bench-desk needs python3" >&2; exit 1; }
wangge=${WANGGE:-}
if [ -z "$wangge" ]; then
    "${CARGO:-cargo}" build --locked --release
    wangge=${CARGO_TARGET_DIR:-target}/release/wangge
fi
exec python3 "$here/bench.py" --wangge "$wangge" --households "${HOUSEHOLDS:-40000}" --commands "${COMMANDS:-400}" --times "${TIMES:-12}"
