//! Times our symbols and files beside those of other Rust encoders, in one process and by turns.
//!
//! Invariant: every line printed is one JSON object, or, for `inputs`, a name, a tab and a text.

use std::{
    fmt::Display,
    hint::black_box,
    io::{self, Write},
    process::ExitCode,
};

use benches::{
    files, inputs,
    ours::{self, Content, Cpu, Options},
    peers::{self, Output},
    timing::{self, Budget},
};
use symbol::file::Inks;

const USAGE: &str = "usage: peers_rust inputs | compare | alone  [--quick] [--only BENCH_PREFIX]

  inputs   the texts, for peers that are not written in Rust
  compare  ours and each peer by turns
  alone    ours alone";

const OUTPUTS: [(&str, Output); 5] = [
    ("symbol", Output::Symbol),
    ("png_300", Output::Png(300)),
    ("png_1000", Output::Png(1000)),
    ("png_2000", Output::Png(2000)),
    ("svg", Output::Svg),
];

struct Run {
    budget: Budget,
    only: String,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let mut run = Run {
        budget: Budget::FULL,
        only: String::new(),
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => run.budget = Budget::QUICK,
            "--only" => run.only = arguments.next().unwrap_or_default(),
            _ => return usage(),
        }
    }
    let done = match command.as_str() {
        "inputs" => print_inputs(),
        "compare" => run.each(compare),
        "alone" => run.each(alone),
        _ => return usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn usage() -> ExitCode {
    fail(&USAGE)
}

fn fail(why: &dyn Display) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn print_inputs() -> io::Result<()> {
    inputs::all()
        .iter()
        .try_for_each(|input| writeln!(io::stdout(), "{}\t{}", input.name, input.text))
}

/// One output of one text, by one level of CPU features.
struct Bench<'a> {
    name: String,
    text: &'a str,
    output: Output,
    cpu: Cpu,
    budget: Budget,
}

impl Run {
    fn each(&self, measure: fn(&Bench) -> io::Result<()>) -> io::Result<()> {
        for (kind, output) in OUTPUTS {
            for input in inputs::all() {
                let name = format!("{kind}/{}", input.name);
                if !name.starts_with(&self.only) {
                    continue;
                }
                for cpu in cpus(output) {
                    measure(&Bench {
                        name: name.clone(),
                        text: &input.text,
                        output,
                        cpu,
                        budget: self.budget,
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// Files are written by the same code whatever the CPU.
fn cpus(output: Output) -> Vec<Cpu> {
    if output == Output::Symbol {
        Cpu::available().collect()
    } else {
        vec![Cpu::best()]
    }
}

fn compare(bench: &Bench) -> io::Result<()> {
    let Some(our_bytes) = make(bench) else {
        return Ok(());
    };
    for peer in &peers::ALL {
        let Some(peer_bytes) = (peer.make)(bench.text, bench.output) else {
            continue;
        };
        let (ours_ns, peer_ns) = timing::compare(
            bench.budget,
            &mut || {
                black_box(make(bench));
            },
            &mut || {
                black_box((peer.make)(black_box(bench.text), bench.output));
            },
        );
        writeln!(
            io::stdout(),
            r#"{{"bench":"{}","cpu":"{}","ours_ns":{ours_ns:.0},"peer":"{}","peer_ns":{peer_ns:.0},"ratio":{:.2},"ours_bytes":{},"peer_bytes":{}}}"#,
            bench.name,
            bench.cpu,
            peer.name,
            peer_ns / ours_ns,
            or_null(our_bytes),
            or_null(peer_bytes),
        )?;
    }
    Ok(())
}

fn alone(bench: &Bench) -> io::Result<()> {
    let Some(bytes) = make(bench) else {
        return Ok(());
    };
    let ns = timing::alone(bench.budget, &mut || {
        black_box(make(bench));
    });
    writeln!(
        io::stdout(),
        r#"{{"bench":"{}","cpu":"{}","ns":{ns:.0},"bytes":{}}}"#,
        bench.name,
        bench.cpu,
        or_null(bytes)
    )
}

/// A symbol has no bytes.
fn or_null(bytes: usize) -> String {
    if bytes == 0 {
        "null".to_owned()
    } else {
        bytes.to_string()
    }
}

/// Ours: bytes of the file, 0 for a symbol. `None` if there is no such output yet.
fn make(bench: &Bench) -> Option<usize> {
    let text = Content::Text(black_box(bench.text));
    let symbol = ours::encode_on(bench.cpu, text, &Options::default()).ok()?;
    let (format, width_px) = match bench.output {
        Output::Symbol => {
            black_box(symbol);
            return Some(0);
        }
        Output::Png(width_px) => ("png", width_px),
        Output::Svg => ("svg", 300),
    };
    let format = files::named(format)?;
    let file = files::file(format, &symbol, width_px, Inks::BLACK_ON_WHITE)?;
    Some(black_box(file).len())
}
