//! Hosts that pose as others: names in letters of one script that read as letters of another.
//!
//! Invariant: refused is what no honest name needs (UTS #39, Unicode Security Mechanisms); what some do is a concern.
//! ASCII is never either: `rn` for `m` is a matter of taste.

use unicode_script::{Script, UnicodeScript as _};
use unicode_security::{mixed_script::AugmentedScriptSet, skeleton};

use super::{Concern, Reason, reason::Fault};

/// What separates the parts of a URL. Whatever reads so inside a name moves the end of the host.
const DELIMITERS: [char; 12] = ['/', '\\', '.', ':', '?', '#', '@', '%', '&', '=', ';', '-'];

/// Registries of countries where such letters are written: names of their own look so honestly.
const AT_HOME: [(Script, &[&str]); 6] = [
    (
        Script::Cyrillic,
        &[
            "bg", "by", "kg", "kz", "me", "mk", "mn", "rs", "ru", "su", "tj", "ua", "uz",
        ],
    ),
    (Script::Greek, &["cy", "gr"]),
    (Script::Armenian, &["am"]),
    (Script::Georgian, &["ge"]),
    (Script::Hebrew, &["il"]),
    (Script::Thai, &["th"]),
];

/// Characters of a label that a message repeats.
const SHOWN_CHARS: usize = 30;

/// `name`: a host's name as a URL has it, in lower case and IDNA encoded, without a final dot.
///
/// # Errors
/// `Lookalike`, telling which part of the name and what it reads like.
pub(super) fn check(name: &str) -> Result<Vec<Concern>, Fault> {
    if !name.split('.').any(|label| label.starts_with("xn--")) {
        return Ok(Vec::new());
    }
    // Has been valid for whoever encoded it; what cannot be decoded is left as it is.
    let (name, _) = idna::domain_to_unicode(name);
    let (below, top) = name.rsplit_once('.').unwrap_or(("", &name));
    let mut concerns = Vec::new();
    for label in below.split('.').filter(|label| !label.is_ascii()) {
        concerns.extend(judge(label, top)?);
    }
    // Registries see to it that top-level domains are distinct, but not that they are of one script.
    if !top.is_ascii() {
        concerns.extend(mixed(top)?);
    }
    Ok(concerns)
}

fn judge(label: &str, top: &str) -> Result<Option<Concern>, Fault> {
    if let Some((found, like)) = delimiter(label) {
        return Err(refused(
            label,
            &format!(
                "holds {found:?} (U+{:04X}), which reads like `{like}`: remove it",
                u32::from(found)
            ),
        ));
    }
    let set = AugmentedScriptSet::for_str(label);
    if set.is_empty() {
        return mixed(label);
    }
    let Some(reading) = reading(label) else {
        return Ok(None);
    };
    // Of Latin letters with or without a dot, or of signs, this is spelling; of other scripts, it is disguise.
    if set.base.contains_script(Script::Latin) {
        let label = shown(label);
        return Ok(Some(Concern::ReadsLike { label, reading }));
    }
    let foreign = label.chars().find(|c| !c.is_ascii()).map(|c| c.script());
    if foreign.is_some_and(|script| is_at_home(script, set, top)) {
        return Ok(None);
    }
    let scripts = scripts(label);
    let what =
        format!("is written in {scripts} but reads like `{reading}`: give the name that is meant");
    Err(refused(label, &what))
}

/// UTS #39 §5.2: several scripts are fine if they make up one writing system, or that and Latin; Latin and one more
/// script in use is a concern, unless that has Latin's letters.
fn mixed(label: &str) -> Result<Option<Concern>, Fault> {
    let mut beside_latin = AugmentedScriptSet::default();
    let mut all = AugmentedScriptSet::default();
    for set in label.chars().map(AugmentedScriptSet::for_char) {
        all.intersect_with(set);
        if !set.base.contains_script(Script::Latin) {
            beside_latin.intersect_with(set);
        }
    }
    if !all.is_empty() || beside_latin.jpan || beside_latin.kore || beside_latin.hanb {
        return Ok(None);
    }
    let scripts = scripts(label);
    let mut other = beside_latin.base.iter();
    match (other.next(), other.next()) {
        (Some(script), None)
            if script.is_recommended() && !matches!(script, Script::Cyrillic | Script::Greek) =>
        {
            let label = shown(label);
            Ok(Some(Concern::Mixed { label, scripts }))
        }
        _ => Err(refused(
            label,
            &format!("mixes {scripts}, as names do that pose as others: give it in one script"),
        )),
    }
}

/// A sign, or a lone letter among ASCII ones, that reads like what ends a host. Beside letters of its own script, a
/// letter is just that: the visarga that looks like a colon, the katakana that looks like a slash.
fn delimiter(label: &str) -> Option<(char, char)> {
    let mut before = None;
    let mut chars = label.chars().peekable();
    while let Some(c) = chars.next() {
        let is_ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii());
        let is_sign = !c.is_alphanumeric() && c.script() == Script::Common;
        let is_alone = is_ascii(before) && is_ascii(chars.peek().copied());
        if !c.is_ascii() && (is_sign || is_alone) {
            let like = skeleton(c.encode_utf8(&mut [0; 4])).next();
            if let Some(like) = like.filter(|like| DELIMITERS.contains(like)) {
                return Some((c, like));
            }
        }
        before = Some(c);
    }
    None
}

/// What somebody reads who knows ASCII only; none if a character looks like none of its letters and digits.
fn reading(label: &str) -> Option<String> {
    let mut reading = String::with_capacity(label.len());
    for c in label.chars() {
        match c {
            _ if c.is_ascii() => reading.push(c),
            // The standard's prototype is `i`, but in lower case, as in names, it reads like `l`.
            '\u{4cf}' => reading.push('l'),
            _ => reading.extend(skeleton(c.encode_utf8(&mut [0; 4]))),
        }
    }
    reading.make_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    reading.chars().all(plain).then_some(reading)
}

fn is_at_home(script: Script, mut set: AugmentedScriptSet, top: &str) -> bool {
    if top.is_ascii() {
        return AT_HOME
            .iter()
            .any(|(home, tops)| *home == script && tops.contains(&top));
    }
    set.intersect_with(AugmentedScriptSet::for_str(top));
    !set.is_empty()
}

/// `Cyrillic and Latin`.
fn scripts(label: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for script in label.chars().map(|c| c.script()) {
        let name = script.full_name();
        if !matches!(script, Script::Common | Script::Inherited) && !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    names.join(" and ")
}

fn refused(label: &str, what: &str) -> Fault {
    let message = format!(
        "must not pose as another: the part `{}` of its host name {what}",
        shown(label)
    );
    Fault::new(Reason::Lookalike, message)
}

fn shown(label: &str) -> String {
    let mut chars = label.chars();
    let mut shown: String = chars.by_ref().take(SHOWN_CHARS).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
