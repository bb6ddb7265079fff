//! Which CPU features a symbol is made with.
//!
//! Invariant: every level gives the same symbol. They differ in the machine code that the compiler makes of the same
//! source.

use std::fmt;

use fearless_simd::{Level, Simd};

/// A level of CPU features, in the order of speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cpu {
    /// What every CPU of the target has: SSE2 on x86-64, NEON on aarch64.
    Portable,
    /// x86-64-v3, without the slow early forms of what is not used here.
    Avx2,
    /// Ice Lake's and Zen 4's AVX-512, with population counts.
    Avx512,
}

impl Cpu {
    /// The fastest level that this machine has.
    #[must_use]
    pub fn best() -> Self {
        let level = Level::new();
        if level.as_avx512().is_some() {
            Self::Avx512
        } else if level.as_avx2().is_some() {
            Self::Avx2
        } else {
            Self::Portable
        }
    }

    /// Every level that this machine has, slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let best = Self::best();
        [Self::Portable, Self::Avx2, Self::Avx512]
            .into_iter()
            .filter(move |cpu| *cpu <= best)
    }

    /// Runs `work` compiled for this level, or for the next lower one that this machine has. Only what is inlined into
    /// `work` profits.
    #[inline(always)]
    #[allow(clippy::inline_always)] // the whole purpose
    pub(crate) fn run<T>(self, work: impl FnOnce() -> T) -> T {
        let level = Level::new();
        match (self, level.as_avx512(), level.as_avx2()) {
            (Self::Avx512, Some(avx512), _) => avx512.vectorize(work),
            (Self::Avx512 | Self::Avx2, _, Some(avx2)) => avx2.vectorize(work),
            _ => work(),
        }
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}
