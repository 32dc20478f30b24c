"""Tiles hot and cold, beside the bare ceiling and Martin; what they hold and weigh."""
import json

import mvt
from figures import ratio
from load import Case, compare
from peer import serve_martin
from processes import get

LAYERS = ("cells", "issues", "households", "cells,households,issues")
COMPOSITE = LAYERS[-1]
# Ratios to reach.
HOT_OF_MARTIN = {COMPOSITE: 100}
COLD_IDENTITY_OF_MARTIN = {"households": 50, "cells": 15}
COLD_GZIP_OF_MARTIN = {"households": 15, COMPOSITE: 15, "issues": 8, "cells": 5}


def called(layers):
    return "composite" if "," in layers else layers


class Tiles:
    """The list of tiles, for each server and layer those of them that it answers with a body."""

    def __init__(self, programs, city, figures):
        self.programs, self.city, self.figures = programs, city, figures
        self.list = city.tiles()
        self.learned = {}

    def ours(self, layers, tile):
        z, x, y = tile
        return f"/tiles/{layers}/{z}/{x}/{y}"

    def theirs(self, layers, tile):
        z, x, y = tile
        return f"/{layers}/{z}/{x}/{y}"

    def learn(self, server, path, layers, gzip):
        """Asks for every tile once: what is answered is what wrk expects later. Empty tiles (204, or 404 outside the zooms) are left out."""
        rows = self.programs.ask(server, [path(layers, tile) for tile in self.list], *(["--gzip"] if gzip else []))
        bad = [row for row in rows if row["status"] not in (200, 204, 404)]
        if bad:
            self.figures.errors += len(bad)
            self.figures.say(f"  {len(bad)} of {len(rows)} tiles failed, {bad[0]['path']} with {bad[0]['status']}")
        return [row for row in rows if row["status"] == 200]

    def case(self, who, server, rows, gzip, exact=True):
        return Case(self.programs.path(f"case-{who}"), server, rows, gzip, exact)


def measure_hot(tiles, wangge, martin, rounds, seconds):
    """Gzip, all in the cache."""
    figures, worst_p99 = tiles.figures, 0
    for layers in LAYERS:
        name = called(layers)
        rows = tiles.learn(wangge, tiles.ours, layers, True)
        if not rows:
            figures.say(f"  {name}: no tile of the list holds anything")
            continue
        cases = {"wangge": tiles.case("wangge", wangge, rows, True)}
        with tiles.programs.serve_ceiling(cases["wangge"].mean_bytes) as (ceiling, _):
            cases["ceiling"] = tiles.case("ceiling", ceiling, [dict(length=cases["wangge"].mean_bytes, path="/")], True)
            theirs = tiles.learn(martin, tiles.theirs, layers, True) if martin else None
            if theirs:
                # Composites are compressed for every answer, each time a little differently.
                cases["martin"] = tiles.case("martin", martin, theirs, True, exact="," not in layers)
            results = compare(cases, seconds, rounds)
        figures.count_errors(results, f"hot {name}")
        rate = {who: result["rate"] for who, result in results.items()}
        of_ceiling, of_martin = ratio(rate["wangge"], rate["ceiling"]), ratio(rate["wangge"], rate.get("martin"))
        worst_p99 = max(worst_p99, results["wangge"]["p99"])
        figures.row(f"hot {name}, gzip, tiles/s", tiles=len(rows), mean_bytes=cases["wangge"].mean_bytes, wangge=rate["wangge"],
                    ceiling=rate["ceiling"], martin=rate.get("martin"), of_ceiling=of_ceiling, of_martin=of_martin,
                    p99_ms=results["wangge"]["p99"], martin_p99_ms=results.get("martin", {}).get("p99"))
        figures.figure(f"serve.hot.{name}.of_ceiling", of_ceiling, "ratio", ">=", 0.9)
        figures.figure(f"serve.hot.{name}.of_martin", of_martin, "ratio", ">=", HOT_OF_MARTIN.get(layers, 1))
    figures.figure("serve.hot.p99", worst_p99, "ms", "<=", 5)


def measure_cold(tiles, wangge, martin, rounds, seconds, suffix=""):
    """No cache on either side."""
    figures, worst_p99 = tiles.figures, 0
    for gzip in (False, True):
        encoding = "gzip" if gzip else "identity"
        for layers in LAYERS:
            name = called(layers)
            rows = tiles.learn(wangge, tiles.ours, layers, gzip)
            if not rows:
                continue
            cases = {"wangge": tiles.case("wangge", wangge, rows, gzip)}
            theirs = tiles.learn(martin, tiles.theirs, layers, gzip) if martin else None
            if theirs:
                # The same request is answered in another order of bytes each time.
                cases["martin"] = tiles.case("martin", martin, theirs, gzip, exact=False)
            results = compare(cases, seconds, rounds)
            figures.count_errors(results, f"cold {name}")
            of_martin = ratio(results["wangge"]["rate"], results.get("martin", {}).get("rate"))
            bytes_of_martin = ratio(sum(row["length"] for row in rows), sum(row["length"] for row in theirs) if theirs else None)
            worst_p99 = max(worst_p99, results["wangge"]["p99"])
            figures.row(f"cold {name}, {encoding}{suffix}, tiles/s", tiles=len(rows), mean_bytes=cases["wangge"].mean_bytes,
                        wangge=results["wangge"]["rate"], martin=results.get("martin", {}).get("rate"), of_martin=of_martin,
                        bytes_of_martin=bytes_of_martin, p99_ms=results["wangge"]["p99"])
            target = (COLD_GZIP_OF_MARTIN if gzip else COLD_IDENTITY_OF_MARTIN).get(layers)
            figures.figure(f"serve.cold{suffix}.{name}.{encoding}.of_martin", of_martin, "ratio", target and ">=", target)
            if gzip:
                figures.figure(f"serve.cold{suffix}.{name}.gzip.bytes_of_martin", bytes_of_martin, "ratio", "<=", 1)
    figures.figure(f"serve.cold{suffix}.p99", worst_p99, "ms", "<=", 20)


def compare_content(tiles, wangge, martin):
    """Counts the features of some tiles on both sides: the comparison is fair only where they are the same."""
    same = other = 0
    for tile in tiles.list[:60]:
        ours, theirs = (counted(server, path(COMPOSITE, tile)) for server, path in ((wangge, tiles.ours), (martin, tiles.theirs)))
        for layer in LAYERS[:3]:
            ours_here, theirs_here = ours.get(layer, 0), theirs.get(layer, 0)
            # A point on the rim is in one tile of ours and in both of Martin's; an area of a pixel is drawn by one and not by the other.
            if abs(ours_here - theirs_here) <= max(2, theirs_here / 500):
                same += 1
            else:
                other += 1
                if other <= 5:
                    tiles.figures.say(f"  {layer} of {tile}: {ours_here} features here, {theirs_here} of Martin's")
    tiles.figures.row("tile layers with Martin's features", same=same, other=other)


def counted(server, path):
    status, headers, body = get(server.port, path, "gzip")
    return mvt.features(body, headers.get("content-encoding")) if status == 200 else {}


def min_zooms(wangge):
    """The first zoom of each layer, by its TileJSON."""
    described = json.loads(get(wangge.port, f"/tiles/{COMPOSITE}.json")[2])
    return {layer["id"]: layer["minzoom"] for layer in described["vector_layers"]}


def measure_tiles(tiles, wangge, rounds, seconds, with_martin):
    """Hot tiles of the server that runs, cold ones of another without a cache, both beside Martin."""
    programs, figures = tiles.programs, tiles.figures
    zooms = min_zooms(wangge)
    figures.say("==> Hot tiles")
    if with_martin:
        with serve_martin(programs, zooms, 2048) as martin:
            compare_content(tiles, wangge, martin)
            measure_hot(tiles, wangge, martin, rounds, seconds)
    else:
        measure_hot(tiles, wangge, None, rounds, seconds)
    return zooms


def measure_cold_tiles(tiles, wangge, zooms, rounds, seconds, with_martin):
    tiles.figures.say("==> Cold tiles")
    if with_martin:
        with serve_martin(tiles.programs, zooms, 0) as martin:
            measure_cold(tiles, wangge, martin, rounds, seconds)
    else:
        measure_cold(tiles, wangge, None, rounds, seconds)
