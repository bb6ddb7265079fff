//! Answers that are sent while they are made: lines of JSON, and a ZIP file.
//!
//! What is slow to read is slow to be made: nothing is drawn ahead but what `maxConcurrent` says.

use std::{
    io::{self, Write},
    mem,
    sync::Arc,
};

use bytes::Bytes;
use futures_util::stream;
use parking_lot::Mutex;
use poem::{Body, Request};
use poem_openapi::types::ToJSON;
use serde_json::{Value, json};
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::Run;
use crate::http::accept::preferred;

/// What a caller can take.
#[derive(Clone, Copy)]
pub enum Wanted {
    Json,
    Lines,
    Zip,
}

/// By `Accept`; JSON if it names none of these.
pub fn wanted(request: &Request) -> Wanted {
    let known = |essence: &str| match essence {
        "application/json" | "application/*" | "*/*" => Some(Wanted::Json),
        "application/x-ndjson" | "application/jsonl" => Some(Wanted::Lines),
        "application/zip" => Some(Wanted::Zip),
        _ => None,
    };
    preferred(request, known).unwrap_or(Wanted::Json)
}

/// A line for each symbol, and one with the summary.
pub fn lines(run: Run) -> Body {
    let lines = stream::unfold(Some(run), |run| async {
        let mut run = run?;
        let Some((mut item, made)) = run.next().await else {
            let summary = json!({ "summary": run.summary().to_json() });
            return Some((io::Result::Ok(line(&summary)), None));
        };
        if let Some(made) = made {
            item.tell(&made);
        }
        Some((Ok(line(&item.to_json().unwrap_or_default())), Some(run)))
    });
    Body::from_bytes_stream(lines)
}

fn line(json: &Value) -> Bytes {
    format!("{json}\n").into()
}

/// Where the ZIP file is written to, and taken from.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock()).into()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Archive {
    run: Run,
    zip: ZipWriter<StreamWriter<Sink>>,
    sink: Sink,
    results: Vec<Value>,
}

/// A file for each symbol, and `results.json`.
pub fn zip(run: Run) -> Body {
    let sink = Sink::default();
    let archive = Archive {
        run,
        zip: ZipWriter::new_stream(sink.clone()),
        sink,
        results: Vec::new(),
    };
    let chunks = stream::unfold(Some(archive), |archive| async {
        let archive = archive?;
        Some(match archive.step().await {
            Ok((chunk, archive)) => (Ok(chunk), archive),
            Err(e) => (Err(e), None),
        })
    });
    Body::from_bytes_stream(chunks)
}

impl Archive {
    /// The next bytes, and what goes on.
    async fn step(mut self) -> io::Result<(Bytes, Option<Self>)> {
        // They are small already.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let Some((mut item, made)) = self.run.next().await else {
            let all = json!({ "results": self.results, "summary": self.run.summary().to_json() });
            self.zip.start_file("results.json", stored)?;
            self.zip.write_all(all.to_string().as_bytes())?;
            self.zip.finish()?;
            return Ok((self.sink.take(), None));
        };
        if let Some(made) = made {
            let name = format!("{:04}.{}", item.index, made.format().label());
            self.zip.start_file(name.as_str(), stored)?;
            self.zip.write_all(made.bytes())?;
            item.file = Some(name);
        }
        self.results.extend(item.to_json());
        Ok((self.sink.take(), Some(self)))
    }
}
