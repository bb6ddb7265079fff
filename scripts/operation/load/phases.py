"""The load itself: images of each payload, cold, warm or mixed."""

import array
import asyncio
import collections
import math
import os
import sys
import time
import zlib

from product import API, say

from . import INTERRUPTED, Refused, cache_stats
from .client import Broken, Connection, Target, clock
from .codes import Codes
from .report import cache_difference, latency, per_second

REQUESTS_MAX = 1_000_000
# The server is gone when nothing was answered for so long. A restart is over sooner.
GONE_SECONDS = 10

PNG, SVG, JPEG, WEBP = "image/png", "image/svg+xml", "image/jpeg", "image/webp"
# The query, and the type that the answer must have.
PAYLOADS = {
    "basic": [("image_format=png", PNG)],
    "medium": [
        ("image_format=svg&size=16&border=6&fill_color=%23102a43&back_color=%23f0f4f8", SVG),
        ("image_format=png&size=20&border=2&fill_color=%231b4332&back_color=%23ffffff", PNG),
        ("image_format=svg&size=20&border=4&fill_color=%23000&svg_title=Load&svg_description=A+load+test", SVG),
        ("image_format=png&size=16&border=6&error_level=q&fill_color=%23540b0e", PNG),
    ],
    "advanced": [
        ("image_format=png&size=40&include_logo=true&error_level=h&data_dark_color=%23003049&data_light_color=%23fff",
         PNG),
        ("image_format=jpeg&image_quality=85&size=40&include_logo=true&error_level=h&fill_color=%23222&border=8", JPEG),
        ("image_format=webp&size=32&include_logo=true&error_level=h&data_dark_color=%23432818", WEBP),
        ("image_format=png&physical_size=8&physical_unit=cm&dpi=300&error_level=h&fill_color=%23003049", PNG),
    ],
}


class Key:
    """One image that is asked for."""

    __slots__ = ("request", "kind", "seen")

    def __init__(self, target, code, query, kind):
        self.request = target.get(f"{API}/{code}/image?{query}")
        self.kind = kind.encode()
        # A strong ETag names bytes (RFC 9110 §8.8.1): the same one with others is a wrong picture.
        self.seen = {}

    def wrong(self, answer):
        """Whether type or bytes are not those that the headers name."""
        if answer.headers.get(b"content-type", b"").split(b";")[0] != self.kind or not answer.body:
            return True
        tag = answer.headers.get(b"etag")
        digest = zlib.crc32(answer.body)
        return tag is not None and self.seen.setdefault(tag, digest) != digest


class Phase:
    """One payload asked in one way, and its figures."""

    def __init__(self, payload, name, keys, limit):
        self.payload = payload
        self.name = name
        self.keys = keys
        self.limit = limit
        self.latencies = array.array("d")
        self.statuses = collections.Counter()
        self.unanswered = collections.Counter()
        self.wrong = self.bytes = self.reopened = 0
        self.answered = 0.0
        self.started = 0
        self.seconds = 0.0
        self.cache = None
        self.gone = False

    @property
    def requests(self):
        return len(self.latencies) + sum(self.unanswered.values())

    @property
    def errors(self):
        bad = sum(n for status, n in self.statuses.items() if status != 200)
        return bad + self.wrong + sum(self.unanswered.values())

    async def run(self, connections, stop, until):
        """Until as many were asked as there should be, `until` (monotonic) or a stop."""
        began = time.monotonic()
        self.answered = time.perf_counter()
        workers = [asyncio.ensure_future(self.work(c, stop, until)) for c in connections[:self.limit]]
        halt = asyncio.ensure_future(stop.wait())
        work = asyncio.ensure_future(all_of(workers))
        try:
            await asyncio.wait([halt, work], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                # A defect of this script must not look like a short phase.
                work.result()
        finally:
            halt.cancel()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self.seconds = time.monotonic() - began
            for connection in connections:
                self.reopened += connection.reopened
                connection.reopened = 0

    async def work(self, connection, stop, until):
        keys, latencies, clock_now = self.keys, self.latencies, time.perf_counter
        while self.started < self.limit and not stop.is_set() and not self.gone:
            if until is not None and time.monotonic() >= until:
                return
            key = keys[self.started % len(keys)]
            self.started += 1
            began = clock_now()
            try:
                answer = await connection.ask(key.request)
            except Broken as broken:
                await self.failed(broken)
                continue
            self.answered = clock_now()
            latencies.append(self.answered - began)
            self.statuses[answer.status] += 1
            self.bytes += len(answer.body)
            if answer.status == 200 and key.wrong(answer):
                self.wrong += 1

    async def failed(self, broken):
        self.unanswered[broken.kind] += 1
        silence = time.perf_counter() - self.answered
        # One that is only slow answers after the time limit, and says so by timeouts.
        self.gone = self.gone or (silence >= GONE_SECONDS and broken.kind != "timeout")
        # The next connection would be refused at once, too: that would be a load on this machine only.
        if broken.kind == "refused" or silence >= 1:
            await asyncio.sleep(0.05)

    def report(self):
        return {
            "payload": self.payload, "phase": self.name, "images": len(self.keys), "requests": self.requests,
            "seconds": round(self.seconds, 6), "throughput_per_second": per_second(len(self.latencies), self.seconds),
            "bytes": self.bytes, "latency_ms": latency(self.latencies),
            "status": {str(status): n for status, n in sorted(self.statuses.items())},
            "unanswered": dict(sorted(self.unanswered.items())), "wrong_images": self.wrong, "errors": self.errors,
            "connections_reopened": self.reopened, "server_gone": self.gone, "cache": self.cache,
        }


async def all_of(tasks):
    await asyncio.gather(*tasks)


class Run:
    """All payloads and phases, one after the other."""

    def __init__(self, args, server):
        self.args, self.server, self.target = args, server, Target(server)
        self.codes = Codes(server)
        self.phases = []
        self.stop = asyncio.Event()
        self.interrupted = False
        self.interrupted_at = 0.0
        self.refused = None
        self.asked = 0
        self.first = self.last = None

    def interrupt(self):
        now = time.monotonic()
        if not self.interrupted:
            say("\nstopping; the codes are being deleted (once more to leave them)")
            self.interrupted, self.interrupted_at = True, now
            self.stop.set()
        # A terminal and a parent process may both send one interrupt.
        elif now - self.interrupted_at > 1:
            say(f'\nleft behind: codes titled "{self.codes.title} …"')
            os._exit(INTERRUPTED)

    async def all(self):
        args = self.args
        connections = [Connection(self.target, args.timeout) for _ in range(args.concurrency)]
        watch = asyncio.ensure_future(clock(connections))
        self.first = self.last = cache_stats(self.server)
        if self.first is None and not args.quiet:
            say("this server has no cache statistics: no hit rates")
        try:
            for payload in args.payloads:
                await self.one(payload, connections)
        except Refused as refused:
            self.refused = refused
        finally:
            watch.cancel()
            for connection in connections:
                connection.close()

    async def one(self, payload, connections):
        variants = PAYLOADS[payload]
        images_max = self.args.codes * len(variants)
        wanted = min(images_max, self.args.requests or images_max)
        make = asyncio.get_running_loop().run_in_executor
        codes = await make(None, self.codes.make, payload, math.ceil(wanted / len(variants)), self.stop)
        # Neighbours are of different codes, so that connections do not wait for the same thing.
        keys = [Key(self.target, code, *variant) for variant in variants for code in codes][:wanted]
        if not keys or self.stop.is_set():
            return
        if self.args.cold_warm:
            await self.phase(Phase(payload, "cold", keys, len(keys)), connections)
            await self.phase(Phase(payload, "warm", keys, self.room()), connections)
        else:
            await self.phase(Phase(payload, "mixed", keys, self.room()), connections)

    def room(self):
        """How many requests a phase that is not bounded by its images may make."""
        return self.args.requests or REQUESTS_MAX - self.asked

    async def phase(self, phase, connections):
        if self.stop.is_set() or phase.limit < 1 or any(p.gone for p in self.phases):
            return
        self.phases.append(phase)
        until = time.monotonic() + self.args.duration if self.args.duration else None
        shown = asyncio.ensure_future(self.progress(phase, until))
        try:
            await phase.run(connections, self.stop, until)
        finally:
            shown.cancel()
            await asyncio.gather(shown, return_exceptions=True)
        self.asked += phase.requests
        before, self.last = self.last, cache_stats(self.server)
        phase.cache = cache_difference(before, self.last)
        if phase.gone:
            say(f"nothing was answered for {GONE_SECONDS} s: the server is gone")

    async def progress(self, phase, until):
        """Progress on a terminal; a log gets the table only."""
        if self.args.quiet or not (self.args.progress or sys.stderr.isatty()):
            return
        end, began = ("\r", "\x1b[K") if sys.stderr.isatty() else ("\n", "")
        seen, at = 0, time.monotonic()
        try:
            while True:
                await asyncio.sleep(0.5)
                now, count = time.monotonic(), phase.requests
                goal = f"{max(0, until - now):.0f} s left" if until else f"of {phase.limit}"
                rate = (count - seen) / (now - at)
                print(f"{phase.payload} {phase.name}: {count} {goal}, {rate:.0f}/s, {phase.errors} errors{began}",
                      end=end, file=sys.stderr, flush=True)
                seen, at = count, now
        finally:
            if began:
                print(f"\r{began}", end="", file=sys.stderr, flush=True)
