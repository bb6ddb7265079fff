"""Provokes every alert of alerts/*.yml by a real fault, sees it arrive at a webhook, and sees it resolve there."""

import argparse
import json
import re
import signal
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import boards  # noqa: E402
import drills  # noqa: E402
import stack  # noqa: E402
from scene import DRILLS, Drill, Failed, Scene  # noqa: E402

ROOT = stack.ROOT
FINE, MISSING, USAGE, NOT_STARTED, INTERRUPTED = 0, 1, 2, 3, 130


def parse():
    parser = argparse.ArgumentParser(
        prog="scripts/test_alerts.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""Every drill has a stack of its own (scripts/observatory up, and a PostgreSQL, a Redis or a disk where it needs
one), on free ports, and stops all of it, also when interrupted. Nothing that runs already is touched.

By default time is compressed: the rules are copied with `for`, windows, offsets and ages divided by --speed, and looked
at every second; thresholds and floors of traffic stay. With --real-time they are what they are, and so are scrapes (15 s)
and Alertmanager's waits.

Exit codes: 0 all arrived and resolved; 1 some did not, and what Prometheus says of those; 2 bad usage; 3 a stack did not
start; 130 interrupted.""")
    parser.add_argument("--list", action="store_true", help="the drills, their faults and alerts; and what has no drill")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these drills, or those of these alerts")
    parser.add_argument("--quick", action="store_true", help="three drills within 90 s: killed, Redis cut, candidate broken")
    parser.add_argument("--real-time", action="store_true", help="the rules as they are; without --only: drills of minutes")
    parser.add_argument("--speed", type=int, default=60, metavar="N", help="divide times by this, 2 to 600 (60)")
    parser.add_argument("--interval", type=int, default=1, metavar="S", help="between scrapes in compressed time (1)")
    parser.add_argument("--timeout", type=int, metavar="S", help="for an arrival, and for its end (150; --real-time: 1500)")
    parser.add_argument("--binary", help="the product (target/release/qr-observatory, else the debug build)")
    parser.add_argument("--dir", help="where stacks go, and stay (default: a folder that is deleted at the end)")
    parser.add_argument("--json", metavar="FILE", help="write the results there, too")
    parser.add_argument("--boards", action="store_true",
                        help="no fault: load of every kind, then scripts/check_dashboards --all and promtool check metrics")
    parser.add_argument("--table", nargs="+", metavar="FILE", help="run nothing: one table in Markdown of what --json wrote")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and check the compressed rules")
    parser.add_argument("--self-test", action="store_true", help="test the compressing of rules")
    args = parser.parse_args()
    if not 2 <= args.speed <= 600:
        parser.error("--speed must be 2 to 600")
    if not 1 <= args.interval <= 15:
        parser.error("--interval must be 1 to 15")
    args.timeout = args.timeout or (1500 if args.real_time else 150)
    args.keep = bool(args.dir)
    chosen = list(DRILLS.values())
    if args.only:
        known = set(DRILLS) | {alert for d in chosen for alert in d.alerts}
        for name in args.only:
            if name not in known:
                parser.error(f"nothing is called {name!r}: see --list")
        chosen = [d for d in chosen if d.name in args.only or set(d.alerts) & set(args.only)]
    elif args.quick:
        chosen = [d for d in chosen if d.quick]
    elif args.real_time:
        chosen = [d for d in chosen if d.real]
    return args, chosen


def alerts():
    """Every alert of this checkout: what it waits for, how bad it is, and whether it looks back over a window."""
    found = {}
    for file in sorted((ROOT / "alerts").glob("*.yml")):
        for block in re.split(r"\n\s*- alert: ", file.read_text())[1:]:
            wait = re.search(r"\n\s*for: (\S+)", block)
            severity = re.search(r"severity: (\w+)", block)
            looks_back = bool(re.search(r"\[[0-9]|rate[0-9]+[mhd]|time\(\)", block.split("labels:")[0]))
            name = block.split("\n", 1)[0].strip()
            found[name] = (wait[1] if wait else "0s", severity[1] if severity else "", looks_back)
    return found


def without_drill():
    drilled = {alert for d in DRILLS.values() for alert in d.alerts}
    return {name: drills.IMPOSSIBLE.get(name, "no drill") for name in alerts() if name not in drilled}


def show_list():
    for d in DRILLS.values():
        marks = [mark for mark in ("real", "quick", "root") if getattr(d, mark)]
        print(f"{d.name}{' (' + ', '.join(marks) + ')' if marks else ''}: {d.about}\n    {', '.join(d.alerts)}")
    left = without_drill()
    print(f"\n{len(DRILLS)} drills, {len(alerts()) - len(left)} of {len(alerts())} alerts. Without a drill:")
    for name, why in left.items():
        print(f"    {name}: {why}")


def dry_run(args, chosen):
    for d in chosen:
        print(f"{d.name}: would start a stack, then: {d.about} Expected: {', '.join(d.alerts)}")
    with tempfile.TemporaryDirectory() as folder:
        for part in ("alerts", "prometheus/rules"):
            stack.compress.folder(ROOT / part, Path(folder) / part, None if args.real_time else args.speed, args.interval)
        if shutil.which("promtool"):
            print(stack.run(["promtool", "check", "rules", *sorted(Path(folder).rglob("*.yml"))]).strip())


def find_binary(given):
    for file in [given] if given else [ROOT / "target/release/qr-observatory", ROOT / "target/debug/qr-observatory"]:
        if Path(file).is_file():
            return Path(file).resolve()
    raise stack.NotStarted(f"there is no {given or 'target/release/qr-observatory'}: cargo build --release, or --binary FILE")


def play(d, args, root):
    """The results of one drill, and "fine" or why it failed."""
    began, scene, what = time.monotonic(), None, "fine"
    folder = Path(root) / d.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    try:
        scene = Scene(d, folder, args)
        d.run(scene)
    except Failed as failed:
        what = str(failed)
    except stack.NotStarted as not_started:
        what = f"not started: {not_started}"
    except Exception as error:  # noqa: BLE001: the other drills go on
        what = f"broke: {error!r}"
    finally:
        results = list(scene.results()) if scene else []
        others = scene.others() if scene and scene.addresses else []
        if scene:
            scene.close()
    took = time.monotonic() - began
    print(f"{d.name:20} {took:5.0f} s  {what}" + (f"  (also heard: {', '.join(others)})" if others else ""), flush=True)
    for result in results:
        for line in result["why"]:
            print(f"    {result['alert']}: {line}" if line == result["why"][0] else f"      {line}")
    return results, what


def look_at_boards(args, root):
    folder = root / "boards"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    scene = Scene(Drill("boards", (), boards.check), folder, args)
    try:
        code, said = boards.check(scene)
    finally:
        scene.close()
    print(said)
    return code


def show(results, known):
    """The table, in Markdown."""
    print("\n| alert | fault | fires after (s) | fault to page (s) | mended to resolved (s) |\n|---|---|---|---|---|")
    for r in results:
        cells = [("–" if r[k] is None else f"{r[k]:.0f}") for k in ("fires_s", "page_s", "resolved_s")]
        print(f"| {r['alert']} | {r['fault']} | {' | '.join(cells)} |")
    good = sum(r["arrived"] and r["resolved"] for r in results)
    print(f"\n{good} of {len(results)} arrived and resolved; {len(known)} alerts in alerts/*.yml.")


# Alertmanager's group_wait, and what a scrape and a look at the rules take on average, both every 15 s.
GROUP_WAIT = {"page": 10, "ticket": 60, "info": 0}
LOOKS = 15
# Their expression has a window, but what they wait for has none: a verdict needs so many runs.
AT_ONCE = {"VerdictNoGo", "VerdictNoGoInShadow"}


def minutes(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def computed(result, wait, severity, looks_back):
    """Seconds from the fault to the page with uncompressed rules: until the condition held (times the speed where the rule
    has a window), plus `for`, plus Alertmanager's wait. One compressed second is a minute, so it is not exact."""
    if result["condition_s"] is None:
        return None
    # A scrape, a look at the rules and ours, all of a second.
    condition = max(0, result["condition_s"] - 2) * (result["speed"] if looks_back and result["alert"] not in AT_ONCE else 1)
    return condition + LOOKS + stack.compress.seconds(wait) + GROUP_WAIT[severity]


def table(files):
    """Of several results one table: for each alert what was measured in real time, and in compressed time."""
    found = {}
    for file in files:
        for r in json.loads(Path(file).read_text()):
            # The newest that is whole wins; drills may have changed since.
            if r["arrived"] and r["resolved"] and r["drill"] in DRILLS and r["alert"] in DRILLS[r["drill"]].alerts:
                found.setdefault((r["alert"], r["drill"]), {})["real" if r["real_time"] else "compressed"] = r
    known = alerts()
    order = {name: n for n, name in enumerate(DRILLS)}
    print("| alert | fault | real: to page | to resolved | compressed: to page | to resolved | computed: to page |")
    print("|---|---|---|---|---|---|---|")
    for (name, where), r in sorted(found.items(), key=lambda item: (order.get(item[0][1], 99), item[0][0])):
        wait, severity, looks_back = known.get(name, ("0s", "info", False))
        real, short = r.get("real"), r.get("compressed")
        cells = [f"{real[k]:.0f} s" if real else "" for k in ("page_s", "resolved_s")]
        cells += [f"{short[k]:.0f} s" if short else "" for k in ("page_s", "resolved_s")]
        guess = computed(short, wait, severity, looks_back) if short and not real else None
        fault = DRILLS[where].about
        print(f"| {name} ({severity}) | {fault} | {' | '.join(cells)} | {'' if guess is None else '≈ ' + minutes(guess)} |")
    left = [name for name in known if name not in {alert for alert, _ in found}]
    print(f"\n{len(known) - len(left)} of {len(known)} alerts." + (f" Missing: {', '.join(left)}" if left else ""))


def interrupted(*_):
    # Once: what is being stopped is stopped whole.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    args, chosen = parse()
    if args.self_test:
        return subprocess.run([sys.executable, "-m", "unittest", "-q", "test_compress"], cwd=Path(__file__).parent).returncode
    if args.list:
        show_list()
        return FINE
    if args.table:
        table(args.table)
        return FINE
    if args.dry_run:
        dry_run(args, chosen)
        return FINE
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    root = Path(args.dir).resolve() if args.dir else Path(tempfile.mkdtemp(prefix="qr-drills-", dir="/tmp"))
    root.mkdir(parents=True, exist_ok=True)
    results, code = [], FINE
    try:
        args.binary = find_binary(args.binary)
        if args.boards:
            return look_at_boards(args, root)
        for number, d in enumerate(chosen, 1):
            print(f"[{number}/{len(chosen)}] {d.name}: {', '.join(d.alerts)}", file=sys.stderr, flush=True)
            found, what = play(d, args, root)
            results += found
            if what != "fine":
                code = max(code, NOT_STARTED if what.startswith("not started") else MISSING)
            if args.json:
                Path(args.json).write_text(json.dumps(results, indent=1) + "\n")
    except stack.NotStarted as error:
        print(f"test_alerts: {error}", file=sys.stderr)
        return NOT_STARTED
    except KeyboardInterrupt:
        print("test_alerts: interrupted; everything that was started is stopped", file=sys.stderr)
        return INTERRUPTED
    finally:
        if not args.dir:
            shutil.rmtree(root, ignore_errors=True)
    show(results, alerts())
    return code


if __name__ == "__main__":
    sys.exit(main())
