"""The start, memory, entity tags, and what is asked for rarely: a whole city in a tile, heat over any window."""
import hashlib
import random
from datetime import date, timedelta
from urllib.parse import quote

from processes import get
from tiles import COMPOSITE, LAYERS, called

CATEGORIES = ("暴露垃圾", "违章停车", "占道经营", "噪音扰民", "积水内涝")


def measure_starts(programs, city, figures, times=2):
    """Starts the server some times: first tile, memory, and whether tiles and tags are the same each time."""
    figures.say("==> Start")
    z, x, y = city.middle(15)
    first, answers, memory = [], [], []
    sample = [(layers, *tile) for layers in LAYERS for tile in city.tiles()[:10]]
    for _ in range(times):
        with programs.serve(city, ready=f"/tiles/{COMPOSITE}/{z}/{x}/{y}") as (server, seconds):
            first.append(seconds)
            memory.append(server.resident_mb())
            seen = []
            for layers, *tile in sample:
                for encoding in (None, "gzip"):
                    status, headers, body = get(server.port, "/tiles/{}/{}/{}/{}".format(layers, *tile), encoding)
                    seen.append((status, headers.get("etag"), hashlib.sha256(body).digest()))
            answers.append(seen)
            builds = measure_not_modified(programs, server, sample)
    other = sum(a != b for a, b in zip(*answers[:2]))
    figures.row("start", first_tile_s=max(first), resident_mb=max(memory), answers=len(answers[0]), other_after_restart=other,
                built_for_304=builds)
    figures.figure("serve.start.first_tile", max(first), "s", "<=", 2)
    figures.figure("serve.memory.start", max(memory), "MB", "<=", 400)
    figures.figure("serve.etag.other_after_restart", other, "answers", "<=", 0)
    figures.figure("serve.etag.built_for_304", builds, "tiles", "<=", 0)


def measure_not_modified(programs, server, sample):
    """Tiles built while known tags are asked for again; None when an answer was no 304."""
    paths = ["/tiles/{}/{}/{}/{}".format(*asked) for asked in sample]
    # Once without looking at the counter: afterwards all are in the cache, or none ever is.
    programs.ask(server, paths)
    before = server.metric('wangge_tile_cache_total{result="miss"}') or 0
    rows = programs.ask(server, paths, "--again")
    after = server.metric('wangge_tile_cache_total{result="miss"}') or 0
    unchanged = [row["status"] for row in rows if row["etag"] != "-"]
    return after - before if unchanged and set(unchanged) == {304} else None


def measure_city_tiles(programs, server, city, figures):
    """z10 of the whole city, made anew each time: the cache is off, or a filter that filters nothing makes it another tile."""
    figures.say("==> The whole city in a tile")
    worst_bytes = worst_ms = 0
    for layers in LAYERS:
        # A city may lie in two tiles or more: each has to be in time and in its budget.
        for z, x, y in city.peopled(10):
            paths = [f"/tiles/{layers}/{z}/{x}/{y}?from=2020-01-{day:02}" for day in range(1, 21)]
            rows = [row for row in programs.ask(server, paths) if row["status"] == 200]
            if rows:
                ms = sorted(row["ms"] for row in rows)
                figures.row(f"{z}/{x}/{y} {called(layers)}", bytes=rows[0]["length"], median_ms=ms[len(ms) // 2], max_ms=ms[-1])
                worst_bytes, worst_ms = max(worst_bytes, rows[0]["length"]), max(worst_ms, ms[len(ms) // 2])
    figures.figure("serve.z10.size", worst_bytes / 1000, "kB", "<=", 500)
    figures.figure("serve.z10.time", worst_ms, "ms", "<=", 5)


def measure_heat(programs, server, city, figures):
    """Heat over windows and filters that nobody asked for before, z10 to z16."""
    figures.say("==> Heat")
    rng, paths = random.Random(6), []
    lowest = {zoom: [t for t in city.tiles() if t[0] == 16] for zoom in range(10, 17)}
    for zoom, tiles in lowest.items():
        for _ in range(60):
            _, x, y = rng.choice(tiles)
            start = date(2025, 11, 1) + timedelta(rng.randrange(300))
            window = f"from={start}&to={start + timedelta(rng.randrange(1, 300))}"
            category = f"&category={quote(rng.choice(CATEGORIES))}" if rng.random() < 0.5 else ""
            status = "&status=closed" if rng.random() < 0.25 else ""
            paths.append(f"/tiles/heat/{zoom}/{x >> 16 - zoom}/{y >> 16 - zoom}?{window}{category}{status}")
    rows = programs.ask(server, paths)
    bad = [row for row in rows if row["status"] not in (200, 204)]
    if bad:
        figures.errors += len(bad)
        figures.say(f"  {bad[0]['path']} answered {bad[0]['status']}")
    ms = sorted(row["ms"] for row in rows)
    p99 = ms[int(len(ms) * 0.99)]
    figures.row("heat, any window", queries=len(rows), median_ms=ms[len(ms) // 2], p99_ms=p99, max_ms=ms[-1])
    figures.figure("serve.heat.p99", p99, "ms", "<=", 5)
    figures.figure("serve.heat.max", ms[-1], "ms", "<=", 5)
