"""Metrics: what the run did must have moved them."""

import product

from . import METRICS, Failed, Skipped, step


def first_look(run):
    """What is compared with at the end."""
    run.before, run.blind = run.metrics.look()
    if run.before is None and run.metrics.named:
        raise Failed(f"metrics at {run.metrics.server.url}", run.blind)


@step("metrics", METRICS, "GET /metrics before and after: redirects, images of each format, creations, requests went up")
def metrics(run):
    if run.before is None:
        raise Skipped(run.blind)
    after, why = run.metrics.look()
    if after is None:
        raise Failed("metrics, as at the beginning", why)
    started = "process_start_time_seconds"
    if product.total(after, started) != product.total(run.before, started):
        raise Failed("the same process as at the beginning", "another one: it was restarted, or a balancer is in between",
                     "ask one node: --metrics-url with --url")
    wanted = [("qr_redirects_total", {"status": "success"}), ("qr_creations_total", {"status": "success"}),
              ("http_server_request_duration_seconds_count", {})]
    wanted += [("qr_images_total", {"status": "success", "format": kind})
               for kind in sorted({"jpeg" if k == "jpg" else k for k in run.formats})]
    words = []
    for name, labels in wanted:
        past = product.total(run.before, name, **labels) or 0
        present = product.total(after, name, **labels) or 0
        text = f"{name}{{{','.join(f'{k}={v}' for k, v in labels.items())}}}" if labels else name
        if present <= past:
            raise Failed(f"{text} higher than {past:g}, which it was before", f"{present:g}",
                         "if a balancer is in between, these are another node's: --url of one node")
        words.append(f"{labels.get('format', name)} +{present - past:g}")
    for name in ("qr_scans_unrecorded_total", "qr_scans_set_aside_total"):
        if product.total(after, name):
            run.warn(f"{name} is {product.total(after, name):g}; it must stay 0")
    return ", ".join(words)
