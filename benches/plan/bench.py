#!/usr/bin/env python3
"""Runs the peers on the faces of the instances that `cargo bench --bench plan` planned, scores all alike, prints a table and then
one line a figure: BENCH <name> <value> <unit> target <=|>= <value> ok|short.

The scorer is `score.py` in the folder of the instances where there is one (and numpy, shapely and pyproj are installed); otherwise
our plans are scored by the program itself and the peers' on the graph of faces. This file needs the standard library only.
"""
import argparse
import csv
import importlib.util
import json
import math
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from peers import PACKAGES, read_graph, read_places

HERE = os.path.dirname(os.path.abspath(__file__))
PARTITIONS = {
    "metis-kway": "METIS k-way contiguous, 3 %",
    "metis-recursive": "METIS recursive",
    "gerrychain": "GerryChain short bursts, 10 %",
}
# The scorer's figures of a partition, by the name they have here.
FIGURES = {
    "max_deviation": ("balance", "max_abs_dev_pct"),
    "mean_deviation": ("balance", "mean_abs_dev_pct"),
    "pp_mean": ("shape", "polsby_popper", "mean"),
    "pp_min": ("shape", "polsby_popper", "min"),
    "cut": ("shape", "interior_boundary_m"),
    "along": ("streets", "share_along_streets"),
    "river_inside": ("streets", "river_inside_cells_m"),
    "railway_inside": ("streets", "railway_inside_cells_m"),
    "broken_cells": ("contiguity", "discontiguous_cells"),
    "cut_buildings": ("buildings", "cut"),
    "communities_max_deviation": ("nesting", "max_abs_dev_pct"),
    "broken_communities": ("nesting", "discontiguous_parents"),
    "to_medoid": ("groups", "household_weighted_mean_dist_to_medoid_m"),
    "to_medoid_by_group": ("groups", "mean_dist_to_medoid_m", "mean"),
    "widest": ("groups", "diameter_m", "max"),
    "groups": ("groups", "groups"),
}
NEVER = {"broken_cells", "cut_buildings", "broken_communities", "violations"}
IN_UNIT = {"cut": 1e-3, "along": 100}


def read_json(path):
    with open(path) as file:
        return json.load(file)


def member(value, path):
    for key in path:
        value = value.get(key) if value else None
    return value


def from_scorer(result):
    found = {name: member(result, path) for name, path in FIGURES.items()}
    if "streets" in result:
        # The scorer names only the classes that there are.
        found["river_inside"] = found["river_inside"] or 0.0
        found["railway_inside"] = found["railway_inside"] or 0.0
    found = {name: value if value is None else value * IN_UNIT.get(name, 1) for name, value in found.items()}
    return {**found, "cells": result["input"]["cells"], "violations": len(result["violations"]), "complaints": result["violations"]}


def said(score):
    """The figures of the program's own score side by side, whatever section they are in."""
    sections = [section for name, section in score.items() if isinstance(section, dict) and name != "nesting"]
    found = {name: value for section in [score, *sections] for name, value in section.items()}
    compact = found.get("polsby_popper") or {"mean": found.get("polsby_popper_mean"), "min": found.get("polsby_popper_min")}
    return {**found, "polsby_popper": compact}


def from_program(run):
    """What the program says of its own plan."""
    score = said(run["score"])
    communities = defaultdict(int)
    for cell in score["by_cell"]:
        communities[cell["cell_code"][:-3]] += cell["households"]
    mean = sum(communities.values()) / len(communities)
    wrong = ("broken_cells", "cut_buildings", "groups_of_odd_size", "households_misplaced", "overlaps")
    return {
        "max_deviation": score["max_deviation_pct"], "mean_deviation": score["mean_deviation_pct"],
        "pp_mean": score["polsby_popper"]["mean"], "pp_min": score["polsby_popper"]["min"], "cut": score["inner_boundary_m"] / 1000,
        "along": 100 * score["along_lines_share"], "river_inside": score["river_inside_m"], "railway_inside": score["railway_inside_m"],
        "broken_cells": score["broken_cells"], "cut_buildings": score["cut_buildings"], "cells": len(score["by_cell"]),
        "communities_max_deviation": max(100 * abs(h - mean) / mean for h in communities.values()),
        "broken_communities": run["seams"]["broken_communities"], "to_medoid": score["mean_to_medoid_m"], "groups": run["groups"],
        "widest": run["groups_widest_m"], "violations": sum(score[name] for name in wrong),
    }


def from_graph(graph, labels, cells):
    """A peer's partition on the graph of faces; what only geometry tells is left out."""
    with open(os.path.join(graph, "blocks.csv"), newline="") as file:
        blocks = list(csv.DictReader(file))
    weight, area, around = defaultdict(float), defaultdict(float), defaultdict(float)
    for label, block in zip(labels, blocks):
        weight[label] += int(block["households"])
        area[label] += float(block["area_m2"])
        around[label] += float(block["outer_m"])
    cut, along, inside = 0.0, 0.0, defaultdict(float)
    near = defaultdict(list)
    with open(os.path.join(graph, "borders.csv"), newline="") as file:
        for row in csv.DictReader(file):
            a, b, length = int(row["a"]), int(row["b"]), float(row["length_m"])
            if labels[a] == labels[b]:
                inside[row["class"]] += length
                near[a].append(b)
                near[b].append(a)
            else:
                cut += length
                along += length if row["class"] != "none" else 0
                around[labels[a]] += length
                around[labels[b]] += length
    pieces, seen = defaultdict(int), set()
    for start in range(len(labels)):
        if start not in seen:
            pieces[labels[start]] += 1
            stack = [start]
            while stack:
                block = stack.pop()
                if block not in seen:
                    seen.add(block)
                    stack += near[block]
    ideal = sum(weight.values()) / cells
    deviation = [100 * abs(w - ideal) / ideal for w in weight.values()] + [100.0] * (cells - len(weight))
    compact = [4 * math.pi * area[c] / around[c] ** 2 for c in area]
    return {
        "max_deviation": max(deviation), "mean_deviation": sum(deviation) / cells,
        "pp_mean": sum(compact) / len(compact), "pp_min": min(compact),
        "cut": cut / 1000, "along": 100 * along / cut, "river_inside": inside["river"], "railway_inside": inside["railway"],
        "broken_cells": sum(n > 1 for n in pieces.values()), "cut_buildings": None, "cells": len(weight),
    }


def from_groups(table, place):
    """A peer's groups, from where the households are."""
    members = defaultdict(list)
    with open(table, newline="") as file:
        for row in csv.DictReader(file):
            members[row["group_code"]].append(place[row["household_id"]])
    from_each = [[[math.dist(a, b) for b in group] for a in group] for group in members.values()]
    to_medoid = [min(map(sum, distances)) for distances in from_each]
    return {
        "groups": len(members), "to_medoid": sum(to_medoid) / len(place),
        "widest": max(max(map(max, distances)) for distances in from_each),
        "to_medoid_by_group": sum(m / max(1, len(d) - 1) for m, d in zip(to_medoid, from_each)) / len(members),
        "violations": sum(not 8 <= len(group) <= 12 for group in members.values()) + len(place) - sum(map(len, members.values())),
    }


class Bench:
    def __init__(self, args):
        self.args = args
        self.instances = args.instances or os.path.join(args.work, "instances")
        names = [name for name in sorted(os.listdir(args.work)) if os.path.isdir(os.path.join(args.work, name, "faces"))]
        # The plain street first, whatever else there is.
        self.names = sorted(names, key=lambda name: (name != "even", name != "gated", name))
        scorer = os.path.join(self.instances, "score.py")
        self.scorer = scorer if os.path.isfile(scorer) and all(map(importlib.util.find_spec, ("numpy", "shapely", "pyproj"))) else None
        self.pool = ThreadPoolExecutor(os.cpu_count())
        self.notes = []

    def path(self, *parts):
        return os.path.join(self.args.work, *parts)

    def score(self, instance, cells, groups=None, count=None):
        command = [sys.executable, self.scorer, "--instance", os.path.join(self.instances, instance), "--cells", cells, "--strict"]
        command += ["--groups", groups] if groups else []
        command += ["--k", str(count)] if count else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.stdout.startswith("{"):
            raise SystemExit(f"the scorer failed on {cells}:\n{done.stderr}")
        return from_scorer(json.loads(done.stdout))

    def ours(self, instance, kind, seed):
        folder = self.path(instance, f"{kind}-{seed}")
        run = read_json(os.path.join(folder, "run.json"))
        if self.scorer:
            scored = self.score(instance, os.path.join(folder, "cells.geojson"), os.path.join(folder, "groups.csv"), self.args.cells)
        else:
            scored = from_program(run)
        seams = run["seams"]
        scored["along_or_between"] = 100 * (seams["along_m"] + seams["between_m"]) / seams["inner_m"]
        spent = {key: run[key] for key in ("cells_s", "cells_cpu_s", "groups_s", "peak_mb")}
        return {**scored, **spent, "replan_ms": run.get("replan_ms")}

    def peer(self, name, *options):
        """Runs a peer. Says why there is no answer, if there is none."""
        seconds = 900 + 5 * self.args.peer_seconds
        command = [sys.executable, os.path.join(HERE, "peers.py"), name, *options, "--seconds", str(self.args.peer_seconds)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
        except subprocess.TimeoutExpired:
            return f"stopped after {seconds:.0f} s without an answer"
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["failed"])[-1]
        return None

    def partition(self, instance, name, seed):
        graph, out = self.path(instance, "faces"), self.path(instance, f"{name}-{seed}.json")
        options = ("--graph", graph, "--cells", str(self.args.cells), "--seed", str(seed), "--out", out)
        failure = self.peer(name, *options)
        if failure:
            return failure
        answer = read_json(out)
        if self.scorer:
            cells = self.path(instance, f"{name}-{seed}.geojson")
            dissolve(os.path.join(graph, "blocks.geojson"), answer["labels"], cells)
            scored = self.score(instance, cells)
            scored["cells"] = len(set(answer["labels"]))
        else:
            scored = from_graph(graph, answer["labels"], self.args.cells)
        return {**scored, "cpu_s": answer["cpu_s"], "note": answer["note"], "version": answer["version"]}

    def kmeans(self, instance):
        folder, out = self.path(instance, "plan-1"), self.path(instance, "kmeans.csv")
        options = ("--instance", os.path.join(self.instances, instance), "--groups", os.path.join(folder, "groups.csv"), "--out", out)
        failure = self.peer("kmeans", *options)
        if failure:
            return failure
        answer = read_json(out + ".json")
        if self.scorer:
            scored = self.score(instance, os.path.join(folder, "cells.geojson"), out)
        else:
            scored = from_groups(out, read_places(os.path.join(self.instances, instance)))
        return {**scored, "cpu_s": answer["cpu_s"], "version": answer["version"]}

    def run(self):
        seeds = range(1, self.args.seeds + 1)
        tasks = {}
        for instance in self.names:
            # The slow ones first. GerryChain and k-means-constrained run once, METIS with every seed, as we do.
            tasks[instance, "gerrychain", 1] = self.pool.submit(self.partition, instance, "gerrychain", 1)
            tasks[instance, "kmeans", 1] = self.pool.submit(self.kmeans, instance)
        for instance in self.names:
            for seed in seeds:
                for name in ("metis-kway", "metis-recursive"):
                    tasks[instance, name, seed] = self.pool.submit(self.partition, instance, name, seed)
                for kind in ("plan", "nested", "flat"):
                    tasks[instance, kind, seed] = self.pool.submit(self.ours, instance, kind, seed)
        found = {key: task.result() for key, task in tasks.items()}
        by_method = defaultdict(list)
        for (instance, name, _), result in found.items():
            by_method[instance, name].append(result)
        return by_method


def dissolve(blocks, labels, out):
    import shapely
    from shapely.geometry import mapping, shape

    parts = defaultdict(list)
    for feature in read_json(blocks)["features"]:
        parts[labels[feature["properties"]["id"]]].append(shape(feature["geometry"]))
    features = [
        {"type": "Feature", "properties": {"cell_code": str(label)}, "geometry": mapping(shapely.coverage_union_all(shapes))}
        for label, shapes in sorted(parts.items())
    ]
    with open(out, "w") as file:
        json.dump({"type": "FeatureCollection", "features": features}, file)


def middle(results, name):
    """The median over seeds; None where it was not measured."""
    values = [result[name] for result in results if isinstance(result, dict) and result.get(name) is not None]
    return median(values) if values and len(values) == len(results) else None


def figure_of(results, name):
    """The median over seeds; of what must never happen the worst seed."""
    if name not in NEVER or middle(results, name) is None:
        return middle(results, name)
    return max(result[name] for result in results)


def text(value, digits):
    return "–" if value is None else f"{value:.{digits}f}"


def table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  " + row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:])))
    print()


def partition_row(name, results):
    def shown(figure, digits):
        return text(middle(results, figure), digits)

    return [
        PARTITIONS.get(name, "Wangge"), shown("max_deviation", 2), shown("mean_deviation", 2),
        f"{shown('pp_mean', 3)}/{shown('pp_min', 3)}", shown("cut", 1), shown("along", 1),
        f"{shown('river_inside', 0)}/{shown('railway_inside', 0)}", shown("broken_cells", 0), shown("cut_buildings", 0),
        shown("cells_cpu_s" if name == "plan" else "cpu_s", 2), shown("cells_s", 2) if name == "plan" else "",
    ]


def groups_row(name, results):
    def shown(figure, digits):
        return text(middle(results, figure), digits)

    return [
        "Wangge" if name == "plan" else "k-means-constrained", shown("to_medoid", 2), shown("to_medoid_by_group", 2), shown("widest", 0),
        shown("groups", 0), shown("violations", 0), shown("groups_s" if name == "plan" else "cpu_s", 2),
    ]


def print_tables(bench, by_method):
    head = ["", "max dev %", "mean dev %", "PP mean/min", "cut km", "along %", "river/rail in m", "broken", "cut bldg", "CPU s", "wall s"]
    for instance in bench.names:
        print(f"{instance}: {bench.args.cells} cells, medians of seeds 1 to {bench.args.seeds} (GerryChain: one run)")
        print("time: ours from raw files to cells, theirs from the graph of faces on")
        table(head, [partition_row(name, by_method[instance, name]) for name in ("plan", *PARTITIONS)])
        print(f"{instance}: groups of 8 to 12 within our cells")
        head_of_groups = ["", "m to medoid", "… mean of groups", "widest m", "groups", "violations", "wall s, theirs CPU s"]
        table(head_of_groups, [groups_row(name, by_method[instance, name]) for name in ("plan", "kmeans")])
    answers = [(instance, name, r) for (instance, name), results in by_method.items() for r in results]
    versions = sorted({f"{PACKAGES[name]} {r['version']}" for _, name, r in answers if isinstance(r, dict) and "version" in r})
    load = os.getloadavg()[1]
    print(f"peers: {', '.join(versions) or 'none'}; {os.cpu_count()} cores, load while they ran {load:.1f}")
    without = "the program itself, peers on the graph of faces (no score.py, or no numpy, shapely, pyproj)"
    print(f"scored by {bench.scorer or without}")
    notes = []
    for instance, name, r in answers:
        label = {**PARTITIONS, "kmeans": "k-means-constrained"}.get(name, f"Wangge ({name})")
        said_of_it = [r] if isinstance(r, str) else [r.get("note"), *r.get("complaints", [])[:3]]
        # Peers break rules by nature; what the scorer says of them is in the table.
        said_of_it = said_of_it if isinstance(r, str) or name not in PACKAGES else said_of_it[:1]
        notes += [f"note: {label} on {instance}: {word}" for word in said_of_it if word]
    print("\n".join(dict.fromkeys(notes)) + "\n")


def line(name, value, unit, sign, target):
    if value is None:
        print(f"not measured: {name}")
        return
    good = value <= target + 1e-9 if sign == "<=" else value >= target - 1e-9
    print(f"BENCH {name} {round(value, 4):g} {unit} target {sign} {round(target, 4):g} {'ok' if good else 'short'}")


STREET = [
    ("max_deviation", "max_deviation", "%", "<=", 2.5), ("mean_deviation", "mean_deviation", "%", "<=", 1.0),
    ("polsby_popper_mean", "pp_mean", "ratio", ">=", 0.62), ("polsby_popper_min", "pp_min", "ratio", ">=", 0.42),
    ("cut", "cut", "km", "<=", 69), ("along_streets", "along", "%", ">=", 98), ("river_inside", "river_inside", "m", "<=", 300),
    ("railway_inside", "railway_inside", "m", "<=", 300), ("broken_cells", "broken_cells", "cells", "<=", 0),
    ("wall", "cells_s", "s", "<=", 1),
]
GATED = [
    ("cells_least", "cells", "cells", ">=", None), ("cells_most", "cells", "cells", "<=", None),
    ("max_deviation", "max_deviation", "%", "<=", 3),
    ("cut_buildings", "cut_buildings", "buildings", "<=", 0),
    ("along_streets_or_between_buildings", "along_or_between", "%", ">=", 97),
    ("broken_cells", "broken_cells", "cells", "<=", 0), ("wall", "cells_s", "s", "<=", 1),
]
EVERYWHERE = [
    ("memory", "peak_mb", "MB", "<=", 100), ("replan", "replan_ms", "ms", "<=", 100),
    ("groups.to_medoid", "to_medoid", "m", "<=", 2.9), ("groups.widest", "widest", "m", "<=", 150),
    ("groups.least", "groups", "groups", ">=", 3800), ("groups.most", "groups", "groups", "<=", 4250),
    ("groups.time", "groups_s", "s", "<=", 0.3), ("violations", "violations", "violations", "<=", 0),
]


def print_figures(bench, by_method):
    if not bench.args.instances:
        print("These streets are sample cities, made for want of instances (INSTANCES=DIR); the targets were set for other streets.")
    print("figures: medians over seeds; of what is broken, cut or violated the worst seed")
    print("between buildings: boundary between cells that is along no line (0.5 m) and nearer than 0.25 m to no wall")
    for instance in bench.names:
        plans = by_method[instance, "plan"]
        for name, figure, unit, sign, target in (GATED if instance == "gated" else STREET) + EVERYWHERE:
            line(f"plan.{instance}.{name}", figure_of(plans, figure), unit, sign, bench.args.cells if target is None else target)
        manifest = os.path.join(bench.instances, instance, "manifest.json")
        true_faces = member(read_json(manifest), ("counts", "blocks")) if os.path.isfile(manifest) else None
        if true_faces is not None:
            faces = len(read_graph(bench.path(instance, "faces"))[0])
            line(f"plan.{instance}.faces_off", abs(faces - true_faces), f"of_{true_faces}_faces", "<=", 5)
        nested, flat = by_method[instance, "nested"], by_method[instance, "flat"]
        line(f"plan.{instance}.nested.max_deviation", middle(nested, "communities_max_deviation"), "%", "<=", 1)
        line(f"plan.{instance}.nested.broken_communities", figure_of(nested, "broken_communities"), "communities", "<=", 0)
        line(f"plan.{instance}.nested.polsby_popper_mean", middle(nested, "pp_mean"), "ratio", ">=", middle(flat, "pp_mean") - 0.01)
        line(f"plan.{instance}.nested.violations", figure_of(nested, "violations"), "violations", "<=", 0)
    county = bench.path("county.json")
    if os.path.isfile(county):
        found = read_json(county)
        scores = [said(score) for score in found["scores"]]
        streets, total = len(scores), lambda figure: sum(score[figure] for score in scores)
        print(
            f"county: {streets} streets, {total('households')} households, {sum(len(s['by_cell']) for s in scores)} cells, "
            f"{found['threads']} threads; "
            f"deviation max {max(s['max_deviation_pct'] for s in scores):.2f} %, mean {total('mean_deviation_pct') / streets:.2f} %; "
            f"Polsby-Popper mean {sum(s['polsby_popper']['mean'] for s in scores) / streets:.3f}"
        )
        # A second a street, as for one alone.
        line("plan.county.wall", found["wall_s"], "s", "<=", streets)
        line("plan.county.memory", found["peak_mb"] and found["peak_mb"] / streets, "MB/street", "<=", 100)
        line("plan.county.broken_cells", total("broken_cells"), "cells", "<=", 0)
        line("plan.county.cut_buildings", total("cut_buildings"), "buildings", "<=", 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--instances")
    parser.add_argument("--work", required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--peer-seconds", type=float, default=100, help="how long GerryChain improves its partition, in CPU seconds")
    bench = Bench(parser.parse_args())
    by_method = bench.run()
    print_tables(bench, by_method)
    print_figures(bench, by_method)


if __name__ == "__main__":
    main()
