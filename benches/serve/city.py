"""The city: streets of 40,000 households side by side, each planned; made once and kept, since it takes some minutes."""
import glob
import hashlib
import json
import math
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import time

from processes import Failed

STREET_HOUSEHOLDS, STREET_ISSUES, CELL_HOUSEHOLDS = 40_000, 8_000, 200
COUNTY, FIRST_STREET = "520201", "520201014"
# The plan is in force when the issues begin, and on every day that is asked for.
VALID_FROM = "2025-11-01"
# Tiles asked for at each zoom: 440.
TILES = {14: 60, 15: 130, 16: 250}


class City:
    """A copy of the city that may be changed."""

    def __init__(self, file):
        self.file, self.url = file, f"gpkg:{file}"

    def rows(self, sql):
        """Rows of the GeoPackage as it is."""
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as connection:
            yield from connection.execute(sql)

    def tiles(self):
        """Tiles (z, x, y) where people live: the same for the same city."""
        chosen = []
        for zoom, count in TILES.items():
            there = self.peopled(zoom)
            chosen += random.Random(zoom).sample(there, min(count, len(there)))
        random.Random(4).shuffle(chosen)
        return chosen

    def peopled(self, zoom):
        """The tiles of a zoom in which people live."""
        places = (position(blob) for (blob,) in self.rows("SELECT geom FROM households WHERE fid % 25 = 0"))
        return sorted({tile(zoom, *place) for place in places})

    def middle(self, zoom):
        """The tile of the household in the middle of the list."""
        ((blob,),) = self.rows("SELECT geom FROM households ORDER BY fid LIMIT 1 OFFSET (SELECT count(*) / 2 FROM households)")
        return tile(zoom, *position(blob))

    def streets(self):
        return [code for (code,) in self.rows("SELECT street_code FROM revisions ORDER BY street_code")]


def position(blob):
    """Longitude and latitude of a GeoPackage point without an envelope."""
    return struct.unpack_from("<dd", blob, 8 + 5)


def wkb(blob):
    """A GeoPackage geometry without its header."""
    return blob[8 + (0, 32, 48, 48, 64)[blob[3] >> 1 & 7]:]


def tile(zoom, lon, lat):
    x = (lon + 180) / 360
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return zoom, int(x * 2**zoom), int(y * 2**zoom)


def kept_city(wangge, households, project):
    """The file of the city of this size, made if it is not there: its name changes with the generator."""
    streets = max(1, round(households / STREET_HOUSEHOLDS))
    each = round(households / streets)
    issues = round(STREET_ISSUES * each / STREET_HOUSEHOLDS)
    seen = hashlib.sha256(json.dumps([streets, each, issues, CELL_HOUSEHOLDS, VALID_FROM]).encode())
    for source in sorted(glob.glob(os.path.join(project, "src/city/*.rs"))):
        with open(source, "rb") as file:
            seen.update(file.read())
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "wangge", "bench-serve")
    kept = os.path.join(cache, f"city-{households}-{seen.hexdigest()[:12]}.gpkg")
    if not os.path.exists(kept):
        make(wangge, kept, streets, each, issues)
    return kept


def make(wangge, kept, streets, households, issues):
    begin = time.monotonic()
    scratch = f"{kept}.making"
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)

    def run(what, *arguments):
        print(f"  {time.monotonic() - begin:5.0f} s  {what}", flush=True)
        done = subprocess.run([wangge, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"{what} failed: {done.stderr}")

    survey, file = os.path.join(scratch, "survey"), os.path.join(scratch, "city.gpkg")
    try:
        run(f"{streets} streets of {households} households", "city", "--streets", streets, "--households", households, "--issues", issues,
            "--street", FIRST_STREET, "--out", survey)
        # One street is written into the folder itself.
        folders = [(FIRST_STREET, survey)] if streets == 1 else [(code, os.path.join(survey, code)) for code in sorted(os.listdir(survey))]
        for number, (code, folder) in enumerate(folders, 1):
            run(f"import of {code}, {number} of {streets}", "import", "survey", folder, "--street", code, "--db", f"gpkg:{file}")
        run("plans of all streets", "plan", "--county", COUNTY, "--cell-households", CELL_HOUSEHOLDS, "--publish",
            "--valid-from", VALID_FROM, "--db", f"gpkg:{file}")
        os.rename(file, kept)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"  {time.monotonic() - begin:5.0f} s  kept as {kept}", flush=True)
