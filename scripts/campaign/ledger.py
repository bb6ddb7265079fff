"""What a product acknowledged, and what its database must hold therefore. What the product says of itself is no evidence:
rows are read past it."""

import collections
import itertools
import threading

API = "/api/v1/qr"
# Counted as a person's scan.
BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                         "Version/17.5 Mobile/15E148 Safari/604.1"}


class Code:
    def __init__(self, title):
        self.title, self.id, self.slug = title, None, None
        # The targets that it may have now; None: there is no such code. More than one after a write without a yes.
        self.allowed = {None}


class Ledger:
    """Asks, and writes down what was answered. A write without an acknowledgement may be there or not."""

    def __init__(self, long=False):
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.codes = {}
        # Ids of scans whose redirect was received, and how many others may be there.
        self.scans, self.unanswered = set(), 0
        self.answers = collections.Counter()
        self.wrong = []
        # Long targets fill pages, so that a database with a full disk needs new ones.
        self.tail = "x" * 1900 if long else ""

    def target(self):
        return f"https://example.com/{next(self.numbers)}{self.tail}"

    def note(self, what, status):
        with self.lock:
            self.answers[what, status] += 1

    def acknowledged(self):
        """Writes so far."""
        return sum(n for (what, status), n in list(self.answers.items()) if what != "scan" and status in (200, 201, 204))

    def create(self, client):
        code, target = Code(f"campaign {next(self.numbers)}"), self.target()
        with self.lock:
            self.codes[code.title] = code
            code.allowed = {None, target}
        status, answer = client.ask("POST", f"{API}/dynamic", {"redirect_url": target, "title": code.title})
        self.note("create", status)
        if status == 201:
            code.id, code.slug, code.allowed = answer["id"], answer["short_id"], {target}
            return code
        if 0 < status < 500:
            self.wrong.append(f"a good POST was answered {status}")
            code.allowed = {None}
        return None

    def write(self, client, code, method, target, wanted):
        if method == "PUT":
            status, _ = client.ask(method, f"{API}/{code.id}", {"redirect_url": target})
        else:
            status, _ = client.ask(method, f"{API}/{code.id}")
        self.note(method.lower(), status)
        with self.lock:
            if status == wanted:
                code.allowed = {target}
            elif status == 404:
                if None not in code.allowed:
                    self.wrong.append(f"{method} of an acknowledged code was answered 404")
            elif 0 < status < 500:
                self.wrong.append(f"a good {method} was answered {status}")
            else:
                code.allowed = code.allowed | {target}
        return status == wanted

    def update(self, client, code):
        return self.write(client, code, "PUT", self.target(), 200)

    def delete(self, client, code):
        return self.write(client, code, "DELETE", None, 204)

    def scan(self, client, code):
        status, headers = client.ask("GET", f"/r/{code.slug}?scan_ref=qr", headers=BROWSER)
        self.note("scan", status)
        with self.lock:
            if status == 302:
                self.scans.add(headers["x-request-id"].replace("-", ""))
            elif status == 0:
                self.unanswered += client.sent
            elif status < 500:
                self.wrong.append(f"a redirect that must work was answered {status}")
        return status == 302

    def missing_scans(self, rows):
        with self.lock:
            return self.scans - set(rows)

    def compare(self, codes, scans, counters, slack=0):
        """What is wrong with the rows; nothing, most of the time. `slack`: how many redirects were counted as answered
        before their scan was durable, and whose process ended since."""
        with self.lock:
            wrong = [f"{what} ({times} times)" for what, times in collections.Counter(self.wrong).items()]
            self.wrong = []
            lost = []
            found = collections.defaultdict(list)
            for title, target in codes:
                found[title].append(target)
            for title, targets in found.items():
                if len(targets) > 1:
                    wrong.append(f"{title} is there {len(targets)} times")
                if title not in self.codes:
                    wrong.append(f"{title} is there, and nobody asked for it")
            for title, code in self.codes.items():
                now = found.get(title, [None])[0]
                if now not in code.allowed:
                    lost.append(f"{title} leads to {short(now)}, acknowledged is {' or '.join(map(short, code.allowed))}")
                code.allowed = {now}
            if lost:
                wrong.append(f"lost: the state of {len(lost)} of {len(self.codes)} codes, such as: {lost[0]}")
            gone = len(self.scans - set(scans))
            if gone > slack:
                wrong.append(f"lost: {gone} of {len(self.scans)} scans whose redirect was received ({slack} were not durable)")
            more = len(set(scans) - self.scans)
            if more > self.unanswered:
                wrong.append(f"{more} scans that nobody was answered for, and only {self.unanswered} without an answer")
            if len(set(scans)) != len(scans):
                wrong.append(f"{len(scans) - len(set(scans))} scans are there twice")
            wrong.extend(f"{title} counts {said} scans and has {rows}" for title, said, rows in counters if said != rows)
            # What is there now must stay.
            self.scans, self.unanswered = set(scans), 0
            return wrong


def short(target):
    return "nothing" if target is None else target[20:40].rstrip("x")
