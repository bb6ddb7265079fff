"""The codes whose images are asked for: made for a run, and deleted after it."""

import itertools
import secrets
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from product import API, Unanswered

from . import ERRORS, USAGE, Refused

MAKERS = 8


def content(payload):
    """A text that no cache has seen."""
    random = secrets.token_hex(8)
    if payload == "basic":
        return f"load test {random}"
    if payload == "medium":
        return f"https://example.com/menu/{random}?table=7&season=winter&language=en"
    return f"https://example.com/{random}?" + "0123456789abcdef" * 16 + random


def detail(answer):
    """The detail of a problem document."""
    body = answer.json()
    return body["detail"] if isinstance(body, dict) and "detail" in body else answer.body[:200].decode(errors="replace")


class Codes:
    def __init__(self, server):
        self.server, self.run = server, secrets.token_hex(6)
        self.title = f"load test {self.run}"
        self.ids = set()
        self.created = self.deleted = 0
        # Requests for a code without an answer so far: there may be something to delete all the same.
        self.unsure = 0
        self.lock = threading.Lock()

    def make(self, payload, count, stop):
        """Ids of `count` new codes; fewer when `stop` is set. Raises Refused."""
        made, faults, left = [], [], itertools.count()

        def maker(_):
            # A request that was begun is waited for, so that it is known whether its code exists.
            while next(left) < count and not stop.is_set() and not faults:
                try:
                    made.append(self.make_one(payload))
                except Refused as refused:
                    faults.append(refused)

        with ThreadPoolExecutor(MAKERS) as pool:
            list(pool.map(maker, range(MAKERS)))
        if faults:
            raise faults[0]
        return made

    def make_one(self, payload):
        body = {"content": content(payload), "title": f"{self.title} {payload}"}
        with self.lock:
            self.unsure += 1
        try:
            answer = self.server.ask("POST", f"{API}/static", body=body)
        except Unanswered as error:
            raise Refused(ERRORS, f"a code could not be made ({error})") from None
        with self.lock:
            self.unsure -= 1
        if answer.status in (401, 403):
            raise Refused(USAGE, f"these credentials may not make codes ({answer.status}: {detail(answer)})")
        code = answer.json() if answer.status == 201 else None
        if not isinstance(code, dict) or not isinstance(code.get("id"), str):
            raise Refused(ERRORS, f"a code could not be made ({answer.status}: {detail(answer)})")
        with self.lock:
            self.created += 1
            self.ids.add(code["id"])
        return code["id"]

    def remove(self):
        """Deletes them all, and every other code with this run's title; returns how many are left, or None."""
        left = 0
        for again in range(3):
            if self.unsure and again == 0:
                # The server may still be making them.
                time.sleep(1)
            with ThreadPoolExecutor(MAKERS) as pool:
                list(pool.map(self.remove_one, list(self.ids)))
            left = self.find()
            if left == 0 and not self.ids:
                break
            if again < 2:
                time.sleep(0.2 if left else 1)
        return left

    def remove_one(self, code):
        try:
            answer = self.server.ask("DELETE", f"{API}/{code}")
        except Unanswered:
            return
        if answer.status in (204, 404):
            with self.lock:
                self.ids.discard(code)
                self.deleted += answer.status == 204

    def find(self):
        """How many codes still have this run's title (None: not known); the next round deletes them."""
        query = urllib.parse.urlencode({"search": self.title, "limit": 100})
        try:
            page = self.server.get(f"{API}?{query}").json()
            found = [item["id"] for item in page["items"] if item["title"].startswith(f"{self.title} ")]
            self.ids.update(found)
            return max(len(found), int(page["total"])) if found else 0
        except (Unanswered, ValueError, KeyError, TypeError, AttributeError):
            return None
