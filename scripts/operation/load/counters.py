"""What the server counted between two looks at /metrics, in lines for people."""

import collections

ANSWERS = "http_server_request_duration_seconds"


def difference(before, after):
    """How much each series grew, as (name, labels, growth); None where a counter fell: it began anew."""
    past = {(name, *sorted(labels.items())): value for name, labels, value in before}
    grown = [(name, labels, value - past.get((name, *sorted(labels.items())), 0)) for name, labels, value in after]
    counters = (growth for name, _, growth in grown if name in (f"{ANSWERS}_count", "qr_cache_requests_total"))
    return None if any(growth < 0 for growth in counters) else grown


def server_errors(grown):
    """Answers of 500 and above, to all callers."""
    return sum(int(growth) for name, labels, growth in grown
               if name == f"{ANSWERS}_count" and labels.get("http_response_status_code", "").startswith("5"))


def routes(grown):
    """A line for each route and status that answered."""
    found = collections.defaultdict(lambda: {"count": 0, "sum": 0.0, "buckets": []})
    for name, labels, growth in grown:
        if name.startswith(f"{ANSWERS}_"):
            label = [labels.get(f"http_{part}", "-") for part in ("request_method", "route", "response_status_code")]
            row, part = found[" ".join(label)], name[len(ANSWERS) + 1:]
            if part == "bucket":
                row["buckets"].append((float(labels["le"]), growth))
            else:
                row[part] = growth
    for route, row in sorted(found.items()):
        if row["count"] > 0:
            within = [f"{share * 100:g} % within {bound(row, share)}" for share in (0.5, 0.99)]
            yield f"  {route:<52} {row['count']:9.0f} answers, mean {row['sum'] * 1000 / row['count']:.3f} ms, {', '.join(within)}"


def bound(row, share):
    """The smallest bucket that holds this share of the answers."""
    least = min((le for le, growth in row["buckets"] if growth >= share * row["count"]), default=float("inf"))
    return "longer" if least == float("inf") else f"{least * 1000:g} ms"


def caches(grown):
    """A line for each tier and space that was asked."""
    found = collections.defaultdict(collections.Counter)
    for name, labels, growth in grown:
        if name == "qr_cache_requests_total":
            result = labels.get("result")
            kind = result if result in ("hit", "miss") else "other"
            found[f"{labels.get('tier', '-')} {labels.get('space', '-')}"][kind] += growth
    for space, n in sorted(found.items()):
        asked = n["hit"] + n["miss"]
        if asked + n["other"] > 0:
            rate = f"hit rate {100 * n['hit'] / asked:.1f} %" if asked else "no hit rate"
            other = f", {n['other']:.0f} neither" if n["other"] else ""
            yield f"  cache {space:<46} {n['hit']:9.0f} hits, {n['miss']:.0f} misses, {rate}{other}"
