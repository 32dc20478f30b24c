"""Point location: in the library, over HTTP, a file of a million, beside a join in PostGIS."""
import csv
import json
import re
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
    runs, assigns, said = [], [], ""
    out = programs.path("located.csv")
    for _ in range(3):
        begin = time.monotonic()
        done = subprocess.run([programs.wangge, "locate", "--points", file, "--out", out, "--json", "--db", city.url],
                              capture_output=True, text=True)
        runs.append(time.monotonic() - begin)
        if done.returncode != 0:
            raise Failed(f"wangge locate: {done.stderr}")
        said = done.stdout + done.stderr
        assigns.append(assign_seconds(said))
    with open(out) as located:
        placed = sum(bool(row["cell_code"]) for row in csv.DictReader(located))
    assign = sorted(assigns)[1] if None not in assigns else None
    figures.row("wangge locate --points", seconds=sorted(runs)[1], assign_s=assign, in_a_cell=placed, said=" ".join(said.split())[:160])
    figures.figure("serve.locate.csv", sorted(runs)[1], "s", "<=", 1.5)
    figures.figure("serve.locate.csv_assign", assign, "s", "<=", 0.1)


def assign_seconds(said):
    """The part of the time that the assignment took, where the command tells: "assign_s": 0.08, or "assign 0.08 s"."""
    found = re.search(r'"assign(?:_s|_seconds|ed_s)?"\s*:\s*([0-9.]+)', said) or re.search(r"assign\w*[ :]+([0-9.]+) s", said)
    return float(found[1]) if found else None


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
    return rows


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


