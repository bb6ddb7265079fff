"""Database: what is asked of it, how long that takes, and who waits."""

from parts import HEALTH, board as whole, high, quantile, quantiles, ratio, row, series, stat, timeline

STORE = "qr_store_operation_duration_seconds"
# The spool is a file of its own, beside the process.
D, SPOOL = 'operation!~"spool..*"', 'operation=~"spool..*"'


def failed(by=""):
    return ratio(f'sum {by}(rate({STORE}_count{{@,{D},outcome="error"}}[~]))', f"sum {by}(rate({STORE}_count{{@,{D}}}[~]))")


def board():
    used = "sum by (pool) (qr_store_connections{@,state=\"used\"})"
    now = row(
        "Now",
        stat("Operations", "Per second, all nodes together.", f"sum(rate({STORE}_count{{@,{D}}}[~]))", "ops"),
        stat("Failed", "Of all operations.", failed(), "percentunit", high(0.01, 0.05), low_end=0, none="no operations",
             runbooks="DatabaseErrorsHigh"),
        stat("Slowest 1 %", "Of all operations.", quantile(0.99, STORE, D), "s", high(0.1, 0.5), none="no operations",
             runbooks="DatabaseSlow"),
        stat("Health", "What /health says of the database; the worst node's. warn: it takes longer than 250 ms.",
             'max(qr_health_status{@,check="database"})', mappings=HEALTH, runbooks="DatabaseDown"),
        stat("Connections in use", "Of those that a pool may have; the fullest one's. At 100 % operations wait. SQLite's "
             "one writer, which is always all or nothing, is left out.",
             'max(sum by (instance, pool) (qr_store_connections{@,state="used"}) '
             "/ (sum by (instance, pool) (qr_store_connections_max{@}) > 1))", "percentunit", high(0.7, 0.9), low_end=0,
             top=1, runbooks="DatabasePoolExhausted"),
        stat("Waiting scans", "Accepted, and not yet in the database.", "sum(qr_scans_backlog{@})", "short",
             high(1000, 10000), runbooks=("ScansBacklogGrowing", "ScansNotDrained")),
    )
    operations = row(
        "Operations",
        series("By operation", "The ten most frequent ones, as <what>.<verb>.",
               [(f"topk(10, sum by (operation) (rate({STORE}_count{{@,{D}}}[~])))", "{{operation}}")], "ops", w=8),
        series("By outcome", "ok, or an error: the database refused, was away, or took longer than DATABASE_TIMEOUT_MS.",
               [(f"sum by (outcome) (rate({STORE}_count{{@,{D}}}[~]))", "{{outcome}}")], "ops", w=8, runbooks="DatabaseErrorsHigh"),
        series("Failed, by operation", "Of the operations of that name; those that did not fail have no line.",
               [(f"topk(10, {failed('by (operation) ')} > 0)", "{{operation}}")], "percentunit", high(0.01, 0.05), w=8,
               low_end=0, none="nothing failed", runbooks="DatabaseErrorsHigh"),
        series("Duration", "All operations together.", quantiles(STORE, D), "s", high(0.1, 0.5), w=8, runbooks="DatabaseSlow"),
        series("p99 by operation", "The ten slowest ones.", [(f'topk(10, {quantile(0.99, STORE, D, "operation, ")})',
                                                             "{{operation}}")], "s", high(0.1, 0.5), w=8),
        series("Where the time goes", "Seconds of database time in each second; the ten dearest operations.",
               [(f"topk(10, sum by (operation) (rate({STORE}_sum{{@,{D}}}[~])))", "{{operation}}")], "short", w=8),
        series("p99 by node", "One slow node: its network, its disk (SQLite), or its load.",
               [(quantile(0.99, STORE, D, "instance, "), "{{instance}}")], "s", high(0.1, 0.5)),
        timeline("Health", "What /health says of the database, per node.",
                 [('max by (instance) (qr_health_status{@,check="database"})', "{{instance}}")], HEALTH, h=8,
                 runbooks="DatabaseDown"),
    )
    connections = row(
        "Connections",
        series("In use", "By pool. SQLite has readers and one writer; PostgreSQL one pool for both.",
               [(used, "{{pool}}"), ("sum by (pool) (qr_store_connections_max{@})", "{{pool}}: at most")], "short", w=8,
               low_end=0, runbooks="DatabasePoolExhausted"),
        series("Idle", "Open and not in use, by pool.",
               [('sum by (pool) (qr_store_connections{@,state="idle"})', "{{pool}}")], "short", w=8, low_end=0),
        series("In use, of the most", "Per node and pool, but for SQLite's one writer. At 100 % operations wait for a connection.",
               [('sum by (instance, pool) (qr_store_connections{@,state="used"}) '
                 "/ (sum by (instance, pool) (qr_store_connections_max{@}) > 1)", "{{instance}} {{pool}}")], "percentunit",
               high(0.7, 0.9), w=8, low_end=0, top=1, runbooks="DatabasePoolExhausted"),
    )
    scans = row(
        "Scans on their way",
        series("Backlog", "In memory or in the spool, per node.",
               [("sum by (instance) (qr_scans_backlog{@})", "{{instance}}")], "short", high(1000, 10000), w=8,
               runbooks=("ScansBacklogGrowing", "ScansNotDrained")),
        series("Storing", "Transactions that store scans with their counters and rollups.",
               quantiles(STORE, 'operation="scans.record"'), "s", w=8, none="no scans"),
        series("Spool", "Operations of the local file, p95, by operation.",
               [(quantile(0.95, STORE, SPOOL, "operation, "), "{{operation}}")], "s", w=8, none="no scans"),
    )
    return whole("qr-database", "Database", "What the nodes ask of the database, and how it answers.",
                 [now, operations, connections, scans])
