"""Encoders that answer with matrices: ours and others', all asked alike.

A matrix is a tuple of rows, each an int whose lowest bit is the leftmost module; a refusal is a str.
"""

import collections
import concurrent.futures
import struct
import subprocess

import tools

# `data`: bytes; `text`: whether they are the UTF-8 of a text. `mask`, `version`: None for the encoder's own choice.
Question = collections.namedtuple("Question", "data text level micro version mask", defaults=(False, None, None))

LEVELS = "LMQH"
OURS = [tools.RELEASE / "verify", "serve", "ours"]
QRCODEGEN = [tools.RELEASE / "verify", "serve", "qrcodegen"]
QRCODE = [tools.RELEASE / "verify", "serve", "qrcode"]
# Asked in parts, so that two cores have something to do.
PART = 500


def zint():
    """How to ask zint, or None where it cannot be had."""
    program = tools.c_program("zint_matrix", "zint", "libzint-dev")
    return program and [program]


def zxing():
    """ZXing's own algorithm. (zxing-cpp 3 encodes with a zint inside, and is no second opinion.)"""
    folder = tools.node()
    return folder and ["node", folder / "zxing.mjs"]


def ask(command, questions):
    """One answer for each question, in order."""
    parts = [questions[at:at + PART] for at in range(0, len(questions), PART)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return [answer for part in pool.map(lambda part: ask_part(command, part), parts) for answer in part]


def ask_part(command, questions):
    record = b"".join(
        struct.pack("<BBBBI", q.micro, 1 + LEVELS.index(q.level), q.version or 0, 0 if q.mask is None else q.mask + 1,
                    len(q.data) | q.text << 31) + q.data for q in questions)
    done = subprocess.run(command, input=record, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{command} failed: {done.stderr.decode(errors='replace')[-500:]}")
    answers, at = [], 0
    for _ in questions:
        modules, at = done.stdout[at], at + 1
        if modules == 0:
            length = done.stdout[at]
            answers.append(done.stdout[at + 1:at + 1 + length].decode(errors="replace"))
            at += 1 + length
            continue
        width = (modules + 7) // 8
        answers.append(tuple(int.from_bytes(done.stdout[at + y * width:at + (y + 1) * width], "little")
                             for y in range(modules)))
        at += modules * width
    return answers


def rows(lines):
    """A matrix from rows of truth values."""
    return tuple(sum(1 << x for x, dark in enumerate(line) if dark) for line in lines)
