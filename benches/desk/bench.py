"""Commands on a draft over HTTP, one after the other as a planner gives them; beside them what HTTP itself takes. Then hands on the
map in a browser: how long until what they did is drawn, beside a frame of nothing."""
import argparse
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "serve"))
from figures import Figures  # noqa: E402
from processes import free_port, serving  # noqa: E402


class Planner:
    """Somebody with a draft open."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        street = self.ask("GET", "/api/info")[1]["streets"][0]["code"]
        self.plans = f"/api/streets/{street}/plans"
        self.id = self.ask("POST", self.plans, {"name": "bench", "from": "published"})[1]["id"]
        self.path, self.revision = f"{self.plans}/{self.id}", 0
        self.desk = self.ask("GET", f"{self.path}/desk")[1]
        self.cells = {cell["code"]: cell for cell in self.desk["cells"]}
        self.blocks = {block["id"]: block for block in self.desk["blocks"]}

    def ask(self, method, path, body=None, tag=None):
        """Status, answer, and milliseconds from the first byte sent to the last received."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if tag is not None:
            headers["If-Match"] = f'"r{tag}"'
        start = time.perf_counter()
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = self.connection.getresponse()
        data = response.read()
        took = (time.perf_counter() - start) * 1000
        return response.status, json.loads(data) if data and "json" in response.getheader("Content-Type", "") else None, took

    def step(self, path, body):
        status, answer, took = self.ask("POST", f"{self.path}/{path}", body, self.revision)
        if status == 200:
            changed = answer["changed"]
            self.revision = changed["revision"]
            for block in changed["removed_blocks"]:
                self.blocks.pop(block, None)
            self.blocks |= {block["id"]: block for block in changed["blocks"]}
            for code in changed["removed_cells"]:
                self.cells.pop(code, None)
            self.cells |= {cell["code"]: cell for cell in changed["cells"]}
        elif status != 422:
            raise SystemExit(f"{path} {body}: {status} {answer}")
        return status, took


def outline(cell):
    return cell["geometry"][0][0]


def command(rng, planner):
    """What a planner might do next, and what it is called here."""
    cell = rng.choice(list(planner.cells.values()))
    near = planner.cells[rng.choice(cell["neighbours"])]
    corners = {tuple(p) for p in outline(cell)}
    kind = rng.choices(["paint", "vertex", "split", "halve", "merge", "regroup", "rename"], [8, 4, 2, 1, 1, 1, 1])[0]
    if kind == "paint":
        along = [b["id"] for b in planner.blocks.values() if b["cell"] == near["code"] and any(tuple(p) in corners for p in b["geometry"][0])]
        return kind, {"op": "assign", "blocks": rng.sample(along, min(len(along), rng.randint(1, 3))), "to": cell["code"]}
    if kind == "vertex":
        lon, lat = rng.choice(outline(cell))
        return kind, {"op": "move_vertex", "from": [lon, lat], "to": [round(lon + rng.uniform(-4e-5, 4e-5), 7), round(lat + rng.uniform(-4e-5, 4e-5), 7)]}
    if kind == "split":
        west, south, east, north = cell["bbox"]
        lat = rng.uniform(south, north)
        return kind, {"op": "split", "cell": cell["code"], "line": [[west - 1e-3, lat], [east + 1e-3, lat]], "cut_blocks": rng.random() < 0.5}
    if kind == "halve":
        return kind, {"op": "halve", "cell": cell["code"]}
    if kind == "merge":
        return kind, {"op": "merge", "cells": [cell["code"], near["code"]], "into": cell["code"]}
    if kind == "regroup":
        return kind, {"op": "regroup", "cell": cell["code"]}
    return kind, {"op": "rename", "code": cell["code"], "name": f"格{rng.randint(1, 999)}"}


def at(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


WEB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "web")


def in_browser(port, times):
    """Milliseconds by what was done and what was timed; none without a browser to run."""
    browser = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not (os.path.exists(browser) and shutil.which("npx") and os.path.exists(os.path.join(WEB, "node_modules"))):
        return {}
    environment = os.environ | {"WANGGE_URL": f"http://127.0.0.1:{port}", "TIMES": str(times)}
    command = ["npx", "playwright", "test", "--config", "playwright.aside.config.ts", "desk.bench"]
    run = subprocess.run(command, cwd=WEB, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    lines = run.stdout.splitlines()
    if run.returncode != 0:
        raise SystemExit("\n".join(line for line in lines if not line.startswith("FIGURE")))
    seen = {}
    for figure in (json.loads(line.removeprefix("FIGURE ")) for line in lines if line.startswith("FIGURE")):
        what = figure.pop("what")
        for name, value in figure.items():
            seen.setdefault(what, {}).setdefault(name, []).extend(value if isinstance(value, list) else [value])
    return seen


def report_browser(figures, seen):
    if not seen:
        figures.say("  no browser, or web/node_modules is not there: nothing drawn")
    for what, parts in seen.items():
        spread = {f"{name}_{share}": at(values, part) for name, values in parts.items() for share, part in [("p50", 0.5), ("p95", 0.95)]}
        figures.row(what, count=max(map(len, parts.values())), **spread)
    drawn = [value for parts in seen.values() for value in parts.get("drawn_ms", [])]
    figures.figure("desk.drawn_p50", at(drawn, 0.5) if drawn else None, "ms", "<=", 150)
    figures.figure("desk.drawn_slowest", max(drawn) if drawn else None, "ms", "<=", 150)
    if seen:
        frame = at(seen["a frame of nothing"]["frames_ms"], 0.5)
        behind = at(seen["dragging"]["behind_ms"], 0.95)
        figures.figure("desk.drag_behind_p95", behind / frame, "frames", "<=", 2)


def main():
    arguments = argparse.ArgumentParser()
    for name, kind in [("wangge", str), ("households", int), ("commands", int), ("times", int)]:
        arguments.add_argument(f"--{name}", type=kind, required=True)
    wish = arguments.parse_args()
    figures, rng = Figures(), random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        demo = [os.path.abspath(wish.wangge), "demo", "--households", str(wish.households), "--listen", f"127.0.0.1:{port}"]
        with serving(demo, port, os.path.join(folder, "log"), "/readyz"):
            planner = Planner(port)
            figures.say(f"{wish.households} households, {len(planner.cells)} cells, {len(planner.blocks)} blocks")
            limit = at([planner.ask("GET", "/healthz")[2] for _ in range(200)], 0.5)
            opened = [planner.ask("GET", f"{planner.path}/desk")[2] for _ in range(5)]
            figures.row("the desk opens", ms=at(opened, 0.5))
            times, refused = {}, 0
            done = 0
            while done < wish.commands:
                name, body = command(rng, planner)
                status, took = planner.step("edits", body)
                if status == 200:
                    times.setdefault(name, []).append(took)
                    done += 1
                    # What a planner looks at between two commands.
                    time.sleep(0.05)
                else:
                    refused += 1
                    times.setdefault("(refused)", []).append(took)
                if done % 10 == 9 and status == 200:
                    for path in ["undo", "redo"]:
                        times.setdefault(path, []).append(planner.step(path, {})[1])
            for name, values in sorted(times.items()):
                figures.row(name, count=len(values), p50_ms=at(values, 0.5), p95_ms=at(values, 0.95), slowest_ms=max(values))
            figures.row("an answer of nothing (/healthz)", p50_ms=limit)
            every = [value for name, values in times.items() if name != "(refused)" for value in values]
            figures.figure("desk.command_p50", at(every, 0.5), "ms", "<=", 30)
            figures.figure("desk.command_p95", at(every, 0.95), "ms", "<=", 30)
            figures.figure("desk.command_slowest", max(every), "ms", "<=", 30)
            figures.figure("desk.command_p50_of_healthz", at(every, 0.5) / limit, "x", None, None)
            figures.say("in a browser, milliseconds from the hand's own event:")
            report_browser(figures, in_browser(port, wish.times))
    figures.print()


if __name__ == "__main__":
    main()
