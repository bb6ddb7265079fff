//! Accepts connections and speaks HTTP/1.1 on them; HTTP/2 is for the proxy in front (docs/adr/0015-connections.md).
//!
//! Invariant: what strangers can hold is bounded, in number and in time; see `registry`.

mod connection;
mod registry;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use poem::{
    Endpoint, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use crate::kernel::{SharedClock, task};
use connection::{Activity, Stream};
use registry::{LOOK, Registry};

pub use registry::Bounds;

/// Of a request's head, and of a body that is not read yet.
const BUFFER_BYTES: usize = 64 << 10;
/// Bytes that the kernel takes before they can be sent. With more it would take whole answers for a client that never
/// reads, and its reading would be seen too late.
const UNSENT_BYTES: u32 = 32 << 10;
/// Pause after a failed accept: most likely the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

pub struct Server {
    registry: Arc<Registry>,
    slots: Arc<Semaphore>,
    total: u32,
    clock: SharedClock,
    http: http1::Builder,
}

impl Server {
    #[must_use]
    pub fn new(bounds: Bounds, clock: SharedClock) -> Self {
        let mut http = http1::Builder::new();
        http.max_buf_size(BUFFER_BYTES);
        let total = u32::try_from(bounds.total).unwrap_or(u32::MAX);
        Self {
            registry: Registry::new(bounds),
            slots: Arc::new(Semaphore::new(total as usize)),
            total,
            clock,
            http,
        }
    }

    /// Serves until `stopping` says true; then takes no connection any more, closes those without a request, and ends with
    /// the last one.
    pub async fn run<E>(self, socket: TcpListener, endpoint: E, stopping: watch::Receiver<bool>)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let serving = async {
            self.accept(socket, Arc::new(endpoint), stopping.clone())
                .await;
            let _ = self.slots.acquire_many(self.total).await;
        };
        let looking = async {
            let mut next = self.clock.instant();
            loop {
                next += LOOK;
                tokio::time::sleep_until(next).await;
                self.registry.look(*stopping.borrow());
            }
        };
        tokio::select! {
            () = serving => {}
            () = looking => {}
        }
    }

    async fn accept<E>(
        &self,
        socket: TcpListener,
        endpoint: Arc<E>,
        mut stopping: watch::Receiver<bool>,
    ) where
        E: Endpoint<Output = Response> + 'static,
    {
        let local = socket.local_addr().map(|a| LocalAddr(a.into()));
        let local = local.unwrap_or_default();
        loop {
            let (slot, accepted) = tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => return,
                next = self.next(&socket) => next,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = Connection {
                        http: self.http.clone(),
                        endpoint: Arc::clone(&endpoint),
                        addresses: (local.clone(), RemoteAddr(peer.into())),
                        stopping: stopping.clone(),
                    };
                    self.registry.admit(peer.ip(), |activity, registered| {
                        task::spawn("http.connection", async move {
                            connection.serve(stream, activity).await;
                            drop((registered, slot));
                        })
                    });
                }
                // The client went away before it was accepted.
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
                    ) => {}
                Err(_) => {
                    self.registry.accept_failed();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// The next connection, as soon as there may be one more.
    async fn next(
        &self,
        socket: &TcpListener,
    ) -> (
        Option<OwnedSemaphorePermit>,
        io::Result<(TcpStream, SocketAddr)>,
    ) {
        // The semaphore is never closed: there is always a permit.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        (slot, socket.accept().await)
    }
}

/// What a connection's task needs.
struct Connection<E> {
    http: http1::Builder,
    endpoint: Arc<E>,
    addresses: (LocalAddr, RemoteAddr),
    stopping: watch::Receiver<bool>,
}

impl<E: Endpoint<Output = Response> + 'static> Connection<E> {
    async fn serve(mut self, stream: TcpStream, activity: Arc<Activity>) {
        // An answer is one write: waiting for more to send would only delay it.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
        let stream = Stream::new(stream, Arc::clone(&activity));
        let (endpoint, (local, peer)) = (self.endpoint, self.addresses);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let handling = activity.handling();
            let request = (request, local.clone(), peer.clone(), Scheme::HTTP).into();
            let endpoint = Arc::clone(&endpoint);
            async move {
                let response = endpoint.get_response(request).await;
                drop(handling);
                Ok::<_, Infallible>(hyper::Response::from(response))
            }
        });
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        // How it ended is the client's affair: what was answered is counted and logged at the edge.
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}
