//! One connection: its stream notes what the connection waits for, and how much its client took.
//!
//! A timer per connection would cost every request a wake-up and a re-arm. So a request only stores a few numbers, and
//! `registry` reads those of all connections once a second.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wait {
    /// The first byte of a request, or a client that takes an answer.
    Request,
    /// The rest of a request's head.
    Head,
    /// Our own handler, which has a deadline. It reads the request's body.
    Handler,
}

/// Written by the connection's task, read by the registry. The fields need no order among each other.
pub struct Activity {
    /// The registry's clock, in seconds.
    clock: Arc<AtomicU64>,
    wait: AtomicU8,
    /// When that wait began, or when the client last took a byte.
    since: AtomicU64,
    /// An answer waits for the client to read.
    blocked: AtomicBool,
    /// Bytes of answers that the kernel took.
    sent: AtomicU64,
    /// The stream ends with a reset: the kernel forgets what the client did not read.
    reset: AtomicBool,
}

impl Activity {
    pub fn new(clock: &Arc<AtomicU64>) -> Self {
        Self {
            since: AtomicU64::new(clock.load(Relaxed)),
            clock: Arc::clone(clock),
            wait: AtomicU8::new(Wait::Request as u8),
            blocked: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            reset: AtomicBool::new(false),
        }
    }

    fn begin(&self, wait: Wait) {
        self.wait.store(wait as u8, Relaxed);
        self.since.store(self.clock.load(Relaxed), Relaxed);
    }

    /// A handler runs until the guard is dropped.
    pub fn handling(self: &Arc<Self>) -> Handling {
        self.begin(Wait::Handler);
        Handling(Arc::clone(self))
    }

    pub fn wait(&self) -> Wait {
        match self.wait.load(Relaxed) {
            w if w == Wait::Request as u8 => Wait::Request,
            w if w == Wait::Head as u8 => Wait::Head,
            _ => Wait::Handler,
        }
    }

    pub fn since(&self) -> u64 {
        self.since.load(Relaxed)
    }

    pub fn is_blocked(&self) -> bool {
        self.blocked.load(Relaxed)
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    pub fn reset_at_end(&self) {
        self.reset.store(true, Relaxed);
    }

    pub fn read(&self) {
        if self.wait() == Wait::Request {
            self.begin(Wait::Head);
        }
    }

    pub fn written(&self, write: &Poll<io::Result<usize>>) {
        self.blocked.store(write.is_pending(), Relaxed);
        if let Poll::Ready(Ok(bytes)) = write {
            // One writer: nothing is lost between load and store.
            let sent = self.sent().saturating_add(*bytes as u64);
            self.sent.store(sent, Relaxed);
            self.since.store(self.clock.load(Relaxed), Relaxed);
        }
    }
}

/// See [`Activity::handling`].
pub struct Handling(Arc<Activity>);

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.begin(Wait::Request);
    }
}

/// A TCP stream that keeps its connection's [`Activity`].
pub struct Stream {
    inner: TcpStream,
    activity: Arc<Activity>,
}

impl Stream {
    pub const fn new(inner: TcpStream, activity: Arc<Activity>) -> Self {
        Self { inner, activity }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.activity.reset.load(Relaxed) {
            let _ = self.inner.set_zero_linger();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.read();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.activity.written(&write);
        write
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.inner).poll_write_vectored(cx, buffers);
        self.activity.written(&write);
        write
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
