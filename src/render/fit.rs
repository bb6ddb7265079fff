//! How content becomes a symbol, and what to say where it does not fit.
//!
//! Invariant: both arms follow `docs/adr/0014-text-in-symbols.md`, and refuse with the same fields.

use symbol::{Content, Declare, Options, Symbol, Versions, encode, measure};

use super::{Fault, Faults, Field, Overflow, Problem, Request, Spec};
use crate::kernel::{Error, Level, Result};

/// Bytes of text in a symbol of version 40 (ISO/IEC 18004 table 7).
const fn most_bytes(level: Level) -> usize {
    match level {
        Level::L => 2953,
        Level::M => 2331,
        Level::Q => 1663,
        Level::H => 1273,
    }
}

/// Of our own encoder.
pub(super) fn options(spec: &Spec) -> Options {
    of_family(spec.level, spec.micro)
}

fn of_family(level: Level, micro: bool) -> Options {
    Options {
        level,
        declare_utf8: Some(Declare::Auto),
        versions: if micro {
            Versions::Micro
        } else {
            Versions::default()
        },
        ..Options::default()
    }
}

pub(super) fn content(spec: &Spec) -> Content<'_> {
    match str::from_utf8(&spec.content) {
        Ok(text) => Content::Text(text),
        Err(_) => Content::Bytes(&spec.content),
    }
}

/// The smallest symbol that holds the request's content.
///
/// # Errors
/// `Invalid` when not even version 40 holds it.
pub(super) fn symbol(request: &Request) -> Result<Symbol> {
    encode(content(request), &options(request)).map_err(|_| too_long(request))
}

/// Modules along one side of the symbol, without its quiet zone. `None` where the content does not fit.
pub(super) fn modules(spec: &Spec) -> Option<u32> {
    let (version, _) = measure(content(spec), &options(spec)).ok()?;
    u32::try_from(version.modules()).ok()
}

/// Not even the largest symbol holds the content. Names the field whose change would help: the logo that raised the
/// error level, else the level, else the content.
pub(super) fn too_long(request: &Request) -> Error {
    let level = request.level;
    if request.micro {
        let fault = Fault {
            field: Field::Micro,
            problem: Problem::NoMicro { level },
        };
        return Faults(vec![fault]).into_error();
    }
    let options = |level| of_family(level, false);
    let over_bytes = match measure(content(request), &options(level)) {
        Err(symbol::Error::TooLong {
            needed_bits,
            available_bits,
            ..
        }) => needed_bits.saturating_sub(available_bits).div_ceil(8),
        // An encoder with longer segments than ours refused it.
        _ => 1,
    };
    let fits = |level: &Level| measure(content(request), &options(*level)).is_ok();
    let weaker = Level::ALL.into_iter().rev().filter(|other| *other < level);
    let (field, ask_for) = match { weaker }.find(fits) {
        None => (Field::Content, None),
        Some(helps) if request.logo.is_some() => (
            Field::Logo,
            Some(helps).filter(|helps| *helps < request.asked_level()),
        ),
        Some(helps) => (Field::Level, Some(helps)),
    };
    let problem = Problem::DoesNotFit(Overflow {
        level,
        most_bytes: most_bytes(level),
        over_bytes,
        ask_for,
    });
    Faults(vec![Fault { field, problem }]).into_error()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Logo;

    fn refused(bytes: usize, level: Level, logo: bool) -> (String, String) {
        let spec = Spec {
            level,
            logo: logo.then(Logo::for_tests),
            ..Spec::new("a".repeat(bytes))
        };
        let error = too_long(&Request::new(spec).unwrap());
        let detail = Faults::of(&error)[0].detail(names);
        (detail.field.to_string(), detail.message.to_string())
    }

    fn names(field: Field) -> &'static str {
        match field {
            Field::Level => "error_level",
            Field::Logo => "include_logo",
            _ => "content",
        }
    }

    #[test]
    fn a_refusal_names_what_the_caller_can_change() {
        for (bytes, level, logo, field, advice) in [
            // The logo made it h.
            (
                1300,
                Level::L,
                true,
                "include_logo",
                "27 bytes too long: leave out the logo, or shorten",
            ),
            (
                1300,
                Level::M,
                true,
                "include_logo",
                "leave out the logo, or shorten",
            ),
            (
                2000,
                Level::Q,
                true,
                "include_logo",
                "leave out the logo and ask for error_level m, or",
            ),
            (3000, Level::M, true, "content", "no weaker level"),
            (
                2332,
                Level::M,
                false,
                "error_level",
                "ask for l, or shorten the content",
            ),
            (2000, Level::H, false, "error_level", "ask for m, or"),
            // Nothing is weaker than l.
            (
                2954,
                Level::L,
                false,
                "content",
                "1 bytes too long at error_level l",
            ),
        ] {
            let (named, message) = refused(bytes, level, logo);
            assert_eq!(named, field, "{message}");
            assert!(message.contains(advice), "{message}");
            // A weaker level is never the advice while the logo would raise it again.
            assert!(!logo || !message.contains("at h"), "{message}");
        }
    }
}
