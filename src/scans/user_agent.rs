//! From a `User-Agent` (RFC 9110 §10.1.5) to device, system and program.
//!
//! Invariants: any text has an answer, in time bounded by `limits::USER_AGENT_BYTES`; and a program that fetches a page
//! without showing it to a person is a bot, whatever device it claims, as far as it can be told.

mod app;
mod bot;
mod device;

use woothee::{parser::Parser, woothee::VALUE_UNKNOWN};

use crate::{kernel::limits::USER_AGENT_BYTES, store::scans::DeviceType};

/// Name of an unknown value.
pub const UNKNOWN: &str = "Unknown";

/// Texts are [`UNKNOWN`] when not known, never empty. A part of them comes from the header and so from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Safari on an iPad in its default setting calls itself a Mac and is counted as `Pc`: its header does not differ.
    pub device_type: DeviceType,
    /// `iPhone`, `iPad`, `Mac`, or an Android model such as `SM-G991B`.
    pub device_family: String,
    /// `iOS`, `Android`, `Windows`, `macOS`, `Linux`, …
    pub os_family: String,
    /// Dotted, as in the header: `17.4`, `10`.
    pub os_version: String,
    /// The program: browser, app with a browser inside, or bot.
    pub browser_family: String,
    pub browser_version: String,
}

/// Whether a header is a bot's.
#[must_use]
pub fn is_bot(header: &str) -> bool {
    bot::name(&header[..header.floor_char_boundary(USER_AGENT_BYTES)]).is_some()
}

/// The kind of machine and its system, in the words of `store::codes::DEVICES`; empty if it is another or a bot.
#[must_use]
pub fn device_words(header: &str) -> [&'static str; 2] {
    let agent = &header[..header.floor_char_boundary(USER_AGENT_BYTES)];
    let (kind, os) = device::quick(agent);
    let kind = match kind {
        DeviceType::Mobile => "mobile",
        DeviceType::Tablet => "tablet",
        DeviceType::Pc => "desktop",
        DeviceType::Bot | DeviceType::Other => "",
    };
    let os = match os {
        "iOS" => "ios",
        "Android" | "HarmonyOS" => "android",
        "Windows" => "windows",
        "macOS" => "macos",
        "Linux" => "linux",
        _ => "",
    };
    [kind, os]
}

/// Parses a header's value; what exceeds `limits::USER_AGENT_BYTES` is ignored.
#[must_use]
pub fn parse(header: &str) -> Parsed {
    let agent = &header[..header.floor_char_boundary(USER_AGENT_BYTES)];
    let found = Parser::new().parse(agent).unwrap_or_default();
    let (os_family, os_version) = system(agent, found.os, &found.os_version);
    let crawler = (found.category == "crawler").then_some(found.name);
    let bot = bot::name(agent).or(crawler);
    let library = bot::library(agent);
    let device_type = match (bot, library) {
        (Some(_), _) => DeviceType::Bot,
        (None, Some(_)) => DeviceType::Other,
        (None, None) => device::kind(agent, os_family, found.category),
    };
    let app = app::find(agent);
    let (browser_family, browser_version) = match (bot.or(library), app) {
        (Some(name), _) => (name, ""),
        (None, Some((name, version))) => (name, version),
        (None, None) => (found.name, found.version),
    };
    let device = match device_type {
        DeviceType::Bot => "",
        _ if library.is_some() => "",
        _ => device::family(agent, os_family),
    };
    Parsed {
        device_type,
        device_family: known(device),
        os_family: known(os_family),
        os_version: known(&os_version),
        browser_family: known(browser_family),
        browser_version: known(browser_version),
    }
}

/// Family and version, by the names that people use.
fn system<'a>(agent: &str, os: &'a str, version: &str) -> (&'a str, String) {
    let plain = version.replace('_', ".");
    match os {
        "iPhone" | "iPad" | "iPod" | "iOS" => ("iOS", plain),
        // The version that such an iPad gives is a Mac's, and always the same.
        "Mac OSX" if device::is_ipad(agent) => ("iOS", String::new()),
        "Mac OSX" => ("macOS", plain),
        "Windows Phone OS" => ("Windows Phone", plain),
        _ if agent.contains("HarmonyOS") => ("HarmonyOS", String::new()),
        // woothee's name holds the version that people know: `Windows 10` for `NT 10.0`.
        _ if os.starts_with("Windows") => {
            let version = os.trim_start_matches("Windows").trim_start();
            let version = if version.starts_with("UNKNOWN") {
                ""
            } else {
                version
            };
            ("Windows", version.to_owned())
        }
        _ => (os, plain),
    }
}

fn known(text: &str) -> String {
    match text.trim() {
        "" | VALUE_UNKNOWN => UNKNOWN.to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
