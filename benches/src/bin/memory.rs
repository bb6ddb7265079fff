//! Counts what our encoder and our files take from the heap.
//!
//! Invariant: every line printed is one JSON object. Tables that are built once are there before anything is counted.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use benches::{
    files, inputs,
    ours::{self, Content, Options},
};
use cap::Cap;
use peak_alloc::PeakAlloc;
use symbol::file::Inks;

/// `PeakAlloc` knows the peak since it was last asked to forget, `Cap` the sum of everything.
#[global_allocator]
static SUM: Cap<PeakAlloc> = Cap::new(PEAK, usize::MAX);
static PEAK: PeakAlloc = PeakAlloc;

const WIDTH_PX: u32 = 1000;

fn main() -> ExitCode {
    match print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn print() -> io::Result<()> {
    for input in inputs::all() {
        let text = Content::Text(&input.text);
        let encode = || ours::encode(text, &Options::default()).map_err(io::Error::other);
        // What grows once, and the little that the second call of a process leaves behind.
        for _ in 0..2 {
            encode()?;
        }
        let symbol = encode()?;
        line(&format!("symbol/{}", input.name), || {
            drop(encode());
        })?;
        for format in files::ALL {
            let write = || files::file(format, &symbol, WIDTH_PX, Inks::BLACK_ON_WHITE);
            drop(write());
            line(&format!("{}/{}", format.name, input.name), || {
                drop(write());
            })?;
        }
    }
    Ok(())
}

/// Bytes asked for in all, and the most that were held at once, over what was held before.
fn line(name: &str, work: impl FnOnce()) -> io::Result<()> {
    PEAK.reset_peak_usage();
    let (sum_before, held_before) = (SUM.total_allocated(), PEAK.current_usage());
    work();
    let (sum, peak) = (SUM.total_allocated(), PEAK.peak_usage());
    writeln!(
        io::stdout(),
        r#"{{"bench":"memory/{name}","allocated_bytes":{},"peak_bytes":{}}}"#,
        sum - sum_before,
        peak.saturating_sub(held_before)
    )
}
