//! The fields of a token and their 26 bytes.

/// Bytes of all fields, which the signature covers.
pub(crate) const BODY_BYTES: usize = 26;
const FORMAT: u8 = 1;
const SERIAL_MAX: u32 = 0xFF_FFFF;

/// The short id of an event. Random, unique in an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub [u8; 4]);

/// Who or what has the token. Random, unique in an event: nothing personal is in a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(pub [u8; 12]);

/// Counts the tokens that a subject was given. A token is revoked by giving out the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(u32);

impl Serial {
    pub const FIRST: Self = Self(0);
    /// Never given out: as the least valid serial it leaves a subject without a valid token.
    pub const NEVER: Self = Self(SERIAL_MAX);

    /// `None` if it does not fit into three bytes.
    #[must_use]
    pub fn new(value: u32) -> Option<Self> {
        (value <= SERIAL_MAX).then_some(Self(value))
    }

    #[must_use]
    pub fn value(self) -> u32 {
        self.0
    }

    /// The serial after this one. `None` once all were given out.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let next = Self(self.0.saturating_add(1));
        (next < Self::NEVER).then_some(next)
    }

    pub(crate) fn to_bytes(self) -> [u8; 3] {
        let [_, bytes @ ..] = self.0.to_be_bytes();
        bytes
    }

    pub(crate) fn from_bytes([a, b, c]: [u8; 3]) -> Self {
        Self(u32::from_be_bytes([0, a, b, c]))
    }
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person's badge.
    Attendee,
    /// A stall's sign.
    Stall,
    /// A person's, on a telephone: it counts for a window of 30 s and two more.
    Rotating,
    /// Pairs a device that scans.
    Device,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Attendee, Self::Stall, Self::Rotating, Self::Device];

    /// As answers and labels of metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attendee => "attendee",
            Self::Stall => "stall",
            Self::Rotating => "rotating",
            Self::Device => "device",
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Attendee => 1,
            Self::Stall => 2,
            Self::Rotating => 3,
            Self::Device => 4,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What a token says. Every value can be written, and every text that reads gives one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    pub kind: Kind,
    pub event: EventId,
    pub subject: Subject,
    /// Of a rotating token its window: see [`crate::rotating`]. Of the others the minute that it is valid until: see
    /// [`crate::time`]; 0 = the end of the event.
    pub time: u32,
    pub serial: Serial,
}

impl Token {
    /// The fields, signed with the key of this number.
    pub(crate) fn to_body(self, key: u8) -> [u8; BODY_BYTES] {
        let [e0, e1, e2, e3] = self.event.0;
        let [s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11] = self.subject.0;
        let [t0, t1, t2, t3] = self.time.to_be_bytes();
        let [n0, n1, n2] = self.serial.to_bytes();
        let kind = self.kind.code();
        [
            FORMAT, key, kind, e0, e1, e2, e3, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11,
            t0, t1, t2, t3, n0, n1, n2,
        ]
    }

    /// The number of the key, and the token. `None` for another format or an unknown kind.
    pub(crate) fn from_body(body: &[u8; BODY_BYTES]) -> Option<(u8, Self)> {
        let &[
            format,
            key,
            kind,
            e0,
            e1,
            e2,
            e3,
            s0,
            s1,
            s2,
            s3,
            s4,
            s5,
            s6,
            s7,
            s8,
            s9,
            s10,
            s11,
            t0,
            t1,
            t2,
            t3,
            n0,
            n1,
            n2,
        ] = body;
        if format != FORMAT {
            return None;
        }
        let token = Self {
            kind: Kind::from_code(kind)?,
            event: EventId([e0, e1, e2, e3]),
            subject: Subject([s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11]),
            time: u32::from_be_bytes([t0, t1, t2, t3]),
            serial: Serial::from_bytes([n0, n1, n2]),
        };
        Some((key, token))
    }
}
