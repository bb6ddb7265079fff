//! Our symbols beside other encoders': what `scripts/verify_symbols` runs.
//!
//! Invariant: the same seed tries the same inputs. Ends with failure as soon as anything differed.

mod case;
mod files;
mod matrices;
mod read;
mod rule;
mod serve;
mod styles;

use std::process::ExitCode;

const USAGE: &str = "usage: verify matrices [--count N] [--seed N] [--threads N]
       verify files --folder FOLDER --format NAME [--count N] [--seed N]
       verify formats
       verify styles --folder FOLDER [--count N] [--seed N]
       verify eyes --folder FOLDER
       verify decorated --folder FOLDER [--count N] [--seed N]
       verify serve ours | auto | always | never | byte | kanji | qrcodegen | qrcode
       verify read

  matrices  random contents in one mode, every version and level: the same modules as qrcodegen's under each of the
            eight masks, the automatic mask the one with the lowest penalty counted module by module, the same on
            every level of CPU features
  files     random symbols as files, and manifest.tsv saying what each of them holds
  styles    random styled symbols as PNG, and manifest.tsv with the text, the grade and whether rqrr reads it
  eyes      the same for every finder pattern
  decorated the same for logos, frames, strokes and effects, one at a time
  formats   which formats there are
  serve     records on standard input, matrices on standard output, as benches/peers/zint_matrix.c; ours: the
            shortest segments; auto, always, never: where text that is UTF-8 says so, auto as the product does; byte,
            kanji: all in that mode
  read      names of PGM files on standard input; a line for each on standard output: =, and in hexadecimal what rqrr
            reads in it, or nothing";

/// What the commands take.
struct Flags {
    count: usize,
    seed: u64,
    threads: usize,
    folder: Option<String>,
    format: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((command, [who])) if command == "serve" => serve::serve(who),
        Some((command, rest)) => flags(rest).and_then(|flags| match command.as_str() {
            "matrices" => matrices::verify(&flags),
            "files" => files::write(&flags),
            "formats" => files::list(),
            "styles" => styles::random(&flags),
            "eyes" => styles::eyes(&flags),
            "decorated" => styles::decorated(&flags),
            "read" => read::read(),
            _ => Err(USAGE.to_owned()),
        }),
        None => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn flags(arguments: &[String]) -> Result<Flags, String> {
    let mut flags = Flags {
        count: 1000,
        seed: 1,
        threads: std::thread::available_parallelism().map_or(1, Into::into),
        folder: None,
        format: None,
    };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else {
            return Err(USAGE.to_owned());
        };
        let number = || value.parse().map_err(|_| format!("{name} takes a number"));
        match name.as_str() {
            "--count" => flags.count = number()?,
            "--threads" => flags.threads = number()?,
            "--seed" => flags.seed = number()? as u64,
            "--folder" => flags.folder = Some(value.clone()),
            "--format" => flags.format = Some(value.clone()),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(flags)
}
