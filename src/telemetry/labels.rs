//! Label values as closed enums: what is not listed cannot be emitted.

/// Declares an enum whose variants are label values.
macro_rules! label {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

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
        /// The client went away.
        Cancelled = "cancelled",
    }
}

label! {
    /// Which cache.
    Tier { Memory = "memory" }
}

label! {
    /// What a cache holds.
    Space { Slug = "slug", Code = "code", RenderLegacy = "render_legacy", RenderEngine = "render_engine" }
}

label! {
    CacheResult { Hit = "hit", Miss = "miss" }
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
