"""The drills. Each provokes what it says, by doing it, and puts it right again."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import faults
import stack
from drill import drill

# What no fault here can provoke, and why.
IMPOSSIBLE = {}


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
          {"fault": fault, "percent": percent, "seconds": 3600, "reason": "drill"} if fault != "none"
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

@drill("watchdog", "Watchdog")
def watchdog(d):
    """Prometheus is stopped: the dead man's switch hears nothing any more."""
    d.began["Watchdog"] = 0
    d.up()
    d.fault()
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
    """The product is killed and started again, over and over."""
    d.up()
    d.steady(1)
    d.fault()
    for _ in range(3):
        d.kill_product()
        d.up()
        time.sleep(2 * d.interval)
    d.arrived()
    d.mended()
    d.resolved()


@drill("no-targets", "InstancesMissing")
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


@drill("database-far", "DatabaseSlow", "DatabasePoolExhausted", "HealthDegraded", "LatencyP95High")
def database_far(d):
    """The network to PostgreSQL is slow: 0.15 s each way."""
    with_postgres(d, DATABASE_MAX_CONNECTIONS=4)
    d.code()
    d.load(30, lambda n: ("GET", "/api/v1/qr?limit=5"), threads=8)
    d.steady()
    d.fault()
    d.proxy.delay = 0.15
    d.arrived()
    d.proxy.delay = 0
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


@drill("slugs-tried", "UnknownSlugsHigh", "CacheHitRatioLow", "CacheEvictionsHigh", "CacheRedisHitRatioLow")
def slugs_tried(d):
    """Somebody tries slugs, one after the other, and there is little room for remembering them."""
    with_redis(d, REDIS_ADMISSION="always", REDIRECT_CACHE_BYTES="20000", REDIRECT_CACHE_TTL_MS="1000")
    slugs = [d.code(f"s{n}")[1] for n in range(5)]
    known = d.load(20, several(*[redirect(slug) for slug in slugs]), threads=1)
    d.steady()
    d.fault()
    trier = d.load(60, unknown, threads=4)
    d.arrived()
    trier.stop()
    d.mended()
    d.resolved()
    known.stop()


# --- experiments --------------------------------------------------------------------------------------------

def experiment(d, candidate, shadow, **settings):
    d.up(ROLLOUT_REHEARSALS="true", ROLLOUT_SPARE_PERCENT="0", **settings)
    code, _ = d.code()
    dial(d, "render", candidate, shadow)
    return code


@drill("candidate-broken", "VerdictNoGo", "CandidateFailing", real=True, quick=True)
def candidate_broken(d):
    """The candidate of rendering fails in every fifth run, at 50 % of the traffic."""
    code = experiment(d, 50, 0)
    d.load(60, image(code), threads=4)
    d.steady(3)
    d.fault()
    rehearse(d, "render", "error", 20)
    d.arrived()
    rehearse(d, "render", "none")
    d.api("POST", "/api/rollout/render/kill", {"reason": "drill"})
    d.api("POST", "/api/rollout/render/release", {"reason": "drill"})
    d.mended()
    d.resolved()
