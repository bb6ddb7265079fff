//! Pictures of symbols, measured pixel by pixel and read by two decoders that are not ours.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::json;

use super::{decode::zbar, postgres::run};

/// A picture that is to be measured.
pub struct Picture {
    pub bytes: Vec<u8>,
    /// Its file's extension.
    pub format: &'static str,
    pub dark: [u8; 3],
    pub light: [u8; 3],
}

/// All lengths in pixels.
#[derive(Debug, Deserialize)]
pub struct Measured {
    pub width: u32,
    pub height: u32,
    /// As Pillow calls it.
    pub format: String,
    /// Of the upper left pixel.
    pub ground: [u8; 3],
    /// Of a dark module.
    pub ink: [u8; 3],
    /// Where the symbol begins.
    pub left: u32,
    pub top: u32,
    pub across: u32,
    pub down: u32,
    /// Width of a module.
    pub module: f64,
    /// By zxing-cpp.
    pub text: Option<String>,
    /// By zbar.
    #[serde(skip)]
    pub zbar: Option<String>,
}

/// In one run of Python: starting it takes longer than a hundred pictures.
pub fn measure(pictures: &[Picture]) -> Vec<Measured> {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..)
        .zip(pictures)
        .map(|(n, picture)| raster(dir.path(), n, picture))
        .collect();
    let mut asked = String::new();
    for (file, picture) in files.iter().zip(pictures) {
        let line = json!({ "file": file, "dark": picture.dark, "light": picture.light });
        writeln!(asked, "{line}").unwrap();
    }
    let python = std::env::var("TEST_PYTHON").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-venv/bin/python").into()
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/measure.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let measured = lines.lines().zip(&files).map(|(line, file)| {
        let measured: Measured = serde_json::from_str(line).unwrap();
        let roomy = PathBuf::from(format!("{}.roomy.png", file.display()));
        Measured {
            zbar: zbar(&roomy),
            ..measured
        }
    });
    let measured: Vec<_> = measured.collect();
    assert_eq!(measured.len(), pictures.len());
    measured
}

/// A vector is drawn at its own size.
fn raster(dir: &Path, n: usize, picture: &Picture) -> PathBuf {
    let file = dir.join(format!("{n}.{}", picture.format));
    std::fs::write(&file, &picture.bytes).unwrap();
    let png = dir.join(format!("{n}.drawn.png"));
    let mut draw = match picture.format {
        "svg" => {
            let mut draw = Command::new("rsvg-convert");
            draw.arg("-o").arg(&png).arg(&file);
            draw
        }
        "eps" => {
            let mut draw = Command::new("gs");
            let out = format!("-sOutputFile={}", png.display());
            draw.args([
                "-q",
                "-dBATCH",
                "-dNOPAUSE",
                "-dSAFER",
                "-dEPSCrop",
                "-sDEVICE=png16m",
                "-r96",
            ]);
            draw.arg(out).arg(&file);
            draw
        }
        _ => return file,
    };
    run(&mut draw).unwrap_or_else(|e| panic!("{} cannot be drawn: {e}", picture.format));
    png
}
