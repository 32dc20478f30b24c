"""Edits: how soon they show, what they cost those who read, and ten minutes of everything at once."""
import time
from statistics import median

from load import Case, mix, read
from processes import running
from tiles import LAYERS


def hot_case(tiles, server, name):
    """All layers' tiles, mixed; edits change lengths, so that only status and presence are checked."""
    rows = [row for layers in LAYERS for row in tiles.learn(server, tiles.ours, layers, True)]
    return Case(tiles.programs.path(name), server, mix(rows, 7), gzip=True, exact=False)


def measure_edits(tiles, server, city, figures):
    """Twenty edits while all is quiet, then twenty while 16 connections read."""
    figures.say("==> Edits")
    programs, street = tiles.programs, city.streets()[len(city.streets()) // 2]
    idle, dropped = {}, {}
    for seed, kind in enumerate(("issue", "household")):
        # Nothing but the tiles over the edited places need be in the cache.
        before = server.metric("wangge_tiles_dropped_total") or 0
        result = programs.result(programs.edit(city, server, street, "--count", 10, "--seed", seed, "--kind", kind, "--warm"))
        idle[f"{kind}_ms"] = result[f"{kind}_ms"]
        after = server.metric("wangge_tiles_dropped_total")
        dropped[kind] = (after - before) / 10 if after is not None else None
    tell("edits, nobody reads", figures, idle, tiles_dropped_by_issue=dropped["issue"], by_household=dropped["household"])
    figures.figure("serve.edit.idle", max(all_of(idle)), "ms", "<=", 20)
    figures.figure("serve.edit.tiles_dropped", dropped["issue"], "tiles", "<=", 7)

    case = hot_case(tiles, server, "case-edits")
    before = read(case.start(6))
    with running(case.start(8)) as (readers,):
        time.sleep(0.5)
        busy = programs.result(programs.edit(city, server, street, "--count", 20, "--seed", 2, "--pause-ms", 200))
        during = read(readers)
    figures.count_errors({"before": before, "during": during}, "readers")
    rise = during["p99"] / before["p99"]
    tell("edits, 16 connections read", figures, busy, readers_p99_before_ms=before["p99"], during_ms=during["p99"],
         rate_before=before["rate"], rate_during=during["rate"])
    figures.figure("serve.edit.read", max(all_of(busy)), "ms", "<=", 20)
    figures.figure("serve.edit.read_median", median(all_of(busy)), "ms", "<=", 20)
    figures.figure("serve.edit.readers_p99_rise", rise, "ratio", "<=", 2)


def all_of(result):
    return result["issue_ms"] + result["household_ms"]


def tell(what, figures, result, **more):
    kinds = {f"{kind}_{word}": of(result[f"{kind}_ms"]) for kind in ("issue", "household") if result[f"{kind}_ms"]
             for word, of in (("median_ms", median), ("max_ms", max))}
    figures.row(what, **kinds, **more)


def measure_mixed(tiles, server, city, figures, points, minutes):
    """Tiles, locates, issues and moved households at once."""
    figures.say(f"==> {minutes:g} minutes of everything")
    programs, street = tiles.programs, city.streets()[0]
    seconds, warm = round(minutes * 60), min(60, round(minutes * 30))
    hot, located = hot_case(tiles, server, "case-mixed"), Case(programs.path("case-mixed-locate"), server, points, exact=False)
    begin, early, late = time.monotonic(), None, 0
    with running(hot.start(seconds, connections=12, threads=1), located.start(seconds, connections=4, threads=1),
                 programs.edit(city, server, street, "--seconds", seconds - 1, "--seed", 3, "--pause-ms", 150)) as (reading, locating, editing):
        while reading.poll() is None:
            time.sleep(0.5)
            memory = server.resident_mb()
            if time.monotonic() - begin < warm:
                early = max(early or 0, memory)
            late = memory
        results = {"tiles": read(reading), "locate": read(locating)}
        edits = programs.result(editing)
    figures.count_errors(results, "mixed load")
    tell(f"mixed load, {minutes:g} minutes", figures, edits, edits=len(all_of(edits)), tiles_per_s=results["tiles"]["rate"],
         p99_ms=results["tiles"]["p99"], locates_per_s=results["locate"]["rate"], locate_p99_ms=results["locate"]["p99"],
         resident_mb_warm=early, at_the_end=late)
    figures.figure("serve.mixed.errors", sum(result["errors"] for result in results.values()), "answers", "<=", 0)
    # The cache may still be filling after the warm-up of a short run; what leaks grows on.
    figures.figure("serve.mixed.growth", late / early, "ratio", "<=", 1.05)
    figures.figure("serve.mixed.p99", results["tiles"]["p99"], "ms", None, None)
