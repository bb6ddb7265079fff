"""What one request of each kind costs, in 90 seconds: the table that every change is held to.

CPU is the server's own per request, beside a bare handler of the same framework at the same rate. Allocations are exact: they are
counted in one process without a clock, and tests hold them under ceilings (`benches/src/bin/guard.rs`). Heap per connection is
resident memory that thousands of idle ones add.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import tempfile
import urllib.error

import tools
from tools import ROOT, say

from . import http

CONNECTIONS = 2000
EXPERIMENTS = ("render", "validate", "analytics")
RULED = "redirect/20 rules"
CREATE = '{"redirect_url": "https://example.org/a/page?with=a&query=1"}'


def kinds(ours):
    """Name, path, headers, requests per second, and h2load's further arguments. A rate is one that all keep up with."""
    agent = [f"User-Agent: {http.AGENT}"]
    who = [f"Authorization: {ours.authorization()}"]
    code = ours.code()
    path = f"/api/v1/qr/{code['id']}"
    yield "redirect", f"/r/{code['short_id']}?scan_ref=qr", agent, 10_000, []
    yield "image/cached", f"{path}/image", who, 10_000, []
    yield "code", path, who, 2_000, []
    yield "list", "/api/v1/qr?limit=20", who, 2_000, []
    body = ours.folder + "/create.json"
    with open(body, "w") as file:
        file.write(CREATE)
    yield "create", "/api/v1/qr/dynamic", [*who, "Content-Type: application/json"], 100, ["-d", body]
    if slug := ruled(ours):
        yield RULED, f"/r/{slug}?scan_ref=qr", [*agent, "Accept-Language: de-CH,de;q=0.9,en;q=0.5"], 10_000, []


def ruled(ours):
    """The slug of a code that twenty rules decide, of which none matches; `None` for a release that knows no rules."""
    languages = "fr it es pt nl sv da nb fi pl cs sk sl hr hu ro bg el tr uk".split()
    rules = [{"when": {"language": language, "device": "mobile"}, "target": f"https://example.org/{language}"} for language in languages]
    try:
        return json.loads(ours.call("/api/v2/codes", {"target": "https://example.org/a/page?with=a&query=1", "rules": rules}))["slug"]
    except urllib.error.HTTPError:
        return None


def cpu(server, kind, args, settle=None):
    """Microseconds of CPU per request, smallest first; and failures."""
    _, path, headers, rate, more = kind
    def run(seconds):
        pace = argparse.Namespace(connections=min(64, rate), seconds=seconds, rate=rate)
        return http.paced(server, path, headers, pace, settle, more)

    run(1)
    runs = [run(args.seconds) for _ in range(args.rounds)]
    failed = sum(run["paced_failures"] for run in runs)
    return sorted(run["cpu_us"] for run in runs), failed


def heap_per_connection(server, path, headers):
    """Bytes of resident memory, with a request answered on each before."""
    request = "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/1.1", "Host: x", *headers, "")).encode()
    before, open_now = server.rss_mib(), []
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(request)
        open_now.append(connection)
    for connection in open_now:
        connection.recv(65536)
    after = server.rss_mib()
    for connection in open_now:
        connection.close()
    return round((after - before) * 1024 * 1024 / CONNECTIONS)


def add_flags(parser):
    parser.add_argument("--binary", metavar="FILE", type=os.path.abspath, help="measure this one, such as the release before; its allocations are not counted")
    parser.add_argument("--data", default=tempfile.gettempdir(), help="folder on the disk to spool to")
    parser.add_argument("--seconds", type=int, default=3, help="per run (default 3)")
    parser.add_argument("--rounds", type=int, default=2, help="runs per line, the median counts (default 2)")
    parser.add_argument("--env", metavar="NAME=VALUE", action="append", default=[],
                        help="a setting of the product, such as DATABASE_URL or REDIS_URL; may be repeated")
    parser.add_argument("--dial", metavar="PERCENT:SHADOW", help="candidate and shadow percentages of all experiments")


def start(args, env):
    binary = {"binary": args.binary} if args.binary else {}
    ours = http.Ours(3902, args.data, **binary, **env)
    if args.dial:
        percent, shadow = map(int, args.dial.split(":"))
        for name in EXPERIMENTS:
            ours.call(f"/api/rollout/{name}", {"candidate_percent": percent, "shadow_percent": shadow, "reason": "bench"}, "PUT")
    return ours


def allocations():
    program = tools.RELEASE / "guard"
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line["bench"].removeprefix("guard/"): line for line in map(json.loads, lines)}


def run(args):
    http.programs()
    if not args.no_build:
        subprocess.run(["cargo", "build", "--release", "-p", "qr-observatory", "-p", "benches", "--no-default-features",
                        "--features", "benches/http,benches/guard"], cwd=ROOT, check=True)
    counted = {} if args.binary else allocations()
    env = {"USE_NEW_QR_GENERATION_SERVICE": "true", "SCAN_QUEUE": "10000000", "MAX_CONNECTIONS_PER_CLIENT": str(2 * CONNECTIONS),
           **dict(pair.split("=", 1) for pair in args.env)}
    results, bare_cpu = [], {}
    bare = http.Server([tools.RELEASE / "bare_poem", "127.0.0.1:3901", 700], 3901)
    bare.wait("/none")
    try:
        for name, path, headers in (("redirect", "/r/bench", [f"User-Agent: {http.AGENT}"]), ("image", "/image/bench", [])):
            for rate in (10_000, 2_000, 200, 100):
                runs, _ = cpu(bare, (name, path, headers, rate, []), args)
                bare_cpu[name, rate] = statistics.median(runs)
        bare_heap = heap_per_connection(bare, "/image/bench", [])
    finally:
        bare.stop()
    say(f"{'':20} {'CPU':>9} {'bare':>8} {'ratio':>6} {'allocations':>12} {'bytes':>9} {'held':>8}")

    def measure(server, kind, settle=None):
        name, _, _, rate, _ = kind
        runs, failed = cpu(server, kind, args, settle)
        took = statistics.median(runs)
        base = bare_cpu["redirect" if name in ("redirect", RULED) else "image", rate]
        memory = counted.get(name, {})
        row = {"bench": f"guard/{name}", "cpu_us": round(took, 2), "bare_cpu_us": round(base, 2), "cpu_ratio": round(took / base, 3),
               "cpu_us_runs": [round(run, 2) for run in runs], "failed": failed, **{key: memory[key] for key in ("allocations", "bytes", "held_bytes") if key in memory}}
        results.append(row)
        say(f"{name:20} {took:6.1f} µs {base:5.1f} µs {took / base:5.2f} × ({runs[0]:.1f} to {runs[-1]:.1f}) {row.get('allocations', '-'):>11} "
            f"{row.get('bytes', '-'):>9} {row.get('held_bytes', '-'):>8}" + (f"  {failed} failed" if failed else ""))

    ours = start(args, env)
    try:
        all_kinds = list(kinds(ours))
        for kind in all_kinds:
            measure(ours, kind, http.drained(ours) if kind[0] in ("redirect", RULED) else None)
        _, path, headers, _, _ = all_kinds[1]
        heap = heap_per_connection(ours, path, headers)
    finally:
        ours.stop()
    for name, new in (("uncached", "true"), ("uncached_legacy", "false")):
        uncached = start(args, {**env, "CACHE_MEMORY_BYTES": "0", "USE_NEW_QR_GENERATION_SERVICE": new})
        try:
            _, path, headers, _, _ = list(kinds(uncached))[1]
            measure(uncached, (f"image/{name}", path, headers, 2_000 if new == "true" else 200, []))
        finally:
            uncached.stop()
    for name, line in counted.items():
        if "ns" in line:
            results.append(line)
            say(f"{name:20} {line['ns'] / 1000:6.2f} µs to know who asks and whether they may" if name != "decide" else f"{name:20} {line['ns']:6.0f} ns of it")
    future = next((line["future_bytes"] for line in counted.values() if "future_bytes" in line), None)
    results.append({"bench": "guard/connection", "bytes": heap, "bare_bytes": bare_heap, "future_bytes": future})
    say(f"{'connection':20} {heap} bytes of heap, bare {bare_heap}; future {future or '-'} bytes")
    return results
