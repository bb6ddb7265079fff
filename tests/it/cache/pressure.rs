//! Requests at a pace, over connections that stay open, and how long each was waited for.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64ct::{Base64, Encoding};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::MissedTickBehavior,
};

use super::node::Node;
use crate::support::{eventually, load::BROWSER, process::PASSWORD};

/// So many at once, each with so many requests per second at most.
#[derive(Clone, Copy)]
pub struct Pace {
    pub workers: usize,
    pub per_second: u32,
}

/// Requests under way until [`Pressure::stop`].
pub struct Pressure {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    workers: Vec<JoinHandle<Answers>>,
}

/// What became of them.
#[derive(Default)]
pub struct Answers {
    /// How many there were of each status.
    pub statuses: BTreeMap<u16, usize>,
    /// No whole answer came.
    pub broken: usize,
    redirects: Vec<Duration>,
    images: Vec<Duration>,
}

impl Pressure {
    /// Each worker asks for these in turn; for images as the administrator.
    pub fn on(node: &Node, paths: &[String], pace: Pace) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let questions: Arc<[Question]> = paths.iter().map(|p| Question::new(p)).collect();
        let workers = (0..pace.workers).map(|n| {
            let worker = Worker {
                port: node.server.port,
                // Not all of them the same one at the same time.
                next: n * questions.len() / pace.workers,
                questions: Arc::clone(&questions),
                pause: Duration::from_secs(1) / pace.per_second,
                stop: Arc::clone(&stop),
                answered: Arc::clone(&answered),
            };
            tokio::spawn(worker.run())
        });
        Self {
            workers: workers.collect(),
            stop,
            answered,
        }
    }

    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits until so many more were answered.
    pub async fn progress(&self, more: usize) {
        let goal = self.answered() + more;
        eventually(60, async || match self.answered() {
            now if now >= goal => Ok(()),
            now => Err(format!("{now} of {goal} answers")),
        })
        .await;
    }

    pub async fn stop(self) -> Answers {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Answers::default();
        for worker in self.workers {
            all.add(worker.await.unwrap());
        }
        all
    }
}

impl Answers {
    fn add(&mut self, other: Self) {
        self.broken += other.broken;
        self.redirects.extend(other.redirects);
        self.images.extend(other.images);
        for (status, n) in other.statuses {
            *self.statuses.entry(status).or_default() += n;
        }
    }

    /// All were answered as they should be.
    #[track_caller]
    pub fn assert_served(&self, what: &str) {
        let others = self.statuses.keys().filter(|s| !matches!(s, 200 | 302));
        assert_eq!(
            (others.count(), self.broken),
            (0, 0),
            "{what}: {:?}",
            self.statuses
        );
        assert!(!self.redirects.is_empty() && !self.images.is_empty());
    }

    pub fn len(&self) -> usize {
        self.redirects.len() + self.images.len()
    }

    /// Milliseconds that `percent` of redirects, and of images, were answered within.
    pub fn within_ms(&self, percent: usize) -> (f64, f64) {
        (
            within_ms(&self.redirects, percent),
            within_ms(&self.images, percent),
        )
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (redirects, images) = self.within_ms(99);
        write!(
            f,
            "{} answers, p99 of redirects {redirects:.2} ms, of images {images:.2} ms",
            self.len()
        )
    }
}

fn within_ms(times: &[Duration], percent: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    let nth = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(nth).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
}

struct Question {
    bytes: Vec<u8>,
    is_redirect: bool,
}

impl Question {
    fn new(path: &str) -> Self {
        let user = Base64::encode_string(format!("admin:{PASSWORD}").as_bytes());
        let is_redirect = path.starts_with("/r/");
        // A browser: what looks like a program is not counted as a person's scan.
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: {BROWSER}\r\n");
        let rest = if is_redirect {
            "\r\n".to_owned()
        } else {
            format!("authorization: Basic {user}\r\n\r\n")
        };
        Self {
            bytes: (head + &rest).into_bytes(),
            is_redirect,
        }
    }
}

struct Worker {
    port: u16,
    questions: Arc<[Question]>,
    next: usize,
    pause: Duration,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
}

impl Worker {
    async fn run(mut self) -> Answers {
        let mut answers = Answers::default();
        let mut stream = None;
        let mut ticks = tokio::time::interval(self.pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        while !self.stop.load(Ordering::Relaxed) {
            ticks.tick().await;
            let question = &self.questions[self.next % self.questions.len()];
            self.next += 1;
            if let Ok((status, took)) = ask(&mut stream, self.port, &question.bytes).await {
                *answers.statuses.entry(status).or_default() += 1;
                if question.is_redirect {
                    answers.redirects.push(took);
                } else {
                    answers.images.push(took);
                }
                self.answered.fetch_add(1, Ordering::Relaxed);
            } else {
                stream = None;
                answers.broken += 1;
            }
        }
        answers
    }
}

/// The status, and how long it took without connecting.
async fn ask(
    stream: &mut Option<TcpStream>,
    port: u16,
    question: &[u8],
) -> io::Result<(u16, Duration)> {
    let stream = match stream {
        Some(stream) => stream,
        none => {
            let new = TcpStream::connect(("127.0.0.1", port)).await?;
            new.set_nodelay(true)?;
            none.insert(new)
        }
    };
    let start = Instant::now();
    stream.write_all(question).await?;
    let (mut answer, mut whole) = (Vec::with_capacity(8 << 10), None);
    while whole.is_none_or(|length| answer.len() < length) {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        whole = whole.or_else(|| length(&answer));
    }
    let took = start.elapsed();
    let status = answer.get(9..12).and_then(|s| std::str::from_utf8(s).ok());
    let status = status.and_then(|s| s.parse().ok());
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, took))
}

/// Of head and body; `None` before the end of the head. Every answer of ours tells the length of its body.
fn length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let mut lines = text.lines().filter_map(|l| l.split_once(':'));
    let (_, body) = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    Some(head + body.trim().parse::<usize>().ok()?)
}
