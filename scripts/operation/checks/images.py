"""Images: both symbols in every format, and the entity tag."""

import re

import product
import readers
from product import API

from . import IMAGES, SIZE, Failed, expect, step

STEP_PIXELS = 25


@step("images", IMAGES, "GET both symbols in each format (png, svg, jpeg, jpg, webp, and what /openapi.json adds), read them with zbar")
def images(run):
    unread = set()
    for kind in run.formats:
        for code, says in ((run.static, run.content), (run.dynamic, run.dynamic["content"])):
            image(run, code, kind, says, unread)
    if unread:
        run.warn(f"not decoded, only the first bytes and the sizes were looked at: {', '.join(sorted(unread))} is missing")
        return f"{' '.join(run.formats)}: there"
    return f"{' '.join(run.formats)}: both symbols read"


def image(run, code, kind, says, unread):
    answer = run.server.get(f"{API}/{code['id']}/image?image_format={kind}")
    expect(answer, 200)
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


@step("etag", IMAGES, "GET an image again with If-None-Match: 304")
def etag(run):
    path = f"{API}/{run.dynamic['id']}/image"
    tag = expect(run.server.get(path), 200).header("etag")
    if not re.fullmatch(r'"[^"]+"', tag):
        raise Failed("a strong ETag", f"ETag: {tag or 'none'}")
    again = run.server.get(path, headers={"If-None-Match": tag})
    expect(again, 304, what="304 for If-None-Match with the ETag that came")
    if again.body:
        raise Failed("304 without a body", again.seen())
    other = run.server.get(path, headers={"If-None-Match": '"other"'})
    expect(other, 200, what="200 for another ETag")
    return "304 where nothing changed"
