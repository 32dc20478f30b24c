#!/usr/bin/env python3
"""One peer, once, on the graph of a street's faces (blocks.csv, borders.csv).

  peers.py metis-kway|metis-recursive|gerrychain --graph DIR --cells K --seed S --seconds T --out FILE.json
  peers.py kmeans --instance DIR --groups OURS.csv --seed S --out FILE.csv

A partition is written as {"labels": [cell of block 0, …], "cpu_s", "wall_s", "note"}; groups as our own groups.csv are. The time is the
peer's alone, without reading and writing.
"""
import argparse
import csv
import importlib.metadata
import json
import math
import os
import random
import sys
import time
import warnings
from collections import Counter, defaultdict


class Clock:
    """CPU and wall time since it was made."""

    def __init__(self):
        self.cpu, self.wall = time.process_time(), time.monotonic()

    def read(self):
        return {"cpu_s": time.process_time() - self.cpu, "wall_s": time.monotonic() - self.wall}


def read_graph(folder):
    with open(os.path.join(folder, "blocks.csv"), newline="") as file:
        weights = [int(row["households"]) for row in csv.DictReader(file)]
    lengths = Counter()
    with open(os.path.join(folder, "borders.csv"), newline="") as file:
        for row in csv.DictReader(file):
            a, b = sorted((int(row["a"]), int(row["b"])))
            lengths[a, b] += float(row["length_m"])
    return weights, lengths


def read_places(instance):
    """Where the households are, in metres."""
    place = {}
    with open(os.path.join(instance, "households.csv"), encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            x, y = (row["x"], row["y"]) if row.get("x") else (row["lon"], row["lat"])
            place[row["household_id"]] = (float(x), float(y))
    if all(abs(x) <= 180 and abs(y) <= 90 for x, y in place.values()):
        # Degrees to metres, near enough to tell who is near.
        east = 111_320 * math.cos(math.radians(next(iter(place.values()))[1]))
        place = {h: (x * east, y * 110_800) for h, (x, y) in place.items()}
    return place


def metis(args, recursive):
    import pymetis

    weights, lengths = read_graph(args.graph)
    near = defaultdict(list)
    for (a, b), length in lengths.items():
        # METIS takes whole numbers from 1: decimetres.
        decimetres = max(1, round(length * 10))
        near[a].append((b, decimetres))
        near[b].append((a, decimetres))
    first, to, cost = [0], [], []
    for block in range(len(weights)):
        to += [b for b, _ in near[block]]
        cost += [c for _, c in near[block]]
        first.append(len(to))
    options = pymetis.Options(seed=args.seed)
    if not recursive:
        # ufactor is the imbalance allowed, in thousandths.
        options.ufactor, options.contig = 30, 1
    clock = Clock()
    _, labels = pymetis.part_graph(
        args.cells, xadj=first, adjncy=to, vweights=weights, eweights=cost, recursive=recursive,
        options=options,
    )
    return {"labels": list(map(int, labels)), **clock.read(), "note": ""}


def gerrychain(args):
    import networkx
    from functools import partial
    from gerrychain import Graph, Partition
    from gerrychain.constraints import contiguous, within_percent_of_ideal_population
    from gerrychain.optimization import SingleMetricOptimizer
    from gerrychain.partition import recursive_tree_part
    from gerrychain.proposals import recom
    from gerrychain.tree import bipartition_tree
    from gerrychain.updaters import Tally, cut_edges

    epsilon = 0.10
    weights, lengths = read_graph(args.graph)
    ideal = sum(weights) / args.cells
    if max(weights) > (1 + epsilon) * ideal:
        raise SystemExit(f"a block has {max(weights)} households, {max(weights) / ideal - 1:.0%} over, and GerryChain cuts none")
    graph = networkx.Graph()
    graph.add_nodes_from((block, {"households": weight}) for block, weight in enumerate(weights))
    graph.add_edges_from((a, b, {"length": length}) for (a, b), length in lengths.items())
    graph = Graph.from_networkx(graph)
    clock = Clock()
    # Cutting off one cell after the other often ends at a rest that cannot be cut: then again, with other numbers.
    starts, parts = 0, None
    while parts is None:
        cut = partial(bipartition_tree, max_attempts=300)
        try:
            parts = recursive_tree_part(
                graph, range(args.cells), ideal, "households", epsilon, bipartition_tree_fn=cut, rng=random.Random(f"{args.seed}-{starts}")
            )
        except Exception as error:
            if clock.read()["wall_s"] > 2 * args.seconds:
                raise SystemExit(f"no start within 10 % in {starts + 1} tries: {error}") from error
        starts += 1
    started = clock.read()

    def cut_length(partition):
        return sum(lengths[min(edge), max(edge)] for edge in partition["cut_edges"])

    start = Partition(graph, parts, updaters={"households": Tally("households"), "cut_edges": cut_edges, "cut_length": cut_length})
    step = partial(
        recom, pop_col="households", pop_target=ideal, epsilon=epsilon,
        bipartition_tree_fn=partial(bipartition_tree, max_attempts=100, allow_pair_reselection=True),
    )
    within = within_percent_of_ideal_population(start, epsilon, pop_key="households")
    optimizer = SingleMetricOptimizer(
        step, [contiguous, within], start, lambda partition: partition["cut_length"], maximize=False, rng=random.Random(args.seed)
    )
    steps, best, labels = 0, start["cut_length"], dict(start.assignment.items())
    for partition in optimizer.short_bursts(10, 10**9):
        steps += 1
        if partition["cut_length"] < best:
            best, labels = partition["cut_length"], dict(partition.assignment.items())
        if clock.read()["cpu_s"] - started["cpu_s"] > args.seconds:
            break
    spent = clock.read()
    labels = [labels[block] for block in range(len(weights))]
    return {"labels": labels, **spent, "note": f"{steps} steps; the start, at try {starts}, took {started['cpu_s']:.0f} s of it"}


def kmeans(args):
    import numpy
    from k_means_constrained import KMeansConstrained

    place = read_places(args.instance)
    members = defaultdict(list)
    with open(args.groups, newline="") as file:
        for row in csv.DictReader(file):
            members[row["cell_code"]].append(row["household_id"])
    clock = Clock()
    rows = []
    for cell, households in sorted(members.items()):
        at = numpy.array([place[h] for h in households])
        count = max(1, round(len(at) / 10))
        fit = KMeansConstrained(n_clusters=count, size_min=8, size_max=12, random_state=args.seed).fit(at)
        rows += [(h, f"{cell}-{label}", cell) for h, label in zip(households, fit.labels_)]
    spent = clock.read()
    with open(args.out, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("household_id", "group_code", "cell_code"))
        out.writerows(rows)
    return {**spent, "note": ""}


PACKAGES = {"metis-kway": "pymetis", "metis-recursive": "pymetis", "gerrychain": "gerrychain", "kmeans": "k-means-constrained"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("peer", choices=PACKAGES)
    parser.add_argument("--graph")
    parser.add_argument("--instance")
    parser.add_argument("--groups")
    parser.add_argument("--cells", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        if args.peer == "kmeans":
            found = kmeans(args)
        elif args.peer == "gerrychain":
            found = gerrychain(args)
        else:
            found = metis(args, args.peer == "metis-recursive")
    except ImportError as error:
        raise SystemExit(f"not installed: {error}")
    found["version"] = importlib.metadata.version(PACKAGES[args.peer])
    target = args.out + ".json" if args.peer == "kmeans" else args.out
    with open(target, "w") as file:
        json.dump(found, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
