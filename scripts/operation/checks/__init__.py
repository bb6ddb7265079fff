"""What the steps of the smoke test share: exit codes, expectations, one run. The steps stand in a file per resource."""

import json
import secrets
import time

import product
from product import Codes, Metrics, Server, Usage

FINE, FAILED, USAGE, UNREACHABLE, UNHEALTHY, REFUSED, CODES, IMAGES, REDIRECTS, ANALYTICS, METRICS, ROLLOUT, LEFT, \
    UNDECODED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 130
CLEANUP_SECONDS = 10
POLL_SECONDS = 0.1
SIZE = 10


class Failed(Exception):
    """A step did not see what it expects."""

    def __init__(self, expected, seen, hint=None):
        super().__init__(seen)
        self.expected, self.seen, self.hint = expected, seen, hint


class Skipped(Exception):
    """A step that could not be made, and that is no failure."""


def step(name, code, about):
    """A step: a function of a `Run` that returns the words for "passed". `code`: the exit code when it fails."""
    def mark(work):
        work.name, work.code, work.about = name, code, about
        return work
    return mark


def expect(answer, *statuses, what=None, hint=None):
    if answer.status not in statuses:
        wanted = " or ".join(map(str, statuses))
        raise Failed(what or f"{answer.method} {answer.path}: {wanted}", answer.seen(), hint)
    return answer


def json_object(answer, status=200, hint=None):
    """The JSON object that an answer must hold."""
    body = expect(answer, status, hint=hint).json()
    if not isinstance(body, dict):
        raise Failed(f"{answer.method} {answer.path}: a JSON object", answer.seen(), hint)
    return body


def short(value):
    """The beginning of a JSON value, for a message."""
    return json.dumps(value)[:product.SEEN_CHARACTERS]


def until(seconds, ask, expected):
    """Asks again while `ask` returns an objection; returns the seconds that it took."""
    began = time.monotonic()
    while True:
        against = ask()
        took = time.monotonic() - began
        if not against:
            return took
        if took >= seconds:
            raise Failed(f"{expected}, within {seconds:g} s", against)
        time.sleep(POLL_SECONDS)


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
        # As long as nothing else is known: docs/API.md.
        self.formats = ["png", "svg", "jpeg", "jpg", "webp"]
        # Metrics and experiments as they were before the first code.
        self.before = self.blind = self.rollout = None
        self.static = self.dynamic = None

    def warn(self, what):
        self.warnings.append(what)

    def scan(self, method, query=""):
        path = f"/r/{self.dynamic['short_id']}{query}"
        return self.server.ask(method, path, headers={"User-Agent": product.PHONE}, anonymous=True)
