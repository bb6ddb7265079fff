"""Reads symbols with decoders that are not the product's: zbar, after librsvg where the image is drawn from a text."""

import os
import shutil
import struct
import subprocess
import tempfile

SECONDS = 20
# How a file of each kind begins, and where.
MAGIC = {"png": [(0, b"\x89PNG\r\n\x1a\n")], "jpeg": [(0, b"\xff\xd8\xff")], "jpg": [(0, b"\xff\xd8\xff")],
         "webp": [(0, b"RIFF"), (8, b"WEBP")], "svg": [(0, b"<svg")], "gif": [(0, b"GIF8")], "pdf": [(0, b"%PDF-")],
         "eps": [(0, b"%!PS")]}
TYPES = {"png": "image/png", "jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp", "svg": "image/svg+xml"}
# What draws a kind as PNG, where zbarimg does not read it; with the Debian package that it is in.
DRAWN = {"svg": ("rsvg-convert", "librsvg2-bin"), "webp": ("dwebp", "webp")}


class Unread(Exception):
    """The decoder finds no symbol, or another number than one."""


class Missing(Exception):
    """There is no decoder for this here."""


def missing():
    """The programs that are needed and not installed, as advice."""
    wanted = [("zbarimg", "zbar-tools"), DRAWN["svg"]]
    return [f"{program} (Debian: {package})" for program, package in wanted if not shutil.which(program)]


def looks_like(image, kind):
    """Whether the bytes begin as such a file does. What is not known is not judged."""
    if kind == "svg":
        image = image.lstrip(b"\xef\xbb\xbf \t\r\n")
        if image.startswith(b"<?xml"):
            image = image[image.find(b"<svg"):] if b"<svg" in image else b""
    return all(image[at:at + len(text)] == text for at, text in MAGIC.get(kind, []))


def pixels(image, kind):
    """Width and height where the first bytes say it, else None."""
    if kind == "png" and len(image) >= 24:
        return struct.unpack(">II", image[16:24])
    return None


def run(command, **more):
    try:
        return subprocess.run(command, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL, **more)
    except FileNotFoundError:
        raise Missing(command[0]) from None
    except subprocess.TimeoutExpired:
        raise Unread(f"{command[0]} did not end within {SECONDS} s") from None


def draw(kind, image, folder):
    program, _ = DRAWN[kind]
    drawn = os.path.join(folder, "drawn.png")
    # On white: where a symbol leaves its background out, paper is what is there.
    wide = ["--width", "600", "--keep-aspect-ratio", "--background-color", "white"] if kind == "svg" else []
    done = run([program, *wide, "-o", drawn, image])
    if done.returncode or not os.path.exists(drawn):
        raise Unread(f"{program}: {done.stderr.decode(errors='replace').strip()[:200]}")
    return drawn


def zbar(file):
    done = run(["zbarimg", "-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", file])
    # 4 is its way of saying that there is no symbol.
    if done.returncode == 4:
        raise Unread("zbarimg finds no symbol")
    if done.returncode:
        raise Unread(f"zbarimg: {done.stderr.decode(errors='replace').strip()[:200]}")
    symbols = done.stdout.decode(errors="replace").rstrip("\n").split("\n")
    if len(symbols) != 1:
        raise Unread(f"zbarimg finds {len(symbols)} symbols")
    return symbols[0]


def read(image, kind):
    """What the one symbol in an image says. Raises Unread, or Missing where that cannot be found out here."""
    if kind not in MAGIC or kind in ("pdf", "eps"):
        raise Missing(f"a decoder for {kind}")
    if not shutil.which("zbarimg"):
        raise Missing("zbarimg")
    with tempfile.TemporaryDirectory(prefix="qr-observatory-smoke.") as folder:
        file = os.path.join(folder, f"symbol.{kind}")
        with open(file, "wb") as out:
            out.write(image)
        if kind == "svg":
            return zbar(draw(kind, file, folder))
        try:
            return zbar(file)
        except Unread:
            # Not every ImageMagick reads WebP.
            if kind != "webp" or not shutil.which(DRAWN[kind][0]):
                raise
            return zbar(draw(kind, file, folder))
