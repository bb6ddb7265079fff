"""Analytics Deep Dive: who answers, from what, and how long it takes."""

from parts import BREAKER, board as whole, high, low, mapping, quantile, quantiles, ratio, row, series, stat, timeline

ARM, STORE = "qr_arm_duration_seconds", "qr_store_operation_duration_seconds"
HTTP = "http_server_request_duration_seconds"
E = 'experiment="analytics"'
SPACE = 'space=~"analytics_.*"'
ASKED = 'http_route=~".*(analytics|timeline).*"'
READS = 'operation=~"scans..*",operation!~"scans.(record|rollup_.*)"'
ROLLUPS = 'operation=~"scans.rollup_.*"'


def hits(tier, results, by=""):
    return ratio(f'sum {by}(rate(qr_cache_requests_total{{@,{SPACE},tier="{tier}",result="hit"}}[~]))',
                 f'sum {by}(rate(qr_cache_requests_total{{@,{SPACE},tier="{tier}",result=~"{results}"}}[~]))')


def board():
    now = row(
        "Now",
        stat("Questions", "For statistics, timelines and scan logs, in every dialect.",
             f"sum(rate({HTTP}_count{{@,{ASKED}}}[~]))", "reqps"),
        stat("Slowest 1 %", "Of those questions, as callers see it.", quantile(0.99, HTTP, ASKED), "s", high(0.1, 0.5),
             none="no questions"),
        stat("Candidate's share", "What part of the runs was sent to the candidate.",
             ratio(f'sum(rate(qr_routes_total{{@,{E},route="candidate"}}[~]))', f"sum(rate(qr_routes_total{{@,{E}}}[~]))"),
             "percentunit", low_end=0, top=1, none="no runs"),
        stat("Hits in memory", "Look-ups of both implementations that memory answered.", hits("memory", "hit|miss"),
             "percentunit", low(0.2, 0.5), low_end=0, top=1, none="no look-ups"),
        stat("Scans stored", "Per second: what the numbers are made of.", "sum(rate(qr_scans_stored_total{@}[~]))", "ops"),
        stat("Rollups incomplete", "Codes that are answered from their rows until their rollups hold everything.",
             "max(qr_rollup_incomplete_codes{@})", "short", [("green", None), ("yellow", 1)]),
    )
    asked = row(
        "Questions",
        series("By route", "Route templates of statistics.",
               [(f"sum by (http_route) (rate({HTTP}_count{{@,{ASKED}}}[~]))", "{{http_route}}")], "reqps"),
        series("p99 by route", "As callers see it.", [(quantile(0.99, HTTP, ASKED, "http_route, "), "{{http_route}}")], "s",
               high(0.1, 0.5)),
    )
    arms = row(
        "Both arms",
        series("Runs", "control: counted from rows. candidate: from rollups. remembered: from the arm's cache.",
               [(f"sum by (arm, outcome) (rate(qr_arm_requests_total{{@,{E}}}[~])) > 0", "{{arm}} {{outcome}}")], "ops", w=8,
               none="no runs"),
        series("Control", "Duration of a run of the control. The line is the objective (QR_ANALYTICS_OBJECTIVE_MS).",
               quantiles(ARM, f'{E},arm="control"'), "s", [("green", None), ("red", 0.1)], w=8, none="no runs"),
        series("Candidate", "The same of the candidate.", quantiles(ARM, f'{E},arm="candidate"'), "s",
               [("green", None), ("red", 0.1)], w=8, none="no runs"),
        series("p95, candidate to control", "Below 1 the candidate is faster.",
               [(ratio(quantile(0.95, ARM, f'{E},arm="candidate"'), quantile(0.95, ARM, f'{E},arm="control"')),
                 "candidate / control")], "short", high(1.1, 1.5), w=8, low_end=0, none="no runs",
               runbooks=("CandidateSlower", "CandidateAboveBaseline")),
        series("Shadows by result", "The same question through both arms. noise: the control compared with itself.",
               [(f"sum by (result) (rate(qr_shadow_total{{@,{E}}}[~]))", "{{result}}")], "ops", w=8,
               runbooks="ShadowMismatches"),
        timeline("Breaker", "Of this experiment, per node. More: Rollout Go/No-Go.",
                 [(f"max by (instance) (qr_breaker_state{{@,{E}}})", "{{instance}}")], BREAKER, w=8, h=8,
                 runbooks="BreakerOpen"),
    )
    cache = row(
        "What is remembered",
        series("Hit ratio", "Memory, each implementation for itself. New scans make what is remembered stale every "
               "ANALYTICS_REFRESH_MS, so a busy code misses rightly.",
               [(hits("memory", "hit|miss", "by (space) "), "{{space}}")], "percentunit", low_end=0, top=1, none="no look-ups"),
        series("Look-ups", "By tier, space and result.",
               [(f"sum by (tier, space, result) (rate(qr_cache_requests_total{{@,{SPACE}}}[~]))",
                 "{{tier}} {{space}} {{result}}")], "ops"),
        series("Made or fetched", "What making an answer costs, and what fetching it from Redis costs: moving averages, the "
               "dearest node's.",
               [(f"max by (space, kind) (qr_cache_make_seconds{{@,{SPACE}}})", "make {{space}} {{kind}}"),
                (f"max by (space, kind) (qr_cache_fetch_seconds{{@,{SPACE}}})", "fetch {{space}} {{kind}}")], "s",
               log=True, none="no Redis"),
        timeline("Kept in Redis", "Where making is dearer than fetching.",
                 [(f"max by (space, kind) (qr_cache_admitted{{@,{SPACE}}})", "{{space}} {{kind}}")],
                 mapping((0, "no", "blue"), (1, "yes", "green")), h=8, none="no Redis"),
    )
    sources = row(
        "What it is made of",
        series("Scans by kind", "Accepted by a redirect. genuine: from the symbol. shared: from a passed-on link. head, "
               "prefetch: not a person's.", [("sum by (kind) (rate(qr_scans_accepted_total{@}[~]))", "{{kind}}")], "ops", w=8,
               stacked=True),
        series("Genuine", "Of the scans of persons, those that came from the symbol itself.",
               [(ratio('sum(rate(qr_scans_accepted_total{@,kind="genuine"}[~]))',
                       'sum(rate(qr_scans_accepted_total{@,kind=~"genuine|shared"}[~]))'), "genuine")], "percentunit", w=8,
               low_end=0, top=1, none="no scans"),
        series("Scans in the time that is shown", "By kind.",
               [("sum by (kind) (increase(qr_scans_accepted_total{@}[~~]))", "{{kind}}")], "short", w=8),
        series("Reads of the database", "Operations that statistics are answered from.",
               [(f"sum by (operation) (rate({STORE}_count{{@,{READS}}}[~]))", "{{operation}}")], "ops", w=8),
        series("p95 of those reads", "By operation; one that did not happen has no line.",
               [(quantile(0.95, STORE, READS, "operation, "), "{{operation}}")], "s", high(0.02, 0.1), w=8,
               none="no reads"),
        series("Time in those reads", "Seconds of database time in each second, by operation.",
               [(f"sum by (operation) (rate({STORE}_sum{{@,{READS}}}[~]))", "{{operation}}")], "short", w=8, stacked=True),
    )
    rollups = row(
        "Rollups",
        series("Incomplete", "Codes whose rollups do not hold all of their scans yet, as each node sees it. It falls by "
               "itself after an upgrade.", [("max by (instance) (qr_rollup_incomplete_codes{@})", "{{instance}}")], "short", w=8),
        series("Rebuilt", "Codes whose rollups were built from their rows.",
               [("sum by (instance) (rate(qr_rollup_rebuilt_codes_total{@}[~]))", "{{instance}}")], "ops", w=8),
        series("Upkeep", "Time of the operations that build rollups, p95.",
               [(quantile(0.95, STORE, ROLLUPS, "operation, "), "{{operation}}")], "s", w=8, none="none was built"),
    )
    return whole("qr-analytics", "Analytics Deep Dive",
                 "Statistics and timelines: both arms of the experiment, what is remembered, what the numbers are made of.",
                 [now, asked, arms, cache, sources, rollups])
