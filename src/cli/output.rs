//! What commands print: tables for people, JSON for scripts.

use std::io::Write;

use serde::Serialize;

/// Characters of a bar itself.
const WIDTH: u64 = 30;

/// A line on standard output. A closed pipe (`| head`) is not an error.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line on standard error.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// One JSON document on standard output.
pub fn json(value: &impl Serialize) {
    say(&pretty(value));
}

/// One JSON document.
pub fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Rows under a header, columns aligned.
pub fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) {
    say(&aligned(header, rows));
}

/// The same as text, without the last line's end.
pub fn aligned<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| plain(cell)))
        .collect();
    let width = |i: usize| {
        rows.iter()
            .map(|r| r[i].chars().count())
            .chain([header[i].len()])
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let cells: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let rows = rows
        .iter()
        .map(|row| line(std::array::from_fn(|i| row[i].as_str())));
    let lines: Vec<String> = std::iter::once(line(header)).chain(rows).collect();
    lines.join("\n")
}

/// What a terminal would obey is shown as a replacement character.
fn plain(cell: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    cell.chars().map(shown).collect()
}

/// How far something is, on standard error; draws over itself.
pub fn bar(done: u64, of: u64, text: &str) {
    let full = (done * WIDTH).checked_div(of).unwrap_or(WIDTH).min(WIDTH);
    let bar: String = (0..WIDTH)
        .map(|i| if i < full { '█' } else { '░' })
        .collect();
    let mut stderr = std::io::stderr().lock();
    // Without a terminal there is no bar.
    let _ = write!(stderr, "\r{bar} {text}");
    let _ = stderr.flush();
}
