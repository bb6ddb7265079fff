"""Redirects and Scans: people are sent on, and nothing that was accepted is lost."""

from parts import HEALTH, board as whole, high, low, quantile, quantiles, ratio, row, series, stat, timeline

HTTP = "http_server_request_duration_seconds"
R = 'http_route="/r/{slug}"'
# The objectives: 99.95 % are answered, 99 % within 25 ms.
AVAILABLE, FAST = 0.0005, 0.01
BURNS = ("ErrorBudgetBurn14x", "ErrorBudgetBurn6x", "ErrorBudgetBurn3x", "ErrorBudgetBurn1x")
BURN = [("green", None), ("yellow", 1), ("red", 14.4)]


def failures(window):
    return ratio(f'sum(rate(qr_redirects_total{{@,status="failure"}}[{window}]))',
                 f'sum(rate(qr_redirects_total{{@,status=~"success|failure"}}[{window}]))')


def slow(window):
    return f'(1 - sum(rate({HTTP}_bucket{{@,{R},le="0.025"}}[{window}])) / sum(rate({HTTP}_count{{@,{R}}}[{window}])))'


def recorded(window):
    """How fast a budget was used up in a window that alerts look at. Of whole jobs: those of the chosen instances."""
    return (f"job_slo:errors_per_requests:ratio_rate{window} / on (slo) group_left () slo:error_budget:ratio "
            "and on (job) count by (job) (qr_build_info{@})")


def board():
    now = row(
        "Now",
        stat("Redirects", "Answers of /r/{slug}, per second.", "sum(rate(qr_redirects_total{@}[~]))", "reqps",
             runbooks=("TrafficSurge", "TrafficDrop")),
        stat("Answered", "Of the redirects of codes that exist. The objective is 99.95 %.",
             f"1 - {failures('~')}",
             "percentunit", low(0.9, 0.9995), top=1, none="no redirects", runbooks="RedirectFailuresHigh"),
        stat("Slowest 1 %", "Take this long or longer. The objective is 25 ms.", quantile(0.99, HTTP, R), "s",
             high(0.01, 0.025), none="no redirects", runbooks="LatencyHigh"),
        stat("Waiting", "Scans that are accepted and not yet in the database.", "sum(qr_scans_backlog{@})", "short",
             high(1000, 10000), runbooks=("ScansBacklogGrowing", "ScansNotDrained")),
        stat("Not recorded", "In the time that is shown. Must be 0: somebody was sent on, and nobody knows.",
             "sum(increase(qr_scans_unrecorded_total{@}[~~]))", "short", [("green", None), ("red", 0.5)], graph=False,
             runbooks="ScansUnrecorded"),
        stat("Set aside", "Scans that the database refuses, in the time that is shown. Must be 0.",
             "sum(increase(qr_scans_set_aside_total{@}[~~]))", "short", [("green", None), ("red", 0.5)], graph=False,
             runbooks="ScansSetAside"),
    )
    redirects = row(
        "Redirects",
        series("By answer", "success, an unknown slug, a code that is no redirect, one that is over, one that asks for a password, a failure.",
               [("sum by (status) (rate(qr_redirects_total{@}[~]))", "{{status}}")], "reqps",
               runbooks=("UnknownSlugsHigh", "ClosedCodesScanned")),
        series("Failures", "Of the redirects of codes that exist. Above 10 % somebody is woken.",
               [(failures("~"), "failures")], "percentunit", high(0.0005, 0.1), low_end=0, none="no redirects",
               runbooks="RedirectFailuresHigh"),
        series("Duration", "From the head of the request to the answer; the scan is in the spool by then.",
               quantiles(HTTP, R), "s", high(0.01, 0.025), w=8, none="no redirects", runbooks="LatencyHigh"),
        series("p99 by node", "One slow node is usually its disk: the spool is synced there.",
               [(quantile(0.99, HTTP, R, "instance, "), "{{instance}}")], "s", high(0.01, 0.025), w=8, none="no redirects"),
        series("Slugs in memory", "Look-ups of slugs that memory answered: the others ask Redis or the database.",
               [(ratio('sum(rate(qr_cache_requests_total{@,tier="memory",space="slug",result="hit"}[~]))',
                       'sum(rate(qr_cache_requests_total{@,tier="memory",space="slug",result=~"hit|miss"}[~]))'), "hits")],
               "percentunit", [("red", None), ("green", 0.5)], w=8, low_end=0, top=1, none="no look-ups",
               runbooks="CacheHitRatioLow"),
    )
    objectives = row(
        "Objectives",
        stat("Budget left, failures", "Of the failures that 99.95 % allows, in the time that is shown. Choose 30 days for the "
             "objective itself.", f"1 - {failures('~~')} / {AVAILABLE}", "percentunit", low(0, 0.25), top=1, w=6, h=8,
             graph=False, none="no redirects", runbooks=BURNS),
        series("Budget burn, failures", "1 uses up the budget just at the end of its time; 14.4 in two days.",
               [(f"{failures('~')} / {AVAILABLE}", "now"), (f"{failures('~~')} / {AVAILABLE}", "in the time shown")], "short",
               BURN, w=6, low_end=0, none="no redirects", runbooks=BURNS),
        stat("Budget left, slowness", "Of the answers that may take longer than 25 ms (1 %), in the time that is shown.",
             f"1 - {slow('~~')} / {FAST}", "percentunit", low(0, 0.25), top=1, w=6, h=8, graph=False, none="no redirects",
             runbooks=BURNS),
        series("Budget burn, slowness", "As above, of the answers that took longer than 25 ms.",
               [(f"{slow('~')} / {FAST}", "now"), (f"{slow('~~')} / {FAST}", "in the time shown")], "short", BURN, w=6,
               low_end=0, none="no redirects", runbooks=BURNS),
    )
    objectives.append(
        series("Budget burn, as alerts see it", "Of all objectives (slo), in the windows that alerts look at, whatever time is "
               "shown: 14.4 over 1 h, 6 over 6 h, 3 over 1 d, 1 over 3 d.",
               [(recorded(window), "{{job}} {{slo}}, " + window) for window in ("1h", "6h", "1d", "3d")], "short", BURN,
               w=24, low_end=0, none="nothing was asked", runbooks=BURNS))
    scans = row(
        "Scans",
        series("Accepted", "By kind. genuine: from the symbol. shared: from a passed-on link. head, prefetch: not a person's.",
               [("sum by (kind) (rate(qr_scans_accepted_total{@}[~]))", "{{kind}}")], "ops", w=8, stacked=True),
        series("Accepted and stored", "What the spool takes and what the database gets: they differ while a backlog grows or "
               "drains.", [("sum(rate(qr_scans_accepted_total{@}[~]))", "accepted"),
                           ("sum(rate(qr_scans_stored_total{@}[~]))", "stored")], "ops", w=8),
        series("Backlog", "Scans in memory or in the spool, per node. Without a database it grows and nothing is lost.",
               [("sum by (instance) (qr_scans_backlog{@})", "{{instance}}")], "short", high(1000, 10000), w=8,
               runbooks=("ScansBacklogGrowing", "ScansNotDrained")),
        series("What must not happen", "unrecorded: in no place at all. set aside: the database refuses them. unsynced: answered "
               "before the commit was durable.",
               [("sum(rate(qr_scans_unrecorded_total{@}[~]))", "unrecorded"),
                ("sum(rate(qr_scans_set_aside_total{@}[~]))", "set aside"),
                ("sum(rate(qr_scans_unsynced_total{@}[~]))", "unsynced")], "ops", w=8,
               runbooks=("ScansUnrecorded", "ScansSetAside", "ScansUnsynced")),
        series("Dropped on purpose", "Scans whose code was deleted in the meantime.",
               [("sum by (instance) (rate(qr_scans_orphaned_total{@}[~]))", "{{instance}}")], "ops", w=8),
        timeline("Scans and disk", "What /health says of both, per node.",
                 [('max by (instance, check) (qr_health_status{@,check=~"scans|disk"})', "{{instance}} {{check}}")], HEALTH,
                 w=8, h=8, runbooks=("HealthFailing", "HealthDegraded")),
    )
    spool = row(
        "Spool",
        series("Commits", "Durable commits, by outcome.",
               [("sum by (outcome) (rate(qr_spool_commit_duration_seconds_count{@}[~]))", "{{outcome}}")], "ops", w=8,
               runbooks="SpoolFailing"),
        series("Duration of a commit", "Redirects wait for it, SCAN_ACK_TIMEOUT_MS (250 ms) at most.",
               quantiles("qr_spool_commit_duration_seconds"), "s", high(0.025, 0.25), w=8, none="no scans"),
        series("Scans in a commit", "One sync serves all redirects that wait at that moment.",
               [*quantiles("qr_spool_commit_scans"),
                ("sum(rate(qr_spool_commit_scans_sum{@}[~])) / sum(rate(qr_spool_commit_scans_count{@}[~]))", "mean")],
               "short", w=8, none="no scans"),
    )
    return whole("qr-redirects", "Redirects and Scans",
                 "Whether people are sent on, how fast, and what becomes of their scans.",
                 [now, redirects, objectives, scans, spool])
