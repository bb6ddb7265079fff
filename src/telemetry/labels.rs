//! Label values as closed enums: other values cannot be emitted.

use crate::kernel::label;

label! {
    /// A capability that has, or had, two implementations.
    Experiment { Render = "render", Validate = "validate", Analytics = "analytics" }
}

label! {
    /// A spelling of the API that asks for images.
    Dialect {
        V1 = "v1",
        V2 = "v2",
        V3 = "v3",
        QrServer = "qrserver",
        QuickChart = "quickchart",
        Google = "google",
        Dub = "dub",
        Shlink = "shlink",
        /// `/api/v1/barcode` and `/api/generate`.
        Barcode = "barcode",
        Organization = "organization",
    }
}

label! {
    /// Side of an experiment. Without an experiment the only arm counts as the control.
    Side { Control = "control", Candidate = "candidate" }
}

label! {
    /// How a run of an arm ended.
    ArmOutcome {
        Ok = "ok",
        /// A 4xx, caused by the input.
        Answer = "answer",
        Fault = "fault",
        /// It took more than its share of the deadline.
        Timeout = "timeout",
        Panic = "panic",
        /// This arm does not support the input; another may.
        Unsupported = "unsupported",
        /// The client went away.
        Cancelled = "cancelled",
        /// Served from the arm's cache.
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
        /// Its client has the maximum of connections.
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
        /// It is not in the flag's percentage.
        Percentage = "percentage",
        /// An operator or the autopilot killed the candidate.
        Killed = "killed",
        /// The state file was damaged: control, until an operator changes the dial.
        Damaged = "damaged",
        /// No flags were ever read.
        NoFlags = "no_flags",
        BreakerOpen = "breaker_open",
        /// Tests whether an open breaker may close.
        Probe = "probe",
        /// The control's answer is cached: there is nothing to compare.
        Remembered = "remembered",
        /// No processor is free for a shadow.
        Saturated = "saturated",
        /// The maximum of shadows runs.
        Full = "full",
        /// The other arm does not support it.
        Unsupported = "unsupported",
    }
}

label! {
    /// Why a candidate's run was answered by the control.
    FallbackReason { Fault = "fault", Timeout = "timeout", Panic = "panic", Unsupported = "unsupported" }
}

label! {
    /// Outcome of a shadow.
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
        /// The control's answer came from its cache.
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
        /// Saved styles.
        Style = "style",
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
        /// Redis was not read: making the value is faster.
        Bypassed = "bypassed",
        /// Redis was not read: there is no connection, or the breaker is open.
        Unavailable = "unavailable",
        /// Redis was not read: too many look-ups are waiting.
        Busy = "busy",
        /// No answer within the budget.
        Timeout = "timeout",
        Error = "error",
        /// The value is foreign, damaged, or of a newer release.
        Rejected = "rejected",
    }
}

label! {
    /// Operation of a tier.
    CacheOperation { Get = "get", Set = "set", Invalidate = "invalidate", Probe = "probe" }
}

label! {
    /// Outcome of warming a code.
    Warmed { Ok = "ok", Failed = "failed" }
}

label! {
    /// Origin of an invalidation.
    CacheOrigin {
        Here = "here",
        Elsewhere = "elsewhere",
        /// Invalidations may have been missed: everything that may be stale is dropped.
        Resync = "resync",
    }
}

label! {
    /// Kind of a value. Values of one kind take about the same time to make.
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
        Pdf = "pdf",
        Eps = "eps",
        Text = "text",
        Gif = "gif",
    }
}

label! {
    /// Outcome of a request.
    Status { Success = "success", Failure = "failure" }
}

label! {
    /// Answer of `/r/{slug}`.
    RedirectStatus { Success = "success", NotFound = "not_found", NotARedirect = "not_a_redirect", Closed = "closed", Password = "password", Failure = "failure" }
}

label! {
    /// Kind of a scan, as known when its redirect is answered.
    ScanKind { Genuine = "genuine", Shared = "shared", Head = "head", Prefetch = "prefetch" }
}

label! {
    /// Whether a symbol encodes its own text or the address of a redirect.
    QrKind { Static = "static", Dynamic = "dynamic" }
}

label! {
    /// What is limited by client, key or session.
    Limit {
        /// Failed sign-ins of a client.
        SignIn = "sign_in",
        /// Requests of a key or a session.
        Api = "api",
        /// Symbols for a client without credentials.
        Render = "render",
        /// Addresses of no code.
        Miss = "miss",
        /// Looks at invitations, starts of single sign-on.
        Link = "link",
        /// Wrong passwords of codes.
        Password = "password",
    }
}

label! {
    /// With what somebody signs in: a password or single sign-on for a session, or credentials of one request.
    SignInHow { Password = "password", Provider = "provider", Basic = "basic", Key = "key" }
}

label! {
    /// Connections that read, or that write. A database with one pool for both has only the latter.
    Pool { Reader = "reader", Writer = "writer" }
}

label! {
    ConnectionState { Idle = "idle", Used = "used" }
}

label! {
    /// A check of `/health`.
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
    /// Verdict of the evidence.
    Verdict { Go = "go", Hold = "hold", NoGo = "no-go" }
}

label! {
    /// Quantile of a duration.
    Quantile { Median = "0.5", P95 = "0.95", P99 = "0.99" }
}
