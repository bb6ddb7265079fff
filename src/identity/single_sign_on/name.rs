//! The name of a user who comes from a provider.

use serde_json::{Map, Value};

use crate::identity::invitations::{check_name, is_name_character};

/// Claims that name a person, the best first.
const CLAIMS: [&str; 3] = ["preferred_username", "email", "name"];
/// With a suffix, a name has at most 100 characters.
const CHARS: usize = 90;
/// Numbered names that are tried before one by chance.
const NUMBERED: std::ops::RangeInclusive<u32> = 2..=9;

/// What the claims call the person, as a user can be called.
pub(super) fn wished(claims: &Map<String, Value>) -> String {
    let text = |claim: &&str| Some(plain(claims.get(*claim)?.as_str()?));
    let mut names = CLAIMS.iter().filter_map(text);
    // Under the rules of every other user: a provider's people may call themselves as they like.
    let fit = names.find(|name| check_name(name).is_ok());
    fit.unwrap_or_else(|| "user".to_owned())
}

fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| is_name_character(*c));
    let kept: String = kept.take(CHARS).collect();
    kept.trim().to_owned()
}

/// Names to try in turn. An existing user's name is never taken over: whoever has it stays who they are.
pub(super) fn free(wished: &str, chance: &str) -> impl Iterator<Item = String> {
    let numbered = NUMBERED.map(move |n| format!("{wished}-{n}"));
    let last = format!("{wished}-{chance}");
    [wished.to_owned()]
        .into_iter()
        .chain(numbered)
        .chain([last])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_best_name_of_the_claims_is_taken_and_made_plain() {
        for (claims, name) in [
            (
                json!({"preferred_username": "alice", "name": "Alice Adams"}),
                "alice",
            ),
            (
                json!({"preferred_username": " ", "email": "a@example.org"}),
                "a@example.org",
            ),
            (json!({"name": "Alice\u{0}\nAdams: "}), "AliceAdams"),
            (json!({"preferred_username": 7}), "user"),
            // Cyrillic among Latin letters, and what is not seen.
            (
                json!({"preferred_username": "\u{430}dmin", "email": "eve@example.org"}),
                "eve@example.org",
            ),
            (json!({"preferred_username": "adm\u{200b}in"}), "admin"),
            (json!({}), "user"),
        ] {
            assert_eq!(wished(claims.as_object().unwrap()), name, "{claims}");
        }
        let long = json!({"name": "x".repeat(1000)});
        let long = wished(long.as_object().unwrap());
        let all: Vec<String> = free(&long, "0123abcd").collect();
        assert!(all.iter().all(|name| name.chars().count() <= 100));
        assert_eq!((all.len(), &all[0]), (10, &long));
    }
}
