//! How each part is made from the settings.

use std::{sync::Arc, time::Duration};

use crate::{
    cache::{Bounds, Local},
    codes::{Appearances, Codes, Parts},
    config::Config,
    kernel::{SharedClock, id::Ids},
    redirect::{self, Redirect, Slugs},
    store::Store,
    telemetry::labels::Space,
};

/// How long what is needed to draw a code is remembered: an update on another node shows within this.
const APPEARANCE_TTL: Duration = Duration::from_secs(5);
/// Memory for what is needed to draw codes; a code takes about 1 KiB.
const APPEARANCE_BYTES: u64 = 32 << 20;

pub(super) fn redirect(settings: &Config, store: &Store, clock: &SharedClock) -> Redirect {
    let bounds = Bounds {
        bytes: settings.targets.cache_bytes,
        ttl: redirect::KEEP,
    };
    let slugs: Slugs = Local::new(Space::Slug, bounds, redirect::weigh);
    Redirect::new(
        &settings.targets,
        store.clone(),
        Arc::new(slugs),
        SharedClock::clone(clock),
    )
}

pub(super) fn codes(
    settings: &Config,
    store: &Store,
    redirect: &Arc<Redirect>,
    (ids, clock): (&Arc<Ids>, &SharedClock),
) -> Codes {
    let bounds = Bounds {
        bytes: APPEARANCE_BYTES,
        ttl: APPEARANCE_TTL,
    };
    let appearances: Appearances = Local::new(Space::Code, bounds, crate::codes::weigh);
    let redirect = Arc::clone(redirect);
    let parts = Parts {
        store: store.clone(),
        slug_changed: Box::new(move |slug| {
            let (redirect, slug) = (Arc::clone(&redirect), slug.to_owned());
            Box::pin(async move { redirect.forget(&slug).await })
        }),
        appearances,
        ids: Arc::clone(ids),
        clock: SharedClock::clone(clock),
    };
    Codes::new(&settings.server.base_url, parts)
}
