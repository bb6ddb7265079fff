"""Everything at once, without a fault: load of every kind, and then the question whether every panel has an answer."""

import shutil
import subprocess
import sys
import time

import faults
import loads
import stack

SECONDS = 45


def traffic(d):
    """Redirects, images of both arms, creations, changes, lists, statistics, slugs that nobody has, and people at a gate."""
    codes = [d.code(f"s{n}") for n in range(20)]
    statistics = ["scan-timeseries?time_range=last7days", "scan-logs", "device-stats"]
    d.load(30, loads.several(*[loads.redirect(slug) for _, slug in codes], loads.unknown), threads=3)
    d.load(20, loads.image(codes[0][0]), threads=2)
    d.load(5, loads.image(codes[1][0], "image_format=svg"), threads=1)
    d.load(3, loads.create, threads=1)
    d.load(2, loads.change(codes[2][0]), threads=1)
    d.load(6, lambda n: loads.analytics(codes[n % 20][0], statistics[n % 3])(n), threads=1)
    d.load(2, loads.codes, threads=1)
    d.load(2, loads.turnstile(d.attendee()), threads=1)
    d.load(1, loads.shown, threads=1)


def upkeep(d):
    """Sets codes back, as a release that knows no rollups does by storing a scan, until the server has looked at them."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        d.postgres.sql("UPDATE rollup_state SET counted_before_us = -9223372036854775808")
        time.sleep(5)
        if any(float(s["value"][1]) > 0 for s in d.query(
                'sum(increase(qr_store_operation_duration_seconds_count{operation=~"scans.rollup_.*"}[10s])) > 0')):
            return


def check(d):
    """What scripts/check_dashboards and promtool say: an exit code, and the text."""
    d.redis = d.keep(stack.Redis(d.dir / "redis"))
    d.redis.ask("CONFIG", "SET", "maxmemory", "256mb")
    d.postgres = d.keep(stack.Postgres())
    # It takes everything that it is sent.
    collector = d.keep(faults.Flags(stack.free_port()))
    d.up(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}", OTEL_TRACES_SAMPLER_ARG=0.2,
         REDIS_URL=f"redis://127.0.0.1:{d.redis.port}/0", REDIS_WARM_CACHE="true", REDIS_ADMISSION="always",
         DATABASE_URL=d.postgres.url(), DATABASE_TIMEOUT_MS=1000, DATABASE_MAX_CONNECTIONS=30, ROLLOUT_SPARE_PERCENT=0,
         ROLLOUT_REHEARSALS="true", ANALYTICS_REFRESH_MS=1000)
    for experiment in ("render", "validate", "analytics"):
        d.dial(experiment, 25, 100)
    traffic(d)
    time.sleep(5)
    d.command("baseline", "capture", "--duration", "15s")
    time.sleep(SECONDS - 15)
    upkeep(d)
    # Operations of the database fail for a moment.
    with d.postgres.locked("codes"):
        time.sleep(3)
    checker = stack.ROOT / "scripts" / "check_dashboards"
    boards = subprocess.run([sys.executable, str(checker), "--prometheus", d.addresses["PROMETHEUS_URL"], "--all",
                             "--interval", "20s", "--range", "1m"], capture_output=True, text=True)
    metrics = faults.Client(d.port, stack.PASSWORD).ask("GET", "/metrics")[1]
    promtool = shutil.which("promtool") or stack.ROOT / "target" / "observatory-bin" / "bin" / "promtool"
    lint = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True)
    said = sorted(set((lint.stdout + lint.stderr).decode().splitlines()))
    return max(boards.returncode, bool(lint.returncode)), "\n".join(
        [(boards.stdout + boards.stderr).strip(), f"promtool check metrics: exit code {lint.returncode}", *said])
