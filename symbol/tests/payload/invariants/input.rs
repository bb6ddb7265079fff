//! Fields of payloads made from bytes: plausible ones, so that builders accept some, and hostile ones.
//!
//! Invariant: any bytes make an input; a fuzzer can change one field without changing the others much.

use arbitrary::Unstructured;
use symbol::payload::{Date, DateTime};

/// Pieces that mean something in some payload.
const HOSTILE: [&str; 48] = [
    ";",
    ":",
    ",",
    "\\",
    "\"",
    "'",
    "=",
    "&",
    "?",
    "#",
    "%",
    "%0A",
    "%3B",
    "+",
    "@",
    "/",
    " ",
    "(",
    ")",
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\t",
    "\0",
    "\u{1b}",
    "\u{1d}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\\n",
    "\\;",
    ";;",
    "S:",
    "P:",
    "T:nopass",
    "TEL:",
    "N:",
    "END:VCARD",
    "BEGIN:VEVENT",
    "&body=",
    "?cc=",
    "EUR1",
    "é",
    "日本",
    "😀",
    "🇪🇺",
    "e\u{301}",
];

const WORDS: [&str; 12] = [
    "a",
    "Ada",
    "Lovelace",
    "12 Main Street",
    "Zürich",
    "CAFE",
    "0123456789",
    "correct horse",
    "deadbeef",
    "x",
    "Q1",
    "東京",
];

pub struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub fn number(&mut self, range: std::ops::RangeInclusive<u64>) -> u64 {
        let first = *range.start();
        self.0.int_in_range(range).unwrap_or(first)
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.number(0..=n - 1) == n - 1
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let i = self.number(0..=from.len() as u64 - 1);
        from[usize::try_from(i).unwrap()].clone()
    }

    pub fn float(&mut self, most: f64) -> f64 {
        match self.number(0..=3) {
            0 => self.0.arbitrary().unwrap_or_default(),
            1 => most * f64::from(self.0.arbitrary::<i8>().unwrap_or_default()) / 127.0,
            _ => most * f64::from(self.0.arbitrary::<i32>().unwrap_or_default()) / 2_147_483_648.0,
        }
    }

    pub fn maybe<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(2).then(|| f(self))
    }

    pub fn list<T>(&mut self, most: u64, mut f: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.number(0..=most)).map(|_| f(self)).collect()
    }

    /// Any text: words, words among hostile pieces, or anything at all.
    pub fn text(&mut self) -> String {
        let pieces = self.number(1..=6);
        match self.number(0..=9) {
            0 => self.0.arbitrary::<&str>().unwrap_or_default().to_owned(),
            1 => self
                .pick(&WORDS)
                .repeat(usize::try_from(self.number(1..=40)).unwrap()),
            2..=4 => (0..pieces)
                .map(|_| {
                    if self.one_in(2) {
                        self.pick(&WORDS)
                    } else {
                        self.pick(&HOSTILE)
                    }
                })
                .collect(),
            _ => (0..pieces.min(3))
                .map(|_| self.pick(&WORDS))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// Text now and then where something stricter belongs.
    fn or_text(&mut self, plausible: String) -> String {
        match self.number(0..=15) {
            0 => self.text(),
            1 => plausible + self.pick(&HOSTILE),
            2 => self.pick(&HOSTILE).to_owned() + &plausible,
            _ => plausible,
        }
    }

    pub fn digits(&mut self, most: u64) -> String {
        let count = self.number(1..=most);
        (0..count)
            .map(|_| char::from(b'0' + u8::try_from(self.number(0..=9)).unwrap()))
            .collect()
    }

    pub fn phone(&mut self) -> String {
        let digits = self.digits(14);
        let plausible = match self.number(0..=3) {
            0 => digits,
            1 => format!("+1 ({digits}) 5-5"),
            _ => format!("+44{digits}"),
        };
        self.or_text(plausible)
    }

    pub fn email(&mut self) -> String {
        let local = if self.one_in(10) {
            self.pick(&["ä", "a,b", ".a", "a;b", ""])
        } else {
            self.pick(&["a", "ada.l", "x+y", "o'neil", "q?x&y=%", "{}|~`"])
        };
        let domain = if self.one_in(10) {
            "localhost"
        } else {
            self.pick(&["example.com", "Mail.Example.ORG", "bücher.example"])
        };
        self.or_text(format!("{local}@{domain}"))
    }

    pub fn web_address(&mut self) -> String {
        let host = self.pick(&[
            "example.com",
            "bücher.Example:443",
            "[2001:db8::1]:8080",
            "192.0.2.1",
            "bank.example@evil.example",
            "a.example.",
        ]);
        let scheme = self.pick(&["https://", "http://", "HTTPS://"]);
        let path = self.pick(&[
            "",
            "/",
            "/a/../b%2fc",
            "/ä|^{}\"<>`",
            "?q=1&r=a;b,c'",
            "#f|`",
            "/a:b@c",
            "?%e4=日本",
        ]);
        let tail = if self.one_in(4) {
            self.text()
        } else {
            String::new()
        };
        self.or_text(format!("{scheme}{host}{path}{tail}"))
    }

    pub fn date(&mut self) -> Date {
        let year = u16::try_from(self.number(1..=9999)).unwrap();
        let month = u8::try_from(self.number(1..=12)).unwrap();
        let day = u8::try_from(self.number(1..=31)).unwrap();
        Date::new(year, month, day).unwrap_or(Date::new(2024, 2, 29).unwrap())
    }

    pub fn time(&mut self) -> DateTime {
        let date = self.date();
        let [hour, minute, second] =
            [23, 59, 59].map(|most| u8::try_from(self.number(0..=most)).unwrap());
        DateTime::new(date, hour, minute, second).unwrap()
    }

    /// With check digits that fit, mostly.
    pub fn iban(&mut self) -> String {
        let (country, len) = self.pick(&[("DE", 18), ("BE", 12), ("NO", 11), ("US", 20)]);
        let account: String = (0..len).map(|_| self.digits(1)).collect();
        let plausible = or_mistyped(self, with_mod_97(country, &account));
        self.or_text(plausible)
    }

    pub fn reference(&mut self) -> String {
        let digits = self.digits(21);
        let plausible = or_mistyped(self, with_mod_97("RF", &digits));
        self.or_text(plausible)
    }

    /// `len` digits of which the last fits.
    pub fn checked_digits(&mut self, len: usize) -> String {
        let mut digits: String = (1..len).map(|_| self.digits(1)).collect();
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(i, digit)| u32::from(digit - b'0') * if i % 2 == 0 { 3 } else { 1 })
            .sum();
        digits.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap());
        let plausible = or_mistyped(self, digits);
        self.or_text(plausible)
    }
}

/// Now and then with another last digit, so that the check digit does not fit.
fn or_mistyped(input: &mut Input<'_>, mut digits: String) -> String {
    if input.one_in(8) {
        digits.pop();
        digits += &input.digits(1);
    }
    digits
}

/// `XXnn…` of ISO/IEC 7064: the check digits are 98 less the remainder of what stands with 00 in their place.
fn with_mod_97(prefix: &str, rest: &str) -> String {
    let letters: String = prefix
        .bytes()
        .map(|letter| (letter - b'A' + 10).to_string())
        .collect();
    let digits = format!("{rest}{letters}00");
    let remainder = digits
        .bytes()
        .fold(0, |sum, digit| (sum * 10 + u32::from(digit - b'0')) % 97);
    format!("{prefix}{:02}{rest}", 98 - remainder)
}
