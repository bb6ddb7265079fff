"""Styled symbols beside resvg, which draws our own SVG: drawing, whole PNG files, SVG and the grade; one thread, by turns."""

import json
import subprocess

import tools
from tools import RELEASE, say

# Times as fast as resvg.
GOAL_DRAW, GOAL_PNG = 25, 14


def add_flags(_parser):
    pass


def run(args):
    if not args.no_build:
        tools.build("style")
    done = subprocess.run([RELEASE / "style"], capture_output=True, text=True, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    for result in results:
        if result["bench"] == "style/vector":
            say(f"\n{result['style']}: SVG {result['svg_us']} µs, {result['svg_bytes']} B; grade {result['grade_us']} µs")
        else:
            say(f"  {result['width_px']:5} px  drawn {result['draw_us']:8.1f} µs  resvg {result['draw_ratio']:6.1f} ×   "
                f"PNG {result['png_us']:8.1f} µs, {result['png_bytes']:6} B  resvg {result['png_ratio']:6.1f} ×, "
                f"{result['resvg_bytes']:6} B")
    pixels = [result for result in results if result["bench"] == "style/pixels"]
    for name, goal in (("draw", GOAL_DRAW), ("png", GOAL_PNG)):
        least = min(result[f"{name}_ratio"] for result in pixels)
        say(f"{name}: at least {least:.1f} × resvg, goal {goal}: {'reached' if least >= goal else 'NOT reached'}")
    return results
