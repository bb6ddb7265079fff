//! `docs/TOKENS.md` has vectors, for whoever implements this again. `UPDATE_DOCS=1 cargo test -p tokens vectors` writes them.

use std::{fmt::Write as _, path::Path};

use tokens::{
    Delta, EventId, Expect, Kind, OldTokens, Reason, Revocations, Serial, Token, rotating, verify,
};

use crate::{
    made::{
        ENDS_AT, EVENT, NOW, SUBJECT, expect, key, none, ring, serial, token, token_for, verified,
    },
    old::{SECRET, signed, signed_with},
};

const BEGIN: &str = "<!-- Generated from here on: UPDATE_DOCS=1 cargo test -p tokens vectors -->\n";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// A list of objects of JSON, one to a line.
fn block(heading: &str, says: &str, objects: &[String]) -> String {
    let objects = objects.join(",\n  ");
    format!("\n### {heading}\n\n{says}\n\n```json\n[\n  {objects}\n]\n```\n")
}

fn keys() -> String {
    let ring = ring();
    let objects: Vec<String> = ring
        .keys()
        .iter()
        .map(|key| {
            let number = key.number().value();
            let (secret, public) = (hex(&[number; 32]), hex(key.as_bytes()));
            format!(r#"{{"number": {number}, "secret": "{secret}", "public": "{public}"}}"#)
        })
        .collect();
    let says = format!(
        "Both begin at {}, a day before the tokens are shown. Their secrets are public now.",
        NOW - 86_400
    );
    block("Keys", &says, &objects)
}

fn genuine() -> Vec<(&'static str, u8, Token)> {
    let of = |kind, time| Token {
        kind,
        time,
        ..token()
    };
    let largest = Token {
        subject: tokens::Subject([0xFF; 12]),
        serial: Serial::NEVER,
        ..of(Kind::Attendee, u32::MAX)
    };
    vec![
        ("until the event's end", 1, token()),
        ("for five minutes", 1, token_for(5)),
        ("by the second key", 2, token()),
        ("of a stall", 1, of(Kind::Stall, 0)),
        (
            "rotating",
            1,
            rotating::token(EVENT, SUBJECT, serial(7), NOW),
        ),
        ("of a device", 2, of(Kind::Device, token_for(5).time)),
        ("largest fields", 1, largest),
    ]
}

fn tokens() -> String {
    let object = |(name, number, token): (&str, u8, Token)| {
        let signed = key(number).token(token);
        for text in [signed.to_symbol(), signed.to_url()] {
            assert_eq!(verified(&text), Ok(token), "{name}");
        }
        let Token { kind, time, .. } = token;
        let (event, subject) = (hex(&token.event.0), hex(&token.subject.0));
        let (serial, bytes) = (token.serial.value(), hex(&signed.to_bytes()));
        let (symbol, url) = (signed.to_symbol(), signed.to_url());
        format!(
            r#"{{"name": "{name}", "key": {number}, "kind": "{}", "event": "{event}", "subject": "{subject}", "time": {time}, "serial": {serial}, "bytes": "{bytes}", "symbol": "{symbol}", "url": "{url}"}}"#,
            kind.as_str()
        )
    };
    let objects: Vec<String> = genuine().into_iter().map(object).collect();
    let says = "Event, subject and bytes are hexadecimal. Each counts in the event, until its end.";
    block("Tokens", says, &objects)
}

/// Names, texts, and when each is shown.
fn refused() -> Vec<(&'static str, String, i64)> {
    let text = key(1).token(token()).to_symbol();
    let url = key(1).token(token()).to_url();
    let rotating = key(1)
        .token(rotating::token(EVENT, SUBJECT, serial(7), NOW))
        .to_symbol();
    let stranger = tokens::SigningKey::new(key(1).number(), &[9; 32]);
    let gala = Token {
        event: EventId(*b"gala"),
        ..token()
    };
    let device = Token {
        kind: Kind::Device,
        ..token()
    };
    let revoked = Token {
        serial: serial(6),
        ..token()
    };
    let symbol = |token| key(1).token(token).to_symbol();
    vec![
        ("a character short", text[..134].to_owned(), NOW),
        ("in lower case", url.to_lowercase(), NOW),
        ("more than two bytes", text[..132].to_owned() + "GGW", NOW),
        ("format 9", "B".to_owned() + &url[1..], NOW),
        (
            "another's signature",
            text[..39].to_owned() + &symbol(gala)[39..],
            NOW,
        ),
        ("by another key 1", stranger.token(token()).to_symbol(), NOW),
        ("by key 3", key(3).token(token()).to_symbol(), NOW),
        ("of another event", symbol(gala), NOW),
        ("of a device", symbol(device), NOW),
        ("a second after its time", symbol(token_for(5)), NOW + 301),
        ("a second after the event", text, ENDS_AT + 1),
        ("rotating, three windows later", rotating.clone(), NOW + 90),
        ("rotating, two windows ahead", rotating, NOW - 31),
        ("of a smaller serial", symbol(revoked), NOW),
    ]
}

fn revocations() -> Revocations {
    let mut revocations = none();
    let others = tokens::Subject(*b"subject-0002");
    revocations
        .record(1_796_000_000_000_000, SUBJECT, serial(7))
        .unwrap();
    revocations
        .record(1_796_000_000_000_001, others, Serial::NEVER)
        .unwrap();
    revocations
}

fn refusals() -> String {
    let object = |(name, text, now): (&str, String, i64)| {
        let expect = Expect {
            kinds: &[Kind::Attendee, Kind::Stall, Kind::Rotating],
            ..expect(now)
        };
        let reason = verify(&text, &ring(), &expect, &revocations()).unwrap_err();
        format!(
            r#"{{"name": "{name}", "now": {now}, "reason": "{reason}", "text": "{text}"}}"#,
            reason = reason.as_str()
        )
    };
    let objects: Vec<String> = refused().into_iter().map(object).collect();
    let says = format!(
        "In the event `{}`, which ends at {ENDS_AT}, at a gate for attendees, stalls and rotating tokens, with the revocations below. \
         `now` is in seconds since 1970.",
        hex(&EVENT.0)
    );
    block("Refused", &says, &objects)
}

fn deltas() -> String {
    let object = |name, revocations: &Revocations, since| {
        let delta: Delta = revocations.delta(since, tokens::time::minute(NOW));
        let bytes = key(1).delta(&delta);
        assert_eq!(Delta::read(&bytes, &ring(), NOW).as_ref(), Ok(&delta));
        let (version, entries) = (delta.version, delta.least.len());
        format!(
            r#"{{"name": "{name}", "since": {since}, "version": {version}, "entries": {entries}, "bytes": "{}"}}"#,
            hex(&bytes)
        )
    };
    let all = revocations();
    let objects = [
        object("nothing", &none(), 0),
        object("all", &all, 0),
        object("the last", &all, 1_796_000_000_000_000),
    ];
    let says = format!("Made at {NOW} with key 1.");
    block("Revocations", &says, &objects)
}

fn old() -> String {
    let old = OldTokens::until(ENDS_AT, Some(SECRET)).unwrap();
    // Written out: another build of serde_json may keep the order of names, and this must not change.
    let payload = format!(
        r#"{{"exp":{},"n":"Ada","r":"2026-0001","t":"S"}}"#,
        NOW + 3600
    );
    let with = |header: &str| signed_with(SECRET, header, &payload);
    let far = payload.replace(&(NOW + 3600).to_string(), "253402300799");
    let texts = [
        ("a student's", signed(&payload)),
        ("a stall's", "STALL_007".to_owned()),
        ("algorithm none", with(r#"{"alg":"none"}"#)),
        ("RS256", with(r#"{"alg":"RS256"}"#)),
        ("kid", with(r#"{"alg":"HS256","kid":"../../dev/null"}"#)),
        ("crit", with(r#"{"alg":"HS256","crit":["exp"]}"#)),
        (
            "another secret",
            signed_with(b"another", r#"{"alg":"HS256"}"#, &payload),
        ),
        ("far expiry", signed(&far)),
        (
            "a name twice",
            signed(&payload.replace("\"t\":", "\"r\":\"2\",\"t\":")),
        ),
        ("a stall without number", "STALL_".to_owned()),
    ];
    let object = |(name, text): &(&str, String)| {
        let verdict = old
            .verify(text, NOW)
            .map_or_else(Reason::as_str, |_| "valid");
        format!(r#"{{"name": "{name}", "verdict": "{verdict}", "text": "{text}"}}"#)
    };
    let says = format!(
        "With the secret `{}`, at {NOW}.",
        std::str::from_utf8(SECRET).unwrap()
    );
    block(
        "Old tokens",
        &says,
        &texts.iter().map(object).collect::<Vec<_>>(),
    )
}

#[test]
fn vectors_are_documented() {
    let generated = keys() + &tokens() + &refusals() + &deltas() + &old();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/TOKENS.md");
    let kept = std::fs::read_to_string(&path).unwrap();
    let (written, _) = kept.split_once(BEGIN).expect("the marker");
    let whole = format!("{written}{BEGIN}{generated}");
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &whole).unwrap();
    } else {
        assert!(
            kept == whole,
            "docs/TOKENS.md has other vectors: UPDATE_DOCS=1 cargo test -p tokens vectors"
        );
    }
}

#[test]
fn each_reason_has_a_vector() {
    let expect = |now| Expect {
        kinds: &[Kind::Attendee, Kind::Stall, Kind::Rotating],
        ..expect(now)
    };
    let reasons: Vec<Reason> = refused()
        .iter()
        .map(|(_, text, now)| verify(text, &ring(), &expect(*now), &revocations()).unwrap_err())
        .collect();
    // The last two are the ledger's.
    for reason in &Reason::ALL[..8] {
        assert!(reasons.contains(reason), "{reason:?}");
    }
}
