"""Asks a running server for everything that callers need, once, and takes away again what it made for that.

It makes one static and one dynamic code, titled "qr-observatory smoke test ...", has them drawn in every format, reads
the symbols with zbar, scans the dynamic one, changes where it leads, looks at its scans, at /metrics and at the rollouts,
and deletes both. It ends at the first step that fails, and says what was expected and what was seen. It is safe in
production: nobody else's codes are touched, and its own are deleted also when it fails or is stopped (INT, TERM, HUP).
Killed with -9 it leaves them; the next run says so, and --sweep deletes them.

Nothing but Python 3.8 is needed; with zbarimg and rsvg-convert (Debian: zbar-tools, librsvg2-bin) symbols are read, without
them only the files' first bytes and sizes are looked at.
"""

import datetime
import json
import signal
import sys
import time

import product
import readers
from checks import (CLEANUP_SECONDS, FAILED, FINE, INTERRUPTED, LEFT, METRICS, REFUSED, UNDECODED, UNREACHABLE, Failed,
                    Run, Skipped)
from checks import analytics, codes, images, metrics, redirects, rollout, server
from product import API, Odd, Stopped, Unanswered, Usage, number, say

CODES_OF_EXIT = """exit codes:
  0    every step passed (warnings are possible: read them)
  1    this script itself failed
  2    bad usage
  3    nobody answers there, or not qr-observatory
  4    it is not ready, or its health is bad
  5    the credentials are refused, or the API asks for none
  6    codes cannot be made, changed or deleted; or nonsense is not refused
  7    an image is missing or wrong
  8    a redirect is wrong, or a scan is not counted
  9    analytics do not hold the scans
  10   metrics do not move
  11   a breaker is open, or a share is not what the dial says
  12   every step passed, but something could not be deleted
  13   no decoder, with --require-decoders
  130  stopped by a signal"""
# Younger codes may be of a run that is under way.
SWEEP_MINUTES = 5
STEPS = [
    server.reach, server.ready, server.health, server.credentials, codes.create, codes.refusal, images.images, images.etag,
    redirects.redirect, redirects.counted, redirects.update, analytics.analytics, rollout.rollout, codes.gone, metrics.metrics,
]


class Report:
    """One line for each step, for people or as JSON."""

    def __init__(self, args):
        self.args, self.began, self.steps = args, time.monotonic(), []

    def step(self, name, status, ms, detail="", **more):
        self.steps.append(status)
        if self.args.json:
            line = {"step": name, "status": status, "ms": round(ms, 1), "detail": detail,
                    **{key: value for key, value in more.items() if value is not None}}
            print(json.dumps(line), flush=True)
        elif status == "failed":
            say(f"FAILED   {name:<12}{ms:8.0f} ms")
            for key in ("expected", "seen", "hint"):
                if more.get(key):
                    say(f"         {key + ':':<10}{more[key]}")
        elif status == "warning":
            say(f"warning  {name:<12}{ms:8.0f} ms  {detail}")
        elif not self.args.quiet:
            took = " " * 11 if status == "planned" else f"{ms:8.0f} ms"
            print(f"{status:<9}{name:<12}{took}  {detail}", flush=True)

    def end(self, code, words):
        ms = (time.monotonic() - self.began) * 1000
        warnings = self.steps.count("warning")
        if self.args.json:
            print(json.dumps({"step": "end", "status": "ok" if code == FINE else "failed", "ms": round(ms, 1),
                              "detail": words, "exit_code": code, "warnings": warnings}), flush=True)
        elif code:
            say(f"{words} after {ms / 1000:.1f} s (exit code {code})")
        elif not self.args.quiet:
            also = f", {warnings} {'warning' if warnings == 1 else 'warnings'}" if warnings else ""
            print(f"{words} in {ms / 1000:.1f} s{also}", flush=True)


# --- the run --------------------------------------------------------------------------------------------


def first_look(run):
    metrics.first_look(run)
    rollout.first_look(run)


def all_steps(run, report):
    """The exit code, and the step that failed."""
    for step in STEPS:
        began, name, code = time.monotonic(), step.name, step.code
        run.warnings = []

        def ms():
            return (time.monotonic() - began) * 1000
        try:
            if step is codes.create:
                # Before anything is made; a failure is one of the step that compares.
                name, code = metrics.metrics.name, METRICS
                first_look(run)
                name, code = step.name, step.code
            detail = step(run)
            report.step(name, "ok", ms(), detail)
        except Skipped as why:
            report.step(name, "skipped", ms(), str(why))
            continue
        except Failed as failed:
            report.step(name, "failed", ms(), expected=failed.expected, seen=failed.seen, hint=failed.hint)
            return code, name
        except (Unanswered, Odd) as error:
            report.step(name, "failed", ms(), expected="an answer", seen=str(error))
            return code, name
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            report.step(name, "failed", ms(), expected="an answer of the documented shape",
                        seen=f"another one ({type(error).__name__}: {error})")
            return code, name
        for warning in run.warnings:
            report.step(name, "warning", ms(), warning)
    return FINE, None


def clean(run, report):
    """Whether all that was made is gone."""
    if not run.codes.known and not run.codes.unsure:
        return True
    began = time.monotonic()
    left = run.codes.remove(CLEANUP_SECONDS)
    ms = (time.monotonic() - began) * 1000
    if not left:
        report.step("clean up", "ok", ms, "the codes of this run are deleted")
        return True
    report.step("clean up", "failed", ms, expected="nothing is left behind",
                seen="; ".join(f"{code}: {why}" for code, why in left.items()),
                hint="later: scripts/enhanced_smoke_test.sh --sweep")
    return False


# --- instead of a run ---------------------------------------------------------------------------------------


def dry_run(run, report):
    args = run.args
    if not args.json:
        print(f"{run.server.url}, as {run.server.auth.shown if run.server.auth else 'nobody: credentials are missing'}, "
              f"metrics at {run.metrics.server.url}; nothing is asked now")
    for step in STEPS:
        report.step(step.name, "planned", 0, f"{step.about} (else exit code {step.code})")
    absent = readers.missing()
    report.step("decoders", "planned", 0, f"missing: {', '.join(absent)}" if absent else "zbarimg and rsvg-convert are there")
    report.step("clean up", "planned", 0, "DELETE what was made, also after a failure or a signal")
    return FINE


def sweep(run, report):
    """Deletes codes that killed runs left."""
    minutes = SWEEP_MINUTES if run.args.older is None else run.args.older
    began = time.monotonic()

    def ms():
        return (time.monotonic() - began) * 1000
    try:
        answer = run.server.get(f"{API}?limit=1")
        if answer.status in (401, 403):
            report.step("sweep", "failed", 0, expected="credentials that may delete codes", seen=answer.seen())
            return REFUSED
        found = product.titled(run.server, product.TITLE)
    except (Unanswered, Odd) as error:
        report.step("sweep", "failed", ms(), expected="the list of codes", seen=str(error))
        return UNREACHABLE
    old = [c for c in found if product.now() - born(c) >= datetime.timedelta(minutes=minutes)]
    run.codes.known = {c["id"]: c["title"] for c in old}
    left = run.codes.remove(CLEANUP_SECONDS)
    run.codes.known = {}
    young = len(found) - len(old)
    spared = f"; {young} younger than {minutes:g} min may be of a run under way (--older)" if young else ""
    if left:
        report.step("sweep", "failed", ms(), expected=f"{len(old)} codes deleted{spared}",
                    seen="; ".join(f"{code}: {why}" for code, why in left.items()))
        return LEFT
    report.step("sweep", "ok", ms(), f"{len(old)} codes deleted{spared}")
    return FINE


def born(code):
    """When the run began that made it, by its title."""
    text = code["title"][len(product.TITLE) + 1:].split("-")[0]
    return datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


# --- the command line -----------------------------------------------------------------------------------


def parser():
    it = product.Parser(prog="enhanced_smoke_test.sh", description=__doc__, epilog=CODES_OF_EXIT)
    product.add_flags(it)
    it.add_argument("--target", default="https://example.com/", metavar="URL",
                    help="where the dynamic code leads; nothing is asked there (https://example.com/)")
    it.add_argument("--wait", type=number(float, 0, 600), default=15.0, metavar="SECONDS",
                    help="for scans to be counted and seen in analytics (15)")
    it.add_argument("--wait-target", type=number(float, 0, 600), default=35.0, metavar="SECONDS",
                    help="for a changed target to be followed: longer than REDIRECT_CACHE_TTL_MS, which other nodes take (35)")
    it.add_argument("--require-decoders", action="store_true", help="fail where symbols cannot be read")
    it.add_argument("--dry-run", action="store_true", help="say what would be asked, and ask nothing")
    it.add_argument("--sweep", action="store_true", help="only delete what killed runs left")
    it.add_argument("--older", type=number(float, 0, 1e6), metavar="MINUTES", help="with --sweep: than this (5)")
    it.add_argument("--json", action="store_true", help="a line of JSON for each step, on standard output")
    it.add_argument("--quiet", action="store_true", help="only what is wrong")
    return it


def main():
    it = parser()
    args = it.parse_args()
    if args.older is not None and not args.sweep:
        it.error("--older goes with --sweep")
    try:
        product.where("--target", args.target)
        run = Run(args)
    except Usage as error:
        it.error(str(error))
    report = Report(args)
    if args.dry_run:
        return dry_run(run, report)
    absent = readers.missing()
    if args.require_decoders and not args.sweep and absent:
        report.step("decoders", "failed", 0, expected="decoders, for --require-decoders", seen=f"missing: {', '.join(absent)}")
        report.end(UNDECODED, "not begun")
        return UNDECODED
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, product.stop)
    code, step, stopped = FAILED, None, False
    try:
        if args.sweep:
            return sweep(run, report)
        code, step = all_steps(run, report)
    except Stopped:
        code, stopped = INTERRUPTED, True
    finally:
        # Nobody interrupts this; it has an end of its own.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        cleaned = clean(run, report)
    if code == FINE and not cleaned:
        code = LEFT
    words = "stopped" if stopped else f"FAILED at {step}" if step else "every step passed" if cleaned else "something is left behind"
    report.end(code, words)
    return code


if __name__ == "__main__":
    sys.exit(main())
