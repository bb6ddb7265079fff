"""What an experiment costs a call, and what a shadow costs the caller that it runs beside.

Needs a machine that does nothing else: a shadow is only free of charge while a core is free.
"""

import json
import subprocess

import tools
from tools import RELEASE, say

GOAL_NS = 1000
GOAL_P99 = 1.02


def add_flags(_parser):
    pass


def run(args):
    if not args.no_build:
        tools.build("rollout")
    done = subprocess.run([RELEASE / "rollout"], capture_output=True, text=True, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    say("\nan experiment around an arm that does nothing: ns per call")
    for result in results:
        if result["bench"] == "experiment":
            reached = "reached" if result["adds_ns"] <= GOAL_NS else "NOT reached"
            say(f"{result['setting']:8} bare {result['bare_ns']:6.0f}   with {result['call_ns']:6.0f}   "
                f"adds {result['adds_ns']:6.0f}   goal {GOAL_NS}: {reached}")
    say("\na caller, without and with a shadow beside every call: µs")
    for result in results:
        if result["bench"] == "shadow":
            free = "no core is free" if result["saturated"] else "a core is free"
            say(f"{free}, {result['rate']}/s of {result['work_us']} µs:")
            for name in ("p50", "p99", "p999"):
                say(f"  {name:5}{result[f'{name}_us']:9.1f}{result[f'{name}_shadowed_us']:9.1f}   "
                    f"{result[f'{name}_ratio']:6.3f} ×")
            say(f"  compared {result['compared']}, shed {result['shed']}")
            if not result["saturated"]:
                say(f"  goal p99 {GOAL_P99} ×: {'reached' if result['p99_ratio'] <= GOAL_P99 else 'NOT reached'}")
    return results
