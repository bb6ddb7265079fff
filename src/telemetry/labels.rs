//! Label values as closed enums: what is not listed cannot be emitted.

use crate::kernel::label;

label! {
    /// A capability that has, or had, two implementations.
    Experiment { Render = "render", Validate = "validate", Analytics = "analytics" }
}

label! {
    /// Which side of an experiment. Outside of one, the only arm there is counts as the control.
    Side { Control = "control", Candidate = "candidate" }
}

label! {
    /// How a run of an arm ended.
    ArmOutcome {
        Ok = "ok",
        /// The input decided it: a 4xx.
        Answer = "answer",
        Fault = "fault",
        /// It took more than its part of the time that was left.
        Timeout = "timeout",
        Panic = "panic",
        /// This arm cannot do the input; another may.
        Unsupported = "unsupported",
        /// The client went away.
        Cancelled = "cancelled",
        /// An answer of an earlier run: it says nothing about this one.
        Remembered = "remembered",
    }
}

label! {
    /// Why a connection was closed.
    ConnectionEnd {
        /// No request came.
        Idle = "idle",
        /// The head of a request did not come to its end.
        SlowRequest = "slow_request",
        /// An answer was not taken, or too slowly.
        SlowResponse = "slow_response",
        /// Its client has as many connections as it may have.
        ClientLimit = "client_limit",
    }
}

label! {
    /// Where a request was sent.
    RouteTo { Control = "control", Shadow = "shadow", Candidate = "candidate" }
}

label! {
    /// Why a request was sent where it was.
    Why {
        /// It is in the flag's percentage.
        Flag = "flag",
        /// It is not.
        Percentage = "percentage",
        /// An operator wants the control.
        Killed = "killed",
        /// What was learned was lost: nothing is tried until an operator has looked at it.
        Damaged = "damaged",
        /// No flags were ever read.
        NoFlags = "no_flags",
        BreakerOpen = "breaker_open",
        /// It finds out whether an open breaker may close.
        Probe = "probe",
        /// The control has the answer already: there is nothing to compare.
        Remembered = "remembered",
        /// No processor is free for a shadow.
        Saturated = "saturated",
        /// As many shadows run as may.
        Full = "full",
        /// The other arm cannot do it.
        Unsupported = "unsupported",
    }
}

label! {
    /// Why a candidate's run was answered by the control.
    FallbackReason { Fault = "fault", Timeout = "timeout", Panic = "panic", Unsupported = "unsupported" }
}

label! {
    /// What became of a shadow.
    ShadowResult {
        Same = "same",
        Tolerated = "tolerated",
        Mismatch = "mismatch",
        /// The candidate failed where the control did not.
        CandidateFault = "candidate_fault",
        /// The control failed where the candidate did not.
        ControlFault = "control_fault",
        BothFault = "both_fault",
        Unsupported = "unsupported",
        /// The control answered from its memory after all.
        Remembered = "remembered",
        /// The control was compared with itself, and agreed.
        NoiseSame = "noise_same",
        NoiseMismatch = "noise_mismatch",
    }
}

label! {
    BreakerState { Closed = "closed", Open = "open", HalfOpen = "half_open" }
}

label! {
    /// Why a breaker is in its state.
    BreakerReason {
        Start = "start",
        Consecutive = "consecutive",
        FaultRatio = "fault_ratio",
        MismatchRatio = "mismatch_ratio",
        /// An operator decided.
        Forced = "forced",
        /// The wait is over: half open.
        Waited = "waited",
        ProbesPassed = "probes_passed",
        ProbeFailed = "probe_failed",
    }
}

label! {
    /// Which of an experiment's two flags.
    Flag { Candidate = "candidate", Shadow = "shadow" }
}

label! {
    /// Which cache.
    Tier { Memory = "memory", Redis = "redis" }
}

label! {
    /// What a cache holds.
    Space {
        Slug = "slug",
        Code = "code",
        RenderLegacy = "render_legacy",
        RenderEngine = "render_engine",
        AnalyticsLegacy = "analytics_legacy",
        AnalyticsRollups = "analytics_rollups",
        /// Credentials that were valid a moment ago.
        Credentials = "credentials",
    }
}

label! {
    CacheResult {
        Hit = "hit",
        Miss = "miss",
        /// Not asked: making it takes less time than asking.
        Bypassed = "bypassed",
        /// Not asked: there is no connection, or the breaker is open.
        Unavailable = "unavailable",
        /// Not asked: too many questions are waiting.
        Busy = "busy",
        /// No answer within the budget.
        Timeout = "timeout",
        Error = "error",
        /// Something was there that is not ours, or damaged, or of a newer release.
        Rejected = "rejected",
    }
}

label! {
    /// What a tier is asked to do.
    CacheOperation { Get = "get", Set = "set", Invalidate = "invalidate", Probe = "probe" }
}

label! {
    /// What became of a code that was to be made ready.
    Warmed { Ok = "ok", Failed = "failed" }
}

label! {
    /// Origin of an invalidation.
    CacheOrigin {
        Here = "here",
        Elsewhere = "elsewhere",
        /// News may have been missed: everything that may be stale is dropped.
        Resync = "resync",
    }
}

label! {
    /// What a value is, as far as it decides what it costs to make.
    CacheKind {
        Lookup = "lookup",
        Png = "png",
        PngLarge = "png_large",
        Svg = "svg",
        Jpeg = "jpeg",
        JpegLarge = "jpeg_large",
        Webp = "webp",
        WebpLarge = "webp_large",
        Timeseries = "timeseries",
        Devices = "devices",
        Timeline = "timeline",
        Summary = "summary",
    }
}

label! {
    /// Whether what was asked for was done.
    Status { Success = "success", Failure = "failure" }
}

label! {
    /// What `/r/{slug}` answered.
    RedirectStatus { Success = "success", NotFound = "not_found", NotARedirect = "not_a_redirect", Failure = "failure" }
}

label! {
    /// What a redirect knows of a scan when it accepts it.
    ScanKind { Genuine = "genuine", Shared = "shared", Head = "head", Prefetch = "prefetch" }
}

label! {
    /// Whether a symbol says a text of its own or leads through a redirect.
    QrKind { Static = "static", Dynamic = "dynamic" }
}

label! {
    /// Connections that read, or that write. A database with one pool for both has only the latter.
    Pool { Reader = "reader", Writer = "writer" }
}

label! {
    ConnectionState { Idle = "idle", Used = "used" }
}

label! {
    /// A part whose health is looked at.
    HealthCheck {
        Database = "database",
        Redis = "redis",
        Flags = "flags",
        Scans = "scans",
        Memory = "memory",
        Disk = "disk",
    }
}

label! {
    /// What the evidence amounts to.
    Verdict { Go = "go", Hold = "hold", NoGo = "no-go" }
}

label! {
    /// Of a duration.
    Quantile { Median = "0.5", P95 = "0.95", P99 = "0.99" }
}
