"""Codes: made, refused, and deleted."""

import re

from product import API

from . import CLEANUP_SECONDS, CODES, SIZE, Failed, expect, json_object, short, step, until


@step("create", CODES, "POST a static and a dynamic code, GET it again")
def create(run):
    token = run.title.rsplit(" ", 1)[1]
    marked = {"description": "Made by scripts/enhanced_smoke_test.sh, which deletes it at its end.", "size": SIZE}
    run.content = f"smoke test {token}"
    run.targets = [f"{run.args.target}?smoke-test={token}&n={n}" for n in (1, 2)]
    run.static = made(run, "static", {**marked, "content": run.content})
    run.dynamic = made(run, "dynamic", {**marked, "redirect_url": run.targets[0]})
    for code, kind in ((run.static, "static"), (run.dynamic, "dynamic")):
        if code.get("qr_type") != kind or code.get("title") != f"{run.title} {kind}":
            raise Failed(f"a {kind} code as it was asked for", short(code))
    slug = run.dynamic.get("short_id")
    if not isinstance(slug, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", slug):
        raise Failed("a dynamic code with a short_id", short(run.dynamic))
    symbol, note = str(run.dynamic.get("content")), ""
    if not symbol.endswith(f"/r/{slug}?scan_ref=qr"):
        raise Failed(f"a symbol that leads through /r/{slug}?scan_ref=qr", symbol)
    if not symbol.startswith(f"{run.server.url}/r/"):
        base = symbol.split("/r/")[0]
        note = f"; its symbol leads through {base} (BASE_URL), which is not the address that is tested here"
    again = json_object(run.server.get(f"{API}/{run.dynamic['id']}"))
    if again.get("content") != symbol:
        raise Failed("the code as it was made", short(again))
    return f"static {run.static['id']}, dynamic {run.dynamic['id']} at /r/{slug}{note}"


def made(run, kind, body):
    answer = run.codes.make(kind, body)
    hints = {403: "who asks must be owner, admin or manager"}
    if answer.status == 422 and b"redirect_url" in answer.body:
        hints[422] = "--target must be an address that ALLOWED_REDIRECT_DOMAINS lets through"
    return json_object(answer, 201, hints.get(answer.status))


@step("refusal", CODES, "POST a redirect_url of javascript:, which must be a 422; GET an id that nobody has: 404")
def refusal(run):
    body = {"redirect_url": "javascript:alert(1)", "title": f"{run.title} refused"}
    answer = run.server.ask("POST", f"{API}/dynamic", body=body)
    if answer.status == 201:
        run.codes.unsure = True
    expect(answer, 422, what="422 for a redirect_url of javascript:")
    problem = answer.json()
    kind = answer.header("content-type")
    named = isinstance(problem, dict) and "redirect_url" in str(problem.get("detail"))
    if kind != "application/problem+json" or not named or problem.get("status") != 422:
        raise Failed("a problem document (application/problem+json) that names redirect_url", answer.seen())
    missing = run.server.get(f"{API}/00000000-0000-4000-8000-000000000000")
    expect(missing, 404, what="404 for an id that nobody has")
    return f"422: {problem['detail']}"


@step("gone", CODES, "DELETE both codes; their addresses are 404 (--wait-target)")
def gone(run):
    identity, slug = run.dynamic["id"], run.dynamic["short_id"]
    left = run.codes.remove(CLEANUP_SECONDS)
    if left:
        raise Failed("204 for each DELETE", "; ".join(f"{code}: {why}" for code, why in left.items()))
    expect(run.server.get(f"{API}/{identity}"), 404, what="404 for a code that was deleted")

    def look():
        answer = run.scan("HEAD")
        return None if answer.status == 404 else answer.seen()
    took = until(run.args.wait_target, look, f"404 at /r/{slug}, which was deleted")
    return f"both codes; /r/{slug} is 404 after {took:.1f} s"
