"""What loads ask for: functions of the request's number."""

import time


def redirect(slug):
    return lambda n: ("GET", f"/r/{slug}?scan_ref=qr")


def unknown(n):
    """Another slug each time, that no code has."""
    return "GET", f"/r/zz{time.time_ns() % 10**10:010d}"[:14]


def image(code_id, more="image_format=png"):
    """An image in another colour each time, so that no cache has it."""
    return lambda n: ("GET", f"/api/v1/qr/{code_id}/image?{more}&fill_color=%23{(time.time_ns() // 1000) % 0x7fffff:06x}")


def codes(n):
    return "GET", "/api/v1/qr?limit=5"


def create(n):
    return "POST", "/api/v1/qr/static", {"content": f"drill {n}"}


def unreadable(n):
    """A styled symbol that few readers cope with, unless it is refused."""
    return "POST", "/api/v2/qr/generate", {"data": f"drill {n}", "options": {"eyeShape": "diamond", "strict": True}}


def empty(n):
    """A symbol that says nothing: refused."""
    return "POST", "/api/v1/barcode", {"data": ""}


def shown(n):
    """A symbol of somebody else's at a gate: refused."""
    return "POST", "/api/checkins", {"token": f"WIFI:S:guest{n};;", "direction": "in", "gate": "drill", "nonce": f"drill-{n:08}"}


def turnstile(attendee):
    """Somebody who goes in and out."""
    return lambda n: ("POST", "/api/checkins", {"attendee_id": attendee, "direction": "out" if n % 2 else "in", "gate": "drill",
                                                "nonce": f"drill-{n:08}"})


def guess(n):
    """A sign-in under another name each time: tries at one account are answered later and later."""
    return "POST", "/api/session", {"username": f"somebody{n}", "password": "not the password"}


def sign_in(password):
    """Somebody who signs in, again and again."""
    return lambda n: ("POST", "/api/session", {"username": "admin", "password": password})


def change(code_id):
    return lambda n: ("PUT", f"/api/v1/qr/{code_id}", {"title": f"title {n}"})


def analytics(code_id, what):
    return lambda n: ("GET", f"/api/v1/qr/{code_id}/analytics/{what}")


def several(*requests):
    return lambda n: requests[n % len(requests)](n // len(requests))


def redirects(slugs):
    return several(*[redirect(slug) for slug in slugs])
