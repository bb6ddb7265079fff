"""Writes that fail: system calls by strace, disks that are full, a database's connections that end in their commit."""

import contextlib
import os
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import faults
import stack

SQLITE_THREAD = "sqlx-sqlite-wor"
ATTACH_SECONDS = 20


def can_trace():
    """None, or why strace cannot be used here."""
    if not shutil.which("strace"):
        return "strace is missing: apt-get install strace"
    done = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True)
    return None if done.returncode == 0 else f"strace may not trace here: {done.stderr.strip()}"


class Injection:
    """While it is attached, `call` on `paths` fails with `error`. `when`: "3" the third time, "3+" from there on, "3+5" then
    every fifth time.

    strace counts for each thread, and each connection to SQLite is a thread. "3": only of threads that are there now, so a
    connection that is opened in the place of a failed one works. With a plus: of new ones too; with "1+" everything fails."""

    def __init__(self, out, paths, call, error, when):
        self.out, self.all = Path(out), "+" in when
        self.out.unlink(missing_ok=True)
        self.command = ["strace", *(["-f"] if self.all else []), "-o", str(out), "-e", f"trace={call}",
                        "-e", f"inject={call}:error={error}:when={when}", *(part for path in paths for part in ("-P", str(path)))]
        self.process = None

    def attach(self, product):
        threads = [product.process.pid] if self.all else product.threads(SQLITE_THREAD)
        for thread in threads:
            self.command += ["-p", str(thread)]
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid, end = product.process.pid, time.monotonic() + ATTACH_SECONDS
        wanted = product.threads("") if self.all else threads
        while not all(traced(pid, thread) for thread in wanted):
            if time.monotonic() > end or self.process.poll() is not None:
                raise stack.NotStarted(f"strace did not attach: {' '.join(self.command)}")
            time.sleep(0.005)

    def detach(self):
        """How many calls it made fail."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        return self.hits()

    def hits(self):
        return self.out.read_text(errors="replace").count("(INJECTED)") if self.out.exists() else 0


def traced(pid, thread):
    try:
        return not re.search(r"TracerPid:\s+0$", Path(f"/proc/{pid}/task/{thread}/status").read_text(), re.M)
    except OSError:
        # It has ended.
        return True


class Disk(stack.Disk):
    """A small one that can be filled to the last block: ext4 in a loop device, or tmpfs."""

    def __init__(self, folder, mib, kind):
        self.kind = kind
        if kind == "ext4":
            super().__init__(folder, mib)
            return
        if os.geteuid() != 0:
            raise stack.NotStarted("only root may mount a disk to fill")
        self.image, self.place = Path(f"{folder}.img"), Path(folder)
        self.place.mkdir(parents=True)
        stack.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", self.place])

    def fill(self, leave_kib=0, name="filling"):
        """Takes all room but `leave_kib`."""
        block = b"\1" * 65536
        with open(self.place / name, "ab", buffering=0) as file:
            for size in (65536, 4096, 512):
                with contextlib.suppress(OSError):
                    while file.write(block[:size]) == size:
                        pass
            if leave_kib:
                os.truncate(file.fileno(), max(0, file.tell() - leave_kib * 1024))

    def close(self):
        super().close()
        with contextlib.suppress(OSError):
            self.place.rmdir()


class Commits(faults.Proxy):
    """In front of PostgreSQL. Hands a COMMIT on and then, with the probability `share`, cuts the connection: the client does
    not know its outcome."""

    def __init__(self, target, share):
        self.share, self.cuts = share, 0
        super().__init__(target, stack.free_port())

    def forward(self, data, to, from_client):
        super().forward(data, to, from_client)
        if not from_client or b"COMMIT\0" not in data or random.random() >= self.share:
            return True
        self.cuts += 1
        # Half of them once it is surely done, half of them perhaps before.
        time.sleep(random.choice((0, 0.02)))
        return False


class Terminator:
    """Ends a backend of the product that is at work, every few milliseconds."""

    def __init__(self, server):
        self.psql = subprocess.Popen(
            ["psql", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-d", "qr", "-qAtX"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.psql.stdin.write("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'qr-observatory' "
                              "AND state <> 'idle' ORDER BY random() LIMIT 1 \\watch 0.005\n")
        self.psql.stdin.flush()

    def close(self):
        """How many it ended."""
        self.psql.terminate()
        return self.psql.communicate()[0].count("t\n")
