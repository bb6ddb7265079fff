"""What observability costs a redirect: everything on, against the same product with all of it compiled out.

Everything is: metrics, a scrape of /metrics every second (Prometheus' usual is every 15), one request in 100 traced to a
collector, one line in the log for every 1 000 requests. Both servers are measured in turns, so that what the machine does
meanwhile meets both; a ratio is the median over the turns of one against the other in the same turn.
"""

import http.server
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request

from tools import RELEASE, ROOT, say

from .http import AGENT, Ours, drained, flat_out, paced, programs

# Built with `--features unobserved`.
BARE = RELEASE / "qr-observatory-unobserved"


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes what it is sent."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def collector():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def scraped(port, stop):
    """As Prometheus does, only more often."""
    while not stop.wait(1):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read()


def servers(args, endpoint):
    on = Ours(3904, args.data, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_TRACES_SAMPLER_ARG="0.01",
              ACCESS_LOG_EVERY="1000", LOG_LEVEL="info", LOG_FORMAT="json", SCAN_QUEUE="10000000")
    off = Ours(3905, args.data, binary=BARE, LOG_LEVEL="off", METRICS_ENABLED="false", SCAN_QUEUE="10000000")
    return {"on": on, "off": off}


def settle(server):
    """Until no scan waits any more. Without metrics that is seen by the processor being idle."""
    if server.port == 3904:
        return drained(server)
    def idle():
        while True:
            before = server.cpu_seconds()
            time.sleep(0.5)
            if server.cpu_seconds() - before < 0.02:
                return
    return idle


def turns(args, both):
    paths = {name: f"/r/{server.code()['short_id']}?scan_ref=qr" for name, server in both.items()}
    agent = [f"User-Agent: {AGENT}"]
    for turn in range(args.rounds + 1):
        # The second one runs on a machine that the first has warmed, so they take turns.
        order = sorted(both, reverse=bool(turn % 2))
        found = {}
        for name in order:
            server = both[name]
            found[name] = (paced(server, paths[name], agent, args, settle(server))
                           | flat_out(server, paths[name], agent, args))
            settle(server)()
        if turn:  # the first is a warm-up
            yield found


def measure(args):
    sink = collector()
    both = servers(args, f"http://127.0.0.1:{sink.server_port}")
    stop = threading.Event()
    threading.Thread(target=scraped, args=(both["on"].port, stop), daemon=True).start()
    try:
        rounds = list(turns(args, both))
    finally:
        stop.set()
        rss = {name: server.rss_mib() for name, server in both.items() if server.process.poll() is None}
        for server in both.values():
            server.stop()
        sink.shutdown()
    result = {"bench": "observability/redirect", "rounds": len(rounds),
              "failures": sum(r[n]["failures"] + r[n]["paced_failures"] for r in rounds for n in r)}
    for key in ("requests_per_s", "p99_ms", "cpu_us"):
        each = {name: [r[name][key] for r in rounds] for name in both}
        for name, values in each.items():
            result[f"{key}_{name}"] = round(statistics.median(values), 3)
        ratios = [on / off for on, off in zip(each["on"], each["off"])]
        result[f"{key}_ratio"] = round(statistics.median(ratios), 3)
        result[f"{key}_ratios"] = [round(ratio, 3) for ratio in ratios]
        say(f"{key:15} on {result[f'{key}_on']:10.2f}  compiled out {result[f'{key}_off']:10.2f}  "
            f"ratio {result[f'{key}_ratio']:.3f}  (each turn: {', '.join(f'{r:.3f}' for r in ratios)})")
    say(f"memory          on {rss.get('on', 0):10.1f}  compiled out {rss.get('off', 0):10.1f} MiB; "
        f"{result['failures']:.0f} failed")
    return [result | {f"rss_mib_{name}": round(value, 1) for name, value in rss.items()}]


def add_flags(parser):
    parser.add_argument("--seconds", type=int, default=5, help="per run (default 5)")
    parser.add_argument("--rounds", type=int, default=7, help="turns, the median counts (default 7)")
    parser.add_argument("--rate", type=int, default=10000,
                        help="requests per second while CPU is measured (default 10000)")
    parser.add_argument("--connections", type=int, default=64, help="at once (default 64)")
    parser.add_argument("--data", default=tempfile.gettempdir(), help="folder on the disk to spool to")


def build():
    """Only the product's own crate is compiled twice."""
    command = ["cargo", "build", "--release", "-p", "qr-observatory"]
    subprocess.run([*command, "--features", "unobserved"], cwd=ROOT, check=True)
    shutil.move(RELEASE / "qr-observatory", BARE)
    subprocess.run(command, cwd=ROOT, check=True)


def run(args):
    programs()
    if not args.no_build:
        build()
    if not BARE.exists():
        raise SystemExit(f"there is no {pathlib.Path(BARE).relative_to(ROOT)}: run without --no-build")
    return measure(args)
