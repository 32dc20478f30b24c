"""Martin over PostGIS with the same features as the tiles of Wangge, property for property."""
import json
import os
import subprocess
import time
from contextlib import contextmanager

from city import wkb
from processes import Failed, free_port, get, serving

TABLES = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TABLE cells (id bigint PRIMARY KEY, code text, name text, level text, households bigint, groups bigint, area_m2 bigint,
                    estimated boolean, deviation_pct float8, geom geometry);
CREATE TABLE households (id text, group_code text, is_head boolean, estimated boolean, geom geometry);
CREATE TABLE issues (id text, category text, status text, reported_at bigint, weight bigint, geom geometry);
"""
# Buffers are Wangge's: 64 of 4096 for areas; a point is in one tile.
LAYERS = {
    "cells": ("MULTIPOLYGON", 64, {"code": "text", "name": "text", "level": "text", "households": "int8", "groups": "int8",
                                   "area_m2": "int8", "estimated": "bool", "deviation_pct": "float8"}),
    "households": ("POINT", 0, {"id": "text", "group_code": "text", "is_head": "bool", "estimated": "bool"}),
    "issues": ("POINT", 0, {"id": "text", "category": "text", "status": "text", "reported_at": "int8", "weight": "int8"}),
}


def is_there(martin):
    """Whether Martin can be run beside a PostgreSQL that the PG* variables name."""
    return bool(martin) and "PGPORT" in os.environ


def sql(text, rows=None):
    """Runs SQL; `rows` are the lines of a COPY FROM STDIN."""
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as psql:
        for line in rows or ():
            psql.stdin.write(line)
        out, err = psql.communicate()
    if psql.returncode != 0:
        raise Failed(f"PostgreSQL: {err}")
    return out


def timed_sql(text):
    begin = time.monotonic()
    out = sql(text)
    return time.monotonic() - begin, out


def line(*values):
    def field(value):
        if value is None:
            return "\\N"
        if isinstance(value, bool):
            return "t" if value else "f"
        return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return "\t".join(map(field, values)) + "\n"


def fill(city):
    """Copies the city into PostGIS, with indexes and statistics."""
    sql(TABLES)
    sql("COPY cells (id, code, name, level, households, groups, area_m2, estimated, deviation_pct, geom) FROM STDIN", (
        line(int(code), code, name, "cell", households, groups, 0, False, round((households / mean - 1) * 1000) / 10, wkb(geom).hex())
        for code, name, households, groups, mean, geom in city.rows("""
            WITH counted AS (SELECT substr(group_code, 1, 15) AS cell_code, count(*) AS households,
                                    count(DISTINCT group_code) AS groups FROM memberships GROUP BY 1),
                 means AS (SELECT street_code, sum(households) * 1.0 / count(*) AS mean
                           FROM cells LEFT JOIN counted USING (cell_code) GROUP BY 1)
            SELECT cell_code, name, coalesce(households, 0), coalesce(groups, 0), mean, geom
            FROM cells LEFT JOIN counted USING (cell_code) JOIN means USING (street_code)""")))
    sql("COPY households FROM STDIN", (
        line(id, group, bool(head), bool(estimated), wkb(geom).hex()) for id, group, head, estimated, geom in city.rows("""
            SELECT h.household_id, g.group_code, g.head_household_id = h.household_id, h.estimated, h.geom
            FROM households h JOIN memberships m USING (street_code, household_id)
            JOIN groups g USING (street_code, plan_id, group_code)""")))
    sql("COPY issues FROM STDIN", (
        line(id, category, status, at, 1, wkb(geom).hex()) for id, category, status, at, geom in city.rows(
            "SELECT issue_id, category, status, CAST(strftime('%s', reported_at) AS INTEGER), geom FROM issues")))
    for layer, (kind, _, _) in LAYERS.items():
        sql(f"ALTER TABLE {layer} ALTER COLUMN geom TYPE geometry({kind}, 4326) USING ST_SetSRID(geom, 4326)")
        sql(f"CREATE INDEX ON {layer} USING gist (geom)")
    sql("UPDATE cells SET area_m2 = round(ST_Area(geom::geography))")
    for layer in LAYERS:
        sql(f"VACUUM ANALYZE {layer}")


@contextmanager
def serve_martin(programs, min_zooms, cache_mb):
    """Martin with a tile cache of so many MB; layers begin at the zooms where Wangge's do."""
    env = os.environ
    port = free_port()
    tables = {layer: dict(schema="public", table=layer, srid=4326, geometry_column="geom", geometry_type=kind, extent=4096, buffer=buffer,
                          clip_geom=True, minzoom=min_zooms[layer], maxzoom=22, bounds=[-180, -85, 180, 85], properties=properties,
                          **({"id_column": "id"} if layer == "cells" else {}))
              for layer, (kind, buffer, properties) in LAYERS.items()}
    login = f"{env['PGUSER']}:{env.get('PGPASSWORD', '')}@{env.get('PGHOST', 'localhost')}:{env['PGPORT']}"
    config = {"listen_addresses": f"127.0.0.1:{port}", "cache_size_mb": cache_mb,
              "postgres": {"connection_string": f"postgres://{login}/{env.get('PGDATABASE', 'postgres')}", "auto_publish": False,
                           "tables": tables}}
    file = programs.path(f"martin-{cache_mb}.yaml")
    with open(file, "w") as out:
        # JSON is YAML, too.
        json.dump(config, out)
    with serving([programs.martin, "--config", file], port, programs.path("martin.log"), "/health") as (server, _):
        yield server
