"""Cached against uncached images, with and without Redis; and a crowd after warming.

First, one request after the other, so that what is measured is how long one takes: each renderer, each kind of image,
and each place that it may come from. Then 25 000 stored codes are made ready by a start with REDIS_WARM_CACHE, and asked
for by 5 000 connections, a few of them much more often than the others (Zipf, exponent 1).
"""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import tools
from benchmarks import http
from benchmarks.http import Ours, flags
from tools import ROOT, say

PORT, REDIS_PORT = 3903, 3904
IMAGES = {
    "plain png, 250 px": "",
    "plain svg": "?image_format=svg",
    "plain jpeg, 250 px": "?image_format=jpeg",
    "styled png, logo, 500 px": "?include_logo=true&fill_color=%23123456&data_dark_color=%23654321&size=20",
    "styled svg, logo": "?image_format=svg&include_logo=true&fill_color=%23123456&data_dark_color=%23654321&size=20",
    "large png, 1250 px": "?size=50",
    "large jpeg, 1250 px": "?image_format=jpeg&size=50",
    "large webp, 1250 px": "?image_format=webp&size=50",
}
NO_MEMORY = {"CACHE_MEMORY_BYTES": "0"}
PLACES = {
    "rendered each time": NO_MEMORY,
    "rendered, Redis there (auto)": {**NO_MEMORY, "REDIS_PORT": str(REDIS_PORT), "REDIS_HOST": "127.0.0.1"},
    "from Redis": {**NO_MEMORY, "REDIS_PORT": str(REDIS_PORT), "REDIS_HOST": "127.0.0.1", "REDIS_ADMISSION": "always"},
    "from memory": {},
}


class Redis:
    """On the core of the load: it works while the load waits."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            ["taskset", "-c", "1", "redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", self.folder], stdout=subprocess.DEVNULL)
        for _ in range(100):
            if subprocess.run(["redis-cli", "-p", str(REDIS_PORT), "ping"], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("redis-server did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def wrk(path, headers, connections, seconds, script=None):
    """Requests per second, percentiles in µs, and failures."""
    out = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency",
         *(["-s", script] if script else []), *flags(headers), f"http://127.0.0.1:{PORT}{path}"],
        capture_output=True, text=True, check=True).stdout
    us = {"us": 1, "ms": 1e3, "s": 1e6}
    percentiles = {name: float(n) * us[unit] for name, n, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", out)}
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return {
        "requests_per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
        "p50_us": percentiles["50"], "p99_us": percentiles["99"],
        "failures": int(refused[1]) if refused else 0,
        "broken": sum(map(int, broken.groups())) if broken else 0,
    }


def metric(name, **labels):
    text = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics").read().decode()
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    lines = [line for line in text.splitlines() if line.startswith(name) and all(w in line for w in wanted)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def places(args):
    logo = tempfile.NamedTemporaryFile(suffix=".png")
    logo.write(logo_file())
    logo.flush()
    for arm, candidate in (("legacy", "false"), ("engine", "true")):
        for place, env in PLACES.items():
            redis = Redis() if "REDIS_PORT" in env else None
            server = Ours(PORT, args.data, USE_NEW_QR_GENERATION_SERVICE=candidate, LOGO_FILE=logo.name, **env)
            try:
                if redis:
                    wait_for(lambda: metric("qr_cache_breaker_state") == 0, "Redis was not used")
                headers = [f"Authorization: {server.authorization()}"]
                for image, query in IMAGES.items():
                    path = f"/api/v1/qr/{server.code()['id']}/image{query}"
                    size = len(server.call(path))
                    wrk(path, headers, 1, 1)
                    runs = [wrk(path, headers, 1, args.seconds) for _ in range(args.rounds)]
                    result = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                    result.update(bench="cache/place", arm=arm, place=place, image=image, bytes=size)
                    say(f"{arm:7} {place:30} {image:26} {size:7} B  p50 {result['p50_us']:8.0f} µs  "
                        f"p99 {result['p99_us']:8.0f} µs  {result['failures'] + result['broken']:.0f} failed")
                    yield result
            finally:
                server.stop()
                if redis:
                    redis.stop()


def logo_file():
    """A small picture of one colour, as PNG: written by hand, so that nothing has to be installed for it."""
    import struct
    import zlib

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + bytes((200, 30, 60)) * 64 for _ in range(64))
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def wait_for(holds, complaint, seconds=120):
    for _ in range(seconds * 10):
        if holds():
            return
        time.sleep(0.1)
    raise SystemExit(complaint)


ZIPF = """
local ids, sums, total = {}, {}, 0
for id in io.lines("%s") do
  ids[#ids + 1] = id
  total = total + 1 / #ids
  sums[#ids] = total
end
math.randomseed(%d)
request = function()
  local at, low, high = math.random() * total, 1, #ids
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sums[middle] < at then low = middle + 1 else high = middle end
  end
  return wrk.format("GET", "/api/v1/qr/" .. ids[low] .. "/image")
end
"""


def make_codes(server, count):
    """Makes codes over HTTP."""
    local = threading.local()
    import http.client

    def one(i):
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", PORT)
        body = json.dumps({"redirect_url": f"https://example.org/badge/{i}"})
        local.connection.request("POST", "/api/v1/qr/dynamic", body, {
            "content-type": "application/json", "authorization": server.authorization()})
        return json.loads(local.connection.getresponse().read())["id"]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(count)))


def crowd(args):
    """Warms, then asks."""
    connections = min(args.crowd, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (connections + 200,) * 2)
    for arm, candidate in (("legacy", "false"), ("engine", "true")):
        redis = Redis()
        env = {"REDIS_PORT": str(REDIS_PORT), "REDIS_HOST": "127.0.0.1", "USE_NEW_QR_GENERATION_SERVICE": candidate,
               "LOG_LEVEL": "info"}
        folder = tempfile.mkdtemp(dir=args.data)
        env["DATA_DIR"] = f"{folder}/data"
        env["DATABASE_URL"] = f"sqlite://{folder}/data/qr.db?mode=rwc"
        server = Ours(PORT, args.data, **env)
        try:
            ids = make_codes(server, args.codes)
            server.stop()
            began = time.monotonic()
            server = Ours(PORT, args.data, REDIS_WARM_CACHE="true", **env)
            started = time.monotonic() - began
            wait_for(lambda: metric("qr_cache_warmed_codes_total") >= args.codes, "not all codes were warmed", 600)
            server.log.seek(0)
            lines = [line for line in server.log.read().decode(errors="replace").splitlines() if "warm" in line]
            say(f"{arm:7} first answer {started * 1000:.0f} ms after the start; {lines[-1] if lines else ''}")
            with open(f"{folder}/ids", "w") as file:
                file.writelines(f"{i}\n" for i in ids)
            with open(f"{folder}/zipf.lua", "w") as file:
                file.write(ZIPF % (f"{folder}/ids", 7))
            headers = [f"Authorization: {server.authorization()}"]
            space = {"space": f"render_{arm}", "tier": "memory"}
            before = [metric("qr_cache_requests_total", result=r, **space) for r in ("hit", "miss")]
            result = wrk("/", headers, connections, args.seconds * 2, f"{folder}/zipf.lua")
            hits, misses = (metric("qr_cache_requests_total", result=r, **space) - b
                            for r, b in zip(("hit", "miss"), before))
            result.update(bench="cache/crowd", arm=arm, connections=connections, codes=args.codes,
                          hit_rate=hits / max(hits + misses, 1), rss_mib=server.rss_mib(), told=lines[-1:])
            say(f"{arm:7} {connections} connections: {result['requests_per_s']:.0f}/s, p50 {result['p50_us'] / 1e3:.0f} ms, "
                f"p99 {result['p99_us'] / 1e3:.0f} ms, hit rate {result['hit_rate']:.4f}, "
                f"{result['failures']} refused, {result['broken']} broken, RSS {result['rss_mib']:.0f} MiB")
            yield result
        finally:
            server.stop()
            redis.stop()
            shutil.rmtree(folder, ignore_errors=True)


def add_flags(parser):
    parser.add_argument("--seconds", type=int, default=5, help="per run (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="runs per line, the median counts (default 3)")
    parser.add_argument("--codes", type=int, default=25_000, help="stored codes that are warmed (default 25 000)")
    parser.add_argument("--crowd", type=int, default=5_000, help="connections of the crowd (default 5 000)")
    parser.add_argument("--data", default=tempfile.gettempdir(), help="folder on the disk to store in")
    parser.add_argument("--only", choices=["places", "crowd"], help="one half of it")


def run(args):
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("needs two cores: one for the server, one for the load")
    http.programs()
    if not tools.command("redis-server", "redis-server") or not tools.command("redis-cli", "redis-tools"):
        raise SystemExit("needs redis-server and redis-cli")
    if not args.no_build:
        subprocess.run(["cargo", "build", "--release", "-p", "qr-observatory"], cwd=ROOT, check=True)
    results = []
    if args.only != "crowd":
        results += places(args)
    if args.only != "places":
        results += crowd(args)
    return results
