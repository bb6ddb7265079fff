"""Symbols over HTTP on one core: uncached plain and styled, cached, and a batch as ZIP, beside node-qrcode and QuickChart's own code.

Every server has core 0 to itself, the load comes from core 1, and each line is the median of as many rounds, by turns. Nothing is
remembered where a line says uncached. What the peers cannot draw has no ratio.
"""

import json
import pathlib
import statistics
import subprocess
import tempfile
import time
import urllib.request

import tools
from tools import say

from . import http

TEXT = "https://example.org/a/page?with=a&query=1"
BATCH = 1000
# What the replaced service promised, in milliseconds, and its requests per second.
STYLED_MS, EFFECTS_MS, PLAIN_PER_S = 15, 50, 5000
STYLED = {"size": 600, "eyeShape": "rounded_square", "dataPattern": "rounded",
          "gradient": {"type": "linear", "colors": ["#0b3d91", "#3b0a45"], "angle": 45},
          "frame": {"type": "rounded", "text": "Scan me", "textPosition": "bottom"}}
EFFECTS = {**STYLED, "effects": [{"type": "shadow"}, {"type": "glow"}]}


def post(options, kind):
    """What wrk sends: one request of the modern dialect, and the file itself as the answer."""
    return json.dumps({"data": TEXT, "options": {**options, "format": kind}}), f"image/{'svg+xml' if kind == 'svg' else kind}"


def lines():
    """Name, whether results are remembered, path, body with what it accepts, and the peer's path."""
    text = urllib.request.quote(TEXT, safe="")
    for size in (300, 1000):
        yield f"plain PNG {size} px", False, f"/qr?text={text}&size={size}&ecLevel=M", None, [
            ("node-qrcode", f"/node-qrcode?text={text}&size={size}"), ("QuickChart", f"/quickchart?text={text}&size={size}")]
    yield "plain SVG", False, f"/qr?text={text}&format=svg&ecLevel=M", None, [("node-qrcode", f"/node-qrcode.svg?text={text}")]
    yield "styled PNG 600 px", False, "/api/v2/qr/generate", post(STYLED, "png"), []
    yield "styled SVG", False, "/api/v2/qr/generate", post(STYLED, "svg"), []
    yield "effects PNG 600 px", False, "/api/v2/qr/generate", post(EFFECTS, "png"), []
    yield "plain PNG 300 px, cached", True, f"/qr?text={text}&size=300&ecLevel=M", None, []
    yield "styled PNG 600 px, cached", True, "/api/v2/qr/generate", post(STYLED, "png"), []


def script(folder, body, accept):
    """For wrk: a request with a body."""
    file = pathlib.Path(folder) / "request.lua"
    file.write_text(f'wrk.method = "POST"\nwrk.body = {json.dumps(body)}\nwrk.headers["Content-Type"] = "application/json"\n'
                    f'wrk.headers["Accept"] = "{accept}"\n')
    return ["-s", str(file)]


def add_flags(parser):
    parser.add_argument("--data", default=tempfile.gettempdir(), help="folder for the databases")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=3, help="per run (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="runs per line, by turns (default 3)")


def rate(server, path, args, more=()):
    """Requests per second, and the 99th percentile, flat out; a failure ends the run, for what fails is fast."""
    told = http.flat_out(server, path, [], args, more)
    if told["failures"]:
        raise SystemExit(f"{path}: {told['failures']} requests failed")
    return told


def batch(ours):
    """Symbols per second of one batch as ZIP: 1 000 different texts, 300 px, PNG."""
    codes = [{"data": f"https://example.org/{i:05}", "options": {"format": "png", "size": 300}} for i in range(BATCH)]
    request = urllib.request.Request(
        f"http://127.0.0.1:{ours.port}/api/v2/qr/batch", data=json.dumps({"codes": codes}).encode(),
        headers={"content-type": "application/json", "accept": "application/zip", "authorization": ours.authorization()})
    began = time.monotonic()
    size = len(urllib.request.urlopen(request).read())
    return BATCH / (time.monotonic() - began), size


def run(args):
    http.programs()
    if not args.no_build:
        subprocess.run(["cargo", "build", "--release", "-p", "qr-observatory"], cwd=tools.ROOT, check=True)
    env = {"USE_NEW_QR_GENERATION_SERVICE": "true", "LIMIT_RENDER": "0", "LIMIT_API": "0"}
    servers = {False: http.Ours(3902, args.data, CACHE_MEMORY_BYTES="0", **env), True: http.Ours(3903, args.data, **env)}
    folder = tools.node()
    peers = http.Server(["node", folder / "serve_peers.mjs", "3904"], 3904) if folder else None
    try:
        if peers:
            peers.wait("/none")
        else:
            say("node-qrcode, QuickChart: absent")
        results = [measure(servers[remembered], peers, line, args) for line in lines() for remembered in [line[1]]]
        runs = [batch(servers[False]) for _ in range(args.rounds)]
        results.append({"bench": f"dialects/batch of {BATCH} as ZIP", "per_s": round(statistics.median(r for r, _ in runs)), "bytes": runs[0][1]})
        say(f"{results[-1]['bench'].removeprefix('dialects/'):28} {results[-1]['per_s']:9,} symbols/s, {runs[0][1]:,} B")
    finally:
        for server in [*servers.values(), *([peers] if peers else [])]:
            server.stop()
    verdict({result["bench"].removeprefix("dialects/"): result for result in results})
    return results


def measure(server, peers, line, args):
    name, _, path, body, others = line
    others = others if peers else []
    more = script(server.folder, *body) if body else []
    ours, theirs = [], {peer: [] for peer, _ in others}
    for _ in range(args.rounds):
        ours.append(rate(server, path, args, more))
        for peer, its_path in others:
            theirs[peer].append(rate(peers, its_path, args)["requests_per_s"])
    result = {"bench": f"dialects/{name}", "per_s": round(statistics.median(run["requests_per_s"] for run in ours)),
              "p99_ms": round(statistics.median(run["p99_ms"] for run in ours), 2)}
    for peer, rates in theirs.items():
        result[peer] = {"per_s": round(statistics.median(rates)),
                        "ratio": round(statistics.median(run["requests_per_s"] / its for run, its in zip(ours, rates)), 1)}
    beside = "".join(f"   {peer} {result[peer]['per_s']:,}/s, {result[peer]['ratio']} ×" for peer, _ in others)
    say(f"{name:28} {result['per_s']:9,} requests/s, p99 {result['p99_ms']:6.2f} ms, {1e3 / result['per_s']:6.3f} ms each{beside}")
    return result


def verdict(results):
    """Each request takes the core for a second divided by the rate."""
    def told(what, holds):
        say(f"{what}: {'reached' if holds else 'NOT reached'}")
    each_ms = {name: 1e3 / result["per_s"] for name, result in results.items()}
    plain = results["plain PNG 300 px"]["per_s"]
    told(f"uncached plain, {PLAIN_PER_S}/s", plain >= PLAIN_PER_S)
    told(f"styled, {STYLED_MS} ms", each_ms["styled PNG 600 px"] < STYLED_MS)
    told(f"effects, {EFFECTS_MS} ms", each_ms["effects PNG 600 px"] < EFFECTS_MS)
    told("cached, ten times styled uncached", results["styled PNG 600 px, cached"]["per_s"] >= 10 * results["styled PNG 600 px"]["per_s"])
