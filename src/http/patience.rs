//! Lets go of connections that nothing is answered on: idle ones, and clients that send a request a byte at a time.
//!
//! A timer per connection would cost every request a wake-up and a re-arm. So a write only notes the second it
//! happens in, and one task looks at all connections every few seconds.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use poem::{
    listener::{Acceptor, TcpAcceptor},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    task::JoinHandle,
};

use crate::kernel::{SharedClock, task};

/// How often connections are looked at: a limit is kept to within this.
const LOOK: Duration = Duration::from_secs(1);

/// What is known of one connection.
struct Connection {
    /// Look in which something was last written, or in which it was accepted.
    answered: AtomicU64,
    expired: AtomicBool,
    reader: AtomicWaker,
}

#[derive(Default)]
struct Watch {
    /// Looks so far: a clock that costs nothing to read.
    looks: AtomicU64,
    open: Mutex<Vec<Weak<Connection>>>,
}

impl Watch {
    fn look(&self, limit: u64) {
        let now = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| {
            let Some(connection) = connection.upgrade() else {
                return false;
            };
            if now.saturating_sub(connection.answered.load(Ordering::Relaxed)) > limit {
                connection.expired.store(true, Ordering::Release);
                connection.reader.wake();
            }
            true
        });
    }
}

/// An acceptor whose connections end when nothing was answered on them for too long.
pub struct Patient {
    inner: TcpAcceptor,
    watch: Arc<Watch>,
    looking: JoinHandle<()>,
}

impl Patient {
    /// `limit`: from accepting, or from the last byte of an answer, to the next byte of one.
    pub fn new(inner: TcpAcceptor, limit: Duration, clock: SharedClock) -> Self {
        let watch = Arc::new(Watch::default());
        let looks = limit.as_secs() / LOOK.as_secs().max(1);
        let looking = task::spawn("http.patience", {
            let watch = Arc::clone(&watch);
            async move {
                let mut next = clock.instant();
                loop {
                    next += LOOK;
                    tokio::time::sleep_until(next).await;
                    watch.look(looks);
                }
            }
        });
        Self {
            inner,
            watch,
            looking,
        }
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl Acceptor for Patient {
    type Io = Watched;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(
        &mut self,
    ) -> io::Result<(Watched, LocalAddr, RemoteAddr, poem::http::uri::Scheme)> {
        let (stream, local, remote, scheme) = self.inner.accept().await?;
        // An answer is one write: waiting for more to send would only delay it.
        let _ = stream.set_nodelay(true);
        let connection = Arc::new(Connection {
            answered: AtomicU64::new(self.watch.looks.load(Ordering::Relaxed)),
            expired: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        });
        let open = &self.watch.open;
        open.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::downgrade(&connection));
        Ok((
            Watched {
                stream,
                connection,
                watch: Arc::clone(&self.watch),
            },
            local,
            remote,
            scheme,
        ))
    }
}

/// A connection that is being watched.
pub struct Watched {
    stream: TcpStream,
    connection: Arc<Connection>,
    watch: Arc<Watch>,
}

impl Watched {
    fn note(&self) {
        self.connection
            .answered
            .store(self.watch.looks.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_pending() {
            self.connection.reader.register(cx.waker());
            if self.connection.expired.load(Ordering::Acquire) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.note();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.note();
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SystemClock;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn pair(limit: Duration) -> (Patient, Watched, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        let mut patient = Patient::new(acceptor, limit, Arc::new(SystemClock));
        let client = TcpStream::connect(address).await.unwrap();
        let (served, ..) = patient.accept().await.unwrap();
        (patient, served, client)
    }

    #[tokio::test]
    async fn dripping_does_not_buy_time_and_answering_does() {
        let (patient, mut served, mut client) = pair(Duration::from_secs(5)).await;
        for _ in 0..5 {
            patient.watch.look(5);
        }
        served.write_all(b"answer").await.unwrap();
        for _ in 0..5 {
            patient.watch.look(5);
            client.write_all(b"x").await.unwrap();
            let mut byte = [0];
            assert_eq!(served.read(&mut byte).await.unwrap(), 1);
        }
        patient.watch.look(5);
        let error = served.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let (patient, mut served, _client) = pair(Duration::from_secs(1)).await;
        let reading = async { served.read(&mut [0]).await };
        let looking = async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
                patient.watch.look(1);
            }
        };
        let (read, ()) = tokio::join!(reading, looking);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
