//! The declared metrics: name, kind, unit, labels, buckets and meaning. `docs/METRICS.md` is generated from
//! this list, and `tests/it` fails when something is emitted that is not declared here.

/// What a metric is, in Prometheus' terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A declared metric.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    /// Base unit (`seconds`, `bytes`, …) or what is counted.
    pub unit: &'static str,
    pub labels: &'static [&'static str],
    /// Upper bounds of a histogram's buckets, in the metric's unit; empty for the others.
    pub buckets: &'static [f64],
    pub help: &'static str,
}

/// HTTP answers: from a cached redirect (tens of µs) to a slow upload.
const HTTP_SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];
/// Work in memory: rendering, validating.
const WORK_SECONDS: &[f64] = &[
    0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005,
    0.01, 0.05, 0.25, 1.0,
];
/// Disks and databases.
const STORE_SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0,
];
/// From a look-up in memory (0.2 µs) to a slow Redis.
const CACHE_SECONDS: &[f64] = &[
    0.000_000_25,
    0.000_001,
    0.000_005,
    0.000_05,
    0.000_1,
    0.000_2,
    0.000_4,
    0.000_8,
    0.001_5,
    0.003,
    0.005,
    0.01,
    0.1,
    1.0,
];
/// Rows in one batch.
const BATCH_ROWS: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0,
];

macro_rules! catalogue {
    ($($(#[doc = $help:literal])+ $id:ident = $kind:ident $name:literal $unit:literal [$($label:literal),*] $buckets:expr;)+) => {
        $($(#[doc = $help])+ pub static $id: Metric = Metric {
            name: $name,
            kind: Kind::$kind,
            unit: $unit,
            labels: &[$($label),*],
            buckets: $buckets,
            help: concat!($($help),+),
        };)+
        /// Every declared metric, in the order of declaration.
        pub static ALL: &[&Metric] = &[$(&$id),+];
    };
}

catalogue! {
    /// Duration of an HTTP request from its head to its answer, by route template (never by path).
    HTTP_DURATION = Histogram "http_server_request_duration_seconds" "seconds" ["http_request_method", "http_route", "http_response_status_code"] HTTP_SECONDS;
    /// Requests that are being answered now.
    HTTP_IN_FLIGHT = Gauge "http_server_active_requests" "requests" [] &[];
    /// Open connections of clients.
    HTTP_CONNECTIONS = Gauge "http_server_connections" "connections" [] &[];
    /// Connections that were closed because of their client, by reason.
    HTTP_CONNECTIONS_CLOSED = Counter "http_server_connections_closed_total" "connections" ["reason"] &[];
    /// Errors answered, by kind. Each is logged once, where it is counted.
    ERRORS = Counter "qr_errors_total" "errors" ["kind"] &[];
    /// Codes created, by type and outcome.
    CREATIONS = Counter "qr_creations_total" "codes" ["qr_type", "status"] &[];
    /// Answers of `/r/{slug}`: redirected, not found, or failed.
    REDIRECTS = Counter "qr_redirects_total" "answers" ["status"] &[];
    /// Images answered, by dialect, format and outcome; failure: refused, too.
    IMAGES = Counter "qr_images_total" "images" ["dialect", "format", "status"] &[];
    /// Symbols without a code that were asked for, by the words of their style.
    STYLE_FEATURES = Counter "qr_style_features_total" "symbols" ["feature", "word"] &[];
    /// Symbols without a code, by their grade; failure: refused for it.
    GRADES = Counter "qr_symbol_grades_total" "symbols" ["grade", "status"] &[];
    /// Tokens that somebody showed, by kind and result: valid, or the reason against them.
    TOKENS_VERIFIED = Counter "qr_tokens_verified_total" "tokens" ["kind", "result"] &[];
    /// Scans at gates, by direction and result: accepted, or refused.
    CHECKINS = Counter "qr_checkins_total" "scans" ["direction", "result"] &[];
    /// Duration of a scan at a gate until it is in the ledger.
    CHECKIN_DURATION = Histogram "qr_checkin_duration_seconds" "seconds" [] STORE_SECONDS;
    /// Look-ups in a cache, by tier, key space and result.
    CACHE_REQUESTS = Counter "qr_cache_requests_total" "look-ups" ["tier", "space", "result"] &[];
    /// Entries in a cache tier; of Redis, all keys of its database.
    CACHE_ENTRIES = Gauge "qr_cache_entries" "entries" ["tier"] &[];
    /// Bytes in a cache tier; of Redis, all memory that it uses.
    CACHE_BYTES = Gauge "qr_cache_bytes" "bytes" ["tier"] &[];
    /// Duration of a cache tier's operations; of look-ups in memory one in 64 is measured.
    CACHE_DURATION = Histogram "qr_cache_operation_duration_seconds" "seconds" ["tier", "operation"] CACHE_SECONDS;
    /// Entries that a tier dropped for lack of room.
    CACHE_EVICTIONS = Counter "qr_cache_evictions_total" "entries" ["tier"] &[];
    /// 1 while Redis answers. Absent without Redis in the settings.
    CACHE_REDIS_UP = Gauge "qr_cache_redis_up" "state" [] &[];
    /// 1 while invalidations of other nodes arrive. Absent without Redis in the settings.
    CACHE_REDIS_SUBSCRIBED = Gauge "qr_cache_redis_subscribed" "state" [] &[];
    /// Memory that Redis uses, all masters together.
    CACHE_REDIS_MEMORY = Gauge "qr_cache_redis_memory_bytes" "bytes" [] &[];
    /// Memory that Redis may use (maxmemory), all masters together; 0 without a limit.
    CACHE_REDIS_MEMORY_LIMIT = Gauge "qr_cache_redis_memory_limit_bytes" "bytes" [] &[];
    /// State of the breaker in front of Redis: 0 closed, 1 open.
    CACHE_BREAKER_STATE = Gauge "qr_cache_breaker_state" "state" [] &[];
    /// Changes of that breaker's state, by the new state.
    CACHE_BREAKER_TRANSITIONS = Counter "qr_cache_breaker_transitions_total" "changes" ["to"] &[];
    /// Changes whose values were dropped from this node's memory, by origin: here, elsewhere, resync (invalidations may have been missed).
    CACHE_INVALIDATIONS = Counter "qr_cache_invalidations_total" "changes" ["origin"] &[];
    /// Invalidations that Redis did not take yet.
    CACHE_INVALIDATIONS_PENDING = Gauge "qr_cache_invalidations_pending" "changes" [] &[];
    /// Time to make a value, a moving average.
    CACHE_MAKE = Gauge "qr_cache_make_seconds" "seconds" ["space", "kind"] &[];
    /// Time to fetch a value from Redis, a moving average.
    CACHE_FETCH = Gauge "qr_cache_fetch_seconds" "seconds" ["space", "kind"] &[];
    /// 1 where values go into Redis, because they take longer to make than to fetch.
    CACHE_ADMITTED = Gauge "qr_cache_admitted" "state" ["space", "kind"] &[];
    /// Codes that were cached before a request needed them.
    CACHE_WARMED = Counter "qr_cache_warmed_codes_total" "codes" ["result"] &[];
    /// Scans accepted by a redirect, by kind: genuine, shared, or not by a person (head, prefetch).
    SCANS_ACCEPTED = Counter "qr_scans_accepted_total" "scans" ["kind"] &[];
    /// Scans whose row and counters were committed to the database.
    SCANS_STORED = Counter "qr_scans_stored_total" "scans" [] &[];
    /// Scans that were accepted and are not yet in the database: in memory or in the spool.
    SCANS_BACKLOG = Gauge "qr_scans_backlog" "scans" [] &[];
    /// Scans whose redirect was answered and that could not be recorded anywhere. Must stay 0.
    SCANS_UNRECORDED = Counter "qr_scans_unrecorded_total" "scans" [] &[];
    /// Scans whose redirect was answered before their commit was durable (the deadline passed first).
    SCANS_UNSYNCED = Counter "qr_scans_unsynced_total" "scans" [] &[];
    /// Scans dropped on purpose because their code was deleted in the meantime.
    SCANS_ORPHANED = Counter "qr_scans_orphaned_total" "scans" [] &[];
    /// Scans set aside in the spool because the database refuses them; kept for inspection.
    SCANS_SET_ASIDE = Counter "qr_scans_set_aside_total" "scans" [] &[];
    /// Codes whose rollups were built from their rows, by a start or on demand.
    ROLLUP_REBUILT = Counter "qr_rollup_rebuilt_codes_total" "codes" [] &[];
    /// Codes whose rollups do not hold all of their scans yet; their scans are counted from the rows meanwhile.
    ROLLUP_INCOMPLETE = Gauge "qr_rollup_incomplete_codes" "codes" [] &[];
    /// Scans in one durable commit of the spool.
    SPOOL_COMMIT_SCANS = Histogram "qr_spool_commit_scans" "scans" [] BATCH_ROWS;
    /// Duration of one durable commit of the spool.
    SPOOL_COMMIT_DURATION = Histogram "qr_spool_commit_duration_seconds" "seconds" ["outcome"] STORE_SECONDS;
    /// Duration of database operations, by operation and outcome.
    STORE_DURATION = Histogram "qr_store_operation_duration_seconds" "seconds" ["operation", "outcome"] STORE_SECONDS;
    /// Duration of one run of an arm.
    ARM_DURATION = Histogram "qr_arm_duration_seconds" "seconds" ["experiment", "arm"] WORK_SECONDS;
    /// Runs of an arm, by outcome: ok, answer (a 4xx), fault, timeout, panic, unsupported, cancelled (the client went away), remembered (served from the arm's cache).
    ARM_REQUESTS = Counter "qr_arm_requests_total" "runs" ["experiment", "arm", "outcome"] &[];
    /// Requests by where they were sent and why.
    ROUTES = Counter "qr_routes_total" "requests" ["experiment", "route", "why"] &[];
    /// Requests that a candidate could not answer and that the control answered instead.
    FALLBACKS = Counter "qr_fallbacks_total" "requests" ["experiment", "reason"] &[];
    /// Candidates that ran beside the control, by result of the comparison.
    SHADOWS = Counter "qr_shadow_total" "runs" ["experiment", "result"] &[];
    /// State of an experiment's breaker: 0 closed, 1 open, 2 half-open.
    BREAKER_STATE = Gauge "qr_breaker_state" "state" ["experiment"] &[];
    /// Changes of a breaker's state, by the new state and the reason.
    BREAKER_TRANSITIONS = Counter "qr_breaker_transitions_total" "changes" ["experiment", "to", "reason"] &[];
    /// Percentage of a flag, 0 to 100.
    FLAG_PERCENT = Gauge "qr_flag_percent" "percent" ["experiment", "flag"] &[];
    /// When flags were last read from their source, Unix time; 0 before the first time.
    FLAGS_LAST_SUCCESS = Gauge "qr_flags_last_success_timestamp_seconds" "seconds" [] &[];
    /// Natural logarithm of a test's evidence (an e-value). See docs/ROLLOUT.md.
    EVIDENCE_LOG = Gauge "qr_evidence_log" "nats" ["experiment", "test"] &[];
    /// Natural logarithm of the threshold of a test's evidence.
    EVIDENCE_THRESHOLD_LOG = Gauge "qr_evidence_threshold_log" "nats" ["experiment", "test"] &[];
    /// 1 for the verdict that holds, 0 for the others.
    VERDICT = Gauge "qr_verdict" "state" ["experiment", "verdict"] &[];
    /// Password checks that had to run the slow hash, by outcome.
    PASSWORD_CHECKS = Counter "qr_password_checks_total" "checks" ["outcome"] &[];
    /// Sessions that began (ok), and credentials that were refused (error).
    SIGN_INS = Counter "qr_sign_ins_total" "sign-ins" ["how", "outcome"] &[];
    /// Requests that were refused because there were too many, by limit.
    LIMITED = Counter "qr_rate_limited_total" "requests" ["limit"] &[];
    /// Sessions that have not expired.
    SESSIONS = Gauge "qr_sessions" "sessions" [] &[];
    /// Requests that the policy refused, by action.
    REFUSED = Counter "qr_refused_actions_total" "requests" ["action"] &[];
    /// Batches of spans sent to the collector, by outcome: ok (taken) or error (lost, or sent again later).
    TRACE_BATCHES = Counter "qr_trace_batches_total" "batches" ["outcome"] &[];
    /// When the stored baseline was captured, Unix time; 0 without one.
    BASELINE_TIMESTAMP = Gauge "qr_baseline_timestamp_seconds" "seconds" [] &[];
    /// Time over which the stored baseline was observed.
    BASELINE_WINDOW = Gauge "qr_baseline_window_seconds" "seconds" [] &[];
    /// Requests per second in the baseline, of one node; 0 for a route that is no longer in it.
    BASELINE_RATE = Gauge "qr_baseline_request_rate" "requests/s" ["http_route"] &[];
    /// Share of 5xx in the baseline, 0 to 1; NaN for a route that is no longer in it.
    BASELINE_ERRORS = Gauge "qr_baseline_error_ratio" "ratio" ["http_route"] &[];
    /// Quantiles of a request's duration in the baseline, by `q`, 0 to 1; NaN for a route that is no longer in it.
    BASELINE_DURATION = Gauge "qr_baseline_duration_seconds" "seconds" ["http_route", "q"] &[];
    /// Quantiles of the duration of the control's runs in the baseline, by `q`; NaN for an experiment that is no longer in it.
    BASELINE_ARM_DURATION = Gauge "qr_baseline_arm_duration_seconds" "seconds" ["experiment", "q"] &[];
    /// When the last backup of this installation was finished, since 1970; 0 when none was made here.
    BACKUP_TIMESTAMP = Gauge "qr_backup_last_success_timestamp_seconds" "seconds" [] &[];
    /// Always 1; the label has the release.
    BUILD_INFO = Gauge "qr_build_info" "1" ["version"] &[];
    /// CPU time used by the process, user and system.
    PROCESS_CPU = Counter "process_cpu_seconds_total" "seconds" [] &[];
    /// Memory of the process that is in RAM.
    PROCESS_RSS = Gauge "process_resident_memory_bytes" "bytes" [] &[];
    /// Address space of the process.
    PROCESS_VIRTUAL = Gauge "process_virtual_memory_bytes" "bytes" [] &[];
    /// Open file descriptors.
    PROCESS_FDS = Gauge "process_open_fds" "descriptors" [] &[];
    /// Limit of open file descriptors.
    PROCESS_MAX_FDS = Gauge "process_max_fds" "descriptors" [] &[];
    /// Memory of the process that only swap backs: heaps and stacks.
    PROCESS_ANONYMOUS = Gauge "process_anonymous_memory_bytes" "bytes" [] &[];
    /// Memory that the allocator has from the operating system, in use or kept for later.
    ALLOCATOR_COMMITTED = Gauge "qr_allocator_committed_bytes" "bytes" [] &[];
    /// Address space that the allocator set aside.
    ALLOCATOR_RESERVED = Gauge "qr_allocator_reserved_bytes" "bytes" [] &[];
    /// Pages of blocks of one size that the allocator serves from.
    ALLOCATOR_PAGES = Gauge "qr_allocator_pages" "pages" [] &[];
    /// Memory that the control group uses, without page cache that can be freed at once; without a group, memory that the machine uses.
    MEMORY_USED = Gauge "qr_memory_used_bytes" "bytes" [] &[];
    /// Memory limit of the control group; without one, the machine's memory.
    MEMORY_LIMIT = Gauge "qr_memory_limit_bytes" "bytes" [] &[];
    /// Room left on the disk of the data directory.
    DISK_FREE = Gauge "qr_disk_free_bytes" "bytes" [] &[];
    /// Size of the disk of the data directory.
    DISK_SIZE = Gauge "qr_disk_size_bytes" "bytes" [] &[];
    /// Health of a part: 0 pass, 1 warn, 2 fail; as of the last request of /health, or the last scrape.
    HEALTH_STATUS = Gauge "qr_health_status" "state" ["check"] &[];
    /// 1 while new requests are accepted: from the end of the start to the beginning of a stop.
    READY = Gauge "qr_ready" "state" [] &[];
    /// Connections to the database.
    STORE_CONNECTIONS = Gauge "qr_store_connections" "connections" ["pool", "state"] &[];
    /// Maximum of connections to the database.
    STORE_CONNECTIONS_MAX = Gauge "qr_store_connections_max" "connections" ["pool"] &[];
    /// Threads that run tasks.
    TOKIO_WORKERS = Gauge "tokio_workers" "threads" [] &[];
    /// Tasks that are not done.
    TOKIO_TASKS = Gauge "tokio_alive_tasks" "tasks" [] &[];
    /// Tasks that wait for any worker.
    TOKIO_QUEUE = Gauge "tokio_global_queue_tasks" "tasks" [] &[];
    /// Time that all workers together were busy.
    TOKIO_BUSY = Counter "tokio_worker_busy_seconds_total" "seconds" [] &[];
    /// Threads of the process.
    PROCESS_THREADS = Gauge "process_threads" "threads" [] &[];
    /// When the process started, Unix time.
    PROCESS_START = Gauge "process_start_time_seconds" "seconds" [] &[];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus_conventions() {
        let mut names = std::collections::HashSet::new();
        for m in ALL {
            assert!(names.insert(m.name), "{} is declared twice", m.name);
            assert!(!m.help.trim().is_empty(), "{} has no meaning", m.name);
            assert_eq!(
                m.kind == Kind::Counter,
                m.name.ends_with("_total"),
                "{}",
                m.name
            );
            assert_eq!(
                m.kind == Kind::Histogram,
                !m.buckets.is_empty(),
                "{}",
                m.name
            );
            assert!(m.buckets.is_sorted(), "{}", m.name);
            if m.unit == "seconds" || m.unit == "bytes" {
                assert!(
                    m.name.contains(m.unit),
                    "{} does not end in its unit",
                    m.name
                );
            }
        }
    }
}
