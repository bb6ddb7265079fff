"""The report: latencies, hit rates, one JSON document, one table."""

import array
import collections
import math

from . import ERRORS, FINE, INTERRUPTED, part


def per_second(count, seconds):
    return round(count / seconds, 3) if seconds > 0 else 0.0


QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


def latency(seconds):
    """Nearest ranks, in milliseconds; of answers only."""
    if not seconds:
        return None
    ranked = sorted(seconds)
    ms = {"min": ranked[0], "mean": math.fsum(ranked) / len(ranked)}
    for name, quantile in QUANTILES.items():
        # Rounded first: 0.999 * 1000 is a little more than 999 as a float.
        ms[name] = ranked[max(0, math.ceil(round(quantile * len(ranked), 6)) - 1)]
    ms["max"] = ranked[-1]
    return {name: round(value * 1000, 4) for name, value in ms.items()}


def counted(before, after):
    """Hits, misses and their rate between two looks; None where a counter is missing or began anew."""
    figures = {}
    for name in ("hits", "misses"):
        first, last = before.get(name), after.get(name)
        if not all(isinstance(n, (int, float)) for n in (first, last)) or last < first:
            return None
        figures[name] = last - first
    asked = figures["hits"] + figures["misses"]
    figures["hit_rate"] = round(figures["hits"] / asked, 6) if asked else None
    return figures


def spaces(report):
    listed = part(report, "memory").get("spaces")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return {row["space"]: row for row in rows if isinstance(row.get("space"), str)}


def images(difference):
    """Both renderers together."""
    rows = [row for name, row in difference.items() if name.startswith("render_") and row]
    hits, misses = (sum(row[name] for row in rows) for name in ("hits", "misses"))
    rate = round(hits / (hits + misses), 6) if hits + misses else None
    return {"hits": hits, "misses": misses, "hit_rate": rate} if rows else None


def cache_difference(before, after):
    """What the caches did in between; None without statistics."""
    if before is None or after is None:
        return None
    first, last = spaces(before), spaces(after)
    by_space = {name: counted(first[name], last[name]) for name in last if name in first}
    redis = counted(part(before, "redis"), part(after, "redis"))
    return {"memory": counted(part(before, "memory"), part(after, "memory")), "redis": redis, "spaces": by_space,
            "images": images(by_space)}


def summary(run, server, cleanup, times):
    """Everything, as it goes into --json."""
    phases = [phase.report() for phase in run.phases]
    statuses, unanswered = collections.Counter(), collections.Counter()
    everything = array.array("d")
    for phase in run.phases:
        statuses.update(phase.statuses)
        unanswered.update(phase.unanswered)
        everything.extend(phase.latencies)
    seconds = math.fsum(phase.seconds for phase in run.phases)
    args = run.args
    report = {
        "report": "qr-observatory load test", "format": 1, "url": run.target.url, "server": server,
        "started_at": times[0].isoformat(timespec="milliseconds"), "took_seconds": round(times[1], 3),
        "settings": {"payloads": args.payloads, "concurrency": args.concurrency, "requests": args.requests,
                     "duration_seconds": args.duration, "codes": args.codes, "cold_warm": args.cold_warm,
                     "timeout_seconds": args.timeout},
        "runs": phases,
        "total": {"requests": sum(p["requests"] for p in phases), "seconds": round(seconds, 6),
                  "throughput_per_second": per_second(len(everything), seconds),
                  "bytes": sum(p["bytes"] for p in phases), "latency_ms": latency(everything),
                  "status": {str(status): n for status, n in sorted(statuses.items())},
                  "unanswered": dict(sorted(unanswered.items())),
                  "wrong_images": sum(p["wrong_images"] for p in phases),
                  "errors": sum(p["errors"] for p in phases), "cache": cache_difference(run.first, run.last)},
        "cache": {"before": run.first, "after": run.last} if run.first is not None else None,
        "codes": cleanup, "client": {"cpu_percent": times[2]}, "interrupted": run.interrupted,
        "refused": str(run.refused) if run.refused else None,
    }
    report["exit_code"] = exit_code(run, report)
    return report


def exit_code(run, report):
    if run.refused:
        return run.refused.code
    if run.interrupted:
        return INTERRUPTED
    return ERRORS if report["total"]["errors"] or report["codes"]["left"] != 0 else FINE


def percent(difference, *path):
    rate = part(difference, *path).get("hit_rate")
    return "-" if rate is None else f"{rate * 100:.1f} %"


def table(report):
    head = ["payload", "phase", "requests", "per s", *(q.replace("_", ".") for q in QUANTILES), "max", "errors", "MiB",
            "images", "memory", "redis"]
    rows = [head]
    whole = {**report["total"], "payload": "all", "phase": ""}
    for run in [*report["runs"], *([whole] if len(report["runs"]) > 1 else [])]:
        ms = run["latency_ms"] or {}
        cells = [f"{ms[name]:.2f}" if name in ms else "-" for name in (*QUANTILES, "max")]
        rows.append([run["payload"], run["phase"], str(run["requests"]), f"{run['throughput_per_second']:.0f}", *cells,
                     str(run["errors"]), f"{run['bytes'] / 2**20:.1f}",
                     *(percent(run["cache"], tier) for tier in ("images", "memory", "redis"))])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                       for column, (cell, width) in enumerate(zip(row, widths))) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def show(report):
    print(f"{report['url']} (version {report['server']['version']}), {report['settings']['concurrency']} connections; "
          "latencies in ms; hit rates of images, of all of the memory tier, of Redis")
    print(table(report))
    total = report["total"]
    listed = [f"{status}: {n}" for status, n in (*total["status"].items(), *total["unanswered"].items())]
    wrong = f"; wrong images: {total['wrong_images']}" if total["wrong_images"] else ""
    print(f"answers: {', '.join(listed) or 'none'}{wrong}")
    codes = report["codes"]
    print(f"codes: {codes['created']} made, {codes['deleted']} deleted")
