"""Redirects and cached images over HTTP, beside a bare handler of the same framework.

CPU per request is taken from the server
process itself (user + system, all its threads), at one and the same rate of requests for all: a server that is
not busy pays for waking the client, and one that is busy does not.
"""

import base64
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import tools
from tools import RELEASE, ROOT, say

PASSWORD = "bench-password"
TICKS = os.sysconf("SC_CLK_TCK")
AGENT = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "Version/17.4 Mobile/15E148 Safari/604.1")


def programs():
    """The load generators and taskset, and as many descriptors as they may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for program, package in {"wrk": "wrk", "h2load": "nghttp2-client", "taskset": "util-linux"}.items():
        if not tools.command(program, package):
            raise SystemExit(f"needs {program}")


class Server:
    """A server on one core. Its data lies in a folder of its own, on the disk that --data names."""

    def __init__(self, command, port, env=None, folder=None):
        self.port = port
        self.folder = folder
        self.log = tempfile.TemporaryFile()
        plain = {k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}
        self.command = ["taskset", "-c", "0", *map(str, command)]
        self.env = {**plain, **(env or {})}
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.env, cwd=self.folder, stdout=self.log, stderr=self.log)

    def wait(self, path):
        for _ in range(400):
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=1).read()
            except urllib.error.HTTPError:
                return None
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.log.seek(0)
        raise SystemExit(f"the server did not start:\n{self.log.read().decode(errors='replace')[-3000:]}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self, part="VmRSS"):
        """All resident memory; or its `RssAnon`, without `RssFile`, the pages of the mapped database that the system may take back."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{part}:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Ours(Server):
    def __init__(self, port, data, binary=RELEASE / "qr-observatory", **env):
        folder = tempfile.mkdtemp(dir=data)
        env = {"BIND": f"127.0.0.1:{port}", "BASE_URL": f"http://127.0.0.1:{port}", "ADMIN_PASSWORD": PASSWORD,
               "LOG_LEVEL": "warn", "CREDENTIAL_TTL_MS": "3600000", **env}
        super().__init__([binary], port, env, folder)
        self.wait("/health/ready")

    def restart(self):
        Server.stop(self)
        self.start()
        self.wait("/health/ready")

    def call(self, path, body=None, method=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"content-type": "application/json", "authorization": self.authorization()})
        return urllib.request.urlopen(request).read()

    @staticmethod
    def authorization():
        return "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()

    def code(self):
        body = {"redirect_url": "https://example.org/a/page?with=a&query=1"}
        return json.loads(self.call("/api/v1/qr/dynamic", body))

    def backlog(self):
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics").read().decode()
        return float(re.search(r"^qr_scans_backlog(?:{})? (\S+)", text, re.M)[1])

    def stop(self):
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def flags(headers):
    return [flag for header in headers for flag in ("-H", header)]


def flat_out(server, path, headers, args, more=()):
    """As fast as it goes, from the other core: requests per second, the 99th percentile, and failures."""
    out = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{args.connections}", f"-d{args.seconds}s", "--latency",
         *flags(headers), *more, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True).stdout
    failures = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
    return {
        "requests_per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
        "p99_ms": float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit],
        "failures": int(failures[1]) if failures else 0,
    }


def paced(server, path, headers, args, settle, more=()):
    """At a rate that every server here keeps up with: the server's CPU per request, what follows it included."""
    before = server.cpu_seconds()
    out = subprocess.run(
        ["taskset", "-c", "1", "h2load", "--h1", "-t1", f"-c{args.connections}", f"-D{args.seconds}",
         "--rps", str(args.rate / args.connections), *flags(headers), *more,
         f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True).stdout
    if settle:
        settle()
    requests, failed = map(int, re.search(r"(\d+) done, \d+ succeeded, (\d+) failed", out).groups())
    return {
        "cpu_us": (server.cpu_seconds() - before) / requests * 1e6,
        "paced_per_s": requests / args.seconds,
        "paced_failures": failed,
    }


def drained(server, seconds=120):
    def settle():
        end = time.monotonic() + seconds
        while server.backlog() > 0:
            if time.monotonic() > end:
                raise SystemExit(f"the backlog did not drain in {seconds} s")
            time.sleep(0.05)
    return settle


def scenarios(args):
    """Name, a server, a path, headers, what to wait for after the load, and the peer it is held against."""
    agent = [f"User-Agent: {AGENT}"]

    def bare(size):
        server = Server([RELEASE / "bare_poem", "127.0.0.1:3901", size], 3901)
        server.wait("/none")
        return server

    def redirect(name, drain=True, **env):
        server = Ours(3902, args.data, SCAN_DRAIN=str(drain).lower(), SCAN_QUEUE="10000000", **env)
        path = f"/r/{server.code()['short_id']}?scan_ref=qr"
        return name, server, path, agent, drained(server) if drain else None, "redirect/bare"

    def image(name, **env):
        server = Ours(3902, args.data, **env)
        path = f"/api/v1/qr/{server.code()['id']}/image"
        size = len(server.call(path))
        return name, server, path, [f"Authorization: {server.authorization()}"], None, size

    yield "redirect/bare", bare(1), "/r/bench", agent, None, None
    yield redirect("redirect/spooled_not_drained", drain=False)
    yield redirect("redirect/without_metrics", drain=False, METRICS_ENABLED="false")
    yield redirect("redirect/durability_process", drain=False, SCAN_DURABILITY="process")
    yield redirect("redirect/drained_and_counted")
    name, server, path, headers, _, size = image("image/cached")
    yield "image/bare", bare(size), "/image/bench", [], None, None
    yield name, server, path, headers, None, "image/bare"
    # Nothing remembered: the two renderers behind the same handler. The old one first, the other is held against it.
    old = "image/uncached_legacy"
    yield *image(old, CACHE_MEMORY_BYTES="0", USE_NEW_QR_GENERATION_SERVICE="false")[:5], None
    yield *image("image/uncached_engine", CACHE_MEMORY_BYTES="0", USE_NEW_QR_GENERATION_SERVICE="true")[:5], old


def measure(args):
    results = {}
    for name, server, path, headers, settle, peer in scenarios(args):
        try:
            paced(server, path, headers, args, settle)  # warm-up, not counted
            runs = [paced(server, path, headers, args, settle) | flat_out(server, path, headers, args)
                    for _ in range(args.rounds)]
            if settle:
                settle()
        finally:
            rss = server.rss_mib() if server.process.poll() is None else 0
            server.stop()
        result = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        result.update(bench=name, rss_mib=round(rss, 1), peer=peer)
        if peer:
            result["cpu_ratio"] = round(result["cpu_us"] / results[peer]["cpu_us"], 3)
        results[name] = result
        say(f"{name:32} {result['requests_per_s']:9.0f}/s  {result['cpu_us']:7.2f} µs CPU  "
            f"p99 {result['p99_ms']:7.2f} ms  {result['failures'] + result['paced_failures']:.0f} failed  {rss:5.1f} MiB  "
            + (f"{result['cpu_ratio']:.2f} × {peer}" if peer else ""))
    return results


def add_flags(parser):
    parser.add_argument("--seconds", type=int, default=5, help="per run (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="runs per line, the median counts (default 3)")
    parser.add_argument("--rate", type=int, default=15000,
                        help="requests per second while CPU is measured (default 15000)")
    parser.add_argument("--connections", type=int, default=256, help="at once (default 256)")
    parser.add_argument("--data", default=tempfile.gettempdir(), help="folder on the disk to spool to")


def run(args):
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("needs two cores: one for the server, one for the load")
    programs()
    if not args.no_build:
        subprocess.run(["cargo", "build", "--release", "-p", "qr-observatory", "-p", "benches", "--no-default-features",
                        "--features", "benches/http"], cwd=ROOT, check=True)
    return list(measure(args).values())
