"""A crowd on many codes that nobody has asked for yet: thousands of connections, slugs by Zipf's law, from a cold start.

Every answer must be a redirect. Memory is looked at each second; a crowd that has left must leave its memory behind.
"""

import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.request

from tools import ROOT, say

from . import http

PORT = 3902

SCRIPT = """
local slugs = {}
for slug in io.lines("%(slugs)s") do slugs[#slugs + 1] = slug end
-- Zipf with exponent 1: the rank is the exponential of a uniform number.
local top = math.log(#slugs + 1)
request = function()
  local rank = math.floor(math.exp(math.random() * top))
  return wrk.format("GET", "/r/" .. slugs[math.min(rank, #slugs)] .. "?scan_ref=qr")
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests": %%d, "errors": %%d, "failed": %%d, "p50_ms": %%f, "p99_ms": %%f, "p999_ms": %%f, "max_ms": %%f}\\n',
    summary.requests, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000, latency.max / 1000))
end
"""


def add_flags(parser):
    parser.add_argument("--connections", type=int, default=5000, help="at once (default 5000)")
    parser.add_argument("--codes", type=int, default=25000, help="codes (default 25000)")
    parser.add_argument("--seconds", type=int, default=60, help="length of the crowd (default 60)")
    parser.add_argument("--binary", metavar="FILE", type=os.path.abspath, help="measure this one, such as the release before")
    parser.add_argument("--data", default=tempfile.gettempdir(), help="folder on the disk for database and spool")


def make_codes(server, count):
    body = pathlib.Path(server.folder, "create.json")
    body.write_text('{"redirect_url": "https://example.org/a/page?with=a&query=1"}')
    subprocess.run(["h2load", "--h1", "-t1", "-c32", f"-n{count}", "-d", body, "-H", f"Authorization: {server.authorization()}",
                    "-H", "Content-Type: application/json", f"http://127.0.0.1:{PORT}/api/v1/qr/dynamic"],
                   capture_output=True, check=True)
    database = next(pathlib.Path(server.folder).rglob("qr-observatory.db"))
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return [slug for (slug,) in connection.execute("SELECT slug FROM codes WHERE slug IS NOT NULL ORDER BY random()")]


def hit_rate():
    """Of look-ups of slugs in memory, since the start."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics").read().decode()
    lines = [line for line in text.splitlines() if line.startswith("qr_cache_requests_total{")
             and 'space="slug"' in line and 'tier="memory"' in line]
    hits, misses = (sum(float(line.rsplit(" ", 1)[1]) for line in lines if f'result="{result}"' in line) for result in ("hit", "miss"))
    return hits / max(hits + misses, 1)


def run(args):
    http.programs()
    if not args.no_build and not args.binary:
        subprocess.run(["cargo", "build", "--release", "-p", "qr-observatory"], cwd=ROOT, check=True)
    binary = {"binary": args.binary} if args.binary else {}
    env = {"SCAN_QUEUE": "10000000", "MAX_CONNECTIONS_PER_CLIENT": str(2 * args.connections)}
    server = http.Ours(PORT, args.data, **binary, **env)
    try:
        slugs = make_codes(server, args.codes)
        server.restart()
        result = crowd(server, args, slugs)
        result["backlog_scans"], began = server.backlog(), time.monotonic()
        http.drained(server, 1200)()
        result["drained_after_s"] = round(time.monotonic() - began, 1)
        time.sleep(15)
        result["rss_after_mib"], result["anon_after_mib"] = (round(server.rss_mib(part), 1) for part in ("VmRSS", "RssAnon"))
    finally:
        server.stop()
    say(" ".join(f"{key} {value}" for key, value in result.items() if not key.endswith("_by_second")))
    for part in ("rss", "anon"):
        say(f"{part}, MiB by second: " + " ".join(str(mib) for mib in result[f"{part}_mib_by_second"]))
    return [result]


def crowd(server, args, slugs):
    files = pathlib.Path(server.folder)
    (files / "slugs").write_text("".join(f"{slug}\n" for slug in slugs))
    (files / "crowd.lua").write_text(SCRIPT % {"slugs": files / "slugs"})
    before, rss, anon, over = server.rss_mib(), [], [], threading.Event()

    def watch():
        while not over.wait(1):
            rss.append(round(server.rss_mib()))
            anon.append(round(server.rss_mib("RssAnon")))

    watching = threading.Thread(target=watch)
    watching.start()
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{args.connections}", f"-d{args.seconds}s", "--timeout", "30s",
                          "-H", f"User-Agent: {http.AGENT}", "-s", files / "crowd.lua", f"http://127.0.0.1:{PORT}"],
                         capture_output=True, text=True, check=True).stdout
    over.set()
    watching.join()
    result = json.loads(out[out.index("{"):])
    return {"bench": "crowd", **{key: round(value, 2) for key, value in result.items()},
            "requests_per_s": round(result["requests"] / args.seconds), "hit_rate": round(hit_rate(), 4),
            "rss_before_mib": round(before, 1), "rss_most_mib": max(rss), "anon_most_mib": max(anon),
            "rss_mib_by_second": rss, "anon_mib_by_second": anon}
