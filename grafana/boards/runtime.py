"""Runtime: processor, memory, descriptors, tasks and disk of each node."""

from parts import HEALTH, READY, UP, board as whole, high, low, row, series, stat, timeline

CPU = "rate(process_cpu_seconds_total{@}[~])"
MEMORY = "qr_memory_used_bytes{@} / (qr_memory_limit_bytes{@} > 0)"
FDS = "process_open_fds{@} / (process_max_fds{@} > 0)"
DISK = "qr_disk_free_bytes{@} / (qr_disk_size_bytes{@} > 0)"
BUSY = ("sum by (instance) (rate(tokio_worker_busy_seconds_total{@}[~])) / (sum by (instance) (tokio_workers{@}) > 0)")


def per_node(expr):
    return [(expr, "{{instance}}")]


def board():
    now = row(
        "Now",
        stat("Versions", "What is running, and on how many nodes.",
             [("count by (version) (qr_build_info{@})", "{{version}}")], graph=False, text="value_and_name"),
        stat("Youngest process", "Since it started.", "time() - max(process_start_time_seconds{@})", "s",
             [("yellow", None), ("green", 600)], graph=False, runbooks="InstanceRestarting"),
        stat("Processor", "Processors in use, all nodes together.", f"sum({CPU})", "short"),
        stat("Memory", "Used, of what the node may use; the worst node's.", f"max({MEMORY})", "percentunit", high(0.8, 0.9),
             low_end=0, top=1, runbooks="MemoryHigh"),
        stat("Descriptors", "Open, of those that may be open; the worst node's.", f"max({FDS})", "percentunit",
             high(0.6, 0.8), low_end=0, top=1, runbooks="FileDescriptorsHigh"),
        stat("Disk free", "Of the data folder's disk; the worst node's.", f"min({DISK})", "percentunit", low(0.05, 0.15),
             low_end=0, top=1, runbooks=("DiskAlmostFull", "DiskLow")),
    )
    processor = row(
        "Processor and tasks",
        series("Processors in use", "CPU seconds, user and system, in each second.", per_node(CPU), "short", w=8, low_end=0),
        series("Workers busy", "Of tokio's worker threads. Near 100 % requests wait for one.", per_node(BUSY), "percentunit",
               high(0.7, 0.9), w=8, low_end=0, top=1, runbooks="RuntimeSaturated"),
        series("Requests under way", "Being answered now.", per_node("http_server_active_requests{@}"), w=8),
        series("Tasks", "Alive in tokio. A steady climb is a leak.", per_node("tokio_alive_tasks{@}"), w=8),
        series("Tasks that wait", "In tokio's global queue: they are ready, and no worker has taken them.",
               per_node("tokio_global_queue_tasks{@}"), "short", high(100, 1000), w=8),
        series("Threads", "Of the process: workers, blocking work, and the database's.", per_node("process_threads{@}"), w=8),
    )
    memory = row(
        "Memory",
        series("Resident", "In RAM: anonymous memory and pages of files.", per_node("process_resident_memory_bytes{@}"),
               "bytes", w=8, low_end=0),
        series("Anonymous", "What the process itself allocated. This is what leaks.",
               per_node("process_anonymous_memory_bytes{@}"), "bytes", w=8, low_end=0),
        series("Used, of the limit", "Of the control group's limit, or of the machine's memory without one. At the limit the "
               "process is killed.", per_node(MEMORY), "percentunit", high(0.8, 0.9), w=8, low_end=0, top=1,
               runbooks="MemoryHigh"),
        series("Used and limit", "Of the control group, or of the machine.",
               [("qr_memory_used_bytes{@}", "{{instance}} used"), ("qr_memory_limit_bytes{@}", "{{instance}} limit")],
               "bytes", w=8, low_end=0),
        series("Allocator", "What it has from the operating system, in use or kept for later.",
               per_node("qr_allocator_committed_bytes{@}"), "bytes", w=8, low_end=0),
        series("Allocator's pages", "Pages of blocks of one size. Many with little resident memory: it is fragmented.",
               per_node("qr_allocator_pages{@}"), w=8, low_end=0),
        series("Address space", "Reserved, not used: its size says little, its climb may say something.",
               per_node("process_virtual_memory_bytes{@}"), "bytes", w=8, low_end=0),
        series("Caches", "Bytes in the memory tier, which the process may give back to nobody. More: Cache.",
               per_node('sum by (instance) (qr_cache_bytes{@,tier="memory"})'), "bytes", w=8, low_end=0),
    )
    files = row(
        "Files and disk",
        series("Open descriptors", "Connections, files and pipes.", [("process_open_fds{@}", "{{instance}}")], w=8, low_end=0),
        series("Descriptors, of the limit", "At 100 % no connection is accepted.", per_node(FDS), "percentunit",
               high(0.6, 0.8), w=8, low_end=0, top=1, runbooks="FileDescriptorsHigh"),
        series("Disk free", "Of the data folder's disk. Below 1 GiB /health warns, below 128 MiB somebody is woken.",
               per_node("qr_disk_free_bytes{@}"), "bytes", [("red", None), ("yellow", 134217728), ("green", 1073741824)], w=8,
               low_end=0, runbooks=("DiskAlmostFull", "DiskLow", "DiskFilling")),
        series("Connections", "Of clients, open now.", per_node("http_server_connections{@}"), w=12, low_end=0,
               runbooks="FileDescriptorsHigh"),
        series("Connections closed", "For what their client did not do: send a request, finish one, read an answer; or because it "
               "has too many.",
               [("sum by (reason) (rate(http_server_connections_closed_total{@}[~]))", "{{reason}}")], "ops", w=12,
               low_end=0, runbooks="FileDescriptorsHigh"),
    )
    life = row(
        "Starts and stops",
        series("Restarts", "Starts of the process in each step of the graph.",
               per_node("changes(process_start_time_seconds{@}[~])"), "short", w=8, low_end=0, runbooks="InstanceRestarting"),
        series("Age of the process", "Since its start.", per_node("time() - process_start_time_seconds{@}"), "s", w=8,
               low_end=0),
        series("Versions", "On how many nodes each runs: two during an upgrade.",
               [("count by (version) (qr_build_info{@})", "{{version}}")], w=8, stacked=True, low_end=0),
        timeline("Reached", "Whether Prometheus reached the node.", per_node('min by (instance) (up{job=~"qr-observatory.*",@})'),
                 UP, w=8, runbooks="InstanceDown"),
        timeline("Ready", "Warmed up, and not being stopped.", per_node("min by (instance) (qr_ready{@})"), READY, w=8,
                 runbooks="InstanceNotReady"),
        timeline("Memory and disk", "What /health says, per node.",
                 [('max by (instance, check) (qr_health_status{@,check=~"memory|disk"})', "{{instance}} {{check}}")],
                 HEALTH, w=8, runbooks=("HealthFailing", "HealthDegraded")),
        series("Scrapes", "How long Prometheus takes to read a node's metrics.",
               per_node('scrape_duration_seconds{job=~"qr-observatory.*",@}'), "s", [("green", None), ("red", 5)]),
        series("Batches of traces", "Handed to the collector, per second; empty without one. Errors are lost.",
               [("sum by (instance, outcome) (rate(qr_trace_batches_total{@}[~]))", "{{instance}} {{outcome}}")], "ops",
               runbooks="TracesFailing"),
        series("Series", "That one scrape yields. It must not grow with traffic.",
               per_node('scrape_samples_post_metric_relabeling{job=~"qr-observatory.*",@}')),
    )
    return whole("qr-runtime", "Runtime", "What each process uses, and what is left of it.",
                 [now, processor, memory, files, life])
