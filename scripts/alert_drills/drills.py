"""The drills. Each provokes what it says, by doing it, and puts it right again."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import faults
import stack
from drill import drill

# What no fault here can provoke, and why.
IMPOSSIBLE = {
    "InstanceNotReady": "a start is over in seconds, and a node that is being stopped is scraped only where it has a METRICS_BIND; "
                        "tests/it/drain.rs holds that it then says so",
}


# --- requests -----------------------------------------------------------------------------------------------

def redirect(slug):
    return lambda n: ("GET", f"/r/{slug}?scan_ref=qr")


def unknown(n):
    """A slug that nobody has: each another one."""
    return "GET", f"/r/zz{time.time_ns() % 10**10:010d}"[:14]


def image(code_id, more="image_format=png"):
    """An image that nobody has asked for: each in another colour."""
    def request(n):
        return "GET", f"/api/v1/qr/{code_id}/image?{more}&fill_color=%23{(time.time_ns() // 1000) % 0x7fffff:06x}"
    return request


def several(*requests):
    return lambda n: requests[n % len(requests)](n // len(requests))


def with_redis(d, **settings):
    """Redis, and a proxy in front of it."""
    d.redis = d.keep(stack.Redis(d.dir / "redis"))
    d.proxy = d.keep(faults.Proxy(d.redis.port, stack.free_port()))
    d.up(REDIS_URL=f"redis://127.0.0.1:{d.proxy.port}/0", **settings)
    stack.wait_for("Redis in use", 20, lambda: value(d, "qr_cache_breaker_state") == 0)


def with_postgres(d, **settings):
    """PostgreSQL, and a proxy in front of it."""
    d.postgres = d.keep(stack.Postgres())
    d.postgres.sql("CREATE DATABASE qr", "postgres")
    d.proxy = d.keep(faults.Proxy(d.postgres.port, stack.free_port()))
    d.up(DATABASE_URL=d.postgres.url(d.proxy.port), **settings)


def exposition(d):
    status, text = d.client().ask("GET", "/metrics")
    return text.decode() if status == 200 else ""


def value(d, series):
    """Of the first series that begins so, as the product says it now."""
    for line in exposition(d).splitlines():
        if line.startswith(series) and line[len(series)] in "{ ":
            return float(line.rsplit(" ", 1)[1])
    return None


def rehearse(d, experiment, fault, percent=100):
    d.api("POST", f"/api/rollout/{experiment}/rehearse",
          {"fault": fault, "percent": percent, "seconds": 600, "reason": "drill"} if fault != "none"
          else {"fault": "none", "reason": "drill"})


def dial(d, experiment, candidate, shadow):
    d.api("PUT", f"/api/rollout/{experiment}",
          {"candidate_percent": candidate, "shadow_percent": shadow, "reason": "drill"})


def wrapper(d, *lines):
    """A program that does these first and is the product then."""
    file = d.dir / "product"
    file.write_text("\n".join(["#!/bin/bash", "set -e", *lines, f'exec {d.options.binary} "$@"', ""]))
    file.chmod(0o755)
    d.binary = file


# --- whether people are answered ---------------------------------------------------------------------------

@drill("killed", "InstanceDown", real=True, quick=True)
def killed(d):
    """The product is killed (kill -9), and started again."""
    d.up()
    d.steady()
    d.fault()
    d.kill_product()
    d.arrived()
    d.up()
    d.mended()
    d.resolved()


@drill("frozen", "InstanceDown", real=True)
def frozen(d):
    """The product is frozen (kill -STOP): it takes connections and says nothing."""
    d.up()
    d.steady()
    d.fault()
    d.signal(signal.SIGSTOP)
    d.arrived()
    d.signal(signal.SIGCONT)
    d.mended()
    d.resolved()


@drill("restarting", "InstanceRestarting")
def restarting(d):
    """The product dies (kill -9) soon after every start, under a supervisor that starts it again."""
    file = d.dir / "product"
    file.write_text(f"""#!/bin/bash
trap 'kill -TERM "$child"; wait "$child"; exit' TERM
while :; do
  {d.options.binary} "$@" & child=$!
  echo "$child" > {d.dir}/child
  wait "$child"
  sleep 0.2
done
""")
    file.chmod(0o755)
    d.binary = file
    d.up()
    d.steady()
    d.fault()
    end = time.monotonic() + d.options.timeout
    while not d.look_for_arrival("InstanceRestarting") and time.monotonic() < end:
        os.kill(int((d.dir / "child").read_text()), signal.SIGKILL)
        time.sleep(2.5 * d.interval)
    d.arrived(seconds=5)
    d.mended()
    d.resolved()


@drill("no-targets", "InstancesMissing", real=True)
def no_targets(d):
    """Prometheus' list of nodes is emptied."""
    d.up()
    d.steady(1)
    file = d.dir / "run" / "etc" / "prometheus" / "targets" / "qr-observatory.yml"
    text = file.read_text()
    d.fault()
    file.write_text("[]\n")
    d.arrived()
    file.write_text(text)
    d.mended()
    d.resolved()


# --- the database -------------------------------------------------------------------------------------------

@drill("database-stopped", "DatabaseDown", "RedirectFailuresHigh", real=True)
def database_stopped(d):
    """PostgreSQL is stopped while slugs are asked for that this node does not remember."""
    with_postgres(d)
    slugs = [d.code(f"s{n}")[1] for n in range(3)]
    d.load(10, several(unknown, *[redirect(slug) for slug in slugs]))
    d.steady()
    d.fault()
    d.postgres.stop()
    d.arrived()
    d.postgres.start()
    d.mended()
    d.resolved()


@drill("table-locked", "ApiErrorsHigh", "DatabaseErrorsHigh", "LatencyHigh", real=True)
def table_locked(d):
    """A session holds a lock on the table of codes: statements wait until their time is up."""
    with_postgres(d, DATABASE_TIMEOUT_MS=3000, DATABASE_MAX_CONNECTIONS=40)
    d.code()
    d.load(8, lambda n: ("GET", "/api/v1/qr?limit=5"), threads=12)
    d.steady()
    d.fault()
    d.postgres.lock("codes")
    d.arrived()
    d.postgres.unlock()
    d.mended()
    d.resolved()


@drill("database-far", "DatabaseSlow", "HealthDegraded", "LatencyP95High")
def database_far(d):
    """The network to PostgreSQL is slow: 0.14 s each way."""
    with_postgres(d)
    d.code()
    d.load(4, lambda n: ("GET", "/api/v1/qr?limit=5"), threads=4)
    d.steady()
    d.fault()
    d.proxy.delay = 0.14
    d.arrived()
    d.proxy.delay = 0
    d.mended()
    d.resolved()


@drill("pool-exhausted", "DatabasePoolExhausted", real=True)
def pool_exhausted(d):
    """More requests wait for a locked table than there are connections."""
    with_postgres(d, DATABASE_MAX_CONNECTIONS=4, DATABASE_TIMEOUT_MS=300)
    d.code()
    d.load(60, lambda n: ("GET", "/api/v1/qr?limit=5"), threads=6)
    d.steady()
    d.fault()
    d.postgres.lock("codes")
    d.arrived()
    d.postgres.unlock()
    d.mended()
    d.resolved()


# --- Redis --------------------------------------------------------------------------------------------------

@drill("redis-killed", "CacheRedisDown", "CacheInvalidationsPending", real=True, quick=True)
def redis_killed(d):
    """Redis is killed while codes are changed."""
    with_redis(d)
    code, slug = d.code()
    d.load(2, lambda n: ("PUT", f"/api/v1/qr/{code}", {"title": f"title {n}"}), threads=1)
    d.load(5, redirect(slug), threads=1)
    d.steady()
    d.fault()
    d.redis.kill()
    d.arrived()
    d.redis.start()
    d.mended()
    d.resolved()


@drill("redis-slow", "CacheRedisBreakerOpen", real=True)
def redis_slow(d):
    """The network to Redis is slower than a request would wait, and Redis answers all the same."""
    with_redis(d)
    d.load(5, unknown, threads=1)
    d.steady()
    d.fault()
    d.proxy.delay = 0.02
    d.arrived()
    d.proxy.delay = 0
    d.mended()
    d.resolved()


@drill("redis-lame", "CacheRedisSlow")
def redis_lame(d):
    """The network to Redis takes 15 ms, within a budget that was made large."""
    with_redis(d, REDIS_BUDGET_MS=200, REDIS_ADMISSION="always")
    d.load(10, unknown, threads=2)
    d.steady()
    d.fault()
    d.proxy.delay = 0.008
    d.arrived()
    d.proxy.delay = 0
    d.mended()
    d.resolved()


@drill("redis-forbids", "CacheRedisCallsFailing", "CacheRedisBreakerFlapping")
def redis_forbids(d):
    """An ACL takes reading away from the product's user."""
    with_redis(d, REDIS_ADMISSION="always")
    d.load(40, unknown, threads=4)
    d.steady()
    d.fault()
    d.redis.ask("ACL", "SETUSER", "default", "-mget")
    d.arrived()
    d.redis.ask("ACL", "SETUSER", "default", "+mget")
    d.mended()
    d.resolved()


@drill("redis-full", "CacheRedisMemoryHigh", "CacheRedisEvictionsHigh")
def redis_full(d):
    """Redis has room for almost nothing (maxmemory), and every image is a new one."""
    with_redis(d, REDIS_ADMISSION="always")
    code, _ = d.code()
    d.load(40, image(code), threads=2)
    d.steady(3)
    d.fault()
    used = int(d.redis.ask("INFO", "memory").split("used_memory:")[1].split()[0])
    d.redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    d.redis.ask("CONFIG", "SET", "maxmemory", used)
    d.arrived()
    d.redis.ask("CONFIG", "SET", "maxmemory", "1gb")
    d.mended()
    d.resolved()


@drill("redis-damaged", "CacheValuesRejected")
def redis_damaged(d):
    """Something else writes to the product's keys in Redis."""
    with_redis(d, REDIS_ADMISSION="always", REDIRECT_CACHE_BYTES="0")
    slugs = [d.code(f"s{n}")[1] for n in range(20)]
    d.load(40, several(*[redirect(slug) for slug in slugs]), threads=2)
    d.steady()
    d.fault()
    ending = threading.Event()

    def spoil():
        while not ending.wait(0.3):
            for key in d.redis.ask("--scan", "--pattern", "*:target*").splitlines():
                d.redis.ask("SET", key, "not ours")

    spoiler = threading.Thread(target=spoil, daemon=True)
    spoiler.start()
    try:
        d.arrived()
    finally:
        ending.set()
        spoiler.join()
    d.mended()
    d.resolved()


@drill("slugs-tried", "UnknownSlugsHigh", "CacheHitRatioLow", "CacheEvictionsHigh")
def slugs_tried(d):
    """Somebody tries slugs, one after the other, and there is little room for remembering them."""
    d.up(REDIRECT_CACHE_BYTES="20000")
    slugs = [d.code(f"s{n}")[1] for n in range(5)]
    d.load(20, several(*[redirect(slug) for slug in slugs]), threads=1)
    d.steady()
    d.fault()
    trier = d.load(60, unknown, threads=4)
    d.arrived()
    trier.stop()
    d.mended()
    d.resolved()


@drill("redis-useless", "CacheRedisHitRatioLow")
def redis_useless(d):
    """Every slug that is asked for is another one, and none is in Redis."""
    with_redis(d, REDIS_ADMISSION="always", REDIRECT_CACHE_BYTES="0")
    slugs = [d.code(f"s{n}")[1] for n in range(5)]
    d.steady()
    d.fault()
    trier = d.load(10, unknown, threads=2)
    d.arrived()
    trier.stop()
    d.load(20, several(*[redirect(slug) for slug in slugs]), threads=1)
    d.mended()
    d.resolved()


# --- experiments --------------------------------------------------------------------------------------------

def experiment(d, candidate, shadow, **settings):
    d.up(ROLLOUT_REHEARSALS="true", ROLLOUT_SPARE_PERCENT="0", **settings)
    code, _ = d.code()
    dial(d, "render", candidate, shadow)
    return code


def fails_for_a_while(d, share, how, *percent, rate=20, **settings):
    """The candidate of rendering, at a `share` of (percent answered, percent shadowed), goes wrong and is well again."""
    code = experiment(d, *share, **settings)
    d.load(rate, image(code), threads=4)
    d.steady(3)
    d.fault()
    rehearse(d, "render", how, *percent)
    d.arrived()
    rehearse(d, "render", "none")
    d.mended()


def forget(d):
    """What was learned stays until somebody says that it is over; a release needs a kill."""
    for verb in ("kill", "release"):
        d.api("POST", f"/api/rollout/render/{verb}", {"reason": "drill"})


@drill("candidate-broken", "VerdictNoGo", real=True, quick=True)
def candidate_broken(d):
    """The candidate of rendering fails in every fifth run, at 50 % of the traffic."""
    fails_for_a_while(d, (50, 0), "error", 20, rate=60)
    forget(d)
    d.resolved()


@drill("candidate-failing", "CandidateFailing", real=True)
def candidate_failing(d):
    """The candidate of rendering fails in every fifth run, in shadows only."""
    fails_for_a_while(d, (0, 100), "error", 20)
    d.resolved()


@drill("candidate-dead", "BreakerOpen", real=True)
def candidate_dead(d):
    """The candidate of rendering fails in every run, in shadows only."""
    fails_for_a_while(d, (0, 100), "error", QR_GENERATION_CB_RESET_TIMEOUT=5)
    d.resolved()


@drill("candidate-wrong", "ShadowMismatches", "VerdictNoGoInShadow")
def candidate_wrong(d):
    """The candidate of rendering answers wrongly in every tenth run, in shadows only."""
    fails_for_a_while(d, (0, 100), "wrong", 10, rate=40)
    forget(d)
    d.resolved()


@drill("candidate-slow", "CandidateSlower")
def candidate_slow(d):
    """The candidate of validation takes ten times as long, in shadows only."""
    experiment(d, 0, 0)
    dial(d, "validate", 0, 100)
    d.load(10, lambda n: ("POST", "/api/v1/qr/static", {"content": f"drill {n}"}), threads=2)
    d.steady(3)
    d.fault()
    rehearse(d, "validate", "slow")
    d.arrived()
    rehearse(d, "validate", "none")
    d.mended()
    d.resolved()


@drill("baseline-missed", "LatencyAboveBaseline", "CandidateAboveBaseline")
def baseline_missed(d):
    """After a baseline was captured the network to PostgreSQL becomes slower: 10 ms each way."""
    with_postgres(d, ANALYTICS_REFRESH_MS=100)
    codes = [d.code(f"s{n}")[0] for n in range(20)]
    looks = [lambda n, code=code: ("GET", f"/api/v1/qr/{code}/analytics/scan-timeseries?time_range=last7days") for code in codes]
    d.load(40, several(*looks), threads=6)
    d.steady()
    d.command("baseline", "capture", "--duration", "10s")
    dial(d, "analytics", 100, 0)
    d.steady()
    d.fault()
    d.proxy.delay = 0.01
    d.arrived()
    d.proxy.delay = 0
    d.mended()
    d.resolved()


@drill("baseline-old", "BaselineOld")
def baseline_old(d):
    """The baseline is a file of 31 days ago."""
    d.up()
    code, slug = d.code()
    load = d.load(30, redirect(slug), threads=2)
    d.steady(1)
    d.command("baseline", "capture", "--duration", "5s")
    load.stop()
    file = d.dir / "run" / "data" / "baseline.json"
    fresh = file.read_text()
    stored = json.loads(fresh)
    stored["captured_at_seconds"] -= 31 * 86400
    d.fault()
    file.write_text(json.dumps(stored))
    d.arrived()
    file.write_text(fresh)
    d.mended()
    d.resolved()


@drill("flags-dead", "FlagsStale", real=True)
def flags_dead(d):
    """The Unleash server dies."""
    flags = d.keep(faults.Flags(stack.free_port()))
    d.up(UNLEASH_URL=f"http://127.0.0.1:{flags.port}/api", UNLEASH_API_TOKEN="default:development.drill",
         UNLEASH_REFRESH_MS=500)
    d.steady(3)
    d.fault()
    flags.stop()
    d.arrived()
    flags.start()
    d.mended()
    d.resolved()


# --- backups and traces -------------------------------------------------------------------------------------

@drill("backup-forgotten", "BackupOld")
def backup_forgotten(d):
    """The last backup is of 51 hours ago: cron does not run any more."""
    d.up()
    d.command("backup", d.dir / "first.backup")
    note = d.dir / "run" / "data" / "last-backup.json"
    stored = json.loads(note.read_text())
    d.steady()
    stored["finished_at_seconds"] -= 51 * 3600
    d.fault()
    note.write_text(json.dumps(stored))
    d.arrived()
    d.command("backup", d.dir / "second.backup")
    d.mended()
    d.resolved()


@drill("collector-dead", "TracesFailing")
def collector_dead(d):
    """The OpenTelemetry collector dies."""
    # Whatever is sent there, it is taken.
    collector = d.keep(faults.Flags(stack.free_port()))
    d.up(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}", OTEL_TRACES_SAMPLER_ARG=1,
         OTEL_BSP_SCHEDULE_DELAY=200)
    code, slug = d.code()
    d.load(30, redirect(slug), threads=2)
    d.steady()
    d.fault()
    collector.stop()
    d.arrived()
    collector.start()
    d.mended()
    d.resolved()


# --- scans --------------------------------------------------------------------------------------------------

class Held:
    """The write lock of a SQLite file, as a shell that somebody forgot: all the time, or in pulses."""

    def __init__(self, file):
        self.connection = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)
        self.ending = threading.Event()
        self.thread, self.closed = None, False

    def take(self):
        self.connection.execute("BEGIN IMMEDIATE")

    def give(self):
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def pulse(self, on, off):
        def run():
            while not self.ending.is_set():
                try:
                    self.take()
                except sqlite3.OperationalError:
                    continue
                self.ending.wait(on)
                self.give()
                self.ending.wait(off)

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def close(self):
        if self.closed:
            return
        self.closed = True
        self.ending.set()
        if self.thread:
            self.thread.join()
        self.give()
        self.connection.close()


def database(d):
    return d.dir / "run" / "data" / "qr-observatory.db"


def spool(d):
    return d.dir / "run" / "data" / "scan-spool.db"


@drill("database-held", "ScansNotDrained", "ScansBacklogGrowing")
def database_held(d):
    """A session holds the database's write lock, while codes are scanned."""
    d.up(DATABASE_TIMEOUT_MS=1000)
    _, slug = d.code()
    d.load(150, redirect(slug), threads=6)
    d.steady()
    held = d.keep(Held(database(d)))
    d.fault()
    held.take()
    d.arrived()
    held.give()
    d.mended()
    d.resolved()


@drill("scans-refused", "ScansSetAside")
def scans_refused(d):
    """A trigger in the database refuses every scan."""
    d.up()
    _, slug = d.code()
    d.load(5, redirect(slug), threads=1)
    d.steady()
    by_hand = sqlite3.connect(database(d), timeout=10, isolation_level=None)
    d.fault()
    by_hand.execute("CREATE TRIGGER drill BEFORE INSERT ON scans BEGIN SELECT RAISE(ABORT, 'drill'); END")
    d.arrived()
    by_hand.execute("DROP TRIGGER drill")
    by_hand.close()
    d.mended()
    d.resolved()


@drill("spool-held", "ScansUnsynced", "ScansUnrecorded")
def spool_held(d):
    """A shell holds the spool's write lock again and again, and there is little room in memory."""
    # A busy disk alone is late at the default.
    d.up(SCAN_QUEUE=20, SCAN_ACK_TIMEOUT_MS=1000)
    _, slug = d.code()
    d.load(60, redirect(slug), threads=30)
    d.steady()
    held = d.keep(Held(spool(d)))
    d.fault()
    held.pulse(2.5, 0.3)
    d.arrived()
    held.close()
    d.mended()
    d.resolved()


# A try takes five seconds, and /metrics waits behind it.
@drill("spool-locked", "SpoolFailing", real=True, interval=10)
def spool_locked(d):
    """A shell holds the spool's write lock, and does not let go."""
    d.up()
    _, slug = d.code()
    d.load(10, redirect(slug), threads=8)
    d.steady()
    held = d.keep(Held(spool(d)))
    d.fault()
    held.take()
    d.arrived()
    held.close()
    d.mended()
    d.resolved()


@drill("spool-damaged", "HealthFailing", real=True)
def spool_damaged(d):
    """The spool's files are overwritten; a restart begins a new one."""
    d.up()
    _, slug = d.code()
    d.load(10, redirect(slug), threads=2)
    d.steady()
    d.fault()
    # With its index, or what was read of it before would be believed.
    for file in (spool(d), Path(f"{spool(d)}-wal"), Path(f"{spool(d)}-shm")):
        size = file.stat().st_size
        with open(file, "r+b") as out:
            out.write(b"\xee" * size)
    d.arrived()
    d.kill_product()
    try:
        d.up()
    except stack.NotStarted:
        # As a supervisor would: a start may find the log of the damaged file gone while it moves it.
        d.up()
    d.mended()
    d.resolved()


# --- what a node runs out of --------------------------------------------------------------------------------

@drill("disk-full", "DiskLow", "DiskAlmostFull", root=True, real=True)
def disk_full(d):
    """The disk of the data directory is filled: first to 900 MiB, then to the last byte."""
    disk = d.keep(stack.Disk(d.dir / "disk", 2048))
    d.up(DATA_DIR=disk.place, DATABASE_URL=f"sqlite://{d.dir}/run/data/qr-observatory.db?mode=rwc")
    _, slug = d.code()
    d.load(10, redirect(slug), threads=2)
    d.steady()
    d.fault("DiskLow")
    disk.fill(900)
    d.arrived("DiskLow")
    d.fault("DiskAlmostFull")
    disk.fill(0)
    d.arrived("DiskAlmostFull")
    disk.empty()
    d.mended()
    d.resolved()


@drill("disk-filling", "DiskFilling", root=True)
def disk_filling(d):
    """Something writes to the disk of the data directory, more and more."""
    disk = d.keep(stack.Disk(d.dir / "disk", 8192))
    d.up(DATA_DIR=disk.place, DATABASE_URL=f"sqlite://{d.dir}/run/data/qr-observatory.db?mode=rwc")
    disk.fill(3000)
    d.fault()
    ending = threading.Event()

    def write():
        while disk.free_mib() > 1300 and not ending.wait(1):
            disk.fill(disk.free_mib() - 10)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        d.arrived()
    finally:
        ending.set()
        writer.join()
    disk.empty()
    d.mended()
    d.resolved()


@drill("descriptors", "FileDescriptorsHigh")
def descriptors(d):
    """The product may open few files (ulimit -n), and somebody holds connections open."""
    wrapper(d, "ulimit -n 256")
    d.up()
    d.steady()
    d.fault()
    room = int(value(d, "process_max_fds") * 0.9 - value(d, "process_open_fds"))
    held = [socket.create_connection(("127.0.0.1", d.port)) for _ in range(room)]
    d.arrived()
    for one in held:
        one.close()
    d.mended()
    d.resolved()


class Group:
    """A control group of memory or processor time, of version 1 or 2, that the product runs in."""

    def __init__(self, kind, name):
        self.v2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
        self.place = Path("/sys/fs/cgroup", *([] if self.v2 else [kind]), name)
        try:
            self.place.mkdir()
        except OSError as error:
            raise stack.NotStarted(f"no control group can be made here: {error}") from None

    def set(self, name, content):
        (self.place / name).write_text(f"{content}\n")

    def kill(self):
        for pid in (self.place / "cgroup.procs").read_text().split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def close(self):
        self.kill()
        for _ in range(50):
            try:
                return self.place.rmdir()
            except OSError:
                time.sleep(0.1)


@drill("memory-full", "MemoryHigh", root=True, real=True)
def memory_full(d):
    """A neighbour in the product's control group (512 MiB) takes memory until 5 % are left."""
    group = Group("memory", f"qr-drill-{os.getpid()}")
    # After the product: closed in reverse order.
    d.parts.insert(0, group)
    limit = 512 << 20
    group.set("memory.max" if group.v2 else "memory.limit_in_bytes", limit)
    # The product reads version 2's files at the root of its control group, as in a container. Elsewhere they are made of
    # version 1's, which say the same.
    held = d.dir / "group"
    held.mkdir()
    inside = d.dir / "inside"
    if group.v2:
        mounts = [f"mount --bind {group.place} /sys/fs/cgroup"]
    else:
        names = {"memory.max": "memory.limit_in_bytes", "memory.current": "memory.usage_in_bytes", "memory.stat": "memory.stat"}
        mounts = [f"mount --bind {group.place} {held}", "mount -t tmpfs none /sys/fs/cgroup"]
        for new, old in names.items():
            mounts += [f"touch /sys/fs/cgroup/{new}", f"mount --bind {held}/{old} /sys/fs/cgroup/{new}"]
    inside.write_text("\n".join(["#!/bin/bash", "set -e", *mounts, f'exec {d.options.binary} "$@"', ""]))
    inside.chmod(0o755)
    wrapper(d, f"echo $$ > {group.place}/cgroup.procs", f'exec unshare -m {inside} "$@"')
    d.up()
    d.steady()
    if value(d, "qr_memory_limit_bytes") != limit:
        raise stack.NotStarted("the product does not see its control group's limit")
    free = int(limit * 0.96 - value(d, "qr_memory_used_bytes"))
    d.fault()
    hog = subprocess.Popen(["bash", "-c", f"echo $$ > {group.place}/cgroup.procs; exec python3 -c 'import time; "
                            f"held = bytearray({free - (12 << 20)}); time.sleep(3600)'"])
    try:
        d.arrived()
    finally:
        hog.kill()
        hog.wait()
    d.mended()
    d.resolved()


@drill("processor-short", "RuntimeSaturated", root=True)
def processor_short(d):
    """The product's control group gets a tenth of a processor, and sixteen clients ask for /metrics without a pause."""
    group = Group("cpu", f"qr-drill-{os.getpid()}")
    d.parts.insert(0, group)
    wrapper(d, f"echo $$ > {group.place}/cgroup.procs")
    d.up(TOKIO_WORKER_THREADS=1)
    d.steady()
    d.fault()
    if group.v2:
        group.set("cpu.max", "10000 100000")
    else:
        group.set("cpu.cfs_quota_us", 10000)
    clients = d.load(1000, lambda n: ("GET", "/metrics"), threads=16)
    d.arrived()
    clients.stop()
    group.set("cpu.max" if group.v2 else "cpu.cfs_quota_us", "max" if group.v2 else -1)
    d.mended()
    d.resolved()


# --- several nodes ------------------------------------------------------------------------------------------

@drill("node-deaf", "CacheNotSubscribed", real=True)
def node_deaf(d):
    """Of two nodes that share a Redis, none may listen to it any more: an ACL takes the channels away."""
    with_redis(d)
    port, folder = stack.free_port(), d.dir / "second"
    environment = {**os.environ, **d.environment, "BIND": f"127.0.0.1:{port}", "DATA_DIR": str(folder),
                   "DATABASE_URL": f"sqlite://{database(d)}?mode=rwc", "BASE_URL": d.addresses["QR_URL"]}
    with open(d.dir / "second.log", "w") as log:
        second = d.keep(Process(subprocess.Popen([str(d.options.binary), "serve"], env=environment, stdout=log, stderr=log)))
    stack.wait_for("the second node", 20, lambda: faults.Client(port, stack.PASSWORD).ask("GET", "/health/ready")[0] == 200)
    file = d.dir / "run" / "etc" / "prometheus" / "targets" / "qr-observatory.yml"
    file.write_text(f"- targets: ['127.0.0.1:{d.port}', '127.0.0.1:{port}']\n")
    d.steady(3)
    d.fault()
    d.redis.ask("ACL", "SETUSER", "default", "resetchannels")
    d.arrived()
    d.redis.ask("ACL", "SETUSER", "default", "allchannels")
    d.mended()
    d.resolved()
    second.close()


class Process:
    def __init__(self, process):
        self.process = process

    def close(self):
        self.process.kill()
        self.process.wait()


# --- traffic and objectives ---------------------------------------------------------------------------------

@drill("surge", "TrafficSurge", real=True)
def surge(d):
    """Twenty times the requests of the baseline."""
    d.up()
    _, slug = d.code()
    d.load(4, redirect(slug), threads=1)
    d.steady(1)
    d.command("baseline", "capture", "--duration", "30s")
    d.fault()
    crowd = d.load(80, redirect(slug), threads=4)
    d.arrived()
    crowd.stop()
    d.mended()
    d.resolved()


@drill("drop", "TrafficDrop")
def drop(d):
    """Nobody reaches the product any more: requests stop, which came an hour ago and when the baseline was captured."""
    d.up()
    _, slug = d.code()
    usual = d.load(10, redirect(slug), threads=2)
    d.steady(1)
    d.command("baseline", "capture", "--duration", "15s")
    hour = 3600 / (d.speed or 1)
    time.sleep(2 * hour)
    d.fault()
    usual.stop()
    d.arrived()
    d.load(10, redirect(slug), threads=2)
    d.mended()
    d.resolved()


@drill("budget-burning", "ErrorBudgetBurn14x", real=True)
def budget_burning(d):
    """PostgreSQL is stopped: every tenth redirect fails."""
    with_postgres(d)
    slugs = [d.code(f"s{n}")[1] for n in range(3)]
    requests = several(*[redirect(slug) for slug in slugs])
    d.load(30, lambda n: unknown(n) if n % 10 == 0 else requests(n), threads=6)
    d.steady()
    # A busy machine misses the other objectives, too.
    d.labels = {"slo": "redirects"}
    d.fault()
    d.postgres.stop()
    d.arrived()
    d.postgres.start()
    d.mended()
    d.resolved()


@drill("budget-burnt", "ErrorBudgetBurn6x", "ErrorBudgetBurn3x", "ErrorBudgetBurn1x")
def budget_burnt(d):
    """PostgreSQL is stopped for a while; then all is well, and the slower alerts are told as the faster ones end."""
    with_postgres(d)
    slugs = [d.code(f"s{n}")[1] for n in range(3)]
    requests = several(*[redirect(slug) for slug in slugs])
    d.load(30, lambda n: unknown(n) if n % 10 == 0 else requests(n), threads=6)
    d.steady(5)
    # A busy machine misses the other objectives, too.
    d.labels = {"slo": "redirects"}
    d.fault()
    d.postgres.stop()
    time.sleep(10 * d.interval)
    d.postgres.start()
    d.mended()
    d.arrived(seconds=7 * 3600 / (d.speed or 1))
    d.resolved(seconds=7 * 3600 / (d.speed or 1))


# --- last, because it takes minutes in any case -----------------------------------------------------------

@drill("watchdog", "Watchdog")
def watchdog(d):
    """Prometheus is stopped: the dead man's switch hears nothing any more."""
    d.fault()
    d.up()
    d.arrived()
    # Told again and again, or the silence would say nothing.
    count = len(d.messages())
    stack.wait_for("Watchdog, told again", 60 if d.speed else 600,
                   lambda: len([m for m in d.messages()[count:] if m["alertname"] == "Watchdog"]) > 0)
    pid = int(d.addresses["PROMETHEUS_PID"])
    os.kill(pid, signal.SIGKILL)
    d.mended()
    stopped = time.time()
    # Alertmanager holds what Prometheus told for four minutes, whatever the interval.
    quiet = 20 if d.speed else 60
    stack.wait_for("silence", 330, lambda: time.time() - max(
        [stopped] + [m["received"] for m in d.messages() if m["alertname"] == "Watchdog"]) > quiet + 5 * bool(d.speed), 1)
    d.resolved_at["Watchdog"] = max([stopped] + [m["received"] for m in d.messages() if m["alertname"] == "Watchdog"])


