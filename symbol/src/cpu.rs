//! Which CPU features a symbol is made with.
//!
//! Invariant: every level gives the same symbol. They differ in the machine code that the compiler makes of the same
//! source.

use std::fmt;

use fearless_simd::Level;

/// A level of CPU features, in the order of speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cpu {
    /// What every CPU of the target has: SSE2 on x86-64, NEON on aarch64.
    Portable,
    /// x86-64-v2.
    Sse4,
    /// x86-64-v3.
    Avx2,
    /// Ice Lake's and Zen 4's AVX-512, with population counts.
    Avx512,
}

impl Cpu {
    /// The fastest level that this machine has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().unwrap_or(Self::Portable)
    }

    /// Every level that this machine has, slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Portable, Self::Sse4, Self::Avx2, Self::Avx512]
            .into_iter()
            .filter(|cpu| *cpu == Self::Portable || cpu.own().is_some())
    }

    /// For dispatch: this level, or the portable one where the machine does not have it.
    pub(crate) fn level(self) -> Level {
        self.own().unwrap_or(Level::baseline())
    }

    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    fn own(self) -> Option<Level> {
        let level = Level::new();
        match self {
            Self::Portable => None,
            Self::Sse4 => level.as_sse4_2().map(Level::Sse4_2),
            Self::Avx2 => level.as_avx2().map(Level::Avx2),
            Self::Avx512 => level.as_avx512().map(Level::Avx512),
        }
    }

    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    #[allow(clippy::unused_self)] // the same signature on every target
    fn own(self) -> Option<Level> {
        None
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Sse4 => "sse4.2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}
