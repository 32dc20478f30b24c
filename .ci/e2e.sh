#!/usr/bin/env bash
# Serves a small sample city on a free port from a temporary directory, lets Playwright drive it, stops it again.
# Arguments go to Playwright. Expects the web app built and BIN (default: the dev build of wangge) in place.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
bin=$(realpath "${BIN:-$target/debug/wangge}")
households=${E2E_HOUSEHOLDS:-8000}
work=$(mktemp -d "${TMPDIR:-/tmp}/wangge-e2e.XXXXXX")
log=$work/server.log
server=
browser=

# Stops the server and waits for it; a server that ignores SIGTERM is a failure, but never left behind.
stop_server() {
    local pid=$server
    server=
    [ -n "$pid" ] || return 0
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || {
            wait "$pid" 2>/dev/null || true
            return 0
        }
        sleep 0.2
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    echo "wangge demo did not stop within 20 s of SIGTERM" >&2
    return 1
}
finish() {
    local code=$?
    trap - EXIT
    [ -z "$browser" ] || kill -TERM -- "-$browser" 2>/dev/null || true
    stop_server || code=1
    if [ "$code" -ne 0 ] && [ -s "$log" ]; then
        echo "--- last lines of the server's log" >&2
        tail -n 60 "$log" >&2
    fi
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() {
    node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}
# Waits for /readyz; fails when the server ends, or is not ready in five minutes.
wait_ready() {
    local deadline=$((SECONDS + 300))
    while [ "$SECONDS" -lt "$deadline" ]; do
        kill -0 "$server" 2>/dev/null || return 1
        if node -e 'fetch(process.argv[1]).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))' "$url/readyz"; then
            return 0
        fi
        sleep 0.5
    done
    return 1
}

ready=
for attempt in 1 2 3; do # Another process may take the port between asking and binding.
    port=$(free_port)
    url=http://127.0.0.1:$port
    mkdir -p "$work/$attempt"
    (cd "$work/$attempt" && exec "$bin" demo --households "$households" --listen "127.0.0.1:$port") </dev/null >"$log" 2>&1 &
    server=$!
    if wait_ready; then
        ready=1
        break
    fi
    stop_server || true
    grep -qi 'in use' "$log" || break
done
if [ -z "$ready" ]; then
    echo "wangge demo did not become ready" >&2
    exit 1
fi
echo "wangge demo: $households households, ready at $url"

# Whatever name setup.sh accepted.
if [ -z "${CHROMIUM:-}" ]; then
    for name in chromium chromium-browser google-chrome; do
        CHROMIUM=$(command -v "$name") && break
    done
fi
export CHROMIUM
[ -n "$CHROMIUM" ] || {
    echo "no Chromium found; run .ci/setup.sh, or name one in CHROMIUM" >&2
    exit 1
}

cd "$root/web"
# In the background, because bash answers a signal only between commands or while it waits; in a process group of its own (set -m),
# because npm does not pass a signal on to what it runs.
set -m
WANGGE_URL=$url npm run --silent e2e -- "$@" </dev/null &
browser=$!
set +m
wait "$browser"
browser=
stop_server
