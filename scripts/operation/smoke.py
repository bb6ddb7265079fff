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
import re
import secrets
import signal
import sys
import time

import product
import readers
from product import API, Codes, Metrics, Odd, Server, Stopped, Unanswered, Usage, number, say

FINE, FAILED, USAGE, UNREACHABLE, UNHEALTHY, REFUSED, CODES, IMAGES, REDIRECTS, ANALYTICS, METRICS, ROLLOUT, LEFT, \
    UNDECODED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 130
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
# As long as nothing else is known: docs/API.md.
FORMATS = ["png", "svg", "jpeg", "jpg", "webp"]
SIZE, STEP_PIXELS = 10, 25
# Younger ones may be of a run that is under way.
SWEEP_MINUTES = 5
CLEANUP_SECONDS = 10
POLL_SECONDS = 0.1


class Failed(Exception):
    """A step did not see what it expects."""

    def __init__(self, expected, seen, hint=None, code=None):
        super().__init__(seen)
        self.expected, self.seen, self.hint, self.code = expected, seen, hint, code


class Skipped(Exception):
    """A step that could not be made, and that is no failure."""


# --- what is told ---------------------------------------------------------------------------------------


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


# --- the steps ------------------------------------------------------------------------------------------


class Run:
    def __init__(self, args):
        auth = product.credentials(args)
        if auth is None and not args.dry_run:
            raise Usage("credentials are needed: QR_PASSWORD or QR_API_KEY, --password-file or --api-key-file")
        self.args = args
        self.server = Server(args.url, auth, args.timeout, args.ca_file)
        self.metrics = Metrics(args, self.server)
        self.title = f"{product.TITLE} {product.stamp()}-{secrets.token_hex(4)}"
        self.codes = Codes(self.server, self.title)
        self.warnings = []
        self.formats = FORMATS
        self.before = self.rollout = self.static = self.dynamic = None

    def warn(self, what):
        self.warnings.append(what)

    def expect(self, answer, *statuses, what=None, hint=None):
        if answer.status not in statuses:
            wanted = " or ".join(map(str, statuses))
            raise Failed(what or f"{answer.method} {answer.path}: {wanted}", answer.seen(), hint)
        return answer

    def object(self, answer, status=200, hint=None):
        """The JSON object that an answer must hold."""
        body = self.expect(answer, status, hint=hint).json()
        if not isinstance(body, dict):
            raise Failed(f"{answer.method} {answer.path}: a JSON object", answer.seen(), hint)
        return body

    def until(self, seconds, ask, expected):
        """Asks again until there is nothing to say against it; then what was found, and after how long."""
        began = time.monotonic()
        while True:
            found, against = ask()
            took = time.monotonic() - began
            if not against:
                return found, took
            if took >= seconds:
                raise Failed(f"{expected}, within {seconds:g} s", against)
            time.sleep(POLL_SECONDS)

    # Each step: what it says when it passed.

    def reach(self):
        foreign = "something answers there, but it is not qr-observatory: is --url right?"
        try:
            alive = self.server.get("/health/live", anonymous=True)
        except Unanswered as error:
            raise Failed(f"an answer of {self.server.url}/health/live", str(error),
                         "is the process running, the address right, the way there open?") from None
        if self.object(alive, hint=foreign).get("status") != "ok":
            raise Failed('GET /health/live: {"status":"ok"}', alive.seen(), foreign)
        spec = self.server.get("/openapi.json", anonymous=True)
        body = self.object(spec, hint=foreign)
        info = body.get("info") if isinstance(body.get("info"), dict) else {}
        if info.get("title") != "qr-observatory":
            raise Failed("/openapi.json of qr-observatory", spec.seen(), foreign)
        self.learn(body)
        return f"{self.server.url} is qr-observatory {info.get('version')}"

    def learn(self, spec):
        """Which formats there are, and whether something draws that this test does not know."""
        try:
            listed = spec["components"]["schemas"]["ImageFormat"]["enum"]
            if listed and all(isinstance(name, str) for name in listed):
                self.formats = listed
        except (KeyError, TypeError):
            pass
        known = f"{API}/{{id}}/image"
        others = [p for p in spec.get("paths") or {} if re.search(r"/(image|preview|barcode|generate)$", p) and p != known]
        if others:
            self.warn(f"not looked at: {', '.join(others)}")

    def ready(self):
        self.expect(self.server.get("/health/ready", anonymous=True), 200, hint="it is starting or being stopped")
        return "takes requests"

    def health(self):
        answer = self.server.get("/health", anonymous=True)
        body = answer.json()
        checks = body.get("checks") if isinstance(body, dict) else None
        if not isinstance(checks, dict) or not checks:
            raise Failed("GET /health: a report with checks", answer.seen())
        words = []
        for name, check in sorted(checks.items()):
            check = check if isinstance(check, dict) else {}
            status, detail = check.get("status"), check.get("detail", "")
            words.append(f"{name} {status}")
            if status == "fail":
                raise Failed(f"{name}: pass", f"{name}: fail: {detail} (GET /health: {answer.status}, {body.get('status')})",
                             "monitoring/runbooks says what to look at")
            if status != "pass":
                self.warn(f"{name}: {status}: {detail}")
        self.expect(answer, 200)
        return f"{body.get('status')}: {', '.join(words)}"

    def credentials(self):
        open_to_all = self.server.get(f"{API}?limit=1", anonymous=True)
        if open_to_all.status != 401:
            raise Failed("without credentials 401", open_to_all.seen(), "the API must not be open to everybody")
        shown = self.server.auth.shown
        hint = {401: f"{shown} is not known, or the secret is wrong (user: --user or QR_USER; secret: QR_PASSWORD, "
                     "QR_API_KEY or their files); a revoked key is refused for good",
                403: f"{shown} may not look at codes", 429: "too many passwords are being checked at once"}
        answer = self.server.get(f"{API}?limit=1")
        self.expect(answer, 200, hint=hint.get(answer.status))
        left = product.titled(self.server, product.TITLE)
        if left:
            self.warn(f"{len(left)} codes of other runs are there; if none is under way: --sweep")
        return f"{shown} may look"

    def create(self):
        token = self.title.rsplit(" ", 1)[1]
        marked = {"description": "Made by scripts/enhanced_smoke_test.sh, which deletes it at its end.", "size": SIZE}
        self.content = f"smoke test {token}"
        self.targets = [f"{self.args.target}?smoke-test={token}&n={n}" for n in (1, 2)]
        self.static = self.made("static", {**marked, "content": self.content})
        self.dynamic = self.made("dynamic", {**marked, "redirect_url": self.targets[0]})
        for code, kind in ((self.static, "static"), (self.dynamic, "dynamic")):
            if code.get("qr_type") != kind or code.get("title") != f"{self.title} {kind}":
                raise Failed(f"a {kind} code as it was asked for", json.dumps(code)[:product.SEEN_CHARACTERS])
        slug = self.dynamic.get("short_id")
        if not isinstance(slug, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", slug):
            raise Failed("a dynamic code with a short_id", json.dumps(self.dynamic)[:product.SEEN_CHARACTERS])
        symbol = str(self.dynamic.get("content"))
        if not symbol.endswith(f"/r/{slug}?scan_ref=qr"):
            raise Failed(f"a symbol that leads through /r/{slug}?scan_ref=qr", symbol)
        if not symbol.startswith(f"{self.server.url}/r/"):
            base = symbol.split("/r/")[0]
            self.note = f"; its symbol leads through {base} (BASE_URL), which is not the address that is tested here"
        again = self.object(self.server.get(f"{API}/{self.dynamic['id']}"))
        if again.get("content") != symbol:
            raise Failed("the code as it was made", json.dumps(again)[:product.SEEN_CHARACTERS])
        return f"static {self.static['id']}, dynamic {self.dynamic['id']} at /r/{slug}{getattr(self, 'note', '')}"

    def made(self, kind, body):
        answer = self.codes.make(kind, body)
        hints = {403: "who asks must be owner, admin or manager"}
        if answer.status == 422 and b"redirect_url" in answer.body:
            hints[422] = "--target must be an address that ALLOWED_REDIRECT_DOMAINS lets through"
        code = self.object(answer, 201, hints.get(answer.status))
        if answer.header("x-qr-experiment") == "validate":
            self.validated = answer.header("x-qr-path")
        return code

    def refusal(self):
        body = {"redirect_url": "javascript:alert(1)", "title": f"{self.title} refused"}
        answer = self.server.ask("POST", f"{API}/dynamic", body=body)
        if answer.status == 201:
            self.codes.unsure = True
        self.expect(answer, 422, what="422 for a redirect_url of javascript:")
        problem = answer.json()
        kind = answer.header("content-type")
        named = isinstance(problem, dict) and "redirect_url" in str(problem.get("detail"))
        if kind != "application/problem+json" or not named or problem.get("status") != 422:
            raise Failed("a problem document (application/problem+json) that names redirect_url", answer.seen())
        missing = self.server.get(f"{API}/00000000-0000-4000-8000-000000000000")
        self.expect(missing, 404, what="404 for an id that nobody has")
        return f"422: {problem['detail']}"

    def images(self):
        words, unread = [], set()
        for kind in self.formats:
            for code, says in ((self.static, self.content), (self.dynamic, self.dynamic["content"])):
                self.image(code, kind, says, unread)
            words.append(kind)
        if unread:
            self.warn(f"not decoded, only the first bytes and the sizes were looked at: {', '.join(sorted(unread))} is missing")
            return f"{' '.join(words)}: there"
        return f"{' '.join(words)}: both symbols read"

    def image(self, code, kind, says, unread):
        answer = self.server.get(f"{API}/{code['id']}/image?image_format={kind}")
        self.expect(answer, 200)
        what, type_of = f"a {kind} of the {code['qr_type']} code", answer.header("content-type")
        by = f"drawn by {answer.header('x-qr-path') or 'nobody that says so'}"
        if type_of.split(";")[0] != readers.TYPES.get(kind, type_of.split(";")[0]):
            raise Failed(f"{what}: {readers.TYPES[kind]}", f"{answer.seen()}, {by}")
        if not readers.looks_like(answer.body, kind) or len(answer.body) < 100:
            raise Failed(what, f"{len(answer.body)} bytes that begin {answer.body[:16]!r}, {by}")
        drawn = readers.pixels(answer.body, kind)
        if drawn and drawn != (SIZE * STEP_PIXELS,) * 2:
            raise Failed(f"{what} of {SIZE * STEP_PIXELS} pixels", f"{drawn[0]} x {drawn[1]}, {by}")
        try:
            read = readers.read(answer.body, kind)
        except readers.Missing as missing:
            unread.add(str(missing))
            return
        except readers.Unread as error:
            raise Failed(f"{what} that can be read", f"{error}; {len(answer.body)} bytes, {by}") from None
        if read != says:
            raise Failed(f"{what} that says {says}", f"{read[:product.SEEN_CHARACTERS]} ({by})")

    def etag(self):
        path = f"{API}/{self.dynamic['id']}/image"
        first = self.expect(self.server.get(path), 200)
        tag = first.header("etag")
        if not re.fullmatch(r'"[^"]+"', tag):
            raise Failed("a strong ETag", f"ETag: {tag or 'none'}")
        again = self.server.get(path, headers={"If-None-Match": tag})
        self.expect(again, 304, what="304 for If-None-Match with the ETag that came")
        if again.body:
            raise Failed("304 without a body", again.seen())
        other = self.server.get(path, headers={"If-None-Match": '"other"'})
        self.expect(other, 200, what="200 for another ETag")
        return "304 where nothing changed"

    def scan(self, method, query="", agent=product.PHONE):
        path = f"/r/{self.dynamic['short_id']}{query}"
        return self.server.ask(method, path, headers={"User-Agent": agent}, anonymous=True)

    def leads(self, answer, target):
        self.expect(answer, 302)
        if answer.header("location") != target:
            raise Failed(f"Location: {target}", f"Location: {answer.header('location') or 'none'}")
        control = answer.header("cache-control").replace(" ", "").split(",")
        if "no-store" not in control:
            raise Failed("Cache-Control: private, no-store", f"Cache-Control: {answer.header('cache-control') or 'none'}",
                         "a proxy may have changed it: scans would be answered from a cache, and not be counted")

    def redirect(self):
        target = self.dynamic["redirect_url"]
        # First what must not count: whatever is counted later is not it.
        self.leads(self.scan("HEAD", "?scan_ref=qr"), target)
        self.leads(self.scan("GET", "?scan_ref=qr"), target)
        self.leads(self.scan("GET"), target)
        nobody = self.server.get(f"/r/{secrets.token_hex(4)}", anonymous=True)
        self.expect(nobody, 404, what="404 for a slug that nobody has")
        return f"302 to {target}, not to be stored"

    def counted(self):
        def look():
            code = self.object(self.server.get(f"{API}/{self.dynamic['id']}"))
            counts = code.get("scan_count"), code.get("genuine_scan_count")
            if isinstance(counts[0], int) and counts[0] > 2:
                raise Failed("2 scans: HEAD does not count", f"scan_count {counts[0]}")
            seen = f"scan_count {counts[0]}, genuine_scan_count {counts[1]}"
            return counts, None if counts == (2, 1) else seen
        _, took = self.until(self.args.wait, look, "scan_count 2, genuine_scan_count 1 (two GET, one of them of the symbol)")
        return f"2 scans, 1 genuine, the HEAD none; after {took:.1f} s"

    def update(self):
        body = {"redirect_url": self.targets[1]}
        code = self.object(self.server.ask("PUT", f"{API}/{self.dynamic['id']}", body=body))
        target = code.get("redirect_url")
        if target == self.dynamic["redirect_url"]:
            raise Failed(f"redirect_url {self.targets[1]}", f"redirect_url {target}")

        def look():
            # HEAD: asking again must not count.
            answer = self.scan("HEAD")
            self.expect(answer, 302)
            where = answer.header("location")
            return where, None if where == target else f"Location: {where}"
        _, took = self.until(self.args.wait_target, look, f"Location: {target}")
        self.leads(self.scan("HEAD"), target)
        return f"leads to {target} after {took:.1f} s"

    def analytics(self):
        base = f"{API}/{self.dynamic['id']}/analytics"

        def series():
            sets = self.object(self.server.get(f"{base}/scan-timeseries?time_range=last7days")).get("datasets") or {}
            sums = tuple(sum(sets.get(name) or [0]) for name in ("all_scans", "genuine_scans"))
            return sums, None if sums == (2, 1) else f"{sums[0]} scans, {sums[1]} genuine"

        def logs():
            page = self.object(self.server.get(f"{base}/scan-logs?limit=100"))
            items = page.get("items") or []
            people = [item for item in items if item.get("excluded") is None]
            heads = [item for item in items if item.get("excluded") == "head"]
            fine = len(people) == 2 and heads and sum(bool(i.get("is_genuine_scan")) for i in people) == 1
            return items, None if fine else f"{len(people)} scans of people, {len(heads)} of HEAD"

        def devices():
            stats = self.object(self.server.get(f"{base}/device-stats"))
            types = stats.get("device_types") or {}
            return types, None if sum(types.values()) == 2 else f"device_types {json.dumps(types)}"
        waits = [self.until(self.args.wait, series, "scan-timeseries with 2 scans, 1 genuine")[1],
                 self.until(self.args.wait, logs, "scan-logs with 2 scans of people, 1 genuine, and HEAD told apart")[1]]
        types, took = self.until(self.args.wait, devices, "device-stats with 2 scans")
        return f"time series, single scans and devices ({json.dumps(types)}) hold them; after {max(*waits, took):.1f} s"

    def gone(self):
        identity, slug = self.dynamic["id"], self.dynamic["short_id"]
        left = self.codes.remove(CLEANUP_SECONDS)
        if left:
            raise Failed("204 for each DELETE", "; ".join(f"{code}: {why}" for code, why in left.items()))
        self.expect(self.server.get(f"{API}/{identity}"), 404, what="404 for a code that was deleted")

        def look():
            answer = self.scan("HEAD")
            return answer, None if answer.status == 404 else answer.seen()
        _, took = self.until(self.args.wait_target, look, f"404 at /r/{slug}, which was deleted")
        return f"both codes; /r/{slug} is 404 after {took:.1f} s"

    def moved(self):
        if self.before is None:
            raise Skipped(self.blind)
        after, why = self.metrics.look()
        if after is None:
            raise Failed("metrics, as at the beginning", why)
        if product.total(after, "process_start_time_seconds") != product.total(self.before, "process_start_time_seconds"):
            raise Failed("the same process as at the beginning", "another one: it was restarted, or a balancer is in between",
                         "ask one node: --metrics-url with --url")
        wanted = [("qr_redirects_total", {"status": "success"}), ("qr_creations_total", {"status": "success"}),
                  ("http_server_request_duration_seconds_count", {})]
        kinds = {"jpg": "jpeg"}
        wanted += [("qr_images_total", {"status": "success", "format": kind})
                   for kind in sorted({kinds.get(k, k) for k in self.formats})]
        words = []
        for name, labels in wanted:
            past = product.total(self.before, name, **labels) or 0
            present = product.total(after, name, **labels) or 0
            text = f"{name}{{{','.join(f'{k}={v}' for k, v in labels.items())}}}" if labels else name
            if present <= past:
                raise Failed(f"{text} higher than {past:g}, which it was before", f"{present:g}",
                             "if a balancer is in between, these are another node's: --url of one node")
            words.append(f"{labels.get('format', name)} +{present - past:g}")
        for name in ("qr_scans_unrecorded_total", "qr_scans_set_aside_total"):
            if product.total(after, name):
                self.warn(f"{name} is {product.total(after, name):g}; it must stay 0")
        return ", ".join(words)

    def dials(self):
        body = self.object(self.server.get("/api/rollout"))
        experiments = body.get("experiments")
        if not isinstance(experiments, list) or not all(isinstance(e, dict) and e.get("name") for e in experiments):
            raise Failed("GET /api/rollout: a list of experiments", json.dumps(body)[:product.SEEN_CHARACTERS])
        flags = body.get("flags") or {}
        age = flags.get("age_seconds")
        told = "" if age is None else f", {age:.0f} s old"
        words = [f"flags of {flags.get('source')}: {flags.get('state')}{told}"]
        if flags.get("state") != "fresh":
            self.warn(f"flags are {flags.get('state')}: the last percentages stay in force")
        opened = []
        for one in experiments:
            self.judge(one, words, opened)
        if opened:
            raise Failed("every breaker closed", "; ".join(opened), "docs/ROLLOUT.md; scripts/rollback.sh sends all to the control")
        return "; ".join(words)

    def judge(self, one, words, opened):
        """One experiment: its share against what its answers were, its breaker, its verdict."""
        name, breaker = one["name"], one.get("breaker") or {}
        percent, why = product.share(one)
        held = one.get("override") or {}
        sides = {side: n for (experiment, side), n in self.server.paths.items() if experiment == name}
        seen = ", ".join(f"{n} {side}" for side, n in sorted(sides.items())) or "not asked"
        words.append(f"{name} {percent} %{f' ({why})' if why else ''}, breaker {breaker.get('state')}, here {seen}")
        was = next((e for e in self.rollout or [] if e.get("name") == name), one)
        if percent == 0 and product.share(was)[0] == 0 and breaker.get("state") == "closed" and sides.get("candidate"):
            raise Failed(f"{name}: no answer of the candidate, whose share is 0 %", f"{sides['candidate']} answers")
        verdict = one.get("verdict") or {}
        if held:
            self.warn(f"{name} is {held.get('kind')}: {held.get('why') or 'no reason given'} "
                      f"({held.get('by')}, {held.get('since')}); the control answers everything")
        # The breaker of what is killed stays as it was: nothing tries the candidate.
        elif breaker.get("state") != "closed":
            reason = f", {breaker['reason']}" if breaker.get("reason") else ""
            opened.append(f"{name}: {breaker.get('state')} since {breaker.get('since')}{reason}; {verdict.get('sentence', '')}")
        elif verdict.get("verdict") == "no-go" and percent:
            self.warn(f"{name}: {verdict.get('sentence')}")

    # In this order; each with the class of its failure, and with what --dry-run says of it.
    STEPS = [
        ("reach", UNREACHABLE, "GET /health/live and /openapi.json: somebody answers, and it is qr-observatory"),
        ("ready", UNHEALTHY, "GET /health/ready"),
        ("health", UNHEALTHY, "GET /health: every check is shown; warn is told, fail is a failure"),
        ("credentials", REFUSED, "GET /api/v1/qr with and without them; codes that other runs left"),
        ("create", CODES, "POST a static and a dynamic code, GET it again"),
        ("refusal", CODES, "POST a redirect_url of javascript:, which must be a 422; GET an id that nobody has: 404"),
        ("images", IMAGES, "GET both symbols in each format (png, svg, jpeg, jpg, webp, and what /openapi.json adds), read them with zbar"),
        ("etag", IMAGES, "GET an image again with If-None-Match: 304"),
        ("redirect", REDIRECTS, "HEAD, GET as the symbol says, GET as a shared link: 302, Location, no-store; an unknown slug: 404"),
        ("counted", REDIRECTS, "GET the code until it has 2 scans, 1 of them genuine (--wait); the HEAD is none"),
        ("update", REDIRECTS, "PUT another redirect_url, HEAD /r/... until it leads there (--wait-target)"),
        ("analytics", ANALYTICS, "GET scan-timeseries, scan-logs, device-stats until they hold the scans (--wait)"),
        ("rollout", ROLLOUT, "GET /api/rollout: age of flags, share and breaker of each experiment, which arm answered here"),
        ("gone", CODES, "DELETE both codes; their addresses are 404 (--wait-target)"),
        ("metrics", METRICS, "GET /metrics before and after: redirects, images of each format, creations, requests went up"),
    ]
    OTHER_NAMES = {"rollout": "dials", "metrics": "moved"}

    def first_look(self):
        """What is compared with at the end."""
        self.before, self.blind = self.metrics.look()
        if self.before is None and self.metrics.named:
            raise Failed(f"metrics at {self.metrics.server.url}", self.blind)
        body = self.server.get("/api/rollout").json()
        found = body.get("experiments") if isinstance(body, dict) else None
        self.rollout = [e for e in found if isinstance(e, dict)] if isinstance(found, list) else None

    def all(self, report):
        for name, code, _ in self.STEPS:
            began = time.monotonic()
            self.warnings = []
            try:
                if name == "create":
                    # Of the step that it is for.
                    name, code = "metrics", METRICS
                    self.first_look()
                    name, code = "create", CODES
                detail = getattr(self, self.OTHER_NAMES.get(name, name))()
            except Skipped as why:
                report.step(name, "skipped", (time.monotonic() - began) * 1000, str(why))
                continue
            except Failed as failed:
                report.step(name, "failed", (time.monotonic() - began) * 1000, expected=failed.expected, seen=failed.seen,
                            hint=failed.hint)
                return code, name
            except (Unanswered, Odd) as error:
                report.step(name, "failed", (time.monotonic() - began) * 1000, expected="an answer", seen=str(error))
                return code, name
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                report.step(name, "failed", (time.monotonic() - began) * 1000, expected="an answer of the documented shape",
                            seen=f"another one ({type(error).__name__}: {error})")
                return code, name
            ms = (time.monotonic() - began) * 1000
            report.step(name, "ok", ms, detail)
            for warning in self.warnings:
                report.step(name, "warning", ms, warning)
        return FINE, None

    def clean(self, report):
        """Whether all that was made is gone."""
        if not self.codes.known and not self.codes.unsure:
            return True
        began = time.monotonic()
        left = self.codes.remove(CLEANUP_SECONDS)
        ms = (time.monotonic() - began) * 1000
        if not left:
            report.step("clean up", "ok", ms, "the codes of this run are deleted")
            return True
        report.step("clean up", "failed", ms, expected="nothing is left behind",
                    seen="; ".join(f"{code}: {why}" for code, why in left.items()),
                    hint="later: scripts/enhanced_smoke_test.sh --sweep")
        return False


# --- the other things that it does ----------------------------------------------------------------------


def dry_run(run, report):
    args = run.args
    if not args.json:
        print(f"{run.server.url}, as {run.server.auth.shown if run.server.auth else 'nobody: credentials are missing'}, "
              f"metrics at {run.metrics.server.url}; nothing is asked now")
    for name, code, what in run.STEPS:
        report.step(name, "planned", 0, f"{what} (else exit code {code})")
    absent = readers.missing()
    report.step("decoders", "planned", 0, f"missing: {', '.join(absent)}" if absent else "zbarimg and rsvg-convert are there")
    report.step("clean up", "planned", 0, "DELETE what was made, also after a failure or a signal")
    return FINE


def sweep(run, report):
    """Deletes what runs left that were killed."""
    limit = product.now() - datetime.timedelta(minutes=args_minutes(run.args))
    began = time.monotonic()
    try:
        answer = run.server.get(f"{API}?limit=1")
        if answer.status in (401, 403):
            report.step("sweep", "failed", 0, expected="credentials that may delete codes", seen=answer.seen())
            return REFUSED
        found = product.titled(run.server, product.TITLE)
    except Unanswered as error:
        report.step("sweep", "failed", (time.monotonic() - began) * 1000, expected="the list of codes", seen=str(error))
        return UNREACHABLE
    except Odd as error:
        report.step("sweep", "failed", (time.monotonic() - began) * 1000, expected="the list of codes", seen=str(error))
        return UNREACHABLE
    old = [c for c in found if born(c) <= limit]
    run.codes.known = {c["id"]: c["title"] for c in old}
    left = run.codes.remove(CLEANUP_SECONDS)
    run.codes.known = {}
    ms = (time.monotonic() - began) * 1000
    young = len(found) - len(old)
    spared = f"; {young} younger than {args_minutes(run.args):g} min may be of a run under way (--older)" if young else ""
    if left:
        report.step("sweep", "failed", ms, expected=f"{len(old)} codes deleted{spared}",
                    seen="; ".join(f"{code}: {why}" for code, why in left.items()))
        return LEFT
    report.step("sweep", "ok", ms, f"{len(old)} codes deleted{spared}")
    return FINE


def args_minutes(args):
    return SWEEP_MINUTES if args.older is None else args.older


def born(code):
    """When the run began that made it: its title says it."""
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
        code, step = run.all(report)
    except Stopped:
        code, stopped = INTERRUPTED, True
    finally:
        # Nobody interrupts this; it has an end of its own.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        clean = run.clean(report)
    if code == FINE and not clean:
        code = LEFT
    words = "stopped" if stopped else f"FAILED at {step}" if step else "every step passed" if clean else "something is left behind"
    report.end(code, words)
    return code


if __name__ == "__main__":
    sys.exit(main())
