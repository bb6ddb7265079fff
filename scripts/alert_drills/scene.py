"""A drill: a fault, the alerts that must arrive because of it, and that they resolve when it is over."""

import contextlib
import time

import faults
import stack

DRILLS = {}


class Failed(Exception):
    """An alert did not arrive, or did not resolve."""


class Drill:
    def __init__(self, name, alerts, run, real=False, quick=False, root=False, interval=None):
        self.name, self.alerts, self.run = name, alerts, run
        self.real, self.quick, self.root, self.interval = real, quick, root, interval
        self.about = " ".join((run.__doc__ or "").split())


def drill(name, *alerts, **marks):
    """Registers a function of a `Scene`. `real`: within minutes also with the rules as they are; `quick`: of the quick
    subset; `root`: needs to be root; `interval`: seconds between scrapes in compressed time, where /metrics answers late."""

    def register(run):
        DRILLS[name] = Drill(name, alerts, run, **marks)
        return run

    return register


class Scene(stack.Stack):
    """The stack, as a drill sees it."""

    def __init__(self, drill, folder, options):
        super().__init__(folder, options, drill.interval)
        self.drill = drill
        # Of an alert with several series, the drill looks at those with these labels.
        self.labels = {}
        # By alert: when its fault began, when it arrived, when the fault was over, when it resolved, why not.
        self.began, self.arrived_at, self.mended_at, self.resolved_at, self.reasons = {}, {}, {}, {}, {}

    @property
    def brief(self):
        """Seconds of a drill's own, in which the rules see several scrapes."""
        return 4 * self.interval

    def steady(self, windows=2):
        """Lets the rules see a while without a fault."""
        time.sleep(windows * self.brief)

    @contextlib.contextmanager
    def fault(self, steady=2):
        """The skeleton of a drill: quiet for `steady` windows; then the block breaks something, waits for the alerts
        (`arrived`) and mends it; then they must resolve."""
        self.steady(steady)
        self.wrong()
        yield
        self.mended()
        self.resolved()

    def provoke(self, broken, steady=2):
        """A whole drill with one fault: a context manager that breaks something and mends it at its end."""
        with self.fault(steady), broken:
            self.arrived()

    def wrong(self, *names):
        """From now on something is wrong, and these alerts (all) are expected."""
        for name in names or self.drill.alerts:
            self.began[name] = time.time()

    def arrived(self, *names, seconds=None):
        self.until(names or self.drill.alerts, seconds, self.look_for_arrival, "did not arrive")

    def mended(self):
        for name in self.drill.alerts:
            self.mended_at.setdefault(name, time.time())

    def resolved(self, seconds=None):
        self.until(self.drill.alerts, seconds, self.look_for_end, "did not resolve")

    def until(self, names, seconds, look, what):
        end = time.monotonic() + (seconds or self.options.timeout)
        left = list(names)
        while left and time.monotonic() < end:
            left = [name for name in left if not look(name)]
            time.sleep(0.3)
        for name in left:
            self.reasons[name] = [what, *self.explain(name)]
        if left:
            raise Failed(f"{', '.join(left)} {what}")

    def heard_of(self, name):
        """Messages about an alert since its fault began."""
        for message in self.messages():
            if (message["alertname"] == name and message["received"] >= self.began[name]
                    and self.labels.items() <= message["labels"].items()):
                yield message

    def look_for_arrival(self, name):
        for message in self.heard_of(name):
            if message["status"] == "firing":
                self.arrived_at[name] = message["received"]
                return True
        return False

    def look_for_end(self, name):
        """Whether the last message about each series of the alert says `resolved`."""
        last = {}
        for message in self.heard_of(name):
            last[tuple(sorted(message["labels"].items()))] = message
        over = [m["received"] for m in last.values() if m["status"] == "resolved"]
        if not last or len(over) < len(last):
            return False
        self.resolved_at[name] = max(over)
        return True

    # --- what drills are made of ----------------------------------------------------------------------------

    @property
    def data(self):
        return self.dir / "run" / "data"

    @property
    def database(self):
        return self.data / "qr-observatory.db"

    @property
    def spool(self):
        return self.data / "scan-spool.db"

    @property
    def targets(self):
        """Prometheus' list of nodes."""
        return self.dir / "run" / "etc" / "prometheus" / "targets" / "qr-observatory.yml"

    def slugs(self, count):
        """Those of new codes."""
        return [self.code(f"s{n}")[1] for n in range(count)]

    @contextlib.contextmanager
    def crowd(self, rate, request, threads=4):
        """A load that ends."""
        load = self.load(rate, request, threads)
        yield
        load.stop()

    def process(self, process):
        """A process that ends with the stack."""
        return self.keep(stack.Process(process))

    def with_redis(self, **settings):
        """Starts the stack with Redis, and a proxy in front of it."""
        self.redis = self.keep(stack.Redis(self.dir / "redis"))
        self.proxy = self.keep(faults.Proxy(self.redis.port, stack.free_port()))
        self.up(REDIS_URL=f"redis://127.0.0.1:{self.proxy.port}/0", **settings)
        stack.wait_for("Redis in use", 20, lambda: self.value("qr_cache_breaker_state") == 0)

    def with_postgres(self, **settings):
        """Starts the stack with PostgreSQL, and a proxy in front of it."""
        self.postgres = self.keep(stack.Postgres())
        self.proxy = self.keep(faults.Proxy(self.postgres.port, stack.free_port()))
        self.up(DATABASE_URL=self.postgres.url(self.proxy.port), **settings)

    def value(self, series):
        """The value of the first series that begins so, in the product's /metrics; None without one."""
        status, text = self.client().ask("GET", "/metrics")
        for line in text.decode().splitlines() if status == 200 else []:
            if line.startswith(series) and line[len(series)] in "{ ":
                return float(line.rsplit(" ", 1)[1])
        return None

    def dial(self, experiment, candidate, shadow):
        """Percent of units that the candidate answers, and that it answers unseen."""
        self.api("PUT", f"/api/rollout/{experiment}",
                 {"candidate_percent": candidate, "shadow_percent": shadow, "reason": "drill"})

    @contextlib.contextmanager
    def rehearsal(self, experiment, fault, percent=100):
        """A fault that is injected into the candidate."""
        path = f"/api/rollout/{experiment}/rehearse"
        self.api("POST", path, {"fault": fault, "percent": percent, "seconds": 600, "reason": "drill"})
        yield
        self.api("POST", path, {"fault": "none", "reason": "drill"})

    def script(self, name, *lines):
        """An executable shell script."""
        file = self.dir / name
        file.write_text("\n".join(["#!/bin/bash", *lines, ""]))
        file.chmod(0o755)
        return file

    def wrap(self, *lines):
        """The product is started by a script that runs these lines first."""
        self.binary = self.script("product", "set -e", *lines, f'exec {self.options.binary} "$@"')

    def results(self):
        for name in self.drill.alerts:
            began, arrived = self.began.get(name), self.arrived_at.get(name)
            mended, resolved = self.mended_at.get(name), self.resolved_at.get(name)
            pending = began and self.first_state(name, began, self.labels, "pending", "firing")
            fired = began and self.first_state(name, began, self.labels, "firing")
            yield {
                "alert": name, "drill": self.drill.name, "fault": self.drill.about,
                "real_time": self.options.real_time, "speed": self.speed or 1,
                "condition_s": round(pending - began, 1) if pending else None,
                "fires_s": round(fired - began, 1) if fired else None,
                "page_s": round(arrived - began, 1) if arrived else None,
                "resolved_s": round(resolved - mended, 1) if resolved and mended else None,
                "arrived": arrived is not None, "resolved": resolved is not None,
                "why": self.reasons.get(name, []),
            }

    def others(self):
        """Other alerts that arrived."""
        return sorted({m["alertname"] for m in self.messages()} - set(self.drill.alerts) - {"Watchdog"})
