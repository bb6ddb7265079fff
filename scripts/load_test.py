#!/usr/bin/env python3
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
import array
import asyncio
import base64
import collections
import contextlib
import datetime
import ipaddress
import itertools
import json
import math
import os
import pathlib
import resource
import secrets
import signal
import ssl
import sys
import time
import urllib.parse
import zlib

REQUESTS_MAX = 1_000_000
SECONDS_MAX = 3600
CODES_MAX = 10_000
CONNECTIONS_MAX = 10_000
# Without an answer to anybody, who asks all the time: nobody is there any more. A restart is over sooner.
GONE_SECONDS = 10
MAKERS = 8
# A server may close a connection that was idle for as long; earlier it hung up on a request.
IDLE_SECONDS = 1

FINE, ERRORS, USAGE, UNHEALTHY, INTERRUPTED = 0, 1, 2, 3, 130

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


def content(payload):
    """A text that no cache has seen."""
    random = secrets.token_hex(8)
    if payload == "basic":
        return f"load test {random}"
    if payload == "medium":
        return f"https://example.com/menu/{random}?table=7&season=winter&language=en"
    return f"https://example.com/{random}?" + "0123456789abcdef" * 16 + random


def say(text):
    print(text, file=sys.stderr, flush=True)


class Refused(Exception):
    """What ends the run before it began; with an exit code."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


class Broken(Exception):
    """A request that got no whole answer; its kind is what the report counts."""

    def __init__(self, kind, stale=False):
        super().__init__(kind)
        self.kind = kind
        # Nothing was heard at all on a connection that had been idle.
        self.stale = stale


# --- HTTP -----------------------------------------------------------------------------------------------


class Target:
    """Where to, and as whom."""

    def __init__(self, url, allow_remote, auth):
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Refused(USAGE, f"--url: {error}") from None
        more = parts.username or parts.query or parts.fragment
        if parts.scheme not in ("http", "https") or not parts.hostname or more:
            raise Refused(USAGE, "--url must look like http://127.0.0.1:3002")
        if any(not " " < c < "\x7f" for c in url):
            raise Refused(USAGE, "--url holds characters that no URL may have")
        self.host = parts.hostname
        if not allow_remote and not is_loopback(self.host):
            raise Refused(USAGE, f"{self.host} is not this machine; --allow-remote if you may put load on it")
        self.port = port or (443 if parts.scheme == "https" else 80)
        self.prefix = parts.path.rstrip("/")
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.url = urllib.parse.urlunsplit((parts.scheme, parts.netloc, self.prefix, "", ""))
        self.head = (f" HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: qr-observatory-load-test\r\nAccept: */*\r\n"
                     f"{auth}")

    def request(self, method, path, body=None):
        """The bytes of a request."""
        head = f"{method} {self.prefix}{path}{self.head}"
        if body is None:
            return f"{head}\r\n".encode()
        data = json.dumps(body).encode()
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Answer = collections.namedtuple("Answer", "status headers body")


class Connection:
    """One kept-alive connection, opened when needed. `Clock` ends what takes longer than the limit."""

    def __init__(self, target, limit):
        self.target = target
        self.limit = limit
        self.reader = self.writer = None
        # When the last answer came; None on a new connection.
        self.answered = None
        self.deadline = None
        self.reopened = 0

    async def ask(self, request):
        """Sends a request; asks once more where the server had closed the idle connection. Raises Broken."""
        self.deadline = time.monotonic() + self.limit
        try:
            try:
                return await self.exchange(request)
            except Broken as broken:
                if not broken.stale:
                    raise
                self.reopened += 1
                return await self.exchange(request)
        finally:
            self.deadline = None

    async def exchange(self, request):
        if self.writer is not None and self.reader.at_eof():
            self.reopened += 1
            self.close()
        if self.writer is None:
            await self.open()
        idle = self.answered is not None and time.monotonic() - self.answered > IDLE_SECONDS
        began = False
        try:
            self.writer.write(request)
            head = await self.reader.readuntil(b"\r\n\r\n")
            began = True
            status, headers = parse(head)
            body = await self.body(request, status, headers)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            silent = not began and not getattr(error, "partial", b"")
            stale, late = idle and silent, self.late()
            self.close()
            kind = "timeout" if late else "malformed" if isinstance(error, ValueError) else "broken"
            raise Broken(kind, stale and not late and kind == "broken") from None
        except BaseException:
            self.close()
            raise
        self.answered = time.monotonic()
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return Answer(status, headers, body)

    async def open(self):
        target = self.target
        opening = asyncio.open_connection(target.host, target.port, ssl=target.tls)
        try:
            self.reader, self.writer = await asyncio.wait_for(opening, self.limit)
        except asyncio.TimeoutError:
            raise Broken("timeout") from None
        except (OSError, ssl.SSLError):
            raise Broken("refused") from None
        self.answered = None

    async def body(self, request, status, headers):
        if status in (204, 304) or request.startswith(b"HEAD "):
            return b""
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return await self.chunks()
        length = int(headers[b"content-length"]) if b"content-length" in headers else 0
        return await self.reader.readexactly(length) if length else b""

    async def chunks(self):
        parts = []
        while True:
            size = int((await self.reader.readline()).split(b";")[0], 16)
            if size == 0:
                while (await self.reader.readline()).strip():
                    pass
                return b"".join(parts)
            parts.append(await self.reader.readexactly(size))
            await self.reader.readexactly(2)

    def late(self):
        return self.deadline is not None and time.monotonic() >= self.deadline

    def close(self):
        if self.writer is not None:
            # At once: a polite end would wait for the other side.
            self.writer.transport.abort()
        self.reader = self.writer = None


def parse(head):
    lines = head.split(b"\r\n")
    version, status = lines[0].split(b" ", 2)[:2]
    if not version.startswith(b"HTTP/1."):
        raise ValueError("no HTTP/1 answer")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    return int(status), headers


async def clock(connections):
    """Ends overdue requests; one task for all connections costs less than a timer for each request."""
    while True:
        await asyncio.sleep(0.1)
        for connection in connections:
            if connection.late() and connection.writer is not None:
                connection.writer.transport.abort()


async def ask(target, method, path, body=None, limit=30.0):
    """One request on a connection of its own."""
    connection = Connection(target, limit)
    try:
        answer = await asyncio.wait_for(connection.ask(target.request(method, path, body)), limit)
    except asyncio.TimeoutError:
        raise Broken("timeout") from None
    finally:
        connection.close()
    return answer


def told(answer):
    """What a problem document says."""
    try:
        return json.loads(answer.body)["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.body[:200].decode(errors="replace")


# --- the server's own figures ---------------------------------------------------------------------------


async def health(target):
    """What /health says. Raises Refused when there is nobody, or nobody who could take load."""
    try:
        answer = await ask(target, "GET", "/health", limit=10.0)
    except Broken as broken:
        raise Refused(UNHEALTHY, f"{target.url} does not answer ({broken.kind})") from None
    try:
        report = json.loads(answer.body)
        status = report["status"]
    except (ValueError, KeyError, TypeError):
        report, status = {}, "unknown"
    if answer.status != 200:
        raise Refused(UNHEALTHY, f"{target.url}/health answers {answer.status} ({status})")
    if status != "healthy":
        say(f"warning: the server says that it is {status}")
    return {"status": status, "version": report.get("version")}


async def cache_stats(target):
    """The cache statistics, or None where the server has none or does not tell."""
    try:
        answer = await ask(target, "GET", "/api/v2/qr/cache/stats", limit=10.0)
        report = json.loads(answer.body) if answer.status == 200 else None
    except (Broken, ValueError):
        return None
    return report if isinstance(report, dict) else None


def part(report, *path):
    """A part of the statistics as a dict, whatever is there."""
    for name in path:
        report = report.get(name) if isinstance(report, dict) else None
    return report if isinstance(report, dict) else {}


def counted(before, after):
    """Hits, misses and their rate between two looks; None where a counter is missing or began anew."""
    figures = {}
    for name in ("hits", "misses"):
        first, last = before.get(name), after.get(name)
        if not all(isinstance(n, (int, float)) for n in (first, last)) or last < first:
            return None
        figures[name] = last - first
    asked = figures["hits"] + figures["misses"]
    figures["hit_rate"] = round(figures["hits"] / asked, 6) if asked else None
    return figures


def spaces(report):
    listed = part(report, "memory").get("spaces")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return {row["space"]: row for row in rows if isinstance(row.get("space"), str)}


def images(difference):
    """Both renderers together."""
    rows = [row for name, row in difference.items() if name.startswith("render_") and row]
    hits, misses = (sum(row[name] for row in rows) for name in ("hits", "misses"))
    rate = round(hits / (hits + misses), 6) if hits + misses else None
    return {"hits": hits, "misses": misses, "hit_rate": rate} if rows else None


def cache_difference(before, after):
    """What the caches did in between; None without statistics."""
    if before is None or after is None:
        return None
    first, last = spaces(before), spaces(after)
    by_space = {name: counted(first[name], last[name]) for name in last if name in first}
    redis = counted(part(before, "redis"), part(after, "redis"))
    return {"memory": counted(part(before, "memory"), part(after, "memory")), "redis": redis, "spaces": by_space,
            "images": images(by_space)}


# --- the codes that are drawn ---------------------------------------------------------------------------


class Codes:
    """Codes that this run made, and takes away again."""

    def __init__(self, target, limit):
        self.target = target
        self.limit = limit
        self.run = secrets.token_hex(6)
        self.ids = set()
        self.created = self.deleted = 0
        # Asked for without an answer so far: there may be something to take away all the same.
        self.unsure = 0

    async def make(self, payload, count, stop):
        """Ids of `count` new codes; fewer when stopped. Raises Refused."""
        made, faults, left = [], [], itertools.count()
        connections = [Connection(self.target, self.limit) for _ in range(min(MAKERS, count))]

        async def maker(connection):
            # Nothing is broken off halfway: what the server was asked for is known to be there or not.
            while next(left) < count and not stop.is_set() and not faults:
                try:
                    made.append(await self.make_one(connection, payload))
                except Refused as refused:
                    faults.append(refused)

        watch = asyncio.ensure_future(clock(connections))
        try:
            await asyncio.gather(*(maker(c) for c in connections))
        finally:
            watch.cancel()
            for connection in connections:
                connection.close()
        if faults:
            raise faults[0]
        return made

    async def make_one(self, connection, payload):
        body = {"content": content(payload), "title": f"load test {self.run} {payload}"}
        self.unsure += 1
        try:
            answer = await connection.ask(self.target.request("POST", "/api/v1/qr/static", body))
        except Broken as broken:
            raise Refused(ERRORS, f"a code could not be made ({broken.kind})") from None
        self.unsure -= 1
        if answer.status in (401, 403):
            raise Refused(USAGE, f"these credentials may not make codes ({answer.status}: {told(answer)})")
        try:
            made = json.loads(answer.body)["id"] if answer.status == 201 else None
        except (ValueError, KeyError, TypeError):
            made = None
        if not isinstance(made, str):
            raise Refused(ERRORS, f"a code could not be made ({answer.status}: {told(answer)})")
        self.created += 1
        self.ids.add(made)
        return made

    async def remove(self):
        """Deletes them all, and whatever else has this run's title; returns how many are left, or None."""
        left = 0
        for again in range(3):
            if self.unsure and again == 0:
                # The server may still be making them.
                await asyncio.sleep(1)
            await self.remove_known()
            left = await self.find()
            if left == 0 and not self.ids:
                break
            if again < 2:
                await asyncio.sleep(0.2 if left else 1)
        return left

    async def remove_known(self):
        waiting = list(self.ids)
        connections = [Connection(self.target, self.limit) for _ in range(min(MAKERS, len(waiting)))]

        async def remover(connection):
            while waiting:
                code = waiting.pop()
                with contextlib.suppress(Broken):
                    answer = await connection.ask(self.target.request("DELETE", f"/api/v1/qr/{code}"))
                    if answer.status in (204, 404):
                        self.ids.discard(code)
                        self.deleted += answer.status == 204

        watch = asyncio.ensure_future(clock(connections))
        await asyncio.gather(*(remover(c) for c in connections))
        watch.cancel()
        for connection in connections:
            connection.close()

    async def find(self):
        """How many codes still have this run's title (None: not known); they are tried next."""
        query = urllib.parse.urlencode({"search": f"load test {self.run}", "limit": 100})
        try:
            answer = await ask(self.target, "GET", f"/api/v1/qr?{query}", limit=self.limit)
            page = json.loads(answer.body)
            found = [item["id"] for item in page["items"] if item["title"].startswith(f"load test {self.run} ")]
            self.ids.update(found)
            return max(len(found), int(page["total"])) if found else 0
        except (Broken, ValueError, KeyError, TypeError, AttributeError):
            return None


# --- the load -------------------------------------------------------------------------------------------


class Key:
    """One image that is asked for."""

    __slots__ = ("request", "kind", "seen")

    def __init__(self, target, code, query, kind):
        self.request = target.request("GET", f"/api/v1/qr/{code}/image?{query}")
        self.kind = kind.encode()
        # A strong ETag names bytes (RFC 9110 §8.8.1): the same one with others is a wrong picture.
        self.seen = {}

    def wrong(self, answer):
        """Whether these are not the bytes that they are said to be."""
        if answer.headers.get(b"content-type", b"").split(b";")[0] != self.kind or not answer.body:
            return True
        tag = answer.headers.get(b"etag")
        digest = zlib.crc32(answer.body)
        return tag is not None and self.seen.setdefault(tag, digest) != digest


class Phase:
    """One payload asked in one way, and what came of it."""

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
        # Whoever is refused is refused again at once: that would be a load on this machine only.
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


def per_second(count, seconds):
    return round(count / seconds, 3) if seconds > 0 else 0.0


QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


def latency(seconds):
    """Nearest ranks, in milliseconds; of answers only."""
    if not seconds:
        return None
    ranked = sorted(seconds)
    ms = {"min": ranked[0], "mean": math.fsum(ranked) / len(ranked)}
    for name, quantile in QUANTILES.items():
        # Rounded first: 0.999 * 1000 is a little more than 999 as a float.
        ms[name] = ranked[max(0, math.ceil(round(quantile * len(ranked), 6)) - 1)]
    ms["max"] = ranked[-1]
    return {name: round(value * 1000, 4) for name, value in ms.items()}


class Run:
    """All payloads and phases, one after the other."""

    def __init__(self, args, target):
        self.args = args
        self.target = target
        self.codes = Codes(target, args.timeout)
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
        # A terminal and whoever started this may both tell it of the same wish.
        elif now - self.interrupted_at > 1:
            say(f'\nleft behind: codes titled "load test {self.codes.run} …"')
            os._exit(INTERRUPTED)

    async def all(self):
        args = self.args
        connections = [Connection(self.target, args.timeout) for _ in range(args.concurrency)]
        watch = asyncio.ensure_future(clock(connections))
        self.first = self.last = await cache_stats(self.target)
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
        codes = await self.codes.make(payload, math.ceil(wanted / len(variants)), self.stop)
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
        before, self.last = self.last, await cache_stats(self.target)
        phase.cache = cache_difference(before, self.last)
        if phase.gone:
            say(f"nothing was answered for {GONE_SECONDS} s: the server is gone")

    async def progress(self, phase, until):
        """For whoever watches; a log gets the table only."""
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


# --- the report -----------------------------------------------------------------------------------------


def summary(run, server, cleanup, times):
    """Everything, as it goes into --json."""
    phases = [phase.report() for phase in run.phases]
    statuses, unanswered = collections.Counter(), collections.Counter()
    everything = array.array("d")
    for phase in run.phases:
        statuses.update(phase.statuses)
        unanswered.update(phase.unanswered)
        everything.extend(phase.latencies)
    seconds = math.fsum(phase.seconds for phase in run.phases)
    args = run.args
    report = {
        "report": "qr-observatory load test", "format": 1, "url": run.target.url, "server": server,
        "started_at": times[0].isoformat(timespec="milliseconds"), "took_seconds": round(times[1], 3),
        "settings": {"payloads": args.payloads, "concurrency": args.concurrency, "requests": args.requests,
                     "duration_seconds": args.duration, "codes": args.codes, "cold_warm": args.cold_warm,
                     "timeout_seconds": args.timeout},
        "runs": phases,
        "total": {"requests": sum(p["requests"] for p in phases), "seconds": round(seconds, 6),
                  "throughput_per_second": per_second(len(everything), seconds),
                  "bytes": sum(p["bytes"] for p in phases), "latency_ms": latency(everything),
                  "status": {str(status): n for status, n in sorted(statuses.items())},
                  "unanswered": dict(sorted(unanswered.items())),
                  "wrong_images": sum(p["wrong_images"] for p in phases),
                  "errors": sum(p["errors"] for p in phases), "cache": cache_difference(run.first, run.last)},
        "cache": {"before": run.first, "after": run.last} if run.first is not None else None,
        "codes": cleanup, "client": {"cpu_percent": times[2]}, "interrupted": run.interrupted,
        "refused": str(run.refused) if run.refused else None,
    }
    report["exit_code"] = exit_code(run, report)
    return report


def exit_code(run, report):
    if run.refused:
        return run.refused.code
    if run.interrupted:
        return INTERRUPTED
    return ERRORS if report["total"]["errors"] or report["codes"]["left"] != 0 else FINE


def percent(difference, *path):
    rate = part(difference, *path).get("hit_rate")
    return "-" if rate is None else f"{rate * 100:.1f} %"


def table(report):
    head = ["payload", "phase", "requests", "per s", *(q.replace("_", ".") for q in QUANTILES), "max", "errors", "MiB",
            "images", "memory", "redis"]
    rows = [head]
    whole = {**report["total"], "payload": "all", "phase": ""}
    for run in [*report["runs"], *([whole] if len(report["runs"]) > 1 else [])]:
        ms = run["latency_ms"] or {}
        cells = [f"{ms[name]:.2f}" if name in ms else "-" for name in (*QUANTILES, "max")]
        rows.append([run["payload"], run["phase"], str(run["requests"]), f"{run['throughput_per_second']:.0f}", *cells,
                     str(run["errors"]), f"{run['bytes'] / 2**20:.1f}",
                     *(percent(run["cache"], tier) for tier in ("images", "memory", "redis"))])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                       for column, (cell, width) in enumerate(zip(row, widths))) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def show(report):
    print(f"{report['url']} (version {report['server']['version']}), {report['settings']['concurrency']} connections; "
          "latencies in ms; hit rates of images, of all of the memory tier, of Redis")
    print(table(report))
    total = report["total"]
    listed = [f"{status}: {n}" for status, n in (*total["status"].items(), *total["unanswered"].items())]
    wrong = f"; wrong images: {total['wrong_images']}" if total["wrong_images"] else ""
    print(f"answers: {', '.join(listed) or 'none'}{wrong}")
    codes = report["codes"]
    print(f"codes: {codes['created']} made, {codes['deleted']} deleted")


# --- the command line -----------------------------------------------------------------------------------


def number(kind, low, high):
    def parsed(text):
        try:
            value = kind(text.replace("_", ""))
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text} is no number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be {low:,} to {high:,}".replace(",", " "))
        return value
    return parsed


def parser():
    it = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit code: 0 fine; 1 errors were seen (anything but 200, no answer, a wrong image, codes left over);\n"
               "2 bad usage, also credentials that may not make codes; 3 the server is not healthy; 130 interrupted")
    it.add_argument("--url", default="http://127.0.0.1:3002", help="the server (default %(default)s)")
    it.add_argument("--allow-remote", action="store_true", help="a --url that is not this machine")
    who = it.add_argument_group("credentials", "Of an owner, admin or manager. Others can read a command line: better "
                                "set QR_USER, QR_PASSWORD or QR_API_KEY.")
    who.add_argument("--user", help="default admin")
    who.add_argument("--password")
    who.add_argument("--api-key", help="instead of user and password")
    load = it.add_argument_group("load")
    load.add_argument("--payload", choices=[*PAYLOADS, "all"], default="all", help="default all, one after the other")
    load.add_argument("--concurrency", type=int, default=16, metavar="N", help="connections (default 16)")
    load.add_argument("--max-concurrency", type=number(int, 1, CONNECTIONS_MAX), default=1000, metavar="N",
                      help=f"what --concurrency may be (default 1000, at most {CONNECTIONS_MAX})")
    much = load.add_mutually_exclusive_group()
    much.add_argument("--requests", type=number(int, 1, REQUESTS_MAX), metavar="N",
                      help=f"per payload and phase (default 1000); {REQUESTS_MAX} in all at most")
    much.add_argument("--duration", type=number(float, 0.1, SECONDS_MAX), metavar="SECONDS",
                      help=f"per payload and phase; {SECONDS_MAX} in all at most")
    load.add_argument("--cold-warm", action="store_true",
                      help="first each image once, then the same again; cold has as many requests as there are images")
    load.add_argument("--codes", type=number(int, 1, CODES_MAX), default=50, metavar="N",
                      help=f"made per payload (default 50, at most {CODES_MAX}); all but basic draw each in 4 ways")
    load.add_argument("--timeout", type=number(float, 0.1, 600), default=30.0, metavar="SECONDS",
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


def authorization(it, args):
    """The header line that tells who asks."""
    environment = os.environ.get
    # What is on the command line is meant, whatever the environment says.
    key = args.api_key or (None if args.password else environment("QR_API_KEY"))
    user = args.user or environment("QR_USER") or "admin"
    password = args.password or environment("QR_PASSWORD")
    if key:
        if not all(" " < c < "\x7f" for c in key):
            it.error("the API key holds characters that no key has")
        return f"X-API-Key: {key}\r\n"
    if not password:
        it.error("credentials are needed: QR_PASSWORD or QR_API_KEY, or --password or --api-key")
    return f"Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}\r\n"


def open_files(concurrency):
    """Room for as many connections; the soft limit is often 1024."""
    wanted = concurrency + 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):
            raise Refused(USAGE, f"--concurrency {concurrency} needs {wanted} open files (ulimit -n)") from None


async def main(args, target):
    server = await health(target)
    run = Run(args, target)
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
            left = await run.codes.remove()
    cleanup = {"title": f"load test {run.codes.run}", "created": run.codes.created, "deleted": run.codes.deleted,
               "left": left}
    report = summary(run, server, cleanup, (started, took, busy))
    tell(args, run, report)
    return report["exit_code"]


def tell(args, run, report):
    if args.json == "-":
        print(json.dumps(report, indent=1))
    else:
        if args.json:
            # In one step: whoever waits for the file finds a whole one.
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


def start():
    it, args = settings()
    try:
        target = Target(args.url, args.allow_remote, authorization(it, args))
        open_files(args.concurrency)
        return asyncio.run(main(args, target))
    except Refused as refused:
        say(f"load_test.py: {refused}")
        return refused.code
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(start())
