"""Point location: in the library, over HTTP, a file of a million, beside a join in PostGIS."""
import csv
import json
import subprocess
import time

from load import Case, read
from peer import sql, timed_sql
from processes import Failed


def measure_locate(programs, city, figures, points):
    """The library and the command; returns the file of points."""
    figures.say("==> Locate")
    file = programs.path("points.csv")
    done = subprocess.run([programs.helper, "locate", "--db", city.url, "--points", str(2 * points), "--csv", file],
                          stdout=subprocess.PIPE, text=True, check=True)
    library = json.loads(done.stdout)
    figures.row("locate in the library", points_per_s=float(library["points_per_s"]), build_s=library["build_s"],
                checked=library["checked"], wrong=library["wrong"])
    figures.figure("serve.locate.library", float(library["points_per_s"]), "points/s", ">=", 5_000_000)
    figures.figure("serve.locate.wrong", library["wrong"], "points", "<=", 0)
    measure_command(programs, city, figures, file)
    return file


def measure_command(programs, city, figures, file):
    runs, out = [], programs.path("located.csv")
    # Once will do when it is far from quick.
    while len(runs) < 3 and not (runs and runs[0][0] > 10):
        begin = time.monotonic()
        done = subprocess.run([programs.wangge, "locate", "--points", file, "--out", out, "--json", "--db", city.url],
                              capture_output=True, text=True)
        runs.append((time.monotonic() - begin, steps(done.stdout)))
        if done.returncode != 0:
            raise Failed(f"wangge locate: {done.stderr}")
    with open(out) as located:
        placed = sum(bool(row["cell_code"]) for row in csv.DictReader(located))
    seconds, parts = sorted(runs, key=lambda run: run[0])[len(runs) // 2]
    figures.row("wangge locate --points", seconds=seconds, in_a_cell=placed, **parts)
    figures.figure("serve.locate.csv", seconds, "s", "<=", 1.5)
    figures.figure("serve.locate.csv_assign", parts.get("assign"), "s", "<=", 0.1)


def steps(said):
    """Seconds of the command's steps, where it tells them."""
    try:
        return json.loads(said)["seconds"]
    except (ValueError, KeyError):
        return {}


def measure_locate_http(programs, server, figures, file, seconds):
    paths = []
    with open(file) as points:
        for row in csv.DictReader(points):
            paths.append(f"/api/locate?lon={row['lon']}&lat={row['lat']}")
            if len(paths) == 5000:
                break
    rows = programs.ask(server, paths)
    result = read(Case(programs.path("case-locate"), server, rows).start(seconds))
    figures.count_errors({"wangge": result}, "locate")
    figures.row("locate over HTTP", queries_per_s=result["rate"], p99_ms=result["p99"])
    figures.figure("serve.locate.http", result["rate"], "queries/s", ">=", 30_000)


def measure_join(figures, file):
    """PostGIS: the same points to the same cells, as the planner likes and without its parallel plan."""
    sql("CREATE TABLE points (id bigint, lon float8, lat float8)")
    with open(file) as points:
        sql("COPY points FROM STDIN WITH (FORMAT csv, HEADER)", points)
    sql("ALTER TABLE points ADD geom geometry(POINT, 4326); UPDATE points SET geom = ST_SetSRID(ST_MakePoint(lon, lat), 4326)")
    sql("VACUUM ANALYZE points")
    join = "SELECT count(c.code) FROM points p JOIN cells c ON ST_Intersects(c.geom, p.geom)"
    planned, found = timed_sql(join)
    single, _ = timed_sql(f"SET max_parallel_workers_per_gather = 0; {join}")
    figures.row("PostGIS join of the same points", planned_s=planned, one_worker_s=single, found=found.split()[-1])


