"""Puts one address under load with wrk, hey or ab (the first of these that is installed), and shows the cache statistics
and metrics of the server: before, after, and the difference. It asks /health first."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import load
from load import ERRORS, FINE, INTERRUPTED, SECONDS_MAX, USAGE, Refused
from load.counters import caches, difference, routes, server_errors
from load.generators import TOOLS
from product import Metrics, Unanswered, Usage, number, say

EXIT = """exit code: 0 fine; 1 errors were seen (answers of 400 and above, broken connections, timeouts); 2 bad usage, or a
path that answers 4xx; 3 the server is not healthy; 130 interrupted"""


def path(text):
    if not text.startswith("/") or "#" in text or not all(" " < c < "\x7f" and c not in '"\\<>^`{|}' for c in text):
        raise argparse.ArgumentTypeError(f"{text!r} is no path")
    return text


def parse():
    it = argparse.ArgumentParser(prog="load_test.sh", description=__doc__, epilog=EXIT,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    load.add_flags(it)
    what = it.add_mutually_exclusive_group()
    what.add_argument("--path", type=path, default="/health/live", help="what is asked for (/health/live)")
    what.add_argument("--slug", help="instead: the redirect /r/SLUG. Every request is a scan, and is stored as one")
    what.add_argument("--image", metavar="ID", help="instead: /api/v1/qr/ID/image; needs credentials")
    it.add_argument("--connections", type=number(int, 1, 1000), default=16, metavar="N", help="1 to 1000 (16)")
    it.add_argument("--threads", type=number(int, 1, 64), default=2, metavar="N", help="of wrk and hey, 1 to 64 (2)")
    it.add_argument("--duration", type=number(int, 1, SECONDS_MAX), default=10, metavar="SECONDS",
                    help=f"1 to {SECONDS_MAX} (10)")
    it.add_argument("--tool", choices=list(TOOLS), help="hey and ab get credentials on their command line, which others on "
                    "this machine can read")
    it.add_argument("--metrics-url", metavar="URL", help="where /metrics is, if METRICS_BIND moved it; METRICS_TOKEN from the "
                    "environment is sent there")
    args = it.parse_args()
    if args.slug or args.image:
        args.path = path(f"/r/{args.slug}" if args.slug else f"/api/v1/qr/{args.image}/image")
    # Threads without a connection are of no use, and wrk refuses them.
    args.threads = min(args.threads, args.connections)
    return args


def choose(name):
    for tool in [name] if name else TOOLS:
        if shutil.which(tool):
            return TOOLS[tool]
    missing = f"{name} is not installed" if name else "none of wrk, hey and ab is installed"
    raise Refused(USAGE, f"{missing} (Debian: wrk, hey, apache2-utils)")


def probe(server, address):
    """Whether it redirects. Raises Refused when there is nothing to measure."""
    try:
        status = server.get(address, anonymous=not address.startswith("/api/")).status
    except Unanswered as error:
        raise Refused(ERRORS, f"{address} is not answered ({error})") from None
    if status >= 400:
        raise Refused(USAGE if status < 500 else ERRORS, f"{address} answers {status}: nothing to measure")
    return 300 <= status < 400


def look(server, metrics, when):
    """Metrics and cache statistics; shows the latter, or says why there are none."""
    series, why = metrics.look()
    if series is None:
        say(f"no metrics ({why}; see --metrics-url and METRICS_TOKEN)")
    stats = load.cache_stats(server) if server.auth else None
    if stats:
        parts = []
        for tier in ("memory", "redis"):
            if load.part(stats, tier):
                names = ("entries", "bytes", "hits", "misses", "evictions")
                parts.append(f"{tier} " + ", ".join(f"{stats[tier].get(name)} {name}" for name in names))
        print(f"cache {when}: {stats.get('mode')}, {'; '.join(parts)}", flush=True)
    elif when == "before":
        say("no cache statistics" if server.auth else "no cache statistics without credentials")
    return series


class Generator:
    """wrk, hey or ab while it runs."""

    def __init__(self, command, env):
        self.out = tempfile.TemporaryFile()
        self.interrupted = False
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self.interrupt)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=subprocess.STDOUT,
                                        env={**os.environ, **env}, start_new_session=True)

    def interrupt(self, *_):
        self.interrupted = True
        self.process.send_signal(signal.SIGINT)

    def wait(self, seconds):
        """The exit code, and the output. It ends in time, whatever the tool does."""
        for limit, end in ((seconds, self.process.terminate), (5, self.process.kill), (None, None)):
            try:
                status = self.process.wait(limit)
                break
            except subprocess.TimeoutExpired:
                end()
        self.out.seek(0)
        return status, self.out.read().decode(errors="replace")


def run(args):
    server = load.server(args)
    try:
        metrics = Metrics(args, server)
    except Usage as error:
        raise Refused(USAGE, str(error)) from None
    load.allowed(args, metrics.server)
    if args.path.startswith("/api/") and server.auth is None:
        raise Refused(USAGE, f"{args.path} needs credentials: QR_PASSWORD or QR_API_KEY")
    tool = choose(args.tool)
    print(f"{server.url} is {load.health(server)['status']}", flush=True)
    redirects = probe(server, args.path)
    before = look(server, metrics, "before")
    print(f"{tool.name}: {args.connections} connections, {args.duration} s, {server.url}{args.path}", flush=True)
    # A password that is checked with every redirect would be a load of its own.
    header = ": ".join(server.auth.header) if args.path.startswith("/api/") else ""
    with tempfile.TemporaryDirectory() as folder:
        command, env = tool.command(args, f"{server.url}{args.path}", header, folder)
        generator = Generator(command, env)
        status, said = generator.wait(args.duration + 30)
    print(said, end="", flush=True)
    after = look(server, metrics, "after")
    fifth = 0
    if before and after:
        print("what the server counted meanwhile, of all callers:")
        grown = difference(before, after)
        lines = ["the server was started again meanwhile: no difference"] if grown is None else [*routes(grown), *caches(grown)]
        print(*lines, sep="\n")
        fifth = server_errors(grown or ())
    errors = tool.errors(said, redirects)
    print(f"errors: {errors} seen by {tool.name}, {fifth} answers of 5xx counted by the server")
    if generator.interrupted:
        return INTERRUPTED
    if status:
        say(f"{tool.name} ended with {status}")
    return ERRORS if status or errors or fifth else FINE


def main():
    args = parse()
    try:
        return run(args)
    except Refused as refused:
        say(f"load_test.sh: {refused}")
        return refused.code
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
