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
import os
import random
import sys
import time
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
    # 3 % may be too much or too little: ufactor is in thousandths.
    options = {"seed": args.seed} if recursive else {"seed": args.seed, "ufactor": 30}
    clock = Clock()
    _, labels = pymetis.part_graph(
        args.cells, xadj=first, adjncy=to, vweights=weights, eweights=cost, recursive=recursive,
        contiguous=None if recursive else True, options=pymetis.Options(**options),
    )
    return {"labels": list(map(int, labels)), **clock.read(), "note": ""}


def gerrychain(args):
    import networkx
    from functools import partial
    from gerrychain import Graph, Partition
    from gerrychain.constraints import contiguous, within_percent_of_ideal_population
    from gerrychain.optimization import SingleMetricOptimizer
    from gerrychain.proposals import recom
    from gerrychain.updaters import Tally

    epsilon = 0.10
    weights, lengths = read_graph(args.graph)
    ideal = sum(weights) / args.cells
    if max(weights) > (1 + epsilon) * ideal:
        raise SystemExit(f"a block has {max(weights)} households, {max(weights) / ideal - 1:.0%} over, and GerryChain cuts none")
    graph = networkx.Graph()
    graph.add_nodes_from((block, {"households": weight}) for block, weight in enumerate(weights))
    graph.add_edges_from((a, b, {"length": length}) for (a, b), length in lengths.items())

    def cut_length(partition):
        return sum(partition.graph.edge_data(edge)["length"] for edge in partition.cut_edges)

    random.seed(args.seed)
    clock = Clock()
    start = Partition.from_random_assignment(
        Graph.from_networkx(graph), n_parts=args.cells, epsilon=epsilon, pop_col="households",
        updaters={"households": Tally("households"), "cut_length": cut_length}, **seeded(Partition.from_random_assignment, args.seed),
    )
    started = clock.read()
    best = start
    optimizer = SingleMetricOptimizer(
        partial(recom, pop_col="households", pop_target=ideal, epsilon=epsilon), [contiguous, within_percent_of_ideal_population(start, epsilon, pop_key="households")],
        start, lambda partition: partition["cut_length"], maximize=False, **seeded(SingleMetricOptimizer, args.seed),
    )
    steps = 0
    for partition in optimizer.short_bursts(10, 10**9):
        steps += 1
        if partition["cut_length"] < best["cut_length"]:
            best = partition
        if clock.read()["wall_s"] > args.seconds:
            break
    if hasattr(best.assignment, "mapping"):
        pairs = best.assignment.mapping.items()
    else:
        pairs = best.assignment.items()
    of_block = original_nodes(best)
    labels = [None] * len(weights)
    names = {name: number for number, name in enumerate(sorted(set(part for _, part in pairs)))}
    for node, part in pairs:
        labels[of_block(node)] = names[part]
    note = f"{steps} steps of short bursts, the start took {started['cpu_s']:.0f} s"
    return {"labels": labels, **clock.read(), "note": note}


def seeded(function, seed):
    """GerryChain 1.0 takes its random numbers as an argument, older ones from `random`."""
    import inspect

    return {"rng": seed} if "rng" in inspect.signature(function).parameters else {}


def original_nodes(partition):
    """GerryChain 1.0 numbers the nodes anew inside."""
    graph = partition.graph
    return getattr(graph, "original_nx_node_id_for_internal_node_id", lambda node: node)


def kmeans(args):
    import numpy
    from k_means_constrained import KMeansConstrained

    place = {}
    with open(os.path.join(args.instance, "households.csv"), encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            x, y = (row["x"], row["y"]) if row.get("x") else (row["lon"], row["lat"])
            place[row["household_id"]] = (float(x), float(y))
    if all(abs(x) <= 180 and abs(y) <= 90 for x, y in place.values()):
        # Degrees to metres, near enough to tell who is near.
        from math import cos, radians

        east = 111_320 * cos(radians(next(iter(place.values()))[1]))
        place = {h: (x * east, y * 110_800) for h, (x, y) in place.items()}
    members = defaultdict(list)
    with open(args.groups, newline="") as file:
        for row in csv.DictReader(file):
            members[row["cell_code"]].append(row["household_id"])
    clock = Clock()
    rows = []
    for cell, households in sorted(members.items()):
        at = numpy.array([place[h] for h in households])
        count = max(1, round(len(at) / 10))
        fit = KMeansConstrained(n_clusters=count, size_min=8, size_max=12, n_init=1, random_state=args.seed).fit(at)
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
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
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
