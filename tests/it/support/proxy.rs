//! A TCP proxy with faults to switch on: what a network, or a server that is not well, does to a client.

use std::{
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use super::process::free_port;

/// What happens to every connection, new and open, as soon as it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// None: bytes go through.
    Pass,
    /// Nobody listens, and open connections are reset.
    Refuse,
    /// Connections are accepted, and no byte moves in either direction.
    BlackHole,
    /// Every chunk, in either direction, is this late.
    Delay(Duration),
    /// Whatever the client says, these are the answer; then the connection is closed.
    Garbage(Arc<[u8]>),
    /// Every Redis command is answered with these, and the connection stays: what a server says that is loading, full
    /// or a replica. The server is not asked.
    Say(Arc<[u8]>),
    /// Connections are accepted and reset.
    Reset,
    /// Answers are lost from the first request on that holds this text: the connection is closed instead. Requests arrive.
    DeafFrom(&'static str),
}

impl Fault {
    /// HTTP with this status and body.
    pub fn http(status: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        Self::Garbage((head + body).into_bytes().into())
    }

    /// An error of Redis: `LOADING Redis is loading the dataset in memory`.
    pub fn redis(error: &str) -> Self {
        Self::Say(format!("-{error}\r\n").into_bytes().into())
    }
}

/// Ends with all its connections when it is dropped.
pub struct Proxy {
    pub port: u16,
    faults: watch::Sender<Fault>,
    listening: watch::Receiver<bool>,
    accepting: AbortHandle,
}

impl Proxy {
    /// In front of a port of this machine.
    pub async fn before(target: u16) -> Self {
        // One that outgoing connections do not take while nobody listens on it.
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (faults, seen) = watch::channel(Fault::Pass);
        let (listens, listening) = watch::channel(true);
        let target = SocketAddr::from(([127, 0, 0, 1], target));
        let accepting = tokio::spawn(accept(listener, target, seen, listens)).abort_handle();
        Self {
            port,
            faults,
            listening,
            accepting,
        }
    }

    /// From now on, on open connections too. Returns when the port refuses or accepts as it should.
    pub async fn set(&self, fault: Fault) {
        let listens = fault != Fault::Refuse;
        self.faults.send_replace(fault);
        let mut listening = self.listening.clone();
        listening.wait_for(|l| *l == listens).await.unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    mut faults: watch::Receiver<Fault>,
    listens: watch::Sender<bool>,
) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        if *faults.borrow_and_update() == Fault::Refuse {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.unwrap());
        }
        listens.send_replace(listener.is_some());
        tokio::select! {
            changed = faults.changed() => if changed.is_err() { return },
            Some(Ok((client, _))) = next(listener.as_ref()) => {
                let faults = faults.clone();
                connections.spawn(async move {
                    // A peer that went away is what the test asked for, or it sees it itself.
                    let _ = relay(client, target, faults).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// `None` only when nobody listens.
async fn next(listener: Option<&TcpListener>) -> Option<io::Result<(TcpStream, SocketAddr)>> {
    Some(listener?.accept().await)
}

async fn relay(
    mut client: TcpStream,
    target: SocketAddr,
    mut faults: watch::Receiver<Fault>,
) -> io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut up, mut down) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    let mut is_deaf = false;
    loop {
        let fault = faults.borrow_and_update().clone();
        let late = match &fault {
            Fault::Refuse | Fault::Reset => return client.set_zero_linger(),
            Fault::BlackHole => {
                // Its bytes stay where they are, and arrive after the fault.
                if faults.changed().await.is_err() {
                    return Ok(());
                }
                continue;
            }
            Fault::Delay(late) => *late,
            Fault::Pass | Fault::Garbage(_) | Fault::Say(_) | Fault::DeafFrom(_) => Duration::ZERO,
        };
        tokio::select! {
            changed = faults.changed() => if changed.is_err() { return Ok(()) },
            length = client.read(&mut up) => match (length?, &fault) {
                (0, _) => return Ok(()),
                (_, Fault::Garbage(bytes)) => {
                    client.write_all(bytes).await?;
                    return client.shutdown().await;
                }
                (length, Fault::Say(bytes)) => {
                    client.write_all(&bytes.repeat(commands(&up[..length]))).await?;
                }
                (length, fault) => {
                    if let Fault::DeafFrom(text) = fault {
                        is_deaf |= String::from_utf8_lossy(&up[..length]).contains(text);
                    }
                    tokio::time::sleep(late).await;
                    server.write_all(&up[..length]).await?;
                }
            },
            length = server.read(&mut down) => match length? {
                0 => return Ok(()),
                _ if is_deaf && matches!(fault, Fault::DeafFrom(_)) => return Ok(()),
                length => {
                    tokio::time::sleep(late).await;
                    client.write_all(&down[..length]).await?;
                }
            },
        }
    }
}

/// How many commands of RESP begin in a chunk: `*<arguments>`, then `$<length>`. A chunk that only continues one
/// has none. A value that holds the same is not expected in a test.
fn commands(chunk: &[u8]) -> usize {
    let lines: Vec<&[u8]> = chunk.split(|b| *b == b'\n').collect();
    let begins = |pair: &&[&[u8]]| pair[0].starts_with(b"*") && pair[1].starts_with(b"$");
    lines.windows(2).filter(begins).count()
}

/// The URL of a server that answers every request with these bytes; with none it keeps connections and does not answer.
/// It lives as long as the test.
pub fn answering(answer: &'static [u8]) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if answer.is_empty() {
                open.push(stream);
            } else {
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(answer);
            }
        }
    });
    url
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, time::Instant};

    use super::*;

    /// A server that answers every byte with the same byte.
    async fn echo() -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        port
    }

    async fn connect(proxy: &Proxy) -> io::Result<TcpStream> {
        TcpStream::connect(("127.0.0.1", proxy.port)).await
    }

    async fn ask(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
        stream.write_all(b"hello").await?;
        let mut answer = vec![0; 5];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    async fn silent(stream: &mut TcpStream) -> bool {
        let answer = tokio::time::timeout(Duration::from_millis(200), ask(stream));
        answer.await.is_err()
    }

    #[tokio::test]
    async fn each_fault_is_what_it_says_and_ends_when_it_is_switched_off() {
        let proxy = Proxy::before(echo().await).await;
        let mut open = connect(&proxy).await.unwrap();
        assert_eq!(ask(&mut open).await.unwrap(), b"hello");

        proxy.set(Fault::Delay(Duration::from_millis(50))).await;
        let start = Instant::now();
        assert_eq!(ask(&mut open).await.unwrap(), b"hello");
        // There and back.
        assert!(start.elapsed() >= Duration::from_millis(100));

        proxy.set(Fault::BlackHole).await;
        assert!(silent(&mut open).await);
        assert!(silent(&mut connect(&proxy).await.unwrap()).await);
        proxy.set(Fault::Pass).await;
        let mut late = [0; 5];
        open.read_exact(&mut late).await.unwrap();
        assert_eq!(&late, b"hello", "held back, not lost");

        proxy.set(Fault::Reset).await;
        for mut stream in [open, connect(&proxy).await.unwrap()] {
            let error = ask(&mut stream).await.unwrap_err();
            let kinds = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(kinds.contains(&error.kind()), "{error:?}");
        }

        proxy.set(Fault::Refuse).await;
        let refused = connect(&proxy).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

        let garbage = Fault::Garbage(b"nonsense".as_slice().into());
        proxy.set(garbage).await;
        let mut stream = connect(&proxy).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"nonsense");

        proxy.set(Fault::redis("LOADING it")).await;
        let mut stream = connect(&proxy).await.unwrap();
        for _ in 0..2 {
            let pipeline = b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
            stream.write_all(pipeline).await.unwrap();
            let mut answers = [0; 26];
            stream.read_exact(&mut answers).await.unwrap();
            assert_eq!(&answers, b"-LOADING it\r\n-LOADING it\r\n");
        }
        proxy.set(Fault::Pass).await;
        assert_eq!(ask(&mut stream).await.unwrap(), b"hello", "still open");

        proxy.set(Fault::Pass).await;
        let mut stream = connect(&proxy).await.unwrap();
        assert_eq!(ask(&mut stream).await.unwrap(), b"hello");
    }
}
