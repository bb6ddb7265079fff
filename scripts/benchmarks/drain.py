"""How fast scans that wait in the spool reach the database, with nothing else to do.

The spool is filled as a crowd fills it, slugs by Zipf's law, before the server starts. CPU is the server's own, by thread: a
database in PostgreSQL does its work elsewhere.
"""

import collections
import math
import os
import pathlib
import random
import re
import sqlite3
import struct
import subprocess
import tempfile
import time
import urllib.request
import uuid

from tools import ROOT, say

from . import http

PORT = 3904
ORGANIZATION = uuid.UUID("01900000-0000-7000-8000-000000000001")
AGENTS = [http.AGENT.replace("17_4", f"{major}_{minor}") for major in range(13, 19) for minor in range(7)]
COLUMNS = ("id, org_id, kind, slug, enabled, created_at_us, updated_at_us, fill_color, back_color, size, border, error_level, "
           "target, search_text")


def add_flags(parser):
    parser.add_argument("--scans", type=int, default=500_000, help="in the spool (default 500 000)")
    parser.add_argument("--codes", type=int, default=25_000, help="codes (default 25 000)")
    parser.add_argument("--commit", type=int, default=80, help="scans in one row of the spool (default 80)")
    parser.add_argument("--binary", metavar="FILE", type=os.path.abspath, help="measure this one, such as the release before")
    parser.add_argument("--data", default=tempfile.gettempdir(), help="folder on the disk for database and spool")
    parser.add_argument("--env", metavar="NAME=VALUE", action="append", default=[],
                        help="a setting of the product, such as DATABASE_URL of an empty database; may be repeated")


def make_codes(server, count):
    """As the product would make them, but in one statement."""
    ids, url = [uuid.uuid4() for _ in range(count)], server.env.get("DATABASE_URL")
    literal = (lambda id: f"'{id}'") if url else (lambda id: f"X'{id.hex}'")
    yes = "true" if url else "1"
    rows = ",".join(f"({literal(id)}, {literal(ORGANIZATION)}, 'dynamic', '{id.hex}', {yes}, 1, 1, 'black', 'white', 10, 4, 'M', "
                    "'https://example.org/', '')" for id in ids)
    sql = f"INSERT INTO codes ({COLUMNS}) VALUES {rows};"
    if url:
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", url], input=sql, text=True, check=True)
    else:
        database = next(pathlib.Path(server.folder).rglob("qr-observatory.db"))
        with sqlite3.connect(database) as connection:
            connection.execute(sql)
    return ids


def fill(server, ids, args):
    """Rows as `src/scans/codec.rs` writes them."""
    now_us, top = time.time_ns() // 1000, math.log(len(ids) + 1)
    spool = next(pathlib.Path(server.folder).rglob("scan-spool.db"))
    with sqlite3.connect(spool) as connection:
        for first in range(0, args.scans, args.commit):
            count, batch = min(args.commit, args.scans - first), bytearray([2])
            for n in range(first, first + count):
                at_us = now_us - (args.scans - n) * 50
                scan_id = struct.pack(">Q", at_us // 1000 << 16 | 0x7000 | n & 0xfff) + struct.pack(">Q", 1 << 63 | random.getrandbits(62))
                code = ids[min(int(math.exp(random.random() * top)), len(ids)) - 1]
                agent = AGENTS[min(int(math.exp(random.random() * math.log(len(AGENTS)))), len(AGENTS) - 1)].encode()
                batch += scan_id + code.bytes + struct.pack("<q", at_us) + bytes([random.random() < 0.7]) + b"DE"
                batch += bytes([4, 198, random.randrange(20), random.randrange(256), 0])
                batch += struct.pack("<H", len(agent)) + agent + struct.pack("<H", 0)
            connection.execute("INSERT INTO spool (id, scans, payload) VALUES (?, ?, ?)", (now_us + first, count, bytes(batch)))


def stored(text):
    found = re.search(r"^qr_scans_stored_total(?:{})? (\S+)", text, re.M)
    return float(found[1]) if found else 0


def cpu_by_thread(pid):
    seconds = collections.Counter()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name, rest = (task / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        fields = rest.split()
        seconds[name] += (int(fields[11]) + int(fields[12])) / http.TICKS
    return {name: round(took, 2) for name, took in seconds.most_common() if took > 0.05}


def watch(server, scans):
    """Seconds until all are stored, and how many were after each second."""
    began, by_second = time.monotonic(), []
    while True:
        time.sleep(0.1)
        text = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics").read().decode()
        took, now = time.monotonic() - began, stored(text)
        if took > len(by_second) + 1:
            by_second.append(round(now))
        if now >= scans:
            return took, by_second


def run(args):
    if not args.no_build and not args.binary:
        subprocess.run(["cargo", "build", "--release", "-p", "qr-observatory"], cwd=ROOT, check=True)
    binary = {"binary": args.binary} if args.binary else {}
    server = http.Ours(PORT, args.data, **binary, **dict(pair.split("=", 1) for pair in args.env))
    try:
        http.Server.stop(server)
        fill(server, make_codes(server, args.codes), args)
        # Both cores: this is not about the crowd.
        server.command = server.command[3:]
        server.start()
        server.wait("/health/ready")
        written = lambda: int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{server.process.pid}/io").read_text(), re.M)[1])
        cpu, bytes_written = server.cpu_seconds(), written()
        took, by_second = watch(server, args.scans)
        cpu, bytes_written = server.cpu_seconds() - cpu, written() - bytes_written
        threads, rss = cpu_by_thread(server.process.pid), server.rss_mib("RssAnon")
    finally:
        server.stop()
    result = {"bench": "drain", "scans": args.scans, "codes": args.codes, "seconds": round(took, 1),
              "scans_per_s": round(args.scans / took), "cpu_us": round(cpu / args.scans * 1e6, 1),
              "written_bytes_per_scan": round(bytes_written / args.scans), "anon_mib": round(rss), "cpu_s_by_thread": threads}
    say(" ".join(f"{key} {value}" for key, value in result.items()))
    say("stored by second: " + " ".join(map(str, by_second)))
    return [result]
