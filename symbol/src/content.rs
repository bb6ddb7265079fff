//! The content of a symbol.
//!
//! Invariant: borrows; nothing is transcoded here.

/// Text or bytes to be put into a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content<'a> {
    /// Characters. Without [`Options::eci`](crate::Options::eci) those in byte mode are UTF-8; see [`Options::declare_utf8`](crate::Options::declare_utf8).
    Text(&'a str),
    /// Octets, taken as they are, each by itself, but behind [`Eci::SHIFT_JIS`](crate::Eci::SHIFT_JIS) in pairs. In
    /// another multi-byte set whose second bytes may be ASCII (GB 18030, Big5), force [`Mode::Byte`](crate::Mode::Byte):
    /// some readers decode segment by segment.
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    /// The bytes; UTF-8 for text.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl<'a> From<&'a str> for Content<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Content<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Content<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}
