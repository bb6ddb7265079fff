"""The dead man's switch. Last, because it takes minutes in any case."""

import os
import signal
import time

import stack
from scene import drill


@drill("watchdog", "Watchdog")
def watchdog(d):
    """Prometheus is stopped: the dead man's switch hears nothing any more."""
    def heard():
        return [m["received"] for m in d.messages() if m["alertname"] == "Watchdog"]

    d.wrong()
    d.up()
    d.arrived()
    # Sent again and again, or silence would mean nothing.
    count = len(heard())
    stack.wait_for("Watchdog, sent again", 60 if d.speed else 600, lambda: len(heard()) > count)
    os.kill(int(d.addresses["PROMETHEUS_PID"]), signal.SIGKILL)
    d.mended()
    stopped = time.time()
    # Alertmanager holds what Prometheus sent for four minutes, whatever the interval.
    quiet = 25 if d.speed else 60
    stack.wait_for("silence", 330, lambda: time.time() - max([stopped, *heard()]) > quiet, 1)
    d.resolved_at["Watchdog"] = max([stopped, *heard()])
