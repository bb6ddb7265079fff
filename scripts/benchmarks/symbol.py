"""Symbols and files beside other encoders: Rust's in one process by turns, the others in processes of their own.

Every peer makes a symbol at level M with the smallest version and a mask of its own choice, and a file from the text on.
Peers in other languages are timed inside their process, in rounds with ours; a ratio is of times of one round. One that
cannot be had is said to be absent.
"""

import collections
import json
import statistics
import subprocess

import tools
from tools import RELEASE, say

PROGRAM = RELEASE / "peers_rust"
C_PEERS = {"libqrencode": ("qrencode", "qrencode", "libqrencode-dev"), "zint": ("zint", "zint", "libzint-dev")}
# What docs/PERFORMANCE.md promises: output, peer, at least so many times as fast.
GOALS = [("symbol", "fast_qr", 20), ("symbol", "npm qr", 6), ("png", "qrcode", 40)]


def add_flags(parser):
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, for trials")
    parser.add_argument("--only", default="", metavar="PREFIX", help="such as png_300 or symbol/url30")


def lines(command, text=None):
    out = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True)
    if out.returncode:
        # A peer that fails is no reason to lose the others.
        say(f"{command[0]} failed: {out.stderr[-500:]}")
    return [json.loads(line) for line in out.stdout.splitlines()]


def others(args):
    """Peers in other languages: name, and how to time them."""
    turn_ms = 0.5 if args.quick else 2
    for name, (program, library, package) in C_PEERS.items():
        if not (built := tools.c_program(program, library, package)):
            say(f"{name}: absent")
        elif "symbol".startswith(args.only[:6]):
            yield name, [built, turn_ms]
    if folder := tools.node():
        yield "npm qr, node-qrcode", ["node", folder / "time_peers.mjs", turn_ms, args.only]
    else:
        say("npm qr, node-qrcode: absent")
    if python := tools.python():
        yield "segno, zxing-cpp", [python, tools.PEERS / "time_peers.py", turn_ms, args.only]
    else:
        say("segno, zxing-cpp: absent")


def beside_others(args, flags):
    inputs = subprocess.run([PROGRAM, "inputs"], check=True, capture_output=True, text=True).stdout
    # C programs know no prefix, only texts.
    wanted = "".join(line for line in inputs.splitlines(True)
                     if "/" not in args.only or f"symbol/{line.split(chr(9))[0]}".startswith(args.only))
    peers = list(others(args))
    measured = collections.defaultdict(list)
    for at in range(1 if args.quick else 3):
        say(f"round {at + 1} with peers in other languages")
        ours = {}
        for line in lines([PROGRAM, "alone", *flags]):
            best = ours.setdefault(line["bench"], line)
            if line["ns"] < best["ns"]:
                ours[line["bench"]] = line
        for name, command in peers:
            text = wanted if name in C_PEERS else inputs
            for line in lines(command, text):
                if mine := ours.get(line["bench"]):
                    measured[line["bench"], line["peer"]].append((mine, line))
    for (bench, peer), pairs in measured.items():
        mine, line = pairs[0]
        yield {"bench": bench, "cpu": mine["cpu"], "ours_ns": statistics.median(mine["ns"] for mine, _ in pairs),
               "peer": peer, "peer_ns": statistics.median(line["ns"] for _, line in pairs),
               "ratio": round(statistics.median(line["ns"] / mine["ns"] for mine, line in pairs), 2),
               "ours_bytes": mine["bytes"], "peer_bytes": line["bytes"]}


def fastest(results):
    """One result per bench and peer: with the CPU features that are fastest here."""
    best = {}
    for result in results:
        key = result["bench"], result["peer"]
        if key not in best or result["ours_ns"] < best[key]["ours_ns"]:
            best[key] = result
    return best


def table(results):
    best = fastest(results)
    outputs = list(dict.fromkeys(bench.split("/")[0] for bench, _ in best))
    for output in outputs:
        rows = [bench for bench in dict.fromkeys(bench for bench, _ in best) if bench.startswith(f"{output}/")]
        peers = list(dict.fromkeys(peer for bench, peer in best if bench in rows))
        say(f"\n{output}: ours in µs, peers as multiples of it" + ("" if output == "symbol" else "; bytes"))
        say(" " * 12 + "".join(f"{name[:17]:>19}" for name in ["ours", *peers]))
        for bench in rows:
            first = next(best[bench, peer] for peer in peers if (bench, peer) in best)
            ours = statistics.median(best[bench, peer]["ours_ns"] for peer in peers if (bench, peer) in best)
            cells = [cell(f"{ours / 1000:.1f}", first["ours_bytes"])]
            for peer in peers:
                result = best.get((bench, peer))
                cells.append(cell(f"{result['ratio']:.1f}×", result["peer_bytes"]) if result else f"{'–':>19}")
            say(f"{bench.split('/')[1]:12}" + "".join(cells))
    by_cpu(results)
    goals(best)


def cell(text, size):
    return f"{text if size is None else f'{text} {size:7}':>19}"


def by_cpu(results):
    """The same symbols with fewer CPU features, beside fast_qr."""
    rows = collections.defaultdict(dict)
    for result in results:
        if result["peer"] == "fast_qr" and result["bench"].startswith("symbol/"):
            rows[result["bench"]][result["cpu"]] = result
    cpus = list(dict.fromkeys(cpu for row in rows.values() for cpu in row))
    if cpus:
        say("\nsymbol by CPU features: ours in µs, fast_qr as multiple of it")
        say(" " * 12 + "".join(f"{cpu:>19}" for cpu in cpus))
    for bench, row in rows.items():
        said = [f"{row[cpu]['ours_ns'] / 1000:8.1f} {row[cpu]['ratio']:6.1f}×" for cpu in cpus]
        say(f"{bench.split('/')[1]:12}" + "".join(f"{one:>19}" for one in said))


def goals(best):
    say("")
    for output, peer, least in GOALS:
        ratios = {bench: result["ratio"] for (bench, name), result in best.items()
                  if name == peer and bench.startswith(output)}
        if ratios:
            worst = min(ratios, key=ratios.get)
            say(f"goal: {output} ≥ {least} × {peer}: {'reached' if ratios[worst] >= least else 'NOT reached'}, "
                f"least {ratios[worst]:.1f} × ({worst})")
    sizes = {bench: result["ours_bytes"] / result["peer_bytes"] for (bench, name), result in best.items()
             if name == "qrcode, best compression"}
    if sizes:
        worst = max(sizes, key=sizes.get)
        say(f"goal: png no larger than qrcode's best compression: {'reached' if sizes[worst] <= 1 else 'NOT reached'}, "
            f"most {sizes[worst]:.2f} × ({worst})")


def run(args):
    if not args.no_build:
        tools.build("symbol", "fast_qr_png")
    flags = [*(["--quick"] if args.quick else []), *(["--only", args.only] if args.only else [])]
    say("with peers in Rust, by turns")
    results = lines([PROGRAM, "compare", *flags])
    results += beside_others(args, flags)
    table(results)
    memory = [line for line in lines([RELEASE / "memory"]) if line["bench"].removeprefix("memory/").startswith(args.only)]
    say("\nheap per symbol: bytes asked for, most held at once (tables apart)")
    for line in memory:
        say(f"{line['bench'].removeprefix('memory/'):20}{line['allocated_bytes']:9}{line['peak_bytes']:9}")
    return results + memory
