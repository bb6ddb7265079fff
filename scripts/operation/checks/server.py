"""The process itself: who answers, whether it is ready and well, whom it lets in."""

import re

import product
from product import API, Unanswered

from . import REFUSED, UNHEALTHY, UNREACHABLE, Failed, expect, json_object, step


@step("reach", UNREACHABLE, "GET /health/live and /openapi.json: the server answers, and it is qr-observatory")
def reach(run):
    foreign = "something answers there, but it is not qr-observatory: is --url right?"
    try:
        alive = run.server.get("/health/live", anonymous=True)
    except Unanswered as error:
        raise Failed(f"an answer of {run.server.url}/health/live", str(error),
                     "is the process running, the address right, the way there open?") from None
    if json_object(alive, hint=foreign).get("status") != "ok":
        raise Failed('GET /health/live: {"status":"ok"}', alive.seen(), foreign)
    spec = run.server.get("/openapi.json", anonymous=True)
    body = json_object(spec, hint=foreign)
    info = body.get("info") if isinstance(body.get("info"), dict) else {}
    if info.get("title") != "qr-observatory":
        raise Failed("/openapi.json of qr-observatory", spec.seen(), foreign)
    learn(run, body)
    return f"{run.server.url} is qr-observatory {info.get('version')}"


def learn(run, spec):
    """Which formats there are, and whether something draws that this test does not know."""
    try:
        listed = spec["components"]["schemas"]["ImageFormat"]["enum"]
        if listed and all(isinstance(name, str) for name in listed):
            run.formats = listed
    except (KeyError, TypeError):
        pass
    known = f"{API}/{{id}}/image"
    others = [p for p in spec.get("paths") or {} if re.search(r"/(image|preview|barcode|generate)$", p) and p != known]
    if others:
        run.warn(f"not looked at: {', '.join(others)}")


@step("ready", UNHEALTHY, "GET /health/ready")
def ready(run):
    expect(run.server.get("/health/ready", anonymous=True), 200, hint="it is starting or being stopped")
    return "takes requests"


@step("health", UNHEALTHY, "GET /health: every check is shown; warn is a warning, fail is a failure")
def health(run):
    answer = run.server.get("/health", anonymous=True)
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
            run.warn(f"{name}: {status}: {detail}")
    expect(answer, 200)
    return f"{body.get('status')}: {', '.join(words)}"


@step("credentials", REFUSED, "GET /api/v1/qr with and without them; codes that other runs left")
def credentials(run):
    open_to_all = run.server.get(f"{API}?limit=1", anonymous=True)
    if open_to_all.status != 401:
        raise Failed("without credentials 401", open_to_all.seen(), "the API must not be open to everybody")
    shown = run.server.auth.shown
    hint = {401: f"{shown} is not known, or the secret is wrong (user: --user or QR_USER; secret: QR_PASSWORD, "
                 "QR_API_KEY or their files); a revoked key is refused for good",
            403: f"{shown} may not look at codes", 429: "too many passwords are being checked at once"}
    answer = run.server.get(f"{API}?limit=1")
    expect(answer, 200, hint=hint.get(answer.status))
    left = product.titled(run.server, product.TITLE)
    if left:
        run.warn(f"{len(left)} codes of other runs are there; if none is under way: --sweep")
    return f"{shown} may look"
