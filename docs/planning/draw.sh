#!/bin/sh
# Draws the pictures of docs/planning.md anew, by planning from raw files: `make docs-pictures`.
#   WANGGE         the program (default: target/release/wangge)
#   LIECHTENSTEIN  an OpenStreetMap extract (.osm.pbf) that holds Vaduz
#   HAIDIAN        one that holds Tsinghua University and the blocks around it (docs/planning/haidian.geojson)
# The pictures of a town whose extract is not named stay as they are. Boxes, not codes, say what is shown near, so that a better
# plan is shown at the same place.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
wangge=${WANGGE:-$here/../../target/release/wangge}
case $wangge in /*) ;; *) wangge=$(pwd)/$wangge ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# import_osm …: quiet about what an extract lacks at its edges, not about a failure.
import_osm() {
    "$wangge" import osm "$@" >"$work/import.log" 2>&1 || { cat "$work/import.log" >&2; exit 1; }
}

# draw STREET NAME SHOW [OPTIONS]: one picture.
draw() {
    street=$1 name=$2 show=$3
    shift 3
    "$wangge" render --street "$street" --plan published --show "$show" "$@" --out "$here/$name.png"
}

export WANGGE_DB="gpkg:$work/city.gpkg"
"$wangge" city --households 40000 --seed 1 --out "$work/city" >/dev/null
"$wangge" import survey "$work/city" --street 520201014 >/dev/null
"$wangge" plan --street 520201014 --publish
draw 520201014 city-lines lines
draw 520201014 city-blocks blocks
draw 520201014 city-cuts blocks --bbox 104.8215,26.5797,104.8279,26.5847
draw 520201014 city-cells cells
draw 520201014 city-deviation deviation
draw 520201014 city-communities communities
draw 520201014 city-groups groups --bbox 104.8172,26.5826,104.8206,26.5849

if [ -n "${LIECHTENSTEIN:-}" ]; then
    export WANGGE_DB="gpkg:$work/vaduz.gpkg"
    import_osm "$LIECHTENSTEIN" --area Vaduz --street 520201901=Vaduz
    "$wangge" plan --street 520201901 --publish
    # The commune's main part; its exclaves in the Alps are cells of their own.
    for show in blocks cells; do
        draw 520201901 "vaduz-$show" "$show" --bbox 9.4945,47.1215,9.5578,47.1641
    done
fi

if [ -n "${HAIDIAN:-}" ]; then
    export WANGGE_DB="gpkg:$work/haidian.gpkg"
    import_osm "$HAIDIAN" --area "$here/haidian.geojson" --street 110108901=清华园
    "$wangge" plan --street 110108901 --publish
    for show in lines blocks cells; do
        draw 110108901 "haidian-$show" "$show"
    done
fi
