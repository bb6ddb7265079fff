//! Receives the invalidations of other nodes.
//!
//! Invariant: while it is connected every invalidation arrives; after every gap the caches resync.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, future::BoxFuture};
use redis::{RedisError, RedisResult};

use super::{Remote, endpoints::Endpoints};
use crate::{
    cache::{name::Tag, pattern::Pattern},
    config::redis::{Deployment, Node},
};

/// Between pings.
const BEAT: Duration = Duration::from_millis(500);
/// For a ping, and for connecting.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Between attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// The caches of this process.
pub(in crate::cache) trait Subscriber: Send + Sync {
    /// Something changed on another node, or on this one: a node receives its own invalidations, too.
    fn invalidated(&self, tag: Tag, own: bool) -> BoxFuture<'_, ()>;
    /// Another node was cleared.
    fn cleared(&self, pattern: Pattern) -> BoxFuture<'_, ()>;
    /// Invalidations may have been missed.
    fn resync(&self) -> BoxFuture<'_, ()>;
}

pub(super) async fn run(remote: Weak<Remote>, subscriber: Arc<dyn Subscriber>) {
    let mut turn = 0;
    loop {
        let Some(strong) = remote.upgrade() else {
            return;
        };
        if let Some(link) = strong.link() {
            let node = match link.node() {
                Some(node) => Some(node.clone()),
                None => seed(&strong.endpoints, turn),
            };
            turn += 1;
            drop(link);
            if let Some(node) = node {
                // The prober logs why it ended, except for a right that only subscribing needs.
                if let Err(e) = receive(&strong, &node, &*subscriber).await {
                    strong.note_denied(&e);
                    tracing::debug!("invalidations of other nodes do not arrive: {e}");
                }
                strong.subscribed.store(false, Ordering::Release);
                strong.timers.subscribed.set(0.0);
            }
        }
        drop(strong);
        tokio::time::sleep(PAUSE).await;
    }
}

/// A node of a cluster: each receives the messages of all.
fn seed(endpoints: &Endpoints, turn: usize) -> Option<Node> {
    match &endpoints.access.deployment {
        Deployment::Cluster(nodes) => nodes.get(turn % nodes.len().max(1)).cloned(),
        _ => None,
    }
}

/// Until the connection ends, or another server is the master.
async fn receive(remote: &Remote, node: &Node, subscriber: &dyn Subscriber) -> RedisResult<()> {
    let client = remote.endpoints.client(node)?;
    let subscribe = async {
        let mut channel = client.get_async_pubsub().await?;
        channel.subscribe(remote.names.channel()).await?;
        RedisResult::Ok(channel.split())
    };
    let (mut sink, mut stream) = within(subscribe).await?;
    subscriber.resync().await;
    remote.subscribed.store(true, Ordering::Release);
    remote.timers.subscribed.set(1.0);
    loop {
        tokio::select! {
            message = stream.next() => {
                let message = message.ok_or_else(|| RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset)))?;
                deliver(remote, message.get_payload_bytes(), subscriber).await;
            }
            () = tokio::time::sleep(BEAT) => {
                within(sink.ping::<redis::Value>()).await?;
                let elsewhere = remote.link().is_some_and(|l| l.node().is_some_and(|n| n != node));
                if elsewhere {
                    return Ok(());
                }
            }
        }
    }
}

async fn within<T>(work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(done) => done,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// A message that cannot be parsed may be of a newer release: anything may have changed.
async fn deliver(remote: &Remote, payload: &[u8], subscriber: &dyn Subscriber) {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let mut words = text.splitn(3, ' ');
    let own = words.next() == Some(remote.node.to_string().as_str());
    match (words.next(), words.next()) {
        (Some("changed"), Some(tag)) => match Tag::parse(tag) {
            Some(tag) => subscriber.invalidated(tag, own).await,
            None => subscriber.resync().await,
        },
        (Some("cleared"), Some(pattern)) if !own => match Pattern::parse(pattern) {
            Ok(pattern) => subscriber.cleared(pattern).await,
            Err(_) => subscriber.resync().await,
        },
        (Some("cleared"), Some(_)) => {}
        _ => subscriber.resync().await,
    }
}
