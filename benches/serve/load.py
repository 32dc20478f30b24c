"""wrk over a list of paths."""
import json
import os
import random
import subprocess
from statistics import median

from processes import Failed, running

HERE = os.path.dirname(os.path.abspath(__file__))


class Case:
    """Paths of one server and what their bodies weigh: what wrk asks for and checks."""

    def __init__(self, file, server, rows, gzip=False, exact=True):
        self.file, self.server, self.gzip = file, server, gzip
        self.mean_bytes = round(sum(row["length"] for row in rows) / len(rows))
        with open(file, "w") as out:
            for row in rows:
                out.write(f"{row['length'] if exact else -1} {row['path']}\n")

    def start(self, seconds, connections=16, threads=2):
        """The running wrk."""
        accept = ["-H", "Accept-Encoding: gzip"] if self.gzip else []
        command = ["wrk", "-c", str(connections), "-t", str(threads), "-d", f"{seconds}s", "--timeout", "30s", *accept,
                   "-s", os.path.join(HERE, "requests.lua"), f"http://127.0.0.1:{self.server.port}"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, CASE=self.file))


def read(process):
    """wrk's result: rate (1/s), errors, p50, p99, max (ms)."""
    with running(process):
        out, _ = process.communicate()
    if process.returncode != 0:
        raise Failed(f"wrk failed: {out}")
    return json.loads(out.rstrip().rsplit("\n", 1)[1])


def compare(cases, seconds, rounds):
    """Runs the cases in turn, several times over, so that a slow moment hits all; the median of each figure, by case."""
    results = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            results[name].append(read(case.start(seconds)))
    return {name: {key: (sum if key == "errors" else median)([r[key] for r in runs]) for key in runs[0]} for name, runs in results.items()}


def mix(rows, seed):
    """The same rows in another order, the same each time."""
    rows = list(rows)
    random.Random(seed).shuffle(rows)
    return rows
