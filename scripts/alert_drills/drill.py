"""A drill: a fault, the alerts that must arrive because of it, and that they resolve when it is over."""

import time

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
        # alert: when its fault began, when it was heard of, when the fault was over, when that was heard of
        # Of an alert with several series, those with these labels are the drill's matter.
        self.labels = {}
        self.began, self.arrived_at, self.mended_at, self.resolved_at, self.reasons = {}, {}, {}, {}, {}

    @property
    def brief(self):
        """Seconds of a drill's own, in which the rules see several scrapes."""
        return 4 * self.interval

    def steady(self, windows=2):
        """Lets the rules see a while without a fault."""
        time.sleep(windows * self.brief)

    def fault(self, *names):
        """From now on something is wrong, and these alerts (all) are expected."""
        for name in names or self.drill.alerts:
            self.began[name] = time.time()

    def arrived(self, *names, seconds=None):
        names = names or self.drill.alerts
        self.until(names, seconds, self.look_for_arrival, "did not arrive")

    def mended(self, *names):
        for name in names or self.drill.alerts:
            self.mended_at.setdefault(name, time.time())

    def resolved(self, *names, seconds=None):
        names = names or self.drill.alerts
        self.until(names, seconds, self.look_for_end, "did not resolve")

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

    def told(self, name):
        """What was heard of an alert since its fault began."""
        for message in self.messages():
            if (message["alertname"] == name and message["received"] >= self.began[name]
                    and self.labels.items() <= message["labels"].items()):
                yield message

    def look_for_arrival(self, name):
        for message in self.told(name):
            if message["status"] == "firing":
                self.arrived_at[name] = message["received"]
                return True
        return False

    def look_for_end(self, name):
        """The last that was heard of it, for every series of it, is that it is over."""
        last = {}
        for message in self.told(name):
            last[tuple(sorted(message["labels"].items()))] = message
        over = [m["received"] for m in last.values() if m["status"] == "resolved"]
        if not last or len(over) < len(last):
            return False
        self.resolved_at[name] = max(over)
        return True

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
        """What else was heard of."""
        return sorted({m["alertname"] for m in self.messages()} - set(self.drill.alerts) - {"Watchdog"})
