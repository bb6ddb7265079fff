//! Requests that the start makes to itself: over HTTP, on a pipe within the process, signed in as a given principal.
//!
//! Invariant: what marks such a request is a value in memory, not text in it, so nothing that comes over a network can be one.

use std::{io, sync::Arc};

use poem::{
    Endpoint, EndpointExt, Response, Server,
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::mpsc,
    task::JoinHandle,
};

use crate::{identity::Caller, kernel::task};

/// Bytes of an answer that wait to be read.
const PIPE: usize = 16 << 10;
/// Connections that wait to be taken.
const WAITING: usize = 16;

/// Marks a request that the start makes of itself, as this one: see [`Ctx::exercise`](crate::kernel::Ctx::exercise).
#[derive(Clone)]
pub(super) struct Exercise(pub(super) Caller);

/// Where the process gets in. Closed when it is dropped.
pub struct Door {
    pipes: mpsc::Sender<DuplexStream>,
    server: JoinHandle<()>,
}

impl Door {
    /// Leads to `routes`, as `who`.
    pub fn open<E>(routes: Arc<E>, who: Caller) -> Self
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let (pipes, taken) = mpsc::channel(WAITING);
        let routes = routes.data(Exercise(who));
        let server = task::spawn("http.exercise", async move {
            // It ends with the task.
            let server = Server::new_with_acceptor(Pipes(taken)).name("itself, once");
            let _ = server.run(routes).await;
        });
        Self { pipes, server }
    }

    /// Asks for `path`, which is sent as it is, and returns the whole answer.
    ///
    /// # Errors
    /// When the server behind it ended.
    pub async fn get(&self, path: &str) -> io::Result<Vec<u8>> {
        let (mut ours, theirs) = tokio::io::duplex(PIPE);
        let closed = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.pipes.send(theirs).await.map_err(closed)?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        ours.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        ours.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Takes connections from within.
struct Pipes(mpsc::Receiver<DuplexStream>);

impl Acceptor for Pipes {
    type Io = DuplexStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        Vec::new()
    }

    async fn accept(&mut self) -> io::Result<(DuplexStream, LocalAddr, RemoteAddr, Scheme)> {
        match self.0.recv().await {
            Some(pipe) => Ok((
                pipe,
                LocalAddr::default(),
                RemoteAddr::default(),
                Scheme::HTTP,
            )),
            None => std::future::pending().await,
        }
    }
}
