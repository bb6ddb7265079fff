"""System Health Overview: is anything wrong, and which board says more."""

from parts import (HEALTH, READY, UP, board as whole, high, low, mapping, quantile, quantiles, ratio, row, series,
                   stat, timeline, VERDICT, verdict)

HTTP = "http_server_request_duration_seconds"
# What is not a person's or a program's question: probes and the scrape.
ASKED = 'http_route!~"/metrics|/health.*"'
API = 'http_route=~"/api/.+|/v1/.+|/qr|/chart"'
# Alerts about all nodes together have no instance.
ANY = 'instance=~"$instance|"'
FAILED = 'http_response_status_code=~"5.."'


def rate(matchers, by=""):
    return f"sum {by}(rate({HTTP}_count{{@,{matchers}}}[~]))"


def firing(severity):
    return f'count(ALERTS{{alertstate="firing",severity="{severity}",{ANY}}}) or vector(0)'


def board():
    now = row(
        "Now",
        stat("Nodes", "Nodes that Prometheus reaches, and those that it does not.",
             [('sum(up{job=~"qr-observatory.*",@})', "up"), ('count(up{job=~"qr-observatory.*",@} == 0) or vector(0)', "down")],
             "short", [("green", None)], runbooks="InstanceDown"),
        stat("Health", "The worst check of the worst node, as /health answers it.", "max(qr_health_status{@})",
             mappings=HEALTH, runbooks=("HealthFailing", "HealthDegraded")),
        stat("Alerts firing", "Of all severities; the watchdog, which always fires, is left out.",
             [(firing("page"), "page"), (firing("ticket"), "ticket")],
             "short", [("green", None), ("red", 1)], graph=False),
        stat("Redirects answered", "Of the redirects of codes that exist. The objective is 99.95 %.",
             ratio('sum(rate(qr_redirects_total{@,status="success"}[~]))',
                   'sum(rate(qr_redirects_total{@,status=~"success|failure"}[~]))'),
             "percentunit", low(0.9, 0.9995), top=1, none="no redirects", runbooks="RedirectFailuresHigh"),
        stat("API errors", "5xx, of all answers under /api and of the drop-in dialects. The objective is 0.1 %.",
             ratio(f"({rate(f'{API},{FAILED}')} or vector(0))", rate(API)),
             "percentunit", high(0.001, 0.05), low_end=0, none="no requests", runbooks="ApiErrorsHigh"),
        stat("Slowest 1 %", "Of all requests but probes: the slowest one of a hundred takes this long or longer.",
             quantile(0.99, HTTP, ASKED), "s", high(0.5, 1), none="no requests", runbooks=("LatencyHigh", "LatencyP95High")),
    )
    traffic = row(
        "Traffic",
        series("Requests by route", "The ten busiest route templates.",
               [(f'topk(10, {rate(ASKED, "by (http_route) ")})', "{{http_route}}")], "reqps",
               runbooks=("TrafficSurge", "TrafficDrop")),
        series("Requests by status", "Answers by status code, probes included.",
               [(f"sum by (http_response_status_code) (rate({HTTP}_count{{@}}[~]))", "{{http_response_status_code}}")],
               "reqps", stacked=True),
        series("Against the baseline", "Requests per second divided by those when the baseline was captured, per route.",
               [(f"sum by (http_route) (rate({HTTP}_count{{@}}[~])) "
                 "/ (sum by (http_route) (qr_baseline_request_rate{@}) > 0)", "{{http_route}}")],
               "short", none="no baseline", low_end=0, w=8, runbooks=("TrafficSurge", "TrafficDrop")),
        series("Being answered", "Requests under way, per node.",
               [("sum by (instance) (http_server_active_requests{@})", "{{instance}}")], w=8),
        series("Errors by kind", "Errors answered, by kind: internal, unavailable and timeout are ours, the others the "
               "caller's.", [("sum by (kind) (rate(qr_errors_total{@}[~]))", "{{kind}}")], "ops", w=8),
    )
    latency = row(
        "Latency",
        series("All requests", "Probes and scrapes left out.", quantiles(HTTP, ASKED), "s", high(0.5, 1), w=8,
               runbooks=("LatencyHigh", "LatencyP95High")),
        series("p99 by route", "The ten slowest route templates.",
               [(f'topk(10, {quantile(0.99, HTTP, ASKED, "http_route, ")})', "{{http_route}}")], "s", high(0.5, 1), w=8,
               runbooks="LatencyHigh"),
        series("p95 against the baseline", "Divided by what it was when the baseline was captured, per route: at 1.5 it "
               "takes half as long again.",
               [(f'{quantile(0.95, HTTP, by="http_route, ")} '
                 '/ (max by (http_route) (qr_baseline_duration_seconds{@,q="0.95"}) > 0)', "{{http_route}}")],
               "short", high(1.25, 1.5), none="no baseline", low_end=0, w=8, runbooks="LatencyAboveBaseline"),
    )
    states = row(
        "State",
        timeline("Checks", "What /health says: the worst node's.",
                 [("max by (check) (qr_health_status{@})", "{{check}}")], HEALTH, runbooks=("HealthFailing", "HealthDegraded")),
        timeline("Ready", "Whether a node takes traffic: warmed up, and not being stopped.",
                 [("min by (instance) (qr_ready{@})", "{{instance}}")], READY, w=6, runbooks="InstanceNotReady"),
        timeline("Reached", "Whether Prometheus reached the node.",
                 [('min by (instance) (up{job=~"qr-observatory.*",@})', "{{instance}}")], UP, w=6, runbooks="InstanceDown"),
        timeline("Verdicts", "What the evidence says of each experiment. More: Rollout Go/No-Go.",
                 [(verdict(), "{{experiment}}")], VERDICT, runbooks="VerdictNoGo"),
        timeline("Alerts", "Every alert while it fires, the watchdog left out.",
                 [(f'max by (alertname) (ALERTS{{alertstate="firing",alertname!="Watchdog",{ANY}}})', "{{alertname}}")],
                 mapping((1, "firing", "red")), none="nothing fires"),
    )
    product = row(
        "Product",
        series("Creations", "Codes created, by type and outcome.",
               [("sum by (qr_type, status) (rate(qr_creations_total{@}[~]))", "{{qr_type}} {{status}}")], "ops", w=8),
        series("Images", "Images answered, by dialect, format and outcome; failure: refused, too.",
               [("sum by (dialect, format, status) (rate(qr_images_total{@}[~]) > 0)", "{{dialect}} {{format}} {{status}}")], "ops",
               w=8, none="no images", runbooks="ImagesFailing"),
        series("Grades", "Styled symbols by their grade (after ISO/IEC 15415), and those that were refused for it.",
               [('sum by (grade) (rate(qr_symbol_grades_total{@,status="success"}[~]))', "{{grade}}"),
                ('sum(rate(qr_symbol_grades_total{@,status="failure"}[~]))', "refused")], "ops", w=8, runbooks="GradesRefused"),
        series("Styles", "Styled symbols by their pattern and finder patterns.",
               [('sum by (word) (rate(qr_style_features_total{@,feature="pattern"}[~]))', "{{word}}"),
                ('sum by (word) (rate(qr_style_features_total{@,feature="eye-border"}[~]))', "eye {{word}}")], "ops", w=8),
        series("Gates", "Scans at gates of events, let through and refused; and how long the slowest of twenty takes.",
               [('sum by (direction, result) (rate(qr_checkins_total{@}[~]))', "{{direction}} {{result}}")], "ops", w=8,
               none="no scans", runbooks="CheckinsRefusedHigh"),
        series("Gates, 95 %", "Duration of a scan at a gate until it is in the ledger.",
               [("histogram_quantile(0.95, sum by (le) (rate(qr_checkin_duration_seconds_bucket{@}[~])))", "95 %")], "s", w=8,
               none="no scans", runbooks="CheckinsSlow"),
        series("Tokens", "Tokens that somebody showed, by kind and result.",
               [("sum by (kind, result) (rate(qr_tokens_verified_total{@}[~]) > 0)", "{{kind}} {{result}}")], "ops", w=8,
               none="no tokens"),
        series("Sign-ins", "Sessions that began, and credentials that were refused.",
               [('sum(rate(qr_sign_ins_total{@,outcome="ok"}[~]))', "began"),
                ('sum by (how) (rate(qr_sign_ins_total{@,outcome="error"}[~]))', "refused: {{how}}")], "ops", w=8,
               runbooks="SignInFailuresHigh"),
        series("Limited", "Requests that were refused because there were too many, by limit; and actions that the policy refused.",
               [("sum by (limit) (rate(qr_rate_limited_total{@}[~]))", "{{limit}}"),
                ("sum(rate(qr_refused_actions_total{@}[~]))", "not permitted")], "ops", w=8, runbooks="RateLimitedHigh"),
        series("Sessions", "People who are signed in.", [("max(qr_sessions{@})", "sessions")], "short", w=8,
               runbooks="SessionsGrowing"),
        series("Scans", "Accepted by a redirect, and stored in the database. More: Redirects and Scans.",
               [("sum(rate(qr_scans_accepted_total{@}[~]))", "accepted"), ("sum(rate(qr_scans_stored_total{@}[~]))", "stored")],
               "ops", w=8, runbooks=("ScansBacklogGrowing", "ScansNotDrained")),
        stat("Hits in memory", "Look-ups that memory answered. More: Cache.",
             ratio('sum(rate(qr_cache_requests_total{@,tier="memory",result="hit"}[~]))',
                   'sum(rate(qr_cache_requests_total{@,tier="memory",result=~"hit|miss"}[~]))'),
             "percentunit", low(0.5, 0.8), low_end=0, top=1, none="no look-ups", runbooks="CacheHitRatioLow"),
        stat("Memory", "Used, of what the node may use: its control group's limit or the machine's memory; the worst node's.",
             "max(qr_memory_used_bytes{@} / (qr_memory_limit_bytes{@} > 0))", "percentunit", high(0.8, 0.9), low_end=0,
             top=1, runbooks="MemoryHigh"),
        stat("Disk free", "Of the data folder's disk; the worst node's.",
             "min(qr_disk_free_bytes{@} / (qr_disk_size_bytes{@} > 0))", "percentunit", low(0.05, 0.15), low_end=0,
             top=1, runbooks=("DiskAlmostFull", "DiskLow")),
        stat("Database", "Operations that failed, of all. More: Database.",
             ratio('sum(rate(qr_store_operation_duration_seconds_count{@,outcome="error"}[~]))',
                   "sum(rate(qr_store_operation_duration_seconds_count{@}[~]))"),
             "percentunit", high(0.01, 0.05), low_end=0, none="no operations", runbooks="DatabaseErrorsHigh"),
        stat("Passwords refused", "Of the password checks that had to run the slow hash, per second.",
             'sum(rate(qr_password_checks_total{@,outcome="error"}[~]))', "ops", high(1, 10)),
        stat("Versions", "What is running, and on how many nodes.",
             [("count by (version) (qr_build_info{@})", "{{version}}")], "short", graph=False, text="value_and_name"),
    )
    return whole("qr-health", "System Health Overview",
                 "Whether anything is wrong, on one page; the other boards say more.",
                 [now, traffic, latency, states, product])
