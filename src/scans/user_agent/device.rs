//! The machine in a person's hand.

use super::DeviceType;

/// What browsers of iOS have in their headers and those of macOS do not.
const IOS: [&str; 7] = [
    "CriOS/", "FxiOS/", "EdgiOS/", "OPiOS/", "OPT/", "GSA/", "Mobile/",
];

/// Whether this is an iPad, as far as the header tells. One that asks for desktop pages calls itself a Mac: other browsers than
/// Safari still give their name for iOS, and what is shown within an app the model of a build. Safari itself cannot be told from a
/// Mac's. An iPhone that asks for desktop pages says the same, but does so only when it is told to.
pub fn is_ipad(agent: &str) -> bool {
    let has = |mark| agent.contains(mark);
    has("iPad") || has("Macintosh;") && IOS.into_iter().any(has)
}

/// Kind and system by a few words of the header, for rules of redirects: a hundredth of what parsing takes. A program that is no
/// browser has neither.
pub fn quick(agent: &str) -> (DeviceType, &'static str) {
    let has = |mark| agent.contains(mark);
    let os = if has("Windows Phone") {
        "Windows Phone"
    } else if has("iPhone") || has("iPod") || is_ipad(agent) {
        "iOS"
    } else if has("HarmonyOS") {
        "HarmonyOS"
    } else if has("Android") {
        "Android"
    } else if has("Windows") {
        "Windows"
    } else if has("Macintosh") {
        "macOS"
    } else if has("X11") || has("Linux") {
        "Linux"
    } else {
        return (DeviceType::Other, "");
    };
    (kind(agent, os, "pc"), os)
}

/// Nobody asks this of a bot.
pub fn kind(agent: &str, os: &str, category: &str) -> DeviceType {
    let has = |mark| agent.contains(mark);
    match os {
        "iOS" if is_ipad(agent) => DeviceType::Tablet,
        "iOS" | "Windows Phone" => DeviceType::Mobile,
        // Android's rule: a phone says `Mobile`, a tablet does not. Some tablets do, but call themselves one; a
        // television set does not.
        "Android" | "HarmonyOS" => {
            if has("Tablet") || has("Tab ") {
                DeviceType::Tablet
            } else if has("Mobile") {
                DeviceType::Mobile
            } else if has("TV") || has("; AFT") || has("BRAVIA") {
                DeviceType::Other
            } else {
                DeviceType::Tablet
            }
        }
        _ => match category {
            "smartphone" | "mobilephone" => DeviceType::Mobile,
            "pc" => DeviceType::Pc,
            _ => DeviceType::Other,
        },
    }
}

/// The model as far as the header tells; empty if it does not.
pub fn family<'a>(agent: &'a str, os: &str) -> &'a str {
    match os {
        "iOS" if is_ipad(agent) => "iPad",
        "iOS" => ["iPhone", "iPod"]
            .into_iter()
            .find(|name| agent.contains(name))
            .unwrap_or_default(),
        "macOS" => "Mac",
        "Android" | "HarmonyOS" => android_model(agent),
        _ => "",
    }
}

/// `…; Android 13; SM-G991B Build/…)`: what follows the version. Since Chrome 110 it is `K`, which says nothing.
fn android_model(agent: &str) -> &str {
    let after = agent.split_once("Android").map_or("", |(_, rest)| rest);
    let inside = after.split(')').next().unwrap_or_default();
    let part = inside.split(';').skip(1).map(str::trim).find(|part| {
        let is_locale = part.len() == 5
            && part.as_bytes().get(2) == Some(&b'-')
            && part.chars().next().is_some_and(|c| c.is_ascii_lowercase());
        !is_locale
            && !["", "K", "U", "wv", "Mobile", "Tablet", "HarmonyOS"].contains(part)
            && !part.starts_with("rv:")
    });
    let model = part.unwrap_or_default();
    let model = model.split(" Build/").next().unwrap_or_default();
    model.trim()
}
