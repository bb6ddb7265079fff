"""A running server as an operator sees it: requests and answers, credentials, metrics, codes. Every request has a time limit.

Needs nothing but Python 3.8.
"""

import argparse
import base64
import collections
import datetime
import http.client
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse

API = "/api/v1/qr"
BODY_BYTES = 16 * 1024 * 1024
SEEN_CHARACTERS = 200
# An edge that limits the rate says so when its burst is used up.
PAUSES, PAUSE_SECONDS = 2, 2
# What a code that a script made is called; nobody else's title looks like this.
TITLE = "qr-observatory smoke test"
TITLES = re.compile(rf"{TITLE} \d{{8}}T\d{{6}}Z-[0-9a-f]{{8}}( .*)?")
# Counted as a person's scan, of a telephone.
PHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "Version/17.5 Mobile/15E148 Safari/604.1")
AGENT = "qr-observatory-operation"

Credentials = collections.namedtuple("Credentials", "header shown")


class Usage(Exception):
    """A fault of the command line."""


class Unanswered(Exception):
    """No whole answer came. `connected`: the connection was taken."""

    def __init__(self, why, connected):
        super().__init__(why)
        self.connected = connected


class Stopped(BaseException):
    """A signal asked the script to end."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def stop(*_):
    raise Stopped


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def stamp():
    return now().strftime("%Y%m%dT%H%M%SZ")


# --- the command line -----------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """One line about what is wrong, at 3 a.m., instead of every flag."""

    def __init__(self, **more):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **more)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (--help says more)\n")


def number(kind, low, high):
    def parsed(text):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text} is no number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be {low} to {high}")
        return value
    return parsed


def add_flags(it):
    """Where the server is, and who asks."""
    it.add_argument("--url", default=os.environ.get("QR_URL") or "http://127.0.0.1:3002",
                    help="the server (QR_URL, else http://127.0.0.1:3002)")
    it.add_argument("--ca-file", metavar="FILE", help="authorities to trust besides the system's, for https")
    it.add_argument("--metrics-url", metavar="URL", help="where /metrics is, if METRICS_BIND moved it; METRICS_TOKEN "
                    "from the environment is sent there (default: URL/metrics)")
    it.add_argument("--timeout", type=number(float, 0.1, 120), default=5.0, metavar="SECONDS",
                    help="for one answer (default 5)")
    who = it.add_argument_group("credentials", "Of an owner or admin. Passwords and keys are taken from files and the "
                                "environment only: a command line can be read by others.")
    who.add_argument("--user", metavar="NAME", help="QR_USER, else admin")
    who.add_argument("--password-file", metavar="FILE", help="its first line; else QR_PASSWORD")
    who.add_argument("--api-key-file", metavar="FILE", help="instead of user and password; else QR_API_KEY")


def secret(flag, name):
    try:
        with open(name, encoding="utf-8") as file:
            line = file.readline().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"{flag}: {error}") from None
    if not line:
        raise Usage(f"{flag}: {name} is empty")
    return line


def credentials(args):
    """Who asks; None without any. The command line wins over the environment."""
    def given(name):
        file = getattr(args, f"{name}_file", None)
        return secret(f"--{name.replace('_', '-')}-file", file) if file else getattr(args, name, None)
    key, password = given("api_key"), given("password")
    if not key and not password:
        key, password = os.environ.get("QR_API_KEY"), os.environ.get("QR_PASSWORD")
    user = args.user or os.environ.get("QR_USER") or "admin"
    if key:
        if not all(" " < c < "\x7f" for c in key):
            raise Usage("the API key holds characters that no key has")
        return Credentials(("X-API-Key", key), "an API key")
    if not password:
        return None
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Credentials(("Authorization", f"Basic {text}"), f"user {user}")


def where(flag, url):
    """The parts of an address, or Usage."""
    try:
        parts = urllib.parse.urlsplit(url)
        parts.port
    except ValueError as error:
        raise Usage(f"{flag}: {error}") from None
    fine = parts.scheme in ("http", "https") and parts.hostname and all(" " < c < "\x7f" for c in url)
    if not fine or parts.username or parts.query or parts.fragment:
        raise Usage(f"{flag} must look like https://qr.example.com or http://127.0.0.1:3002")
    return parts


# --- HTTP -----------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, method, path, status, headers, body):
        self.method, self.path, self.status, self.headers, self.body = method, path, status, headers, body

    def header(self, name):
        return self.headers.get(name) or ""

    def json(self):
        """The body, or None if it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def seen(self):
        """The answer in a message: status, type, and the beginning of the body."""
        if not self.body:
            return f"{self.status}, no body"
        kind = self.header("content-type") or "no type"
        if not re.match(r"text/|application/([a-z.+-]*json|xml|openmetrics)|image/svg", kind) and self.header("content-type"):
            return f"{self.status} ({kind}): {len(self.body)} bytes"
        text = self.body[:4 * SEEN_CHARACTERS].decode(errors="replace")
        text = "".join(c if c.isprintable() else " " for c in text)[:SEEN_CHARACTERS]
        return f"{self.status} ({kind}): {text}"


class Server:
    """One address. A connection for each request: nothing of an earlier one can help or harm."""

    def __init__(self, url, auth, timeout, ca_file=None, flag="--url"):
        parts = where(flag, url)
        self.host, self.netloc, self.prefix = parts.hostname, parts.netloc, parts.path.rstrip("/")
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.url = f"{parts.scheme}://{parts.netloc}{self.prefix}"
        self.auth, self.timeout = auth, timeout
        self.tls = None
        if parts.scheme == "https":
            self.tls = ssl.create_default_context()
            if ca_file:
                try:
                    self.tls.load_verify_locations(ca_file)
                except (OSError, ssl.SSLError) as error:
                    raise Usage(f"--ca-file {ca_file}: {error}") from None
        # Answers by experiment and path, as their headers say.
        self.paths = collections.Counter()

    def ask(self, method, path, **more):
        """One request; again after a short pause where the answer is 429 with Retry-After."""
        for _ in range(PAUSES):
            answer = self.once(method, path, **more)
            wait = answer.header("retry-after")
            if answer.status != 429 or not wait.isdigit() or int(wait) > PAUSE_SECONDS:
                return answer
            time.sleep(int(wait))
        return self.once(method, path, **more)

    def once(self, method, path, body=None, headers=None, anonymous=False, timeout=None):
        """One request, over at the time limit whatever happens: looking up a name and dripping answers included."""
        limit = timeout or self.timeout
        sent = {"User-Agent": AGENT, "Accept": "*/*", "Connection": "close", **(headers or {})}
        if self.auth and not anonymous:
            sent[self.auth.header[0]] = self.auth.header[1]
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        exchange = Exchange(self, limit)
        work = threading.Thread(target=exchange.run, args=(method, self.prefix + path, data, sent), daemon=True)
        work.start()
        late = True
        try:
            work.join(limit)
            late = work.is_alive()
        finally:
            # An error of the thread after that is of the connection that was cut.
            exchange.over()
        if exchange.error and not late:
            raise exchange.error
        if exchange.answer is None:
            what = "took the connection and did not answer" if exchange.connected else "did not take a connection"
            raise Unanswered(f"{self.host}:{self.port} {what} within {limit:g} s", exchange.connected)
        experiment, side = exchange.answer.header("x-qr-experiment"), exchange.answer.header("x-qr-path")
        if experiment:
            self.paths[experiment, side] += 1
        return exchange.answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)


class Exchange:
    """A request in a thread of its own, so that the caller can stop waiting for it."""

    def __init__(self, server, limit):
        self.server, self.limit = server, limit
        self.answer = self.error = self.connection = None
        self.connected = False

    def run(self, method, path, data, headers):
        server = self.server
        try:
            if server.tls:
                self.connection = http.client.HTTPSConnection(server.host, server.port, timeout=self.limit,
                                                              context=server.tls)
            else:
                self.connection = http.client.HTTPConnection(server.host, server.port, timeout=self.limit)
            self.connection.connect()
            self.connected = True
            self.connection.request(method, path, body=data, headers=headers)
            response = self.connection.getresponse()
            content = response.read(BODY_BYTES + 1)
            if len(content) > BODY_BYTES:
                raise Unanswered(f"more than {BODY_BYTES} bytes came", True)
            # Read by a limit, an answer that ends early is no error of http.client's.
            if method != "HEAD" and response.length:
                raise Unanswered(self.explain(http.client.IncompleteRead(content)), True)
            self.answer = Answer(method, path, response.status, response.headers, content)
        except Unanswered as error:
            self.error = error
        except socket.timeout:
            pass
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.error = Unanswered(self.explain(error), self.connected)
        finally:
            self.over()

    def explain(self, error):
        to = f"{self.server.host}:{self.server.port}"
        if isinstance(error, socket.gaierror):
            return f"nothing is called {self.server.host} ({error.strerror})"
        if isinstance(error, ssl.SSLError):
            return f"{to}: TLS does not work: {error.reason or error}"
        if isinstance(error, ConnectionRefusedError):
            return f"nothing listens on {to} (connection refused)"
        if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
            return f"{to} does not speak HTTP: {str(error)[:SEEN_CHARACTERS]}"
        if isinstance(error, http.client.IncompleteRead):
            return f"{to} closed the connection in the middle of an answer"
        return f"{to}: {error or type(error).__name__}"

    def over(self):
        connection = self.connection
        if connection is None:
            return
        try:
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass
        # Closing is left to the thread that reads: it may still be at it.


# --- what it counts -------------------------------------------------------------------------------------

LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    """(name, labels, value) of each line."""
    series = []
    for line in text.splitlines():
        found = LINE.match(line)
        if found:
            try:
                series.append((found[1], dict(LABEL.findall(found[2] or "")), float(found[3])))
            except ValueError:
                continue
    return series


def total(series, name, **labels):
    """The sum of all series of a name with these labels; None if there is none."""
    values = [value for found, has, value in series
              if found == name and all(has.get(key) == want for key, want in labels.items())]
    return sum(values) if values else None


class Metrics:
    """Where a server's counters are."""

    def __init__(self, args, server):
        self.named = bool(args.metrics_url)
        token = os.environ.get("METRICS_TOKEN")
        auth = Credentials(("Authorization", f"Bearer {token}"), "METRICS_TOKEN") if token else None
        url = args.metrics_url or f"{server.url}/metrics"
        self.server = Server(url, auth, server.timeout, getattr(args, "ca_file", None), "--metrics-url")

    def look(self):
        """The series, or why there are none."""
        try:
            answer = self.server.get("")
        except Unanswered as error:
            return None, str(error)
        if answer.status == 200:
            series = parse_metrics(answer.body.decode(errors="replace"))
            if total(series, "qr_build_info") is not None:
                return series, None
            return None, f"{self.server.url} answers no metrics of qr-observatory: {answer.seen()}"
        hint = {404: "they are elsewhere, or shown to nobody without METRICS_TOKEN", 401: "they ask for METRICS_TOKEN",
                403: "they are not for us"}.get(answer.status, "")
        return None, f"{self.server.url} answers {answer.status}{f' ({hint})' if hint else ''}"


# --- codes that a script made ---------------------------------------------------------------------------


class Codes:
    """Codes that must be gone in the end, also those whose making was not answered."""

    def __init__(self, server, title):
        self.server, self.title = server, title
        self.known, self.unsure = {}, False

    def make(self, kind, body):
        self.unsure = True
        answer = self.server.ask("POST", f"{API}/{kind}", body={**body, "title": f"{self.title} {kind}"})
        code = answer.json()
        if answer.status == 201 and isinstance(code, dict) and isinstance(code.get("id"), str):
            self.known[code["id"]] = kind
        # A refusal made nothing.
        self.unsure = self.unsure and answer.status >= 500
        return answer

    def remove(self, seconds):
        """What could not be deleted, and why. Where nothing is answered, it is not waited for again and again."""
        end = time.monotonic() + seconds
        left = {}
        if self.unsure:
            try:
                for code in titled(self.server, self.title, seconds / 2):
                    self.known.setdefault(code["id"], "of an unanswered request")
                self.unsure = False
            except (Unanswered, Odd) as error:
                left[f'whatever is titled "{self.title} …"'] = str(error)
        for code in list(self.known):
            why = self.delete(code, end)
            if why:
                left[code] = why
            else:
                del self.known[code]
        return left

    def delete(self, code, end):
        """None when it is gone, else why not. Again and again: a database may be away for a moment."""
        while True:
            try:
                rest = max(1.0, end - time.monotonic())
                answer = self.server.ask("DELETE", f"{API}/{code}", timeout=min(self.server.timeout, rest))
                if answer.status in (204, 404):
                    return None
                why = answer.seen()
            except Unanswered as error:
                why = str(error)
            if time.monotonic() + 0.5 >= end:
                return why
            time.sleep(0.5)


class Odd(Exception):
    """An answer of another shape than documented."""


def titled(server, prefix, timeout=None):
    """All codes whose title begins with this, and looks like one of ours."""
    found, skip = [], 0
    while True:
        query = urllib.parse.urlencode({"search": prefix, "limit": 100, "skip": skip, "sort_by": "created_at"})
        answer = server.get(f"{API}?{query}", timeout=timeout and min(timeout, server.timeout))
        page = answer.json()
        if answer.status != 200 or not isinstance(page, dict) or not isinstance(page.get("items"), list):
            raise Odd(f"the list of codes answers {answer.seen()}")
        items = page["items"]
        found += [c for c in items if (c.get("title") or "").startswith(prefix) and TITLES.fullmatch(c["title"])]
        skip += len(items)
        if len(items) < 100 or skip >= page.get("total", 0):
            return found


# --- rollouts -------------------------------------------------------------------------------------------


def experiments(answer):
    """The experiments in an answer of /api/rollout, or None."""
    body = answer.json() if answer.status == 200 else None
    found = body.get("experiments") if isinstance(body, dict) else None
    return [e for e in found if isinstance(e, dict) and "name" in e] if isinstance(found, list) else None


def share(experiment):
    """The part of the questions that the candidate may answer, and why that is not the dial."""
    held = experiment.get("override")
    if held:
        return 0, held.get("kind", "held")
    state = experiment.get("breaker", {}).get("state")
    if state == "open":
        return 0, "breaker open"
    return experiment.get("candidate_percent", 0), None
