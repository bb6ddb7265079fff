//! Hearing what changed on other nodes.
//!
//! Invariant: while it is connected, what one node tells the others hear; after every gap they drop whatever may be stale.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, future::BoxFuture};
use redis::{RedisError, RedisResult};

use super::{Remote, place::Places};
use crate::{
    cache::{name::Tag, pattern::Pattern},
    config::redis::{Deployment, Node},
};

/// Between proofs that the connection lives.
const BEAT: Duration = Duration::from_millis(500);
/// For such a proof, and for connecting.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between tries to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// Whoever remembers something.
pub(in crate::cache) trait Hears: Send + Sync {
    /// Something changed on another node; or on this one, whose own news come back.
    fn changed(&self, tag: Tag, own: bool) -> BoxFuture<'_, ()>;
    /// Another node was told to clear.
    fn cleared(&self, pattern: Pattern) -> BoxFuture<'_, ()>;
    /// News may have been missed.
    fn missed(&self) -> BoxFuture<'_, ()>;
}

pub(super) async fn listen(remote: Weak<Remote>, hears: Arc<dyn Hears>) {
    let mut turn = 0;
    loop {
        let Some(strong) = remote.upgrade() else {
            return;
        };
        if let Some(link) = strong.link() {
            let node = match link.node() {
                Some(node) => Some(node.clone()),
                None => seed(&strong.places, turn),
            };
            turn += 1;
            drop(link);
            if let Some(node) = node {
                // Why it ended says the prober, in better words; but not that a right is missing for this only.
                if let Err(e) = hear(&strong, &node, &*hears).await {
                    strong.note_denied(&e);
                    tracing::debug!("news of other nodes are not heard: {e}");
                }
                strong.subscribed.store(false, Ordering::Release);
                strong.timers.subscribed.set(0.0);
            }
        }
        drop(strong);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Any node of a cluster hears everything.
fn seed(places: &Places, turn: usize) -> Option<Node> {
    match &places.access.deployment {
        Deployment::Cluster(nodes) => nodes.get(turn % nodes.len().max(1)).cloned(),
        _ => None,
    }
}

/// Until the connection ends, or another server is the master.
async fn hear(remote: &Remote, node: &Node, hears: &dyn Hears) -> RedisResult<()> {
    let client = remote.places.client(node)?;
    let subscribe = async {
        let mut news = client.get_async_pubsub().await?;
        news.subscribe(remote.names.channel()).await?;
        RedisResult::Ok(news.split())
    };
    let (mut sink, mut stream) = within(subscribe).await?;
    hears.missed().await;
    remote.subscribed.store(true, Ordering::Release);
    remote.timers.subscribed.set(1.0);
    loop {
        tokio::select! {
            message = stream.next() => {
                let message = message.ok_or_else(|| RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset)))?;
                deliver(remote, message.get_payload_bytes(), hears).await;
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
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// What cannot be understood may be of a newer release: then something changed, and nobody here knows what.
async fn deliver(remote: &Remote, payload: &[u8], hears: &dyn Hears) {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let mut words = text.splitn(3, ' ');
    let own = words.next() == Some(remote.node.to_string().as_str());
    match (words.next(), words.next()) {
        (Some("changed"), Some(tag)) => match Tag::parse(tag) {
            Some(tag) => hears.changed(tag, own).await,
            None => hears.missed().await,
        },
        (Some("cleared"), Some(pattern)) if !own => match Pattern::parse(pattern) {
            Ok(pattern) => hears.cleared(pattern).await,
            Err(_) => hears.missed().await,
        },
        (Some("cleared"), Some(_)) => {}
        _ => hears.missed().await,
    }
}
