#!/usr/bin/env python3
"""Measures the server on a city of a million households, beside a bare axum and Martin over PostGIS, and prints a table of what was
seen, then one line a figure: BENCH <name> <value> <unit> target <=|>= <value> ok|short. `bench.sh` builds what it needs.

This needs the standard library only; wrk loads, and Martin is run where it is installed and the PG* variables name a PostgreSQL.
"""
import argparse
import os
import shutil
import signal
import sys
import tempfile

import edits
import locate
import peer
import start
import tiles
from city import City, kept_city, position
from figures import Figures
from processes import Failed, Programs

TASKS = ("start", "tiles", "cold", "rare", "locate", "edits", "mixed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wangge", required=True, help="the program")
    parser.add_argument("--helper", required=True, help="the bench's own program (cargo bench --bench serve)")
    parser.add_argument("--martin", default="", help="Martin's program")
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=3, help="of each run of wrk")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each case")
    parser.add_argument("--minutes", type=float, default=1, help="of mixed load")
    parser.add_argument("--only", default=",".join(TASKS), help=f"of {', '.join(TASKS)}")
    args = parser.parse_args()
    # An end asked for is an end with tidying up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    project = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    print("==> The city", flush=True)
    kept = kept_city(args.wangge, args.households, project)
    print(f"  {kept}", flush=True)
    with tempfile.TemporaryDirectory(prefix="wangge-bench-serve-") as work:
        # A copy: edits change it.
        city = City(shutil.copyfile(kept, os.path.join(work, "city.gpkg")))
        figures = Figures()
        try:
            measure(args, Programs(args.wangge, args.helper, args.martin, work), city, figures)
        except Failed:
            for log in sorted(name for name in os.listdir(work) if name.endswith(".log")):
                with open(os.path.join(work, log), errors="replace") as file:
                    print(f"--- the end of {log}:\n{file.read()[-2000:]}", file=sys.stderr)
            figures.print()
            raise
        figures.print()
    return 1 if figures.errors else 0


def measure(args, programs, city, figures):
    only = set(args.only.split(","))
    with_martin = peer.is_there(args.martin) and only & {"tiles", "cold", "locate"}
    if with_martin:
        figures.say("==> PostGIS is filled")
        peer.fill(city)
    else:
        figures.say("Martin and PostGIS are left out: MARTIN or PATH names a martin, .ci/postgres.sh a PostgreSQL")
    if "start" in only:
        start.measure_starts(programs, city, figures)
    asked = tiles.Tiles(programs, city, figures)
    points = None
    if "locate" in only:
        points = locate.measure_locate(programs, city, figures, min(1_000_000, args.households))
        if with_martin:
            locate.measure_join(figures, points)
    with programs.serve(city) as (server, _):
        zooms = tiles.min_zooms(server)
        if "tiles" in only:
            tiles.measure_tiles(asked, server, args.rounds, args.seconds, with_martin)
            figures.row("memory after hot tiles", resident_mb=server.resident_mb())
            figures.figure("serve.memory.hot", server.resident_mb(), "MB", "<=", 400)
        if points:
            locate.measure_locate_http(programs, server, figures, points, args.seconds)
    with programs.serve(city, *(("--tile-cache", "0") if programs.can("--tile-cache") else ())) as (server, _):
        if "rare" in only:
            start.measure_city_tiles(programs, server, city, figures)
            start.measure_heat(programs, server, city, figures)
        if "cold" in only and programs.can("--tile-cache"):
            tiles.measure_cold_tiles(asked, server, zooms, args.rounds, args.seconds, with_martin)
    # Last, since they change the city, and on a server that has not read anything yet.
    if only & {"edits", "mixed"}:
        with programs.serve(city) as (server, _):
            if "edits" in only:
                edits.measure_edits(asked, server, city, figures)
            if "mixed" in only:
                edits.measure_mixed(asked, server, city, figures, some_points(programs, server, city), args.minutes)


def some_points(programs, server, city):
    """Locate queries at some households' places."""
    places = [position(blob) for (blob,) in city.rows("SELECT geom FROM households LIMIT 1000")]
    return programs.ask(server, [f"/api/locate?lon={lon:.7f}&lat={lat:.7f}" for lon, lat in places])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        sys.exit(str(failed))
    except KeyboardInterrupt:
        sys.exit(130)
