//! No change to a genuine token gives another that counts.

use tokens::{Kind, Reason, Signed, Token};

use crate::made::{key, token, verified};

const BASE45: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// How many are made by `ten_million_mutations`.
const SWITCH: &str = "TOKEN_MUTATIONS";
const FEW: u64 = 20_000;

/// Of any 90 bytes, by way of the form that takes all of them.
fn url(bytes: &[u8; 90]) -> String {
    let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
    let digit = |place: usize| (5 * place..5 * place + 5).fold(0, |sum, at| sum << 1 | bit(at));
    (0..144)
        .map(|place| char::from(BASE32[digit(place)]))
        .collect()
}

#[test]
fn every_bit_of_every_field_is_signed() {
    let mut tokens: Vec<Token> = Kind::ALL.map(|kind| Token { kind, ..token() }).to_vec();
    tokens[2].time = tokens::rotating::window(crate::made::NOW);
    for token in tokens {
        let signed = key(1).token(token);
        assert_eq!(url(&signed.to_bytes()), signed.to_url());
        assert_eq!(verified(&signed.to_url()), Ok(token));
        for bit in 0..720 {
            let mut bytes = signed.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = verified(&url(&bytes));
            // 8 bits of the format, and those of the kind that give none.
            let expected: &[Reason] = match bit / 8 {
                0 => &[Reason::Malformed],
                1 => &[Reason::UnknownKey],
                2 => &[Reason::Malformed, Reason::BadSignature],
                _ => &[Reason::BadSignature],
            };
            let reason = found.expect_err("a bit was changed");
            assert!(expected.contains(&reason), "bit {bit}: {reason}");
        }
    }
}

/// `SplitMix64`: the same mutations in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
}

/// A genuine text, changed in one or two places. May come out unchanged.
fn mutation(genuine: &[Signed], random: &mut Random) -> String {
    let signed = &genuine[random.below(genuine.len())];
    let in_url = random.next() & 1 == 0;
    let (text, alphabet) = if in_url {
        (signed.to_url(), &BASE32[..])
    } else {
        (signed.to_symbol(), &BASE45[..])
    };
    let mut text = text.into_bytes();
    for _ in 0..=random.below(2) {
        let at = random.below(text.len());
        match random.below(32) {
            0 => text.swap(at, 0),
            1 => text.rotate_left(at),
            // The same place of another token.
            4..16 => {
                let other = &genuine[random.below(genuine.len())];
                let other = if in_url {
                    other.to_url()
                } else {
                    other.to_symbol()
                };
                let end = (at + random.below(text.len() - at)).min(other.len());
                let at = at.min(end);
                text[at..end].copy_from_slice(&other.as_bytes()[at..end]);
            }
            2 => text.truncate(at.max(1)),
            3 => text.push(alphabet[random.below(alphabet.len())]),
            _ => text[at] = alphabet[random.below(alphabet.len())],
        }
        if text.len() < 135 {
            break;
        }
    }
    String::from_utf8(text).unwrap()
}

/// How many texts were changed, and how many of them came as far as the signature.
fn mutate(count: u64, seed: u64) -> (u64, u64) {
    let mut random = Random(seed);
    let genuine: Vec<Signed> = (0..64)
        .map(|at| {
            let mut token = token();
            token.subject.0[11] = at;
            token.kind = [Kind::Attendee, Kind::Stall, Kind::Device][usize::from(at) % 3];
            key(1 + at % 2).token(token)
        })
        .collect();
    let texts: std::collections::HashSet<String> = genuine
        .iter()
        .flat_map(|signed| [signed.to_symbol(), signed.to_url()])
        .collect();
    let (mut changed, mut checked) = (0u64, 0u64);
    for _ in 0..count {
        let text = mutation(&genuine, &mut random);
        if texts.contains(&text) {
            continue;
        }
        changed += 1;
        let reason = verified(&text).expect_err(&text);
        checked += u64::from(reason == Reason::BadSignature);
    }
    assert!(checked > count / 2, "{checked} of {count}");
    (changed, checked)
}

#[test]
fn some_thousand_mutations() {
    mutate(FEW, 1);
}

/// `TOKEN_MUTATIONS=1000000 cargo test --release -p tokens -- --ignored ten_million --nocapture`
#[test]
#[ignore = "takes minutes"]
fn ten_million_mutations() {
    let count = std::env::var(SWITCH).map_or(10_000_000, |n| n.parse().unwrap());
    let (changed, checked) = mutate(count, 2);
    println!(
        "{changed} of {count} texts were changed, {checked} came as far as the signature, none passed"
    );
}
