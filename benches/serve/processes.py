"""Starts and ends what the bench measures. Everything is ended by its own process id, whatever happens."""
import http.client
import json
import os
import socket
import subprocess
import time
from contextlib import contextmanager


class Failed(Exception):
    """The bench cannot go on; the text says why."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(port, path, encoding=None):
    """One request: status, headers with lower-case names, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": encoding} if encoding else {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


class Server:
    """A server on a port of its own."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    def resident_mb(self):
        """VmRSS, in MB of 10^6 bytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6

    def metric(self, name):
        """The sum of a counter over its labels; None when there is no such counter yet."""
        text = get(self.port, "/metrics")[2].decode()
        values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name.split("{")[0]
                  and all(label in line for label in name.partition("{")[2].rstrip("}").split(",") if label)]
        return sum(values) if values else None


@contextmanager
def serving(command, port, log, ready_path):
    """Runs a server until the block ends; yields it and the seconds until `ready_path` was first answered with 200."""
    start = time.monotonic()
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        while True:
            if process.poll() is not None:
                raise Failed(f"{command[0]} ended at once; see {log}")
            try:
                if get(port, ready_path)[0] == 200:
                    break
            except OSError:
                pass
            if time.monotonic() - start > 120:
                raise Failed(f"{command[0]} does not answer {ready_path}; see {log}")
            time.sleep(0.01)
        yield Server(process, port), time.monotonic() - start
    finally:
        end(process)


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(*processes):
    """Yields the processes, and ends those that still run when the block is left before its time."""
    try:
        yield processes
    finally:
        for process in processes:
            if process.poll() is None:
                end(process)


class Programs:
    """The programs under test, and where their files go."""

    def __init__(self, wangge, helper, martin, work):
        self.wangge, self.helper, self.martin, self.work = wangge, helper, martin, work
        self.help = subprocess.run([wangge, "serve", "--help"], capture_output=True, text=True, check=True).stdout

    def path(self, name):
        return os.path.join(self.work, name)

    def can(self, flag):
        return flag in self.help

    def serve(self, city, *flags, ready="/healthz"):
        port = free_port()
        command = [self.wangge, "serve", "--db", city.url, "--listen", f"127.0.0.1:{port}", "--households", *flags]
        return serving(command, port, self.path("wangge.log"), ready)

    def serve_ceiling(self, size):
        port = free_port()
        command = [self.helper, "ceiling", "--listen", f"127.0.0.1:{port}", "--bytes", str(size)]
        return serving(command, port, self.path("ceiling.log"), "/")

    def ask(self, server, paths, *flags):
        """Requests one after the other: dicts of status, length, ms, etag, path."""
        command = [self.helper, "ask", "--to", f"127.0.0.1:{server.port}", *flags]
        done = subprocess.run(command, input="\n".join(paths) + "\n", capture_output=True, text=True, check=True)
        rows = (line.split(" ", 4) for line in done.stdout.splitlines())
        return [dict(status=int(s), length=int(n), ms=float(ms), etag=etag, path=path) for s, n, ms, etag, path in rows]

    def edit(self, city, server, street, *flags):
        """The running helper that edits; its result is read with `result`."""
        command = [self.helper, "edit", "--db", city.url, "--street", street, "--to", f"127.0.0.1:{server.port}", *map(str, flags)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    @staticmethod
    def result(process):
        with running(process):
            out, _ = process.communicate()
        if process.returncode != 0:
            raise Failed("an edit failed; its message is above")
        return json.loads(out)
