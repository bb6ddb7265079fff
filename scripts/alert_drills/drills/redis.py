"""Redis, and what the caches hold."""

import os
import subprocess

import faults
import stack
from loads import change, image, redirect, redirects, unknown
from scene import drill


@drill("redis-killed", "CacheRedisDown", "CacheInvalidationsPending", real=True, quick=True)
def redis_killed(d):
    """Redis is killed while codes are changed."""
    d.with_redis()
    code, slug = d.code()
    d.load(2, change(code), threads=1)
    d.load(5, redirect(slug), threads=1)
    d.provoke(d.redis.killed())


@drill("redis-slow", "CacheRedisBreakerOpen", real=True)
def redis_slow(d):
    """The network to Redis is slower than a request would wait, and Redis answers all the same."""
    d.with_redis()
    d.load(5, unknown, threads=1)
    d.provoke(d.proxy.slow(0.02))


@drill("redis-lame", "CacheRedisSlow")
def redis_lame(d):
    """The network to Redis takes 15 ms, within a budget that was made large."""
    d.with_redis(REDIS_BUDGET_MS=200, REDIS_ADMISSION="always")
    d.load(10, unknown, threads=2)
    d.provoke(d.proxy.slow(0.008))


@drill("redis-forbids", "CacheRedisCallsFailing", "CacheRedisBreakerFlapping")
def redis_forbids(d):
    """An ACL takes reading away from the product's user."""
    d.with_redis(REDIS_ADMISSION="always")
    d.load(40, unknown)
    d.provoke(d.redis.setting("ACL SETUSER default -mget", "ACL SETUSER default +mget"))


@drill("redis-full", "CacheRedisMemoryHigh", "CacheRedisEvictionsHigh")
def redis_full(d):
    """Redis has room for almost nothing (maxmemory), and every image is a new one."""
    d.with_redis(REDIS_ADMISSION="always")
    code, _ = d.code()
    d.load(40, image(code), threads=2)
    with d.fault(steady=3):
        used = int(d.redis.ask("INFO", "memory").split("used_memory:")[1].split()[0])
        d.redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        with d.redis.setting(f"CONFIG SET maxmemory {used}", "CONFIG SET maxmemory 1gb"):
            d.arrived()


@drill("redis-damaged", "CacheValuesRejected")
def redis_damaged(d):
    """Something else writes to the product's keys in Redis."""
    d.with_redis(REDIS_ADMISSION="always", REDIRECT_CACHE_BYTES="0")
    d.load(40, redirects(d.slugs(20)), threads=2)

    def spoil(ending):
        while not ending.wait(0.3):
            for key in d.redis.ask("--scan", "--pattern", "*:target*").splitlines():
                d.redis.ask("SET", key, "not ours")

    d.provoke(stack.thread(spoil))


@drill("slugs-tried", "UnknownSlugsHigh", "CacheHitRatioLow", "CacheEvictionsHigh")
def slugs_tried(d):
    """A client tries slugs, one after the other, and the cache of targets is small."""
    d.up(REDIRECT_CACHE_BYTES="20000")
    d.load(20, redirects(d.slugs(5)), threads=1)
    d.provoke(d.crowd(60, unknown))


@drill("redis-useless", "CacheRedisHitRatioLow")
def redis_useless(d):
    """Every slug that is asked for is another one, and none is in Redis."""
    d.with_redis(REDIS_ADMISSION="always", REDIRECT_CACHE_BYTES="0")
    slugs = d.slugs(5)
    with d.fault():
        with d.crowd(10, unknown, threads=2):
            d.arrived()
        d.load(20, redirects(slugs), threads=1)


@drill("node-deaf", "CacheNotSubscribed", real=True)
def node_deaf(d):
    """Of two nodes that share a Redis, none may subscribe to it any more: an ACL takes the channels away."""
    d.with_redis()
    port = stack.free_port()
    # A database of its own: a SQLite file has one server.
    environment = {**os.environ, **d.environment, "BIND": f"127.0.0.1:{port}", "DATA_DIR": str(d.dir / "second"),
                   "DATABASE_URL": f"sqlite://{d.dir / 'second.db'}?mode=rwc", "BASE_URL": d.addresses["QR_URL"]}
    with open(d.dir / "second.log", "w") as log:
        d.process(subprocess.Popen([str(d.options.binary), "serve"], env=environment, stdout=log, stderr=log))
    stack.wait_for("the second node", 60, lambda: faults.Client(port, stack.PASSWORD).ask("GET", "/health/ready")[0] == 200)
    d.targets.write_text(f"- targets: ['127.0.0.1:{d.port}', '127.0.0.1:{port}']\n")
    d.provoke(d.redis.setting("ACL SETUSER default resetchannels", "ACL SETUSER default allchannels"), steady=3)
