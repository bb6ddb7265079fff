"""The drills, in the order in which they run. Each provokes a real fault, waits for its alerts, and mends it."""

from . import answers, storage, redis, experiments, operations, scans, limits, traffic, identity, watchdog  # noqa: F401

# Alerts that no fault here can provoke, and why.
IMPOSSIBLE = {
    "InstanceNotReady": "a start is over in seconds, and a node that is being stopped is scraped only where it has a METRICS_BIND; "
                        "tests/it/drain.rs holds that it then says so",
}
