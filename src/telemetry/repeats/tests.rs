//! What is written of many warnings.

use std::io;

use tracing_subscriber::{Layer as _, fmt, layer::SubscriberExt as _};

use super::*;
use crate::kernel::SystemClock;

/// Lines as they are written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Those since the last call.
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock());
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| line.trim_start().to_owned())
            .collect()
    }
}

fn logged() -> (Repeats, Lines, tracing::subscriber::DefaultGuard) {
    let (repeats, lines) = (Repeats::new(Arc::new(SystemClock)), Lines::default());
    let writer = lines.clone();
    let layer = fmt::layer()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .with_filter(repeats.clone());
    let subscriber = tracing_subscriber::registry().with(layer);
    (repeats, lines, tracing::subscriber::set_default(subscriber))
}

async fn pass(time: Duration) {
    tokio::time::advance(time).await;
}

fn disk_is_full(scans: u32) {
    tracing::warn!(scans, "the spool failed: disk full");
}

#[tokio::test(start_paused = true)]
async fn a_warning_is_written_once_and_then_counted() {
    let (repeats, lines, _guard) = logged();
    for scans in 0..400 {
        disk_is_full(scans);
        pass(Duration::from_millis(50)).await;
        repeats.report();
    }
    assert_eq!(lines.take(), ["WARN the spool failed: disk full scans=0"]);
    pass(Duration::from_secs(10)).await;
    repeats.report();
    let said = lines.take();
    assert!(
        said.len() == 1
            && said[0].starts_with(
                "WARN repeated 399 times in the last 30 s: the spool failed: disk full"
            ),
        "{said:?}"
    );
    // It goes on.
    disk_is_full(7);
    pass(WINDOW).await;
    repeats.report();
    assert!(lines.take()[0].contains("repeated 1 times in the last 30 s"));
    // It was over, and comes again.
    pass(WINDOW).await;
    repeats.report();
    disk_is_full(8);
    assert_eq!(lines.take(), ["WARN the spool failed: disk full scans=8"]);
    // Nobody reported, and it was quiet.
    pass(WINDOW).await;
    disk_is_full(9);
    assert_eq!(lines.take(), ["WARN the spool failed: disk full scans=9"]);
    assert!(repeats.0.call_sites.lock().len() == 1);
}

#[tokio::test(start_paused = true)]
async fn different_subjects_do_not_hide_each_other() {
    let (repeats, lines, _guard) = logged();
    for request in 0..50 {
        for experiment in ["render", "validate"] {
            let request_id = format!("{request}");
            tracing::error!(request_id, experiment, "a judge panicked");
        }
        tracing::warn!("a judge panicked");
        tracing::info!("a request");
    }
    let said = lines.take();
    let of = |start: &str| said.iter().filter(|l| l.starts_with(start)).count();
    assert_eq!(
        (of("ERROR"), of("WARN"), of("INFO")),
        (2, 1, 50),
        "{said:?}"
    );
    repeats.finish();
    let said = lines.take();
    assert_eq!(said.len(), 3, "{said:?}");
    let of_render = said.iter().find(|l| l.contains("render")).unwrap();
    assert!(
        of_render.starts_with("ERROR repeated 49 times"),
        "{of_render}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_site_with_ever_new_texts_is_bounded() {
    let (repeats, lines, _guard) = logged();
    for n in 0..10_000 {
        let text = format!("client {n} {}", "é".repeat(600));
        tracing::warn!("{text}");
    }
    assert_eq!(lines.take().len(), SUBJECTS);
    let (kept, bytes) = {
        let call_sites = repeats.0.call_sites.lock();
        let call_site = call_sites.values().next().unwrap();
        let longest = call_site
            .subjects
            .values()
            .map(|held| held.text.len())
            .max();
        (call_site.subjects.len(), longest.unwrap())
    };
    assert_eq!((kept, bytes <= TEXT_BYTES), (SUBJECTS, true));
    pass(WINDOW).await;
    repeats.report();
    let said = lines.take();
    assert_eq!(said.len(), 1, "{said:?}");
    let rest = 10_000 - SUBJECTS;
    assert!(said[0].contains(&format!("repeated {rest} times")) && said[0].contains("client 9999"));
    // All of it is forgotten.
    pass(WINDOW).await;
    repeats.report();
    assert!(repeats.0.call_sites.lock().is_empty());
}
