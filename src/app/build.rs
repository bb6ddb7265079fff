//! How each part is made from the settings.

use std::{sync::Arc, time::Duration};

use super::{Drawing, Render, Validate};
use crate::{
    cache::{Bounds, Local},
    cached::{Cached, Handling},
    codes::{Appearances, Codes, Parts},
    config::{Config, render as render_setting},
    kernel::{Error, Kind, Result, SharedClock, id::Ids},
    redirect::{self, Redirect, Slugs},
    render::{self, Image},
    store::Store,
    telemetry::labels::Space,
    validate::Rules,
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

pub(super) fn render(settings: &Config, clock: &SharedClock) -> Result<Render> {
    let logo = settings.render.logo_file.as_ref().map(|path| {
        std::fs::read(path).map_err(|e| {
            Error::caused(
                Kind::Internal,
                format!("LOGO_FILE {} cannot be read", path.display()),
                e,
            )
        })
    });
    let arm = Drawing::new(settings.render.arm, logo.transpose()?.as_deref(), clock)?;
    let bounds = Bounds {
        bytes: settings.cache.memory_bytes,
        ttl: Duration::from_millis(settings.cache.ttl_ms),
    };
    let handling = Handling {
        key: |request: &render::In| request.digest(),
        weigh: Image::weight,
        mark: Image::from_cache,
    };
    let space = match settings.render.arm {
        render_setting::Arm::Legacy => Space::RenderLegacy,
        render_setting::Arm::Engine => Space::RenderEngine,
    };
    Ok(Cached::new(arm, space, bounds, &handling))
}

pub(super) fn validate(settings: &Config, clock: &SharedClock) -> Result<Validate> {
    let targets = &settings.targets;
    let rules = Rules::new(
        &settings.server.base_url,
        &targets.allowed_domains,
        targets.allow_private,
    )?;
    Ok(Validate::new(rules, SharedClock::clone(clock)))
}
