"""Puts images of a running server under load, and says how fast they came and from where.

It makes codes of its own, asks for their images over kept-alive connections, and deletes the codes again, also after
Ctrl-C. Payloads:

  basic     PNG of the default size, a short text
  medium    SVG and PNG in colours, with border and title, larger; a URL
  advanced  large PNG, JPEG and WebP with logo and data colours at level h, and one by size on paper; 300 characters

With --cold-warm each payload is asked twice: cold (every image for the first time ever: the texts are random), then
warm (the same images again and again). Without, both are mixed.

Each connection asks again as soon as it was answered, so a slow server is asked less: this finds the throughput, not
the latency at a given rate. It runs on one core; it warns when that core, and not the server, was the limit. Hit rates
are those of the whole server: other callers count too.

Needs nothing but Python 3.8.
"""

import argparse
import asyncio
import datetime
import json
import os
import pathlib
import resource
import signal
import sys
import time

import load
from load import INTERRUPTED, SECONDS_MAX, USAGE, Refused
from load.phases import PAYLOADS, REQUESTS_MAX, Run
from load.report import show, summary
from product import number, say

CODES_MAX = 10_000
CONNECTIONS_MAX = 10_000


def parser():
    it = argparse.ArgumentParser(
        prog="load_test.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit code: 0 fine; 1 errors were seen (anything but 200, no answer, a wrong image, codes left over);\n"
               "2 bad usage, also credentials that may not make codes; 3 the server is not healthy; 130 interrupted")
    load.add_flags(it)
    much_of = it.add_argument_group("load")
    much_of.add_argument("--payload", choices=[*PAYLOADS, "all"], default="all", help="default all, one after the other")
    much_of.add_argument("--concurrency", type=int, default=16, metavar="N", help="connections (default 16)")
    much_of.add_argument("--max-concurrency", type=number(int, 1, CONNECTIONS_MAX), default=1000, metavar="N",
                      help=f"what --concurrency may be (default 1000, at most {CONNECTIONS_MAX})")
    much = much_of.add_mutually_exclusive_group()
    much.add_argument("--requests", type=number(int, 1, REQUESTS_MAX), metavar="N",
                      help=f"per payload and phase (default 1000); {REQUESTS_MAX} in all at most")
    much.add_argument("--duration", type=number(float, 0.1, SECONDS_MAX), metavar="SECONDS",
                      help=f"per payload and phase; {SECONDS_MAX} in all at most")
    much_of.add_argument("--cold-warm", action="store_true",
                      help="first each image once, then the same again; cold has as many requests as there are images")
    much_of.add_argument("--codes", type=number(int, 1, CODES_MAX), default=50, metavar="N",
                      help=f"made per payload (default 50, at most {CODES_MAX}); all but basic draw each in 4 ways")
    much_of.add_argument("--timeout", type=number(float, 0.1, 600), default=30.0, metavar="SECONDS",
                      help="for one answer (default 30)")
    out = it.add_argument_group("output")
    out.add_argument("--json", metavar="FILE", help="the report as JSON; - for standard output, instead of the table")
    out.add_argument("--progress", action="store_true", help="progress lines even if nobody watches")
    out.add_argument("--quiet", action="store_true", help="no table, no progress: only what went wrong")
    return it


def settings():
    """The command line, checked as a whole."""
    it = parser()
    args = it.parse_args()
    args.payloads = list(PAYLOADS) if args.payload == "all" else [args.payload]
    if not 1 <= args.concurrency <= args.max_concurrency:
        it.error(f"--concurrency must be 1 to {args.max_concurrency} (--max-concurrency)")
    if args.requests is None and args.duration is None:
        args.requests = 1000
    phases = len(args.payloads) * (2 if args.cold_warm else 1)
    if args.requests and args.requests * phases > REQUESTS_MAX:
        it.error(f"{args.requests} requests in {phases} phases are more than {REQUESTS_MAX}")
    if args.duration and args.duration * phases > SECONDS_MAX:
        it.error(f"{args.duration:g} s in {phases} phases are more than {SECONDS_MAX} s")
    if args.json and args.json != "-":
        folder = pathlib.Path(args.json).absolute().parent
        if pathlib.Path(args.json).is_dir() or not os.access(folder, os.W_OK):
            it.error(f"--json {args.json} cannot be written")
    return it, args


def open_files(concurrency):
    """Room for as many connections; the soft limit is often 1024."""
    wanted = concurrency + 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):
            raise Refused(USAGE, f"--concurrency {concurrency} needs {wanted} open files (ulimit -n)") from None


async def measure(args, server):
    known = load.health(server)
    run = Run(args, server)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, run.interrupt)
    started, wall, processor = datetime.datetime.now(datetime.timezone.utc), time.monotonic(), time.process_time()
    left = 0
    try:
        await run.all()
        took = time.monotonic() - wall
        busy = round(100 * (time.process_time() - processor) / took, 1) if took else 0.0
    finally:
        if run.codes.created or run.codes.unsure:
            left = run.codes.remove()
    cleanup = {"title": run.codes.title, "created": run.codes.created, "deleted": run.codes.deleted,
               "left": left}
    report = summary(run, known, cleanup, (started, took, busy))
    tell(args, run, report)
    return report["exit_code"]


def tell(args, run, report):
    if args.json == "-":
        print(json.dumps(report, indent=1))
    else:
        if args.json:
            # In one step: a reader of the file finds a whole one.
            part_file = f"{args.json}.{os.getpid()}.part"
            pathlib.Path(part_file).write_text(json.dumps(report, indent=1) + "\n")
            os.replace(part_file, args.json)
        if not args.quiet and report["runs"]:
            show(report)
    codes = report["codes"]
    if codes["left"] != 0:
        left = "an unknown number" if codes["left"] is None else codes["left"]
        say(f'{left} of the codes titled "{codes["title"]} …" could not be deleted')
    if run.refused:
        say(f"load_test.py: {run.refused}")
    if report["total"]["errors"]:
        say(f"{report['total']['errors']} of {report['total']['requests']} requests failed")
    if report["client"]["cpu_percent"] > 90:
        say("warning: this client had no processor time left; the server can do more than these figures say")


def main():
    it, args = settings()
    try:
        server = load.server(args)
        if server.auth is None:
            it.error("credentials are needed: QR_PASSWORD or QR_API_KEY, or --password or --api-key")
        open_files(args.concurrency)
        return asyncio.run(measure(args, server))
    except Refused as refused:
        say(f"load_test.py: {refused}")
        return refused.code
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
