#!/usr/bin/env bash
# `make bench-plan`: a scratch environment for the peers, outside the project; the plans; then peers, scores and figures.
# CARGO, INSTANCES, SEEDS, PEER_SECONDS and WORK (a folder to keep all files in) come from the environment.
set -euo pipefail
# No compiled files beside the sources.
export PYTHONDONTWRITEBYTECODE=1
here=$(dirname "$0")
command -v python3 >/dev/null || { echo "bench-plan needs python3 for the peers and for the table" >&2; exit 1; }

environment=${XDG_CACHE_HOME:-$HOME/.cache}/wangge/bench-plan
python=python3
echo "==> Peers, in $environment"
if [ -x "$environment/bin/pip" ] || python3 -m venv "$environment"; then
    python=$environment/bin/python
    for package in numpy shapely pyproj networkx pymetis k-means-constrained gerrychain; do
        "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "$package" ||
            echo "$package cannot be installed here: what needs it is left out"
    done
else
    echo "no Python environment can be made here (python3-venv?): peers that are not installed already are left out"
fi

if [ -n "${WORK:-}" ]; then
    work=$WORK
    mkdir -p "$work"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
instances=()
if [ -n "${INSTANCES:-}" ]; then
    instances=(--instances "$(realpath "$INSTANCES")")
fi

echo "==> Plans"
${CARGO:-cargo} bench --locked --bench plan -- all "${instances[@]}" --work "$work" --seeds "${SEEDS:-5}"

echo "==> Peers and scores"
"$python" "$here/bench.py" "${instances[@]}" --work "$work" --seeds "${SEEDS:-5}" --peer-seconds "${PEER_SECONDS:-100}"
