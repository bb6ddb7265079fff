"""Redirects, the scans that they count, and a changed target."""

import secrets

from product import API

from . import REDIRECTS, Failed, expect, json_object, step, until


def leads(answer, target):
    expect(answer, 302)
    if answer.header("location") != target:
        raise Failed(f"Location: {target}", f"Location: {answer.header('location') or 'none'}")
    if "no-store" not in answer.header("cache-control").replace(" ", "").split(","):
        raise Failed("Cache-Control: private, no-store", f"Cache-Control: {answer.header('cache-control') or 'none'}",
                     "a proxy may have changed it: scans would be answered from a cache, and not be counted")


@step("redirect", REDIRECTS, "HEAD, GET as the symbol says, GET as a shared link: 302, Location, no-store; an unknown slug: 404")
def redirect(run):
    target = run.dynamic["redirect_url"]
    # HEAD first: it must not count, and a later count would show it.
    leads(run.scan("HEAD", "?scan_ref=qr"), target)
    leads(run.scan("GET", "?scan_ref=qr"), target)
    leads(run.scan("GET"), target)
    nobody = run.server.get(f"/r/{secrets.token_hex(4)}", anonymous=True)
    expect(nobody, 404, what="404 for a slug that nobody has")
    return f"302 to {target}, not to be stored"


@step("counted", REDIRECTS, "GET the code until it has 2 scans, 1 of them genuine (--wait); the HEAD is none")
def counted(run):
    def look():
        code = json_object(run.server.get(f"{API}/{run.dynamic['id']}"))
        counts = code.get("scan_count"), code.get("genuine_scan_count")
        if isinstance(counts[0], int) and counts[0] > 2:
            raise Failed("2 scans: HEAD does not count", f"scan_count {counts[0]}")
        return None if counts == (2, 1) else f"scan_count {counts[0]}, genuine_scan_count {counts[1]}"
    took = until(run.args.wait, look, "scan_count 2, genuine_scan_count 1 (two GET, one of them of the symbol)")
    return f"2 scans, 1 genuine, the HEAD none; after {took:.1f} s"


@step("update", REDIRECTS, "PUT another redirect_url, HEAD /r/... until it leads there (--wait-target)")
def update(run):
    body = {"redirect_url": run.targets[1]}
    code = json_object(run.server.ask("PUT", f"{API}/{run.dynamic['id']}", body=body))
    target = code.get("redirect_url")
    if target == run.dynamic["redirect_url"]:
        raise Failed(f"redirect_url {run.targets[1]}", f"redirect_url {target}")

    def look():
        # HEAD: asking again must not count.
        where = expect(run.scan("HEAD"), 302).header("location")
        return None if where == target else f"Location: {where}"
    took = until(run.args.wait_target, look, f"Location: {target}")
    leads(run.scan("HEAD"), target)
    return f"leads to {target} after {took:.1f} s"
