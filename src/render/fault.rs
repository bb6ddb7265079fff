//! What is wrong with a spec, for dialects to spell.
//!
//! Invariant: a closed set. A dialect gives the names of its fields; who wants other sentences too matches on [`Problem`].

use std::fmt;

use symbol::{Feature, Version};

use crate::kernel::{Error, Kind, Level, error::Detail, limits::SYMBOL_BYTES};

/// A field of a [`Spec`](super::Spec) that a caller can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Content,
    Level,
    Format,
    Size,
    PhysicalSize,
    Dpi,
    Border,
    Quality,
    Dark,
    Light,
    DataDark,
    DataLight,
    Logo,
    Title,
    Description,
    GradientColors,
    GradientAngle,
    GradientCentre,
    Micro,
    /// The only version allowed.
    Version,
    LeastVersion,
    MostVersion,
    Mask,
    Mode,
    Eci,
    Fnc1,
    Append,
}

/// What a dialect calls each field.
pub type Names = fn(Field) -> &'static str;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub field: Field,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    Empty,
    /// More bytes than any symbol holds.
    Huge,
    /// A number outside of its range, in `unit`.
    Outside {
        least: f64,
        most: f64,
        unit: &'static str,
    },
    /// Another number of items than these.
    Count {
        least: usize,
        most: usize,
    },
    /// A text of more characters than `most`.
    Characters {
        most: usize,
    },
    /// A raster image of more pixels along one side than are made.
    Pixels {
        px: u32,
        most: u32,
    },
    /// A colour that hides modules, because these fields have the same.
    Invisible(&'static [Field]),
    DoesNotFit(Overflow),
    /// Pixels around a symbol, where its quiet zone is whole modules.
    WholeModules,
    /// No Micro QR symbol holds the content at this level.
    NoMicro {
        level: Level,
    },
    /// Micro QR has no such thing.
    NotInMicro,
    /// Larger than this field.
    Reversed(Field),
    /// What was asked for cannot hold the content. The encoder's own words.
    Unencodable(symbol::Error),
    /// No version that is allowed holds the content.
    NoRoom(NoRoom),
    /// Not even so many symbols hold the content together.
    NoMessage {
        symbols: u8,
    },
    /// More than squares in two colours, in a format of characters.
    NotAsText,
}

/// Content that would need a larger version, or a weaker level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom {
    /// The largest allowed, and what it was asked to have.
    pub version: Version,
    pub level: Level,
    pub over_bytes: usize,
    /// The smallest that holds the content at that level.
    pub fits: Option<Version>,
    /// The strongest level at which the version holds it.
    pub ask_for: Option<Level>,
}

/// Content that no symbol holds at the level that it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow {
    pub level: Level,
    /// Bytes of text in the largest symbol of that level.
    pub most_bytes: usize,
    pub over_bytes: usize,
    /// The level to ask for, where that would help.
    pub ask_for: Option<Level>,
}

impl Fault {
    /// The field and what would be right, in a dialect's words.
    #[must_use]
    pub fn detail(&self, names: Names) -> Detail {
        Detail {
            field: names(self.field).into(),
            message: self.message(names).into(),
        }
    }

    fn message(&self, names: Names) -> String {
        match &self.problem {
            Problem::Empty => "must not be empty".into(),
            Problem::Huge => format!("no symbol holds more than {SYMBOL_BYTES} characters"),
            Problem::Outside { least, most, unit } => {
                format!("must be between {least} and {most}{unit}")
            }
            Problem::Count { least, most } => format!("must have {least} to {most} of them"),
            Problem::Characters { most } => format!("must have at most {most} characters"),
            Problem::Pixels { px, most } => format!(
                "would be {px} pixels wide, at most {most} are made: ask for a smaller size, a lower {}, or {}=svg",
                names(Field::Dpi),
                names(Field::Format)
            ),
            Problem::Invisible(others) => {
                let others: Vec<_> = others.iter().map(|field| names(*field)).collect();
                let hidden = match self.field {
                    Field::DataDark | Field::DataLight => "data",
                    _ => "symbol",
                };
                format!(
                    "must differ from {}: the {hidden} would be invisible",
                    others.join(" and ")
                )
            }
            Problem::WholeModules => {
                "must be left out: the quiet zone of this picture is whole modules".into()
            }
            Problem::DoesNotFit(overflow) => self.overflow(overflow, names),
            Problem::NoMicro { level: Level::H } => format!(
                "a Micro QR symbol has no {} H: ask for Q, or leave {} out",
                names(Field::Level),
                names(Field::Micro)
            ),
            Problem::NoMicro { level } => format!(
                "no Micro QR symbol holds the content at {} {} (at most 35 digits, 21 capitals or 15 bytes, and fewer at a stronger level): shorten it, or leave {} out",
                names(Field::Level),
                level.label().to_ascii_uppercase(),
                names(Field::Micro)
            ),
            Problem::NotInMicro => format!(
                "a Micro QR symbol has none: leave it out, or {}",
                names(Field::Micro)
            ),
            Problem::Reversed(other) => format!("must be at most {}", names(*other)),
            Problem::Unencodable(error) => format!("{error}: {}", advice(error, names)),
            Problem::NoRoom(no_room) => no_room.message(names),
            Problem::NoMessage { symbols } => format!(
                "is too long for {symbols} symbols of one message: allow more symbols (at most 16) or larger versions, ask for a weaker {}, or shorten it",
                names(Field::Level)
            ),
            Problem::NotAsText => "text shows modules in two colours and nothing else: ask for another format, or leave data pattern, eyes, gradient, logo, frame, effects and a transparent background out".into(),
        }
    }

    fn overflow(&self, overflow: &Overflow, names: Names) -> String {
        let Overflow {
            level,
            most_bytes: most,
            over_bytes: over,
            ask_for,
        } = overflow;
        let level = level.label();
        match (self.field, ask_for.map(Level::label)) {
            (Field::Logo, other) => {
                let also = other.map_or(String::new(), |other| {
                    format!(" and ask for {} {other}", names(Field::Level))
                });
                format!(
                    "with a logo the error level is {level}, at which a symbol holds {most} bytes of text, and the content is {over} bytes too long: leave out the logo{also}, or shorten the content"
                )
            }
            (_, Some(other)) => format!(
                "at {level} a symbol holds {most} bytes of text, and the content is {over} bytes too long: ask for {other}, or shorten the content"
            ),
            (_, None) => format!(
                "is {over} bytes too long at {} {level}, at which a symbol holds {most} bytes of text: shorten it; it fits at no weaker level",
                names(Field::Level)
            ),
        }
    }
}

impl NoRoom {
    fn message(&self, names: Names) -> String {
        let level = |level: Level| level.label().to_ascii_uppercase();
        let mut ways = Vec::new();
        if let Some(version) = self.fits {
            ways.push(format!("allow version {version}"));
        }
        if let Some(weaker) = self.ask_for {
            ways.push(format!("ask for {} {}", names(Field::Level), level(weaker)));
        }
        ways.push("shorten the content".to_owned());
        format!(
            "the content is {} bytes too long for version {} at {} {}: {}",
            self.over_bytes,
            self.version,
            names(Field::Level),
            level(self.level),
            ways.join(", or ")
        )
    }
}

/// What to change where the encoder refused.
fn advice(error: &symbol::Error, names: Names) -> String {
    let leave_out = |field| format!("leave {} out", names(field));
    match error {
        symbol::Error::NotInMode { .. } => leave_out(Field::Mode),
        symbol::Error::NotInCharset { .. } => leave_out(Field::Eci),
        symbol::Error::NotAnIndicator { .. } => leave_out(Field::Fnc1),
        symbol::Error::NotInVersion {
            feature: Feature::Level(_),
            ..
        } => format!(
            "M1 has {level} L only, M2 and M3 have L and M, M4 also Q",
            level = names(Field::Level)
        ),
        symbol::Error::NotInVersion { .. } => leave_out(Field::Version),
        symbol::Error::TooLong { .. } => "shorten the content".to_owned(),
    }
}

/// Everything that is wrong with one spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// As an `Invalid` error, whose cause they are.
    #[track_caller]
    #[must_use]
    pub fn into_error(self) -> Error {
        Error::caused(Kind::Invalid, "the symbol cannot be drawn as asked", self)
    }

    /// An error of an arm in a dialect's words; any other one as it is.
    #[must_use]
    pub fn spelled(error: Error, names: Names) -> Error {
        let details: Vec<_> = (Self::of(&error).iter())
            .map(|fault| fault.detail(names))
            .collect();
        if details.is_empty() {
            error
        } else {
            Error::invalid_fields(details)
        }
    }

    /// Those that caused an error; none if something else did.
    #[must_use]
    pub fn of(error: &Error) -> &[Fault] {
        let cause = std::error::Error::source(error);
        cause
            .and_then(|cause| cause.downcast_ref())
            .map_or(&[], |faults: &Self| &faults.0)
    }
}

/// For logs.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Faults {}
