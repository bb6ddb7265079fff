"""Analytics: time series, single scans, devices."""

import json

from product import API

from . import ANALYTICS, json_object, step, until


@step("analytics", ANALYTICS, "GET scan-timeseries, scan-logs, device-stats until they hold the scans (--wait)")
def analytics(run):
    types = {}

    def get(what):
        return json_object(run.server.get(f"{API}/{run.dynamic['id']}/analytics/{what}"))

    def series():
        sets = get("scan-timeseries?time_range=last7days").get("datasets") or {}
        sums = tuple(sum(sets.get(name) or [0]) for name in ("all_scans", "genuine_scans"))
        return None if sums == (2, 1) else f"{sums[0]} scans, {sums[1]} genuine"

    def logs():
        items = get("scan-logs?limit=100").get("items") or []
        people = [item for item in items if item.get("excluded") is None]
        heads = [item for item in items if item.get("excluded") == "head"]
        fine = len(people) == 2 and heads and sum(bool(i.get("is_genuine_scan")) for i in people) == 1
        return None if fine else f"{len(people)} scans of people, {len(heads)} of HEAD"

    def devices():
        types.clear()
        types.update(get("device-stats").get("device_types") or {})
        return None if sum(types.values()) == 2 else f"device_types {json.dumps(types)}"
    took = max(until(run.args.wait, series, "scan-timeseries with 2 scans, 1 genuine"),
               until(run.args.wait, logs, "scan-logs with 2 scans of people, 1 genuine, and HEAD told apart"),
               until(run.args.wait, devices, "device-stats with 2 scans"))
    return f"time series, single scans and devices ({json.dumps(types)}) hold them; after {took:.1f} s"
