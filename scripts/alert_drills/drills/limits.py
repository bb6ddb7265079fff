"""What a node runs out of: disk, file descriptors, memory, processor."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import stack
from loads import redirect
from scene import drill


def with_disk(d, mib):
    """Starts the stack with its data directory on a small disk of its own, and the database elsewhere."""
    disk = d.keep(stack.Disk(d.dir / "disk", mib))
    d.up(DATA_DIR=disk.place, DATABASE_URL=f"sqlite://{d.database}?mode=rwc")
    return disk


@drill("disk-full", "DiskLow", "DiskAlmostFull", root=True, real=True)
def disk_full(d):
    """The disk of the data directory is filled: first to 900 MiB, then to the last byte."""
    disk = with_disk(d, 2048)
    d.load(10, redirect(d.code()[1]), threads=2)
    d.steady()
    for alert, left in ("DiskLow", 900), ("DiskAlmostFull", 0):
        d.wrong(alert)
        disk.fill(left)
        d.arrived(alert)
    disk.empty()
    d.mended()
    d.resolved()


@drill("disk-filling", "DiskFilling", root=True)
def disk_filling(d):
    """Something writes to the disk of the data directory, more and more."""
    disk = with_disk(d, 8192)
    disk.fill(3000)

    def write(ending):
        while disk.free_mib() > 1300 and not ending.wait(1):
            disk.fill(disk.free_mib() - 10)

    with d.fault(steady=0):
        with stack.thread(write):
            d.arrived()
        disk.empty()


@drill("descriptors", "FileDescriptorsHigh")
def descriptors(d):
    """The product may open few files (ulimit -n), and somebody holds connections open."""
    d.wrap("ulimit -n 256")
    d.up()
    with d.fault(), contextlib.ExitStack() as held:
        for _ in range(int(d.value("process_max_fds") * 0.9 - d.value("process_open_fds"))):
            held.enter_context(socket.create_connection(("127.0.0.1", d.port)))
        d.arrived()


class Group:
    """A control group of memory or processor time, of version 1 or 2, that the product runs in."""

    def __init__(self, kind):
        self.v2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
        self.place = Path("/sys/fs/cgroup", *([] if self.v2 else [kind]), f"qr-drill-{os.getpid()}")
        try:
            self.place.mkdir()
        except OSError as error:
            raise stack.NotStarted(f"no control group can be made here: {error}") from None

    def set(self, name, content):
        (self.place / name).write_text(f"{content}\n")

    def close(self):
        for pid in (self.place / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        for _ in range(50):
            try:
                return self.place.rmdir()
            except OSError:
                time.sleep(0.1)


def in_group(d, kind):
    """A control group that is closed after the product: parts are closed in reverse order."""
    group = Group(kind)
    d.parts.insert(0, group)
    return group


@drill("memory-full", "MemoryHigh", root=True, real=True)
def memory_full(d):
    """A neighbour in the product's control group (512 MiB) takes memory until 5 % are left."""
    group = in_group(d, "memory")
    limit = 512 << 20
    group.set("memory.max" if group.v2 else "memory.limit_in_bytes", limit)
    # The product reads version 2's files at the root of its control group, as in a container. Elsewhere they are made of
    # version 1's, which say the same.
    held = d.dir / "group"
    held.mkdir()
    if group.v2:
        mounts = [f"mount --bind {group.place} /sys/fs/cgroup"]
    else:
        names = {"memory.max": "memory.limit_in_bytes", "memory.current": "memory.usage_in_bytes", "memory.stat": "memory.stat"}
        mounts = [f"mount --bind {group.place} {held}", "mount -t tmpfs none /sys/fs/cgroup"]
        for new, old in names.items():
            mounts += [f"touch /sys/fs/cgroup/{new}", f"mount --bind {held}/{old} /sys/fs/cgroup/{new}"]
    inside = d.script("inside", "set -e", *mounts, f'exec {d.options.binary} "$@"')
    d.wrap(f"echo $$ > {group.place}/cgroup.procs", f'exec unshare -m {inside} "$@"')
    d.up()
    d.steady()
    if d.value("qr_memory_limit_bytes") != limit:
        raise stack.NotStarted("the product does not see its control group's limit")
    free = int(limit * 0.96 - d.value("qr_memory_used_bytes"))
    with d.fault(steady=0):
        hog = d.process(subprocess.Popen(["bash", "-c", f"echo $$ > {group.place}/cgroup.procs; exec python3 -c 'import time; "
                                          f"held = bytearray({free - (12 << 20)}); time.sleep(3600)'"]))
        d.arrived()
        hog.close()


@drill("processor-short", "RuntimeSaturated", root=True)
def processor_short(d):
    """The product's control group gets a tenth of a processor, and sixteen clients ask for /metrics without a pause."""
    group = in_group(d, "cpu")
    d.wrap(f"echo $$ > {group.place}/cgroup.procs")
    d.up(TOKIO_WORKER_THREADS=1)
    quota, tenth, whole = ("cpu.max", "10000 100000", "max") if group.v2 else ("cpu.cfs_quota_us", 10000, -1)
    with d.fault():
        group.set(quota, tenth)
        with d.crowd(1000, lambda n: ("GET", "/metrics"), threads=16):
            d.arrived()
        group.set(quota, whole)
