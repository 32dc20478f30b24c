#!/usr/bin/env bash
# `make bench-serve`: wrk, the program, the bench's own helper; then bench.py, beside a throw-away PostgreSQL when Martin is there.
# CARGO, MARTIN (else the martin on PATH), HOUSEHOLDS, SECONDS_EACH, ROUNDS, MINUTES and ONLY come from the environment.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(dirname "$0")
cargo=${CARGO:-cargo}
command -v python3 >/dev/null || { echo "bench-serve needs python3" >&2; exit 1; }
if ! command -v wrk >/dev/null; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    command -v apt-get >/dev/null || { echo "bench-serve loads with wrk: please install it" >&2; exit 1; }
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk
fi

# Where cargo puts what it builds.
built() {
    python3 -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    if made.get("executable") and made["target"]["name"] == sys.argv[1]: print(made["executable"])' "$1"
}
echo "==> Programs (cargo build --release, cargo bench --no-run)"
wangge=${WANGGE:-$("$cargo" build --locked --release --message-format=json-render-diagnostics | built wangge)}
helper=$("$cargo" bench --locked --no-run --bench serve --message-format=json-render-diagnostics | built serve)

martin=${MARTIN:-$(command -v martin || true)}
beside=()
if [ -n "$martin" ] && command -v pg_virtualenv >/dev/null; then
    beside=("$here/../../.ci/postgres.sh")
fi
options=(--wangge "$wangge" --helper "$helper" --martin "$martin")
[ -z "${HOUSEHOLDS:-}" ] || options+=(--households "$HOUSEHOLDS")
[ -z "${SECONDS_EACH:-}" ] || options+=(--seconds "$SECONDS_EACH")
[ -z "${ROUNDS:-}" ] || options+=(--rounds "$ROUNDS")
[ -z "${MINUTES:-}" ] || options+=(--minutes "$MINUTES")
[ -z "${ONLY:-}" ] || options+=(--only "$ONLY")
exec "${beside[@]}" python3 "$here/bench.py" "${options[@]}"
